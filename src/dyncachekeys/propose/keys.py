"""Keys that are to be written, each with the reason for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Option: TypeAlias = "str | bool | list[str]"
NAMES = (
    "backend",
    "build",
    "version",
    "git",
    "requirements",
    "metadata",
    "sources",
    "python",
    "environment",
    "outputs",
)
"""The names of keys, in the order in which they are written; all others come after them."""


@dataclass(frozen=True, slots=True)
class Declaration:
    """A key of ``[tool.dyncachekeys.keys]``."""

    name: str
    resolver: str
    options: Mapping[str, Option]
    why: tuple[str, ...]
    """Lines of comment."""

    def as_table(self) -> dict[str, Option]:
        """Return the key as a TOML parser gives it back."""
        return {"resolver": self.resolver, **self.options}


def merged(declared: Iterable[Declaration]) -> list[Declaration]:
    """Return declarations with one for each name, in the order in which they are written.

    Lists are joined, and of truth values the true ones stay: each was asked for by somebody.
    """
    found: dict[str, Declaration] = {}
    for one in declared:
        known = found.get(one.name)
        found[one.name] = one if known is None else _joined(known, one)
    order = {name: place for place, name in enumerate(NAMES)}
    return sorted(found.values(), key=lambda one: order.get(one.name, len(order)))


def _joined(first: Declaration, second: Declaration) -> Declaration:
    options = dict(first.options)
    for name, value in second.options.items():
        known = options.get(name)
        if isinstance(known, list) and isinstance(value, list):
            options[name] = list(dict.fromkeys([*known, *value]))
        else:
            options[name] = known or value
    return Declaration(first.name, first.resolver, options, tuple(dict.fromkeys([*first.why, *second.why])))
