"""What keeps git from starting programs that a repository's configuration names.

A ``.git/config`` comes with an unpacked archive, and a folder that is itself a bare repository with any clone. Both may
name programs for a mere question: a file system monitor, hooks, filters, converters for a diff, programs that check
signatures, helpers that fetch what is missing (git-config, gitattributes). Each is switched off on the command line,
which comes before all configuration files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, TypeAlias

Run: TypeAlias = Callable[[Sequence[str]], "bytes | None"]
"""Runs git with arguments; returns what it prints, nothing if it fails."""
_SETTINGS = {
    "core.fsmonitor": "",  # to git before 2.36 it is the path of a program, and `false` would be one
    "core.hooksPath": os.devnull,
    "core.alternateRefsCommand": "",
    "core.sshCommand": "",
    "core.askPass": "",
    "credential.helper": "",
    "diff.autoRefreshIndex": "false",  # without its filters, git must not note which files are as committed
    "diff.external": "",
    "gpg.program": "",
    "gpg.openpgp.program": "",
    "gpg.x509.program": "",
    "gpg.ssh.program": "",
    "log.showSignature": "false",
    "safe.bareRepository": "explicit",  # from git 2.38 on; see `bare_repository`
}
_ENVIRON = {
    "GIT_ALLOW_PROTOCOL": "none-at-all",  # whatever the configuration says; for git before 2.45, which does not know:
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",  # else `git status` writes the index
    "GIT_PAGER": "cat",
    "GIT_TERMINAL_PROMPT": "0",
}
_DRIVERS = r"^(filter\..*\.(clean|smudge|process|required)|diff\..*\.(command|textconv))$"
_WITH_VALUE = frozenset({"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"})
_OF_REFS = frozenset(
    [
        "branch",
        "config",
        "for-each-ref",
        "merge-base",
        "name-rev",
        "rev-list",
        "rev-parse",
        "show-ref",
        "symbolic-ref",
        "tag",
    ]
)
"""Commands that look at no content, so that drivers don't matter."""
_SHOW_DIFFERENCES = frozenset(["diff", "diff-files", "diff-index", "diff-tree", "log", "show", "whatchanged"])
_GITLINK = b"160000 "


class Question(NamedTuple):
    """What git is asked, in its parts."""

    options: tuple[str, ...]
    """In front of the command."""
    command: str
    arguments: tuple[str, ...]

    @property
    def folder(self) -> str:
        """Where it is asked, relative to where git is started."""
        named = (value for name, value in zip(self.options, self.options[1:], strict=False) if name == "-C")
        return os.path.join("", *named)

    @property
    def reads_content(self) -> bool:
        """Whether git may look at the content of files, and so ask a driver."""
        if self.command == "describe":
            return any(word.startswith(("--d", "--b")) for word in self.arguments)  # --dirty, --broken
        if self.command == "ls-files":
            return any(word.startswith("--m") or re.match("-[a-z]*m", word) for word in self.arguments)  # --modified
        return self.command not in _OF_REFS

    @property
    def refreshes_index(self) -> bool:
        """Whether git notes in the index what it has looked at, whatever it is told."""
        return self.command == "describe" and self.reads_content


def question(arguments: Sequence[str]) -> Question:
    """Return the parts of a command line of git."""
    at = 0
    while at < len(arguments) and arguments[at].startswith("-"):
        at += 2 if arguments[at] in _WITH_VALUE else 1
    command = arguments[at] if at < len(arguments) else ""
    return Question(tuple(arguments[:at]), command, tuple(arguments[at + 1 :]))


def guarded(asked: Question, run: Run) -> list[str] | None:
    """Return the arguments by which git answers and starts nothing else; nothing if there are none.

    Args:
        asked: The question.
        run: Runs git, to find out which drivers are configured.
    """
    settings = dict(_SETTINGS)
    if asked.reads_content:
        drivers = _drivers(asked.options, run)
        if any("=" in name for name in drivers):  # `-c` can't name it
            return None
        settings.update((name, "false" if name.endswith(".required") else "") for name in drivers)
    only_stored = ("--no-ext-diff", "--no-textconv") if asked.command in _SHOW_DIFFERENCES else ()
    return [*asked.options, "--no-pager", *_as_options(settings), asked.command, *only_stored, *asked.arguments]


def environ(theirs: Mapping[str, str]) -> dict[str, str]:
    """Return the environment for git: none of its variables, which a hook may have set, but ours."""
    return {**{name: value for name, value in theirs.items() if not name.startswith("GIT_")}, **_ENVIRON}


def bare_repository(folder: Path) -> Path | None:
    """Return the folder that git would take for a bare repository, if it looks for one from a folder upwards.

    Such a folder can come with any tree, so it is never asked. Git itself can refuse it only from 2.38 on.
    """
    for place in (folder, *folder.parents):
        if (place / ".git").exists():
            return None
        if (place / "HEAD").is_file() and (place / "objects").is_dir() and (place / "refs").is_dir():
            return place
    return None


def _as_options(settings: Mapping[str, str]) -> list[str]:
    return [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]


def _drivers(options: Sequence[str], run: Run) -> set[str]:
    """Return the settings that name drivers, in a repository and in its submodules, which git enters by itself."""
    safe = [*options, *_as_options(_SETTINGS)]
    found = run([*safe, "config", "-z", "--name-only", "--get-regexp", _DRIVERS]) or b""
    names = set(map(os.fsdecode, filter(None, found.split(b"\0"))))
    top = run([*safe, "rev-parse", "--show-toplevel"])
    listed = run([*safe, "-C", os.fsdecode(top[:-1]), "ls-files", "--stage", "-z"]) if top else None
    for line in (listed or b"").split(b"\0"):
        if top and line.startswith(_GITLINK):
            folder = os.path.join(os.fsdecode(top[:-1]), os.fsdecode(line.partition(b"\t")[2]))
            if os.path.lexists(os.path.join(folder, ".git")):
                names |= _drivers(["-C", folder], run)
    return names
