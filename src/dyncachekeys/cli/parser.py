"""The command line: its commands and options."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys import __version__
from dyncachekeys.quick import history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence
    from typing import Any, NoReturn


class _Parser(argparse.ArgumentParser):
    @property
    def options(self) -> Iterable[str]:
        """The names of its options."""
        return self._option_string_actions

    def _print_message(self, message: str, file: Any = None) -> None:
        """Print the help or the version."""
        try:
            file.write(message)
        except OSError as error:
            from dyncachekeys.quick.streams import failed  # noqa: PLC0415

            failed(file, error)

    def error(self, message: str) -> NoReturn:
        self.refuse(message, f"see `{self.prog} --help`")

    def _check_value(self, action: argparse.Action, value: object) -> None:
        """Refuse what is not among the choices, with the nearest of them."""
        if action.choices is not None and value not in action.choices:
            from dyncachekeys.errors import nearest  # noqa: PLC0415  as above

            name = "/".join(action.option_strings) or action.metavar or action.dest
            self.refuse(f"argument {name}: invalid choice: {value!r}", nearest(str(value), action.choices))

    def refuse(self, message: str, remedy: str) -> NoReturn:
        from dyncachekeys.errors import ConfigurationError, Problem  # noqa: PLC0415  `--help` needs neither

        raise ConfigurationError([Problem("usage", message, self.prog, remedy)])

    def unknown(self, arguments: Sequence[str]) -> NoReturn:
        from dyncachekeys.errors import nearest  # noqa: PLC0415  as above

        options = (option for option in {**self._option_string_actions, **_GLOBAL} if option.startswith("--"))
        near = nearest(arguments[0].partition("=")[0], options)
        remedy = near if near.endswith("?") else f"see `{self.prog} --help`"
        self.refuse(f"unrecognized arguments: {' '.join(arguments)}", remedy)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    Raises:
        ConfigurationError: it can't be understood.
        SystemExit: the help or the version was printed; with 2, if there is nothing but the program's name.
    """
    arguments = _in_order(arguments)
    parser, commands = make(arguments)
    if not arguments:
        parser.print_help(sys.stderr)
        raise SystemExit(2)
    if arguments[0].startswith("-") and arguments[0].partition("=")[0] not in {*_GLOBAL, *parser.options}:
        parser.unknown(arguments[:1])
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands[parsed.command].unknown(unknown)
    return parsed


def _in_order(arguments: Sequence[str]) -> Sequence[str]:
    """Return a command line with the options of all commands behind the command; ``help CMD`` is ``CMD --help``."""
    at = 0
    while at < len(arguments) and (settings := _GLOBAL.get(arguments[at].partition("=")[0])) is not None:
        takes_value = "action" not in settings or settings["action"] == "append"
        at += 2 if takes_value and "=" not in arguments[at] else 1
    front, (command, *rest) = arguments[:at], arguments[at:] or [""]
    if not command:
        return arguments
    if command == "help":
        return [*(word for word in rest if not word.startswith("-")), "--help"]
    return [command, *front, *rest]


