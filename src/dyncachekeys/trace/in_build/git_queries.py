"""What commands of git look at, and whether they only look. Loaded by `install`, when the build starts its first program. Python 3.8 or newer."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_GIT_QUERIES = frozenset(
    [
        "blame",
        "cat-file",
        "check-attr",
        "check-ignore",
        "count-objects",
        "describe",
        "diff",
        "diff-files",
        "diff-index",
        "diff-tree",
        "for-each-ref",
        "grep",
        "log",
        "ls-files",
        "ls-tree",
        "merge-base",
        "name-rev",
        "rev-list",
        "rev-parse",
        "shortlog",
        "show",
        "show-ref",
        "status",
        "var",
        "version",
        "whatchanged",
    ]
)
"""Commands of git that change nothing, whatever their arguments."""
_GIT_QUERIES_BY_WORD = {
    "branch": ("--show-current", "--list", "-l", "-a", "-r", "-v", "-vv", "--contains", "--points-at"),
    "config": ("--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"),
    "remote": ("-v", "get-url", "show"),
    "submodule": ("status",),
    "tag": ("--list", "-l", "--contains", "--points-at", "-n", "--sort"),
}
"""Those that change nothing with one of these arguments, or with none; ``config`` and ``symbolic-ref`` with a name."""
_GIT_WITHOUT_HISTORY = frozenset(
    "add apply clean clone config gc hash-object init interpret-trailers maintenance mv prune remote repack rm "
    "stripspace update-index".split()
)
"""Commands that read files of the tree or write into the repository, and what they do depends on nothing else there."""
_GIT_OPTIONS_WITH_VALUE = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"}
)


def depends_on_repository(arguments: Sequence[str]) -> bool:
    """Tell whether what git does with these arguments depends on commits, branches, tags or the index.

    That is in ``.git``, where nobody looks at files, so such a command is named if it can't be asked again.
    """
    command, *_ = _without_options(arguments)
    is_internal = "--" in command  # what git starts by itself, as `submodule--helper`
    return changes_nothing(arguments) or bool(command and not is_internal and command not in _GIT_WITHOUT_HISTORY)


def _without_options(arguments: Sequence[str]) -> list[str]:
    """Return the command and its arguments; an empty one if there is none."""
    rest = list(arguments)
    while rest and rest[0][:1] == "-":
        del rest[: 2 if rest[0] in _GIT_OPTIONS_WITH_VALUE else 1]
    return rest or [""]


def changes_nothing(arguments: Sequence[str]) -> bool:
    """Tell whether git, with these arguments, only looks; such a command can be run again to see what it says now."""
    command, *words = _without_options(arguments)
    if command in _GIT_QUERIES:
        return not any(word.startswith(("--output", "-O")) for word in words)
    names = [word for word in words if word[:1] != "-"]
    if command in {"config", "symbolic-ref"} and len(names) == 1 and len(words) == 1:
        return True
    asking = _GIT_QUERIES_BY_WORD.get(command, ())
    return bool(asking) and (not words or any(word.partition("=")[0] in asking for word in words))
