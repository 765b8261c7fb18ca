"""What a build asked git, to be asked again: the same answer makes the same build, whatever else was committed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

_OF_REFS = frozenset(
    [
        "cat-file",
        "describe",
        "for-each-ref",
        "log",
        "merge-base",
        "name-rev",
        "rev-list",
        "rev-parse",
        "show",
        "show-ref",
        "symbolic-ref",
    ]
)
_OF_WORK_TREE = frozenset(["diff", "diff-files", "diff-index", "ls-files", "status"])
_LISTING = frozenset(["--list", "-l", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at"])
"""What makes ``tag`` and ``branch`` list, whatever names are given."""
_OF_LISTS = _LISTING | {
    "--show-current",
    "--sort",
    "--format",
    "--all",
    "-a",
    "--remotes",
    "-r",
    "-v",
    "-vv",
    "--no-color",
}
"""The options that go with that, and change nothing where no name is given."""
_SUMMARY = frozenset(["--quiet", "--exit-code", "--stat", "--shortstat", "--numstat", "--name-only", "--name-status"])
_WITHOUT_PATCH = frozenset(["-s", "--no-patch", "--quiet", "-q", "--name-only", "--name-status"])
_WRITING = ("--output", "--ext-diff", "--textconv", "--exec", "--patch", "--batch", "--stdin", "-p", "-u")
"""What would write, start programs, or wait for input."""
_GLOBAL = {"-C": 1, "--git-dir": 1, "--work-tree": 1, "-c": 1, "--no-pager": 0, "--no-optional-locks": 0}
"""Options that stand before the subcommand, each with how many words follow. Settings (``-c``) are left out."""


class Question(NamedTuple):
    """Something that git was asked."""

    folder: str
    """Relative to the project: where it was asked."""
    arguments: tuple[str, ...]
    of_work_tree: bool
    """Whether the answer depends on more than HEAD, branches and tags."""

    @property
    def shown(self) -> str:
        """The question as people write it."""
        return " ".join(self.arguments)


def question(asked: str) -> Question | None:
    """Return what git was asked, if it can be asked again without harm; the text is that of `Trace.git`."""
    folder, *words = asked.split("\x1f")
    options: list[str] = []
    while words and words[0].startswith("-"):
        name, _, value = words[0].partition("=")
        if name not in _GLOBAL or len(words) <= _GLOBAL[name]:
            return None
        taken = 1 if value else 1 + _GLOBAL[name]
        options += [] if name == "-c" else words[:taken]
        words = words[taken:]
    if not words or not _is_harmless(words[0], words[1:]):
        return None
    of_work_tree = words[0] in _OF_WORK_TREE or any(word.startswith(("--dirty", "--broken")) for word in words)
    return Question(folder, (*options, *words), of_work_tree)


def _is_harmless(command: str, arguments: Sequence[str]) -> bool:
    if any(word.startswith(_WRITING) for word in arguments):
        return False
    given = {word.partition("=")[0] for word in arguments}
    match command:
        case "show":
            return bool(given & _WITHOUT_PATCH)
        case "diff" | "diff-files" | "diff-index":
            return bool(given & _SUMMARY)
        case "tag" | "branch":
            options = {word for word in given if word.startswith("-")}
            return options <= _OF_LISTS and (options == given or bool(options & _LISTING))
        case "symbolic-ref":
            return sum(not word.startswith("-") for word in arguments) == 1 and not given & {"-d", "--delete"}
    return command in _OF_REFS | _OF_WORK_TREE
