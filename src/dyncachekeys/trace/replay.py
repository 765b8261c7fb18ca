"""What a build asked git, to be asked again: the same answer makes the same build, whatever else was committed.

A record is a file that anybody may have put there, so only what is known to look, and no more, is asked again: known
commands with known options, each written in full. `files.git` sees to it that git starts no programs for these.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

_OF_WORK_TREE = frozenset(["diff", "diff-files", "diff-index", "ls-files", "status"])
_LISTING = frozenset(["--list", "-l", "--contains", "--no-contains", "--merged", "--no-merged", "--points-at"])
"""What makes ``tag`` and ``branch`` list, whatever names are given."""
_OF_LISTS = "--show-current --sort --format --all -a --remotes -r -v --no-color --no-column"
"""The options that go with that, and change nothing where no name is given."""
_SUMMARY = frozenset(
    ["--quiet", "--exit-code", "--stat", "--shortstat", "--numstat", "--name-only", "--name-status", "--raw"]
)
_WITHOUT_PATCH = frozenset(["-s", "--no-patch", "--quiet", "-q", "--name-only", "--name-status"])
_OF_COMMITS = """
    --abbrev --abbrev-commit --after --all --ancestry-path --author --author-date-order --before --boundary --branches
    --cherry-pick --children --committer --count --date --date-order --decorate --decorate-refs --decorate-refs-exclude
    --exclude --first-parent --format --full-history --glob --grep --left-only --left-right --max-count --max-parents
    --merges --min-parents --no-abbrev --no-abbrev-commit --no-color --no-decorate --no-merges --no-notes
    --no-show-signature --no-walk --not --oneline --parents --pretty --remotes --reverse --right-only
    --simplify-by-decoration --since --skip --tags --timestamp --topo-order --until -i -n -z
"""
_OF_DIFFERENCES = f"""
    {" ".join(sorted(_SUMMARY | _WITHOUT_PATCH))} --cached --diff-filter --follow --ignore-submodules --merge-base
    --no-ext-diff --no-renames --no-textconv --staged -z
"""
_KNOWN: Mapping[str, frozenset[str]] = {
    command: frozenset(options.split())
    for command, options in {
        "branch": f"{_OF_LISTS} {' '.join(_LISTING)}",
        "cat-file": "-e -p -s -t",
        "describe": "--abbrev --all --always --broken --candidates --contains --dirty --exact-match --exclude "
        "--first-parent --long --match --tags",
        "diff": _OF_DIFFERENCES,
        "diff-files": _OF_DIFFERENCES,
        "diff-index": f"{_OF_DIFFERENCES} -m",
        "for-each-ref": "--contains --count --exclude --format --ignore-case --merged --no-contains --no-merged "
        "--points-at --sort",
        "log": f"{_OF_COMMITS} {_OF_DIFFERENCES}",
        "ls-files": "--cached --deduplicate --deleted --directory --error-unmatch --exclude --exclude-standard "
        "--full-name --ignored --modified --no-empty-directory --others --recurse-submodules --stage --unmerged "
        "-c -d -i -m -o -s -t -u -v -x -z",
        "merge-base": "--all --fork-point --independent --is-ancestor --octopus -a",
        "name-rev": "--all --always --exclude --name-only --no-undefined --refs --tags",
        "rev-list": f"{_OF_COMMITS} --quiet",
        "rev-parse": "--abbrev-ref --absolute-git-dir --all --branches --default --git-common-dir --git-dir --git-path "
        "--is-bare-repository --is-inside-git-dir --is-inside-work-tree --is-shallow-repository --local-env-vars "
        "--no-revs --path-format --prefix --quiet --remotes --revs-only --short --show-cdup --show-object-format "
        "--show-prefix --show-superproject-working-tree --show-toplevel --symbolic --symbolic-full-name --tags "
        "--verify -q",
        "show": f"{_OF_COMMITS} {_OF_DIFFERENCES}",
        "show-ref": "--abbrev --branches --dereference --hash --head --heads --quiet --tags --verify -d -q -s",
        "status": "--ahead-behind --branch --ignore-submodules --ignored --long --no-ahead-behind --no-renames "
        "--porcelain --short --untracked-files -b -s -u -uall -uno -unormal -z",
        "symbolic-ref": "--quiet --short -q",
        "tag": f"{_OF_LISTS} {' '.join(_LISTING)}",
    }.items()
}
"""By command: the options with which it may be asked again. Any other may write, start programs or wait for input."""
_CHECKS_SIGNATURES = re.compile(r"%G|%\(signature")
"""In a format: git would start a program to tell that."""
_NUMBER = re.compile(r"-n?\d+")
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
    def named(self) -> tuple[str, ...]:
        """The repositories and work trees that it names, instead of having git look for one."""
        pairs = zip(self.arguments, (*self.arguments[1:], ""), strict=True)
        words = (word if "=" in word else f"{word}={following}" for word, following in pairs)
        return tuple(one.partition("=")[2] for one in words if one.startswith(("--git-dir=", "--work-tree=")))

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
    options = [word for word in _before_paths(arguments) if word[:1] == "-"]
    is_known = command in _KNOWN and all(_is_known(word, _KNOWN[command]) for word in options)
    if not is_known or any(_CHECKS_SIGNATURES.search(word) for word in arguments):
        return False
    given = {word.partition("=")[0] for word in arguments}
    match command:
        case "show":
            return bool(given & _WITHOUT_PATCH)
        case "diff" | "diff-files" | "diff-index":
            return bool(given & _SUMMARY)
        case "tag" | "branch":
            return len(options) == len(arguments) or bool(given & _LISTING)
        case "symbolic-ref":
            return len(arguments) - len(options) == 1
    return True


def _before_paths(arguments: Sequence[str]) -> Sequence[str]:
    return arguments[: arguments.index("--")] if "--" in arguments else arguments


def _is_known(word: str, known: frozenset[str]) -> bool:
    """Tell whether an option is known; short ones may stand together, as in ``-sb``."""
    if word.partition("=")[0] in known or _NUMBER.fullmatch(word):
        return True
    return word[1:].isalpha() and all(f"-{letter}" in known for letter in word[1:])
