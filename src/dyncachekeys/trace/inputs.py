"""What a trace found as inputs of a key, and how a listed folder and a path that was looked at count."""

from __future__ import annotations

import fnmatch
import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dyncachekeys.files.ignore import ignored_from_above, read_ignore_file
from dyncachekeys.model import Env, File, Value
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import without_our_table
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.filter import parents

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.trace.filter import Trace

Found: TypeAlias = File | Env | Value

_PACKED = ("*.egg-info", "*.dist-info", "*.egg", "*.pyc", "uv.lock")
"""What packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = (FILE, "setup.py")


class ListedNames(NamedTuple):
    """The names in a folder that may say anything to a build, sorted."""

    counted: list[str]
    others: list[str]
    """What builds make there and git ignores: it does not count by its name. But the build may read it, so when one
    comes or goes it has to be watched again."""
    aside: list[str]
    """Those, what packing makes, and what is hidden: of no interest to who goes through all that there is."""


class TracedInputs(NamedTuple):
    """What a build depends on."""

    results: list[Found]
    incidental: list[Found]
    """What it asked of names that do not count. When that changes, it has to be watched again; nothing more."""


def inputs_of(trace: Trace, files: Files, pyproject: Mapping[str, object]) -> TracedInputs:
    """Return what a build was seen to depend on. None of it asks for an entry: it is this machine's.

    Args:
        trace: What was found.
        files: The project's files.
        pyproject: The parsed ``pyproject.toml``, which counts by value, and without our own table.
    """
    names = listed_names(trace, files)
    came_by = incidental(trace, files, names)
    observed = TracedInputs([], [])

    def put(asked: str, path: str, found: Found) -> None:
        (observed.incidental if (asked, path) in came_by else observed.results).append(found)

    for path, who in (*trace.read.items(), *trace.missing.items()):
        if path == FILE:
            put("read", path, Value(FILE, without_our_table(pyproject), f"read by {who}"))
        else:
            asked = "read" if path in trace.read else "missing"
            reason = f"read by {who}" if asked == "read" else f"absent; looked for by {who}"
            put(asked, path, File(path, reason, tree=False))
    for path, who in trace.there.items():
        put("there", path, Value(f"what is at {path}", _what_is_at(path, files), f"looked for by {who}"))
    for path, who in trace.listed.items():
        one = names[path]
        put("listed", path, Value(f"names in {path}", one and one.counted, f"listed by {who}"))
        observed.incidental.append(Value(f"other names in {path}", one and one.others))
    observed.results.extend(Env(name, f"read by {who}", entry=False) for name, who in trace.variables.items())
    return observed


def incidental(trace: Trace, files: Files, names: Mapping[str, ListedNames | None]) -> set[tuple[str, str]]:
    """Return what a build merely came by as it went through whole folders, each with how it was asked for.

    That is, names that do not count and what lies there, unless it read something there or asked for it in particular.
    A line of the project's own code that lists one folder and then another one in it goes through them; any other
    asks in particular. A build requirement goes through them; but that a file is there may tell it where a package is.

    Args:
        trace: What was found.
        files: The project's files.
        names: As `listed_names` returns them.
    """
    aside = {
        posixpath.normpath(f"{folder}/{name}"): trace.listed[folder]
        for folder, one in names.items()
        for name in (one.aside if one else ())
    }
    for path in trace.read:
        for above in (path, *parents(path)):
            aside.pop(above, None)
    found: set[tuple[str, str]] = set()
    for asked in ("missing", "there", "listed") if aside else ():
        for path, who in getattr(trace, asked).items():
            at = next((above for above in (path, *parents(path)) if above in aside), None)
            is_package = asked == "there" and at != path and files.is_file(path)
            if at is not None and (who == aside[at] if ":" in who else not is_package):
                found.add((asked, path))
    return found


def listed_names(trace: Trace, files: Files) -> dict[str, ListedNames | None]:
    """Return the names in each folder that was listed."""
    return {folder: names_in(folder, files, trace) for folder in trace.listed}


def names_in(path: str, files: Files, trace: Trace) -> ListedNames | None:
    """Return the names in a folder; nothing where there is none.

    Not hidden names, nor what the build writes there itself. A file that git ignores counts if it ends like one
    that the build reads there.
    """
    folder = "" if path == "." else path
    if not files.is_dir(path):
        return None
    own = {posixpath.basename(one) for one in (*trace.written, *trace.made) if posixpath.dirname(one) == folder}
    every = [one for one in files.entries(folder) if one.name not in LEFT_OUT and one.name not in own]
    found = [one for one in every if not _is_incidental(one)]
    others = {one.name for one in _passed_over(folder, found, files, trace)}
    aside = {one.name for one in every if _is_incidental(one)}
    return ListedNames(sorted({one.name for one in found} - others), sorted(others), sorted(aside | others))


def _is_incidental(entry: os.DirEntry[str]) -> bool:
    return entry.name.startswith(".") or any(fnmatch.fnmatchcase(entry.name, product) for product in _PACKED)


def _passed_over(
    folder: str, found: Sequence[os.DirEntry[str]], files: Files, trace: Trace
) -> Iterator[os.DirEntry[str]]:
    ignored, _ = ignored_from_above(files, folder)
    text = read_ignore_file(files, folder)
    ignored = ignored if text is None else ignored.with_file(text)
    read = {posixpath.splitext(one)[1] for one in trace.read if posixpath.dirname(one) == folder} - {""}
    is_projects = not {one.name for one in found}.isdisjoint(_OF_PROJECTS)
    for entry in found:
        if is_projects and entry.name in _BUILT:
            yield entry
            continue
        is_dir = _is_dir(entry)
        if (is_dir or posixpath.splitext(entry.name)[1] not in read) and ignored.ignores(
            entry.name, is_dir=is_dir and not entry.is_symlink()
        ):
            yield entry


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself, or where nobody may go
        return False


def _what_is_at(path: str, files: Files) -> str:
    """Return what stands at a path, and where it leads if it is a link; not what it holds."""
    what = "directory" if files.is_dir(path) else "file" if files.is_file(path) else "nothing"
    link = Path(files.full(path))
    if not link.is_symlink():
        return what
    files.exists(path)  # so that it is looked at again
    return f"{what} -> {os.fsencode(link.readlink()).decode('utf-8', 'backslashreplace')}"
