"""What may stand on the command line."""

from __future__ import annotations

import argparse
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.quick import history

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    _Add = Callable[..., argparse.ArgumentParser]


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise ConfigurationError([Problem("usage", message, self.prog, f"see `{self.prog} --help`")])


class _Version(argparse.Action):
    """Looked up only when asked for: reading installed metadata takes longer than a sync."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        print(f"dyncachekeys {version('dyncachekeys')}")  # noqa: T201
        parser.exit()


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """Parse a command line.

    Raises:
        ConfigurationError: it can't be understood.
    """
    options = _common()
    parser = _Parser(
        prog="dyncachekeys",
        description="Dynamic cache keys for uv: a local package is rebuilt exactly when its build depends on a change.",
        epilog="Exit codes: 0 in sync or written; 1 out of sync; 2 yours to mend; 3 a bug of ours; 130 interrupted.",
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="print the version")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def add(name: str, text: str, detail: str = "") -> argparse.ArgumentParser:
        return commands.add_parser(
            name, help=text, description=f"{text[0].upper()}{text[1:]}. {detail}", parents=[options]
        )

    for commands_of in (_before_uv, _to_ask, _to_set_up):
        commands_of(add)
    return parser.parse_args(arguments)


def _before_uv(add: _Add) -> None:
    """Add what is run each time."""
    sync = add(
        "sync",
        "resolve the keys and write what differs",
        "Run it before uv, or use `run`. Runs the project's resolvers.",
    )
    sync.add_argument(
        "--hook", action="store_true", help="called by git: write nothing while a rebase has commits left to apply"
    )
    check = add(
        "check", "tell whether pyproject.toml is what sync would write", "Writes nothing. Exit code 1 if it is not."
    )
    check.add_argument("--stamp", action="store_true", help="also fail if the stamp is stale")
    check.add_argument("--hook", action="store_true", help="called by git: say what to do about the commit")
    run = add("run", "sync, then become a command", "As in `dyncachekeys run -- uv sync`.")
    run.add_argument("--no-fail", action="store_true", help="run the command even if resolving failed")
    run.add_argument("argv", nargs=argparse.REMAINDER, metavar="-- CMD", help="the command and its arguments")


def _to_ask(add: _Add) -> None:
    """Add what tells something and writes nothing."""
    show = add("show", "print keys, inputs, reasons and entries", "Writes nothing. Runs the project's resolvers.")
    show.add_argument("key", nargs="?", metavar="KEY", help="only this key")
    doctor = add(
        "doctor",
        "check a project, its cache keys and uv against what uv does",
        "Works without [tool.dyncachekeys]. Writes nothing, and runs no code of the project without --build. Exit code 1 if there is "
        "a finding of level error.",
    )
    doctor.add_argument("--uv", action="store_true", help="also ask uv whether it agrees (`uv sync --check`)")
    doctor.add_argument(
        "--build", action="store_true", help="also run the build backend, and compare what it says with what it builds"
    )
    explain = add(
        "explain",
        "tell why uv will rebuild, or why not",
        "Against the last sync: what changed, to the file and the reason; what was edited without effect; what uv "
        "will see. Writes nothing. Runs the project's resolvers.",
    )
    explain.add_argument("key", nargs="?", metavar="KEY", help="only this key")
    explain.add_argument(
        "--since", type=_count, default=0, metavar="N", help="go back N syncs that changed something (20 are kept)"
    )
    add("digest", "print the digest of all inputs", "By content, for CI cache keys. Writes nothing.")


def _to_set_up(add: _Add) -> None:
    """Add what writes the configuration, or takes our work away again."""
    trace = add(
        "trace",
        "run the build's metadata step and tell what it depends on",
        "Compares that with what is watched. Runs the project's build backend.",
    )
    trace.add_argument(
        "--build",
        nargs="?",
        const="editable",
        choices=["editable", "wheel"],
        help="also build the project: as `uv sync` does (editable), or its wheel",
    )
    trace.add_argument("--write", action="store_true", help="add keys for what is not watched to pyproject.toml")
    trace.add_argument(
        "--timeout", type=float, default=600, metavar="SECONDS", help="how long each step may take (600)"
    )
    init = add(
        "init",
        "write a [tool.dyncachekeys] that fits the project",
        "Looks at the build backend and its plugins, at what the project compiles, and at the cache-keys that there are, "
        "which become keys. Runs no code of the project, and does not sync.",
    )
    init.add_argument("--dry-run", action="store_true", help="show it as a diff, and write nothing")
    init.add_argument(
        "--trace", action="store_true", help="have the build traced at each sync that needs it (docs/trace.md)"
    )
    init.add_argument(
        "--watch",
        choices=["auto", "digest"],
        default="auto",
        help="who notices a change: plain uv, where it can (auto); or dyncachekeys alone, by content (digest)",
    )
    init.add_argument(
        "--transport",
        choices=["stamp", "digest"],
        default="stamp",
        help="how uv is told: by a folder that git ignores (stamp), or by a name in cache-keys (digest)",
    )
    add("clean", "take the generated region and the state away again", "Works without [tool.dyncachekeys].")


def _count(text: str) -> int:
    number = int(text) if text.isascii() and text.isdecimal() else -1
    if not 0 <= number <= history.LENGTH:
        message = f"`{text}` is no number from 0 to {history.LENGTH}"
        raise argparse.ArgumentTypeError(message)
    return number


def _common() -> _Parser:
    options = _Parser(add_help=False)
    options.add_argument("--project", type=Path, metavar="DIR", help="where to look for pyproject.toml (here or above)")
    options.add_argument(
        "--package", action="append", default=[], metavar="NAME", help="only this package (repeatable)"
    )
    options.add_argument("--format", choices=["text", "json"], default="text", help="how to print results")
    options.add_argument("--color", choices=["auto", "always", "never"], default="auto", help="when to use colour")
    options.add_argument("-q", "--quiet", action="store_true", help="print errors only")
    options.add_argument("-v", "--verbose", action="store_true", help="print more")
    return options
