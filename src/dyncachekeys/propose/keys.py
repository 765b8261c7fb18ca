"""The keys and the table to be written, each with its reasons, and how they look as TOML."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from dyncachekeys.config.model import WHERE
from dyncachekeys.pyproject.render import render

Option: TypeAlias = "str | bool | list[str]"
_ORDER = (
    *("build", "pyproject", "backend", "version", "git", "requirements"),
    *("metadata", "rust", "sources", "includes", "data", "python", "modules", "packages", "environment"),
)
"""The names of keys in the order in which they are written; all others come after them."""
_LONGEST_LINE = 100
_BEYOND_DEFAULTS = (
    "# What the build depends on, beside what uv watches by itself; `dyncachekeys show` lists what each key finds."
)
_WITHOUT_DEFAULTS = "# What the build depends on; `dyncachekeys show` lists what each key finds."
_FOR_MEMBERS = "# What the builds of the members depend on: each key is looked up in each member's own folder."
_SETTINGS = {
    "watch": ("# Content counts, not times; uv sees a change once `dyncachekeys sync` or `run` has.",),
    "transport": ("# Content counts, not times; it is in the name of a cache key, so that uv's cache goes by it too.",),
    "defaults": ("# Of pyproject.toml only what the build reads counts: the key `pyproject`.",),
}


@dataclass(frozen=True, slots=True)
class Declaration:
    """A key of ``[tool.dyncachekeys.keys]``."""

    name: str
    resolver: str
    options: Mapping[str, Option]
    why: tuple[str, ...]
    """Lines of comment."""
    fallback: bool = False
    """Whether it is for those who have no record of a build yet."""

    def as_table(self) -> dict[str, Option]:
        """Return the key as a TOML parser returns it."""
        return {"resolver": self.resolver, **self.options, **({"fallback": True} if self.fallback else {})}

    def inline(self) -> str:
        """Return the key as TOML in one line, as it stands in the table of keys."""
        values = (f"{name} = {_rendered(value)}" for name, value in self.as_table().items())
        return f"{self.name} = {{ {', '.join(values)} }}"

    def lines(self, path: str = f"{WHERE}.keys") -> Iterator[str]:
        """Yield the key as TOML, in the table with a dotted path."""
        yield from (f"# {line}" for line in self.why)
        yield f"[{path}.{self.name}]"
        for name, value in self.as_table().items():
            line = f"{name} = {_rendered(value)}"
            if isinstance(value, list) and len(line) > _LONGEST_LINE:
                line = "\n".join([f"{name} = [", *(f"    {render(item)}," for item in value), "]"])
            yield from line.split("\n")


def _rendered(value: Option) -> str:
    return f"[{', '.join(map(render, value))}]" if isinstance(value, list) else render(value)


@dataclass(frozen=True, slots=True)
class Table:
    """``[tool.dyncachekeys]`` of one document."""

    keys: tuple[Declaration, ...] = ()
    shared: tuple[Declaration, ...] = ()
    """For all members of the workspace."""
    settings: Mapping[str, str | bool] = field(default_factory=dict)
    """The options of the table itself."""

    @property
    def defaults(self) -> bool:
        """Whether what uv watches by itself counts."""
        return self.settings.get("defaults") is not False

    def as_table(self) -> dict[str, Any]:
        """Return the table as a TOML parser returns it; empty if there is nothing to write."""
        found: dict[str, Any] = dict(self.settings)
        if self.shared:
            found["workspace"] = {"keys": {key.name: key.as_table() for key in self.shared}}
        if self.keys:
            found["keys"] = {key.name: key.as_table() for key in self.keys}
        return found

    def lines(self) -> Iterator[str]:
        """Yield the table as TOML."""
        if self.keys:
            yield _BEYOND_DEFAULTS if self.defaults else _WITHOUT_DEFAULTS
        elif self.shared:
            yield _FOR_MEMBERS
        yield f"[{WHERE}]"
        for name, value in self.settings.items():
            yield from (*_SETTINGS[name], f"{name} = {render(value)}")
        for path, keys in ((f"{WHERE}.workspace.keys", self.shared), (f"{WHERE}.keys", self.keys)):
            for key in keys:
                yield from ("", *key.lines(path))


def merged(declared: Iterable[Declaration]) -> list[Declaration]:
    """Return one declaration for each name, in the order in which they are written.

    Lists are joined, and a truth value is true if one of them is: somebody asked for each.
    """
    found: dict[str, Declaration] = {}
    for one in declared:
        known = found.get(one.name)
        found[one.name] = one if known is None else _joined(known, one)
    return sorted(found.values(), key=lambda one: _ORDER.index(one.name) if one.name in _ORDER else len(_ORDER))


def _joined(first: Declaration, second: Declaration) -> Declaration:
    options = dict(first.options)
    for name, value in second.options.items():
        known = options.get(name)
        if isinstance(known, list) and isinstance(value, list):
            options[name] = list(dict.fromkeys([*known, *value]))
        else:
            options[name] = known or value
    why = tuple(dict.fromkeys([*first.why, *second.why]))
    return Declaration(first.name, first.resolver, options, why, first.fallback and second.fallback)
