"""``resolver = "git"``: commit, tags and changes of the repository that the project is in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Git, Problem, ResolverError, Result, Value, check_path
from dyncachekeys.resolvers.work_tree import WorkTree

_DESCRIBE = ("describe", "--tags", "--always", "--long", "--abbrev=64")
"""All digits: neither another object nor the configuration can change how many there are."""


def git(  # noqa: PLR0913  each an option
    context: Context,
    *,
    commit: Annotated[bool | None, "which commit is checked out; `true` if nothing else is asked for"] = None,
    tags: Annotated[bool, "which tags there are, and where they point"] = False,
    describe: Annotated[bool, "the nearest tag, and how many commits ago it was"] = False,
    dirty: Annotated[bool, "the content of changed and untracked files in the repository; runs each time"] = False,
    submodules: Annotated[bool, "which commit each submodule has checked out; runs each time"] = False,
    path: Annotated[
        str | None, Checked(check_path), "a file or folder, as committed and as it is; the rest does not count"
    ] = None,
) -> Iterable[Result]:
    """Yield what is asked for. Where there is no repository or no git, each is a state, with a warning."""
    of_tree = any((dirty, submodules, path is not None))
    needs_git = describe or of_tree
    commit = not (needs_git or tags) if commit is None else commit
    if not (commit or tags or needs_git):
        remedy = "set one of `commit`, `tags`, `describe`, `dirty`, `submodules` to true, or give a `path`"
        raise ResolverError([Problem("invalid-option", "asks for nothing", context.where, remedy)])
    yield Git(commit=commit, reason="the commit that is checked out")
    yield Git(tags=tags, reason="all tags")
    blocker = context.git_blocker(needs_git=needs_git)
    if blocker:
        context.warn("git-unknown", f"{blocker}; what the key asks of it counts as none")
    if describe:
        yield Value("describe", context.git(*_DESCRIBE), "the nearest tag")
    if of_tree:
        context.each_time()
        yield from _of_the_tree(context, path, dirty=dirty, submodules=submodules)


def _of_the_tree(context: Context, path: str | None, *, dirty: bool, submodules: bool) -> Iterator[Result]:
    tree = WorkTree.around(context)
    if tree is None:
        yield Value("work tree", None, "there is none")
        return
    place = tree.place(path)
    with_changes = dirty or path is not None
    if path is not None:
        committed = context.git("rev-parse", "--verify", "--quiet", f"HEAD:{place}")
        if committed is None:
            context.warn("git-path-unknown", f"nothing of `{path}` is committed: check the spelling, or commit it")
        yield Value(f"{path} in HEAD", committed, "the tree that is checked out")
    if with_changes:
        yield from tree.changes("", place)
    for submodule, commit in tree.submodules("", place) if submodules else ():
        yield Value(f"submodule {tree.named(submodule)}", commit, "the commit that is checked out there")
        if commit and with_changes:
            yield from tree.changes(submodule, "")
