"""The command line as a page for people: ``docs/commands.md`` is made of this."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from command_line import Command, Option, commands

_INTRODUCTION = """\
# Commands and their options

<!-- Made from the command line by `python schema/generate.py`; do not edit. -->

`dyncachekeys help COMMAND` says the same. What holds for all commands stands in [the command line](command-line.md).
"""


def page() -> str:
    """Return the reference of all commands, in Markdown."""
    program, *found = commands()
    everywhere = [one for one in found[0].options if all(one.names in _names(command) for command in found)]
    return "\n".join(
        [
            _INTRODUCTION,
            _section("Every command", "", everywhere),
            _section("`dyncachekeys` alone", "", [one for one in program.options if one not in everywhere]),
            *(_of(command, everywhere) for command in found),
        ]
    )


def _names(command: Command) -> set[tuple[str, ...]]:
    return {option.names for option in command.options}


def _of(command: Command, everywhere: list[Option]) -> str:
    return _section(
        f"`{command.name}`", command.description, [option for option in command.options if option not in everywhere]
    )


def _section(title: str, text: str, options: Iterable[Option]) -> str:
    rows = [*map(_row, options)]
    table = ["| option | |", "| --- | --- |", *rows, ""] if rows else []
    return "\n".join([f"## {title}", "", *([text, ""] if text else []), *table])


def _row(option: Option) -> str:
    return f"| {', '.join(_spelled(option))} | {option.help} |"


def _spelled(option: Option) -> Iterator[str]:
    value = f"{{{','.join(option.choices)}}}" if option.value == "|".join(option.choices) else option.value
    value = value if option.is_value_needed else f"[{value}]" if option.takes_value else ""
    for name in option.names or ("",):
        yield f"`{f'{name} {value}'.strip()}`"
