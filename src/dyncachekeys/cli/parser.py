"""The command line: its commands and options."""

from __future__ import annotations

import argparse

from dyncachekeys import __version__
from dyncachekeys.quick import history

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import NoReturn


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        from dyncachekeys.errors import ConfigurationError, Problem  # noqa: PLC0415  `--help` needs neither

        raise ConfigurationError([Problem("usage", message, self.prog, f"see `{self.prog} --help`")])


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    Raises:
        ConfigurationError: it can't be understood.
    """
    parser = _Parser(
        prog="dyncachekeys",
        description="Dynamic cache keys for uv: a local package is rebuilt exactly when its build depends on a change.",
        epilog="Exit codes: 0 in sync or written; 1 out of sync; 2 something for you to fix; 3 a bug of ours; "
        "130 interrupted.",
    )
    parser.add_argument("--version", action="version", version=f"dyncachekeys {__version__}", help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, (text, detail, add_options) in _COMMANDS.items():
        command = commands.add_parser(name, help=text, description=f"{text[0].upper()}{text[1:]}. {detail}")
        if name in arguments:  # making the options of all commands takes longer than all else here
            _add_common(command)
            add_options(command)
    return parser.parse_args(arguments)


def _add_common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--project", metavar="DIR", help="where to look for pyproject.toml (here or above)")
    command.add_argument(
        "--package", action="append", default=[], metavar="NAME", help="only this package (repeatable)"
    )
    command.add_argument("--format", choices=["text", "json"], default="text", help="how to print results")
    command.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="when to use colour")
    command.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    command.add_argument("-v", "--verbose", action="store_true", help="print more")


def _sync(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--hook", action="store_true", help="called by git: write nothing while a rebase has commits left to apply"
    )


def _check(command: argparse.ArgumentParser) -> None:
    command.add_argument("--stamp", action="store_true", help="also fail if the stamp is stale")
    command.add_argument("--hook", action="store_true", help="called by git: say what to do about the commit")


def _run(command: argparse.ArgumentParser) -> None:
    command.add_argument("--no-fail", action="store_true", help="run the command even if resolving failed")
    command.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD", help="the command and its arguments")


def _show(command: argparse.ArgumentParser) -> None:
    command.add_argument("key", nargs="?", metavar="KEY", help="only this key")


def _doctor(command: argparse.ArgumentParser) -> None:
    command.add_argument("--uv", action="store_true", help="also ask uv whether it agrees (`uv sync --check`)")
    command.add_argument(
        "--build", action="store_true", help="also run the build backend, and compare what it says with what it builds"
    )


def _explain(command: argparse.ArgumentParser) -> None:
    _show(command)
    command.add_argument(
        "--since",
        type=_count,
        default=0,
        metavar="N",
        help=f"go back N syncs that changed something ({history.LENGTH} are kept)",
    )


def _trace(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--build",
        nargs="?",
        const="editable",
        choices=["editable", "wheel"],
        help="also build the project: as `uv sync` does (editable), or its wheel",
    )
    command.add_argument("--write", action="store_true", help="add keys for what is not watched to pyproject.toml")
    command.add_argument(
        "--timeout", type=float, default=600, metavar="SECONDS", help="how long each step may take (600)"
    )


def _init(command: argparse.ArgumentParser) -> None:
    command.add_argument("--dry-run", action="store_true", help="show it as a diff, and write nothing")
    command.add_argument(
        "--trace", action="store_true", help="have the build traced at each sync that needs it (docs/trace.md)"
    )
    command.add_argument(
        "--watch",
        choices=["auto", "digest"],
        default="auto",
        help="who notices a change: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)",
    )
    command.add_argument(
        "--transport",
        choices=["stamp", "digest"],
        default="stamp",
        help="how uv is told: by a folder that git ignores (stamp), or by a name in cache-keys (digest)",
    )


def _no_options(_: argparse.ArgumentParser) -> None:
    """Add nothing."""


_COMMANDS: dict[str, tuple[str, str, Callable[[argparse.ArgumentParser], None]]] = {
    "sync": (
        "resolve the keys and write what differs",
        "Run it before uv, or use `run`. Runs the project's resolvers.",
        _sync,
    ),
    "check": (
        "tell whether pyproject.toml is what sync would write",
        "Writes nothing. Exit code 1 if it is not.",
        _check,
    ),
    "run": ("sync, then become a command", "As in `dyncachekeys run -- uv sync`.", _run),
    "show": ("print keys, inputs, reasons and entries", "Writes nothing. Runs the project's resolvers.", _show),
    "doctor": (
        "check a project, its cache keys and uv against what uv does",
        (
            "Works without [tool.dyncachekeys]. Writes nothing, and runs no code of the project without --build. "
            "Exit code 1 if there is a finding of level error."
        ),
        _doctor,
    ),
    "explain": (
        "tell why uv will rebuild, or why not",
        (
            "Against the last sync: what changed, to the file and the reason; what was edited without effect; what uv "
            "will see. Writes nothing. Runs the project's resolvers."
        ),
        _explain,
    ),
    "digest": ("print the digest of all inputs", "By content, for CI cache keys. Writes nothing.", _no_options),
    "trace": (
        "run the build's metadata step and tell what it depends on",
        "Compares that with what is watched. Runs the project's build backend.",
        _trace,
    ),
    "init": (
        "write a [tool.dyncachekeys] that fits the project",
        (
            "Looks at the build backend and its plugins, at what the project compiles, and at the cache-keys that there "
            "are, which become keys. Runs no code of the project, and does not sync."
        ),
        _init,
    ),
    "clean": (
        "take the generated region and the state away again",
        "Works without [tool.dyncachekeys].",
        _no_options,
    ),
}
"""By name: what it does, the rest of its description, and what adds its own options."""


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= history.LENGTH:
        message = f"`{text}` is not a number from 0 to {history.LENGTH}"
        raise argparse.ArgumentTypeError(message)
    return number
