"""Tables of options that are written by hand, beside the generated ones, name what there is, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import command_line
from dyncachekeys.config.model import Key
from dyncachekeys.config.options import fields_of, options_of
from dyncachekeys.resolving import registry

DOCS = Path(__file__).parents[2] / "docs"
RESOLVERS = sorted(path.stem for path in (DOCS / "resolvers").glob("*.md"))
COMMANDS = {command.name: command for command in command_line.commands()}
OF_ALL = {names for option in COMMANDS["digest"].options for names in option.names}
OF_COMMANDS = {"init": OF_ALL - {"--package", "--quiet", "-q"}, "trace": OF_ALL - {"-v", "--verbose"}}
"""Options of all commands that the page of a command need not name."""


def rows(page: str, head: str) -> list[list[str]]:
    """Return the cells of the first table of a page that begins with a head."""
    text = (DOCS / page).read_text(encoding="utf-8")
    table = re.search(rf"^\| {head} \|.*\n\| ---.*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"{page} has no table of {head}"
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in table[1].splitlines()]


@pytest.mark.parametrize("name", RESOLVERS)
def test_options_of_a_resolver(name: str) -> None:
    options, _ = options_of(registry.load(registry.find(name, ""), ""))
    of_all = {one.spelled for one in fields_of(Key).values()}
    named = {row[0].strip("`"): row[1] for row in rows(f"resolvers/{name}.md", "option")}
    assert named.keys() - of_all == {one.spelled for one in options.values()}
    for one in options.values():
        default = "required" if one.required else f"`{json.dumps(one.default)}`"
        assert named[one.spelled] == default or one.default is None, one.spelled


def test_commands() -> None:
    named = {re.match(r"`([a-z]+)", row[0])[1] for row in rows("command-line.md", "command")}  # type: ignore[index]
    assert named == COMMANDS.keys() - {"", "help"}


@pytest.mark.parametrize("name", OF_COMMANDS)
def test_options_of_a_command(name: str) -> None:
    named = {option for row in rows(f"{name}.md", "option") for option in re.findall(r"`(--?[\w-]+)", row[0])}
    there = [option.names for option in COMMANDS[name].options if option.names]
    assert named <= {one for names in there for one in names}
    assert not [names for names in there if not {*names} & (named | OF_COMMANDS[name])]
