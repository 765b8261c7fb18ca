"""``resolver = "requirements"``: requirement files, and what they include."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator
from typing import Annotated

from dyncachekeys.backends.requirement_files import Unreadable, decoded, expanded, includes, is_url
from dyncachekeys.plugin import (
    Checked,
    Context,
    Env,
    File,
    Problem,
    ResolverError,
    check_path,
    check_pattern,
    is_credential,
)

Pattern = Annotated[str, Checked(check_pattern)]


def requirements(
    context: Context,
    *,
    files: Annotated[list[Pattern], "requirement files: paths or gitignore-style patterns, relative to the project"],
) -> Iterable[File | Env]:
    """Yield the chosen requirement files and all that they include with `-r` and `-c`, whole.

    Also the variables in the paths of includes; the files to which these lead are of the machine, not of the
    tree. A missing file is a state, and a warning.
    """
    todo = {True: [(path, f"matches {pattern}") for path, pattern in context.files(files).items()], False: []}
    seen: set[str] = set()
    for of_tree in (True, False):  # in this order, so that what the tree leads to as well is of the tree
        for path, reason in todo[of_tree]:
            if path in seen:
                continue
            seen.add(path)
            yield File(path, reason, tree=of_tree)
            for where, target in _targets(context, path):
                included, names = expanded(target, context.environ)
                for name in names:
                    yield Env(name, f"in the path of an include in {where}", entry=False)
                if secret := next(filter(is_credential, names), None):
                    what = f"{where} includes a path that holds `{secret}`, which looks like a credential"
                    context.warn("include-not-followed", f"{what}: its value counts, but no path with it is remembered")
                    continue
                followed = _followed(context, path, included, where, target if names else None)
                if followed is not None:
                    led_by_tree = of_tree and not names and not posixpath.isabs(included)
                    todo[led_by_tree].append((followed, f"included by {where}"))


def _targets(context: Context, path: str) -> Iterator[tuple[str, str]]:
    """Yield what a file includes, each with ``file:line``; variables are not expanded yet."""
    if not context.is_file(path):
        return
    try:
        text, wrong_encoding = decoded(context.read_bytes(path))
    except OSError as error:
        message = f"can't be read: {error.strerror or error}"
        remedy = "make it readable, or take it out of `files` or of the file that includes it"
        raise ResolverError([Problem("unreadable-file", message, path, remedy)]) from error
    if wrong_encoding:
        message = f"{path} is not in the encoding that it names, {wrong_encoding}; read as UTF-8"
        context.warn("requirements-encoding", message)
    for found in includes(text):
        where = f"{path}:{found.line}"
        if isinstance(found, Unreadable):
            context.warn("requirements-line", f"{where} can't be read ({found.why}), so nothing in it is followed")
        else:
            yield where, found.target


def _followed(context: Context, path: str, included: str, where: str, written: str | None) -> str | None:
    """Return the project-relative path of an include, or nothing if it can't be followed, with a warning.

    Where it holds variables, what is shown of it is how it is ``written``.
    """
    if not included or is_url(included):
        # A URL may hold a password: it is not shown.
        why = "a URL, which is not followed" if included else "nothing: a path is missing"
        context.warn("include-not-followed", f"{where} includes {why}")
        return None
    target = posixpath.normpath(posixpath.join(posixpath.dirname(path), included))
    if posixpath.isabs(included):
        target = posixpath.relpath(included, context.root.as_posix())
    if wrong := check_path(target):
        context.warn("include-not-followed", f"{where} includes what can't be followed: {wrong}")
        return None
    if not context.is_file(target):
        context.warn(
            "included-file-missing",
            f"{where} includes `{written or target}`, and there is no such file: fix the line, or make the file",
        )
    return target