def make(wanted: Container[str]) -> tuple[_Parser, dict[str, _Parser]]:
    """Return the parser, and those of all commands by their names; only those wanted have their options."""
    parser = _Parser(
        prog="dyncachekeys",
        description="Dynamic cache keys for uv: a local package is rebuilt exactly when its build depends on a change.",
        epilog="Exit codes: 0 in sync or written; 1 out of sync; 2 something for you to fix; 3 a bug of ours; "
        "130 interrupted. Options of all commands may stand in front of the command, too.",
        allow_abbrev=False,
    )
    version = f"dyncachekeys {__version__}"
    parser.add_argument("-V", "--version", action="version", version=version, help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (text, detail) in _COMMANDS.items():
        description = f"{text[0].upper()}{text[1:]}. {detail}"
        command = commands.add_parser(name, help=text, description=description, allow_abbrev=False)
        if name in wanted:  # making the options of all commands takes longer than all else here
            for names, settings in (_OF_ALL | _OPTIONS.get(name, {})).items():
                command.add_argument(*names.split(), **settings)
            loudness = command.add_mutually_exclusive_group()
            for names, settings in _LOUDNESS.items():
                loudness.add_argument(*names.split(), **settings)
    return parser, commands.choices


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= history.LENGTH:
        message = f"`{text}` is not a number from 0 to {history.LENGTH}"
        raise argparse.ArgumentTypeError(message)
    return number


def _flag(text: str) -> dict[str, Any]:
    return {"action": "store_true", "help": text}


_COMMANDS = {
    "sync": (
        "resolve the keys and write what differs",
        "Run it before uv, or use `run`. Runs the project's resolvers.",
    ),
    "check": (
        "tell whether pyproject.toml is what sync would write",
        "Writes nothing. Exit code 1 if it is not.",
    ),
    "run": ("sync, then become a command", "As in `dyncachekeys run -- uv sync`."),
    "show": ("print keys, inputs, reasons and entries", "Writes nothing. Runs the project's resolvers."),
    "doctor": (
        "check a project, its cache keys and uv against what uv does",
        (
            "Works without [tool.dyncachekeys]. Writes nothing, and runs no code of the project without --build. "
            "Exit code 1 if there is a finding of level error."
        ),
    ),
    "explain": (
        "tell why uv will rebuild, or why not",
        (
            "Against the last sync: what changed, to the file and the reason; what was edited without effect; what uv "
            "will see. Writes nothing. Runs the project's resolvers."
        ),
    ),
    "digest": ("print the digest of all inputs", "By content, for CI cache keys. Writes nothing."),
    "trace": (
        "tell what the last watched build depends on, and who watches that",
        "By its record. Runs the project's resolvers; its build backend with --build only.",
    ),
    "init": (
        "write a [tool.dyncachekeys] that fits the project",
        (
            "Looks at the build backend and its plugins, and at what the project compiles; adds the line to uv's settings "
            "by which its builds are watched. Then it syncs. Runs no code of the project."
        ),
    ),
    "watch": (
        "sync whenever something changes, until it is ended",
        (
            "So that plain uv is exact meanwhile. Prints what it stamps, and nothing else. Ctrl-C ends it (exit code 130), "
            "as does the end of its terminal. Runs the project's resolvers. Needs watchfiles: the extra `watch`."
        ),
    ),
    "activate": (
        "print what puts `uv` behind a sync in your shell",
        (
            'For a line in its start-up file: eval "$(dyncachekeys activate bash)", the same with zsh, or '
            "dyncachekeys activate fish | source. Completes dyncachekeys, too. If a sync fails, that is reported, and uv runs all the same."
        ),
    ),
    "allow": (
        "let hooks run the code of the tree that keys run, as it is now",
        (
            "After you have looked at it. Runs nothing; `sync` by hand allows what it runs as well. What has changed since "
            "is not run by `sync --hook` and `check --hook`."
        ),
    ),
    "clean": (
        "take the generated region and the state away again",
        "Works without [tool.dyncachekeys]. What init wrote is left, and named: init --undo takes it away.",
    ),
    "help": ("print the help of a command", "As `dyncachekeys COMMAND --help`."),
}
"""By name: what it does, and the rest of its description."""
_FORMAT: dict[str, Any] = {"choices": ["text", "json"], "default": "text", "help": "how to print results"}
_OF_ALL: dict[str, dict[str, Any]] = {
    "--project": {"metavar": "DIR", "help": "where to look for pyproject.toml (here or above)"},
    "--package": {"action": "append", "default": [], "metavar": "NAME", "help": "only this package (repeatable)"},
    "--format": _FORMAT,
    "--color": {"choices": ["auto", "always", "never"], "default": "auto", "help": "when to use colour"},
}
_LOUDNESS = {"-q --quiet": _flag("print errors only"), "-v --verbose": _flag("print more")}
_GLOBAL = {name: settings for names, settings in (_OF_ALL | _LOUDNESS).items() for name in names.split()}
"""What may stand in front of the command, by each name."""
_KEY = {"nargs": "?", "metavar": "KEY", "help": "only this key"}
_KEY_OR_PATH = {
    "nargs": "?",
    "metavar": "KEY|PATH",
    "help": "only this key; or who watches this path, or why nobody does",
}
_CODES: dict[str, Any] = {"action": "append", "default": [], "metavar": "CODES"}
_SINCE = f"go back N syncs that changed something ({history.LENGTH} are kept)"
_STEP = {"nargs": "?", "const": "editable", "choices": ["editable", "wheel"]}
_WATCH = "who notices a change: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)"
_TRANSPORT = "how uv is told: by a folder that git ignores (stamp), or by a name in cache-keys (digest)"
_OPTIONS: dict[str, dict[str, dict[str, Any]]] = {
    "sync": {"--hook": _flag("called by git: run no code that nobody allowed by hand; write nothing within a rebase")},
    "help": {"topic": {"nargs": "?", "choices": [*_COMMANDS], "metavar": "COMMAND", "help": "of which command"}},
    "check": {
        "--diff": _flag("show what sync would write into pyproject.toml"),
        "--stamp": _flag("also fail if the stamp is stale"),
        "--hook": _flag("called by git: run no code that nobody allowed by hand; say what to do about the commit"),
    },
    "run": {
        "--no-fail": _flag("run the command even if resolving failed"),
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
        "--format": {**_FORMAT, "choices": ["text", "json", "html"]},
        "--since": {"type": _count, "default": 0, "metavar": "N", "help": _SINCE},
    },
    "trace": {
        "--build": {**_STEP, "help": "make a build now and watch it: as `uv sync` does (editable), or a wheel"},
        "--write": _flag("add keys to pyproject.toml that watch it for everybody, CI included"),
        "--timeout": {"type": float, "metavar": "SECONDS", "help": "how long each step of that build may take (600)"},
    },
    "init": {
        "--dry-run": _flag("show it as a diff, and write nothing"),
        "--undo": _flag(
            "take away again what init wrote, with region and state; what was edited since is left, and named"
        ),
        "--watch": {"choices": ["auto", "digest"], "default": "auto", "help": _WATCH},
        "--transport": {"choices": ["stamp", "digest"], "default": "stamp", "help": _TRANSPORT},
    },
}
"""By command: its own options, by their names."""
