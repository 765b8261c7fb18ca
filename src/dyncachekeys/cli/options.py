"""The commands and their options, as tables: what the parser, the completions and the man page are made of."""

from __future__ import annotations

import argparse

from dyncachekeys.quick import history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= history.LENGTH:
        message = f"`{text}` is not a number from 0 to {history.LENGTH}"
        raise argparse.ArgumentTypeError(message)
    return number


def _seconds(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        message = f"`{text}` is not a number of seconds, such as `600`"
        raise argparse.ArgumentTypeError(message) from None


def _flag(text: str) -> dict[str, Any]:
    return {"action": "store_true", "help": text}


_RUNS = "Runs the project's resolvers."
COMMANDS = {
    "init": (
        "write a [tool.dyncachekeys] that fits the project, and sync",
        (
            "Looks at the build backend and its plugins, and at what the project compiles; adds the line to uv's settings by "
            "which its builds are watched. Runs no code of the project."
        ),
    ),
    "sync": (
        "find what has changed, and tell uv",
        (
            "Resolves the keys, and writes what differs: the generated entries of tool.uv.cache-keys in pyproject.toml, and "
            f"the stamp, which makes uv build. Run it before uv, or use `run`. {_RUNS}"
        ),
    ),
    "run": (
        "sync, then become a command, such as `uv sync`",
        f"As in `dyncachekeys run -- uv sync`. The exit code is the command's. {_RUNS}",
    ),
    "check": (
        "tell whether pyproject.toml is what sync would write",
        f"For CI and hooks. Writes nothing. Exit code 1 if it is not. {_RUNS}",
    ),
    "explain": (
        "tell why uv will rebuild, or why not",
        (
            "Against the last sync: what changed, to the file and the reason; what was edited without effect; what uv will "
            f"see. Writes nothing. {_RUNS}"
        ),
    ),
    "show": (
        "list the keys, and all that they find",
        (
            "Each input with the reason why it counts and with what watches it; then the entries of tool.uv.cache-keys that "
            f"come of it. Writes nothing. {_RUNS}"
        ),
    ),
    "doctor": (
        "check a project, its cache keys and uv against what uv does",
        (
            "Works without [tool.dyncachekeys]. Writes nothing, and runs no code of the project without --build. Exit code 1 "
            "if there is a finding of level error. `dyncachekeys explain DCK001` says what a code means."
        ),
    ),
    "trace": (
        "tell what the last watched build depends on, and who watches that",
        f"By the record of that build. {_RUNS.rstrip('.')}; its build backend with --build only.",
    ),
    "digest": (
        "print the digest of all inputs, for the cache keys of CI",
        f"By content, so it is the same on each machine that has the same tree and tools. Writes nothing. {_RUNS}",
    ),
    "watch": (
        "sync whenever something changes, until it is ended",
        (
            "So that plain uv is exact meanwhile. Prints what it stamps, and nothing else. Ctrl-C ends it (exit code 130), as "
            f"does the end of its terminal. {_RUNS} Needs watchfiles: the extra `watch`."
        ),
    ),
    "activate": (
        "print what makes `uv` sync first, in your shell",
        (
            'For a line in its start-up file: eval "$(dyncachekeys activate bash)", the same with zsh, or dyncachekeys '
            "activate fish | source. Completes dyncachekeys, too. If a sync fails, that is reported, and uv runs all the same."
        ),
    ),
    "allow": (
        "let hooks run the code of the tree that keys run, as it is now",
        (
            "After you have looked at it. Runs nothing; `sync` by hand allows what it runs as well. What has changed since is "
            "not run by `sync --hook` and `check --hook`."
        ),
    ),
    "clean": (
        "take the generated entries and the state away again",
        "Works without [tool.dyncachekeys]. What init wrote is left, and named: init --undo takes it away.",
    ),
    "help": ("print the help of a command", "As `dyncachekeys COMMAND --help`."),
}
"""By name: what it does, and the rest of its description. First what everybody needs."""
SYNOPSES = {
    "run": "-- CMD ...",
    "explain": "[KEY | PATH | CODE]",
    "show": "[KEY]",
    "activate": "SHELL",
    "help": "[COMMAND]",
}
"""What stands behind the options."""
_FORMAT: dict[str, Any] = {"choices": ["text", "json"], "default": "text", "help": "how to print results (text)"}
OF_ALL: dict[str, dict[str, Any]] = {
    "--project": {"metavar": "DIR", "help": "where to look for pyproject.toml (here or above)"},
    "--package": {"action": "append", "default": [], "metavar": "NAME", "help": "only this package (repeatable)"},
    "--format": _FORMAT,
    "--color": {"choices": ["auto", "always", "never"], "default": "auto", "help": "when to use colour (auto)"},
}
LOUDNESS = {
    "-q --quiet": _flag("print errors only"),
    "-v --verbose": _flag("leave nothing out, and print times"),
}
GLOBAL = {name: settings for names, settings in (OF_ALL | LOUDNESS).items() for name in names.split()}
"""What may stand in front of the command, by each name."""
_KEY = {"nargs": "?", "metavar": "KEY", "help": "only this key"}
_KEY_OR_PATH = {
    "nargs": "?",
    "metavar": "KEY",
    "help": "only this key; or who watches this path, or why nobody does; or what this code of doctor means",
}
_CODES: dict[str, Any] = {"action": "append", "default": [], "metavar": "CODES"}
_SINCE = f"go back N syncs that changed something ({history.LENGTH} are kept)"
_STEP = {"nargs": "?", "const": "editable", "choices": ["editable", "wheel"]}
_WATCH = "who notices a change: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)"
_TRANSPORT = "how uv is told: by a folder that git ignores (stamp), or by a name in cache-keys (digest)"
OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "sync": {"--hook": _flag("called by git: run no code that nobody allowed by hand; write nothing within a rebase")},
    "help": {"topic": {"nargs": "?", "choices": [*COMMANDS], "metavar": "COMMAND", "help": "of which command"}},
    "check": {
        "--diff": _flag("show what sync would write into pyproject.toml"),
        "--stamp": _flag("also fail if the stamp is stale, so that uv would miss a change"),
        "--hook": _flag("called by git: run no code that nobody allowed by hand; say what to do about the commit"),
    },
    "run": {
        "--no-fail": _flag("run the command even if the sync fails"),
        "argv": {"nargs": argparse.REMAINDER, "metavar": "-- CMD", "help": "the command and its arguments"},
    },
    "show": {"key": _KEY, "--format": {**_FORMAT, "choices": ["text", "json", "html", "mermaid"]}},
    "activate": {
        "shell": {"choices": ["bash", "zsh", "fish"], "metavar": "SHELL", "help": "bash, zsh or fish"},
        "--fail": _flag("do not run uv if the sync before it fails"),
    },
    "doctor": {
        "--uv": _flag("also ask uv whether it agrees (`uv sync --check`)"),
        "--build": _flag("also run the build backend, and compare what it says with what it builds"),
        "--select": {**_CODES, "help": "only findings of these codes, or that begin so: DCK02,DCK050"},
        "--ignore": {**_CODES, "help": "no findings of these codes"},
        "--format": {**_FORMAT, "choices": ["text", "json", "github", "sarif"]},
    },
    "explain": {
        "key": _KEY_OR_PATH,
        "--since": {"type": _count, "default": 0, "metavar": "N", "help": _SINCE},
        "--format": {**_FORMAT, "choices": ["text", "json", "html"]},
    },
    "trace": {
        "--build": {**_STEP, "help": "make a build now and watch it: as `uv sync` does (editable), or a wheel"},
        "--write": _flag("add keys to pyproject.toml that watch it for everybody, CI included"),
        "--timeout": {
            "type": _seconds,
            "metavar": "SECONDS",
            "help": "how long each step of that build may take (600)",
        },
    },
    "init": {
        "--dry-run": _flag("show it as a diff, and write nothing"),
        "--undo": _flag(
            "take away again what init wrote, with generated entries and state; what was edited since is left, and named"
        ),
        "--watch": {"choices": ["auto", "digest"], "default": "auto", "help": _WATCH},
        "--transport": {"choices": ["stamp", "digest"], "default": "stamp", "help": _TRANSPORT},
    },
}
"""By command: its own options, by their names."""
