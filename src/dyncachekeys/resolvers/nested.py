"""Nested tables by dotted keys, written as in TOML: what they lead to, less some of it. For ``resolver = "table"``."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tomli

ABSENT = object()
"""What is not there."""


class Whole(str):
    """Text that every path into it leads to: a module's, where only running it shows what a name is."""

    __slots__ = ()


def steps_of(dotted: str) -> list[str]:
    """Return the keys of a dotted name, written as in TOML: `tool."my.table".x`."""
    node: Any = tomli.loads(f"{dotted} = 0")
    steps = []
    while isinstance(node, dict):
        ((step, node),) = node.items()
        steps.append(step)
    return steps


def dotted_name(path: Sequence[str]) -> str:
    """Return keys as a dotted name, quoted where TOML asks for it."""
    bare = re.compile(r"[\w-]+", re.ASCII).fullmatch
    return ".".join(step if bare(step) else json.dumps(step, ensure_ascii=False) for step in path)


def check_dotted(dotted: str) -> str | None:
    """Return what is wrong with a dotted name, or nothing: for the checking of options."""
    try:
        steps_of(dotted)
    except ValueError:
        return f'"{dotted}" is not a dotted key; write it as in TOML: tool."my.table".x'
    return None


def state_of(data: Any, path: Sequence[str], left_out: Sequence[Sequence[str]]) -> list[Any]:
    """Return what a path leads to; in a list, so that a null in JSON differs from a table that is missing."""
    below = [steps[len(path) :] for steps in left_out if steps[: len(path)] == path]
    chosen = _without(_selected(data, path), below)
    return [] if chosen is ABSENT else [chosen]


def _selected(data: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if isinstance(data, Whole):
            break
        if not isinstance(data, Mapping) or step not in data:
            return ABSENT
        data = data[step]
    return str(data) if isinstance(data, Whole) else data


def _without(data: Any, left_out: Sequence[Sequence[str]]) -> Any:
    """Return the data without what the paths lead to."""
    if [] in left_out:
        return ABSENT
    if not left_out or not isinstance(data, Mapping):
        return data
    below = {name: [path[1:] for path in left_out if path[0] == name] for name in data}
    rest = {name: _without(value, below[name]) for name, value in data.items()}
    return {name: value for name, value in rest.items() if value is not ABSENT}
