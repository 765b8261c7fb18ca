"""Proof of an edit: both sides are parsed, and nothing but ``cache-keys`` may differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from dyncachekeys.errors import ConfigurationError, EditError, Problem
from dyncachekeys.pyproject.source import KEY, listed, parse


def prove(before: Mapping[str, object], after: bytes, lists: Collection[Sequence[object]]) -> Mapping[str, Any]:
    """Return ``after``, parsed; ``EditError`` unless it is ``before`` with one of these ``cache-keys``, in their order."""
    try:
        edited = parse(after)
        # `repr` and not `==`: it tells 1 from 1.0 and true, sees the order, and nan is itself.
        others = repr(_without(before, KEY)) == repr(_without(edited, KEY))
        proved = others and repr(listed(edited)) in map(repr, lists)
    except (ConfigurationError, RecursionError):
        proved = False
    if not proved:
        raise not_proved()
    return edited


def not_proved() -> EditError:
    """Return the error that says that an edit would have changed more than it may."""
    message = "the edit would change more than our entries, so the file was left as it was"
    remedy = "write `cache-keys` as a plain list under `[tool.uv]`, nothing else between our markers"
    return EditError([Problem("edit-not-proved", message, ".".join(KEY), remedy)])


def _without(table: Mapping[str, object], path: Sequence[str]) -> Mapping[str, object]:
    """Return the table less what is at ``path``, and less the tables on the way that then are empty.

    A table may be there for our list alone, so an empty one and none are the same.
    """
    name, *rest = path
    inner = table.get(name)
    left = {} if not rest else _without(inner, rest) if isinstance(inner, dict) else inner
    return {key: left if key == name else value for key, value in table.items() if key != name or left}
