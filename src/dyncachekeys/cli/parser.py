"""The command line, read by the tables of its commands and options (`options`)."""

from __future__ import annotations

import argparse
import sys

from dyncachekeys import __version__
from dyncachekeys.cli.options import COMMANDS, GLOBAL, LOUDNESS, OF_ALL, OPTIONS, SYNOPSES

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
        from dyncachekeys.errors import mistyped  # noqa: PLC0415  as above

        name = arguments[0].partition("=")[0]
        options = (option for option in {**self._option_string_actions, **GLOBAL} if option.startswith("--"))
        owners = " and ".join(
            f"`{command}`" for command, own in OPTIONS.items() if name.startswith("--") and name in own
        )
        other = mistyped(name, options) or f"see `{self.prog} --help`"
        remedy = f"it is an option of {owners}" if owners else other
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
    if arguments[0].startswith("-") and arguments[0].partition("=")[0] not in {*GLOBAL, *parser.options}:
        parser.unknown(arguments[:1])
    parsed, unknown = parser.parse_known_args(arguments)
    if unknown:
        commands[parsed.command].unknown(unknown)
    return parsed


def _in_order(arguments: Sequence[str]) -> Sequence[str]:
    """Return a command line with the options of all commands behind the command; ``help CMD`` is ``CMD --help``."""
    at = 0
    while at < len(arguments) and (settings := GLOBAL.get(arguments[at].partition("=")[0])) is not None:
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
        epilog="`dyncachekeys help COMMAND` says more of one. Options of all commands may stand in front of the command, "
        "too. Exit codes: 0 in sync or written; 1 out of sync; 2 something for you to fix; 3 a bug of ours; "
        "130 interrupted.",
        allow_abbrev=False,
    )
    version = f"dyncachekeys {__version__}"
    parser.add_argument("-V", "--version", action="version", version=version, help="print the version")
    commands = parser.add_subparsers(
        dest="command", prog="dyncachekeys", required=True, title="commands", metavar="COMMAND", parser_class=_Parser
    )
    for name, (text, detail) in COMMANDS.items():
        description = f"{text[0].upper()}{text[1:]}. {detail}"
        usage = f"%(prog)s [options] {SYNOPSES.get(name, '')}".rstrip()
        command = commands.add_parser(name, help=text, usage=usage, description=description, allow_abbrev=False)
        if name in wanted:  # making the options of all commands takes longer than all else here
            _fill(command, OPTIONS.get(name, {}))
    return parser, commands.choices


def _fill(command: _Parser, own: dict[str, dict[str, Any]]) -> None:
    """Give a command its own options, and those that all have."""
    for names, settings in own.items():
        if names not in OF_ALL:
            command.add_argument(*names.split(), **settings)
    of_all = command.add_argument_group("options of all commands")
    for names, settings in OF_ALL.items():
        of_all.add_argument(*names.split(), **own.get(names, settings))
    loudness = of_all.add_mutually_exclusive_group()
    for names, settings in LOUDNESS.items():
        loudness.add_argument(*names.split(), **settings)
