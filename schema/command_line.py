"""The command line as data: its commands and their options, read off the parser."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dyncachekeys.cli import parser
from dyncachekeys.cli.options import SYNOPSES


class Option(NamedTuple):
    """An option, or with no name an argument."""

    names: tuple[str, ...]
    help: str
    choices: tuple[str, ...]
    is_folder: bool
    takes_value: bool
    repeats: bool
    value: str
    """What stands for its value, such as ``DIR``; of an argument, for itself."""
    is_value_needed: bool


class Command(NamedTuple):
    """A command with its options; that of no name is the program itself."""

    name: str
    help: str
    options: tuple[Option, ...]
    description: str
    usage: str
    """What stands behind the name of the program."""


def commands() -> Iterator[Command]:
    """Yield the program itself, then its commands in the order of `--help`."""
    _, names = parser.make(())
    program, parsers = parser.make(names)
    helps = {one.dest: one.help or "" for action in program._actions for one in _listed(action)}
    yield Command("", "", tuple(_options(program)), program.description or "", "")
    for name, one in parsers.items():
        usage = f"{name} [options] {SYNOPSES.get(name, '')}".rstrip()
        yield Command(name, helps[name], tuple(_options(one)), one.description or "", usage)


def _listed(action: argparse.Action) -> Iterable[argparse.Action]:
    return action._get_subactions() if isinstance(action, argparse._SubParsersAction) else ()


def _options(of: argparse.ArgumentParser) -> Iterator[Option]:
    for action in of._actions:
        if action.nargs in {argparse.PARSER, argparse.REMAINDER}:
            continue
        value = action.metavar or "|".join(map(str, action.choices or ())) or action.dest.upper()
        yield Option(
            names=tuple(action.option_strings),
            help=action.help or "",
            choices=tuple(map(str, action.choices or ())),
            is_folder=action.metavar == "DIR",
            takes_value=action.nargs in {None, "?"},
            repeats=isinstance(action, argparse._AppendAction),
            value=value if isinstance(value, str) else " ".join(value),
            is_value_needed=action.nargs is None,
        )
