"""From facts, and what the user chose, to a table: the pure middle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dyncachekeys.propose import build, metadata, sources
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration, Table, merged

_WHY_SHARED = {
    "build": "What uv's own builds of each member depend on.",
    "backend": "Code of a member that its build runs, with what it imports.",
    "metadata": "Goes into the metadata of each member.",
}


def decide(facts: Facts, init_options: InitOptions) -> Table:
    """Return the table that fits a package."""
    unwatched = init_options.transport == "digest" or not facts.records
    found = [*build.keys(facts, unwatched=unwatched), *metadata.keys(facts, exact=init_options.exact)]
    settings = dict(init_options.settings)
    if facts.without_pyproject or init_options.watch == "digest" or facts.writes_pyproject:
        found += [*_instead_of_defaults(facts), *beside_defaults(facts)]
        settings["defaults"] = False
    return Table(tuple(merged(found)), settings=settings)


def _instead_of_defaults(facts: Facts) -> Iterator[Declaration]:
    why = ["What the build reads of pyproject.toml."]
    if facts.writes_pyproject:
        why.append(f"{facts.writes_pyproject} rewrites the file in each build, so that its times say nothing.")
    yield Declaration("pyproject", "table", {"preset": "build"}, tuple(why))


def beside_defaults(facts: Facts) -> Iterator[Declaration]:
    """Yield the key for what uv watches by itself beside ``pyproject.toml``, where nothing keeps that up."""
    if "setup.cfg" in facts.present and facts.module not in sources.PURE:
        yield Declaration(
            "setup-cfg", "files", {"patterns": ["/setup.cfg"]}, ("What the build reads beside it.",), fallback=True
        )


def shared_keys(tables: Sequence[Table]) -> tuple[Declaration, ...]:
    """Return the keys that all of several packages need alike, to be declared once in their workspace's root."""
    if len(tables) == 1 or not all(table.defaults for table in tables):
        return ()
    first, *rest = tables
    alike = [key for key in first.keys if all(_has(table, key) for table in rest)]
    return tuple(_for_all(key, tables) for key in alike)


def _has(table: Table, key: Declaration) -> bool:
    return any(other.name == key.name and other.as_table() == key.as_table() for other in table.keys)


def _for_all(key: Declaration, tables: Sequence[Table]) -> Declaration:
    if all(other.why == key.why for table in tables for other in table.keys if other.name == key.name):
        return key
    return replace(key, why=(_WHY_SHARED.get(key.name, "The same in every member."),))


def less(table: Table, taken: Sequence[Declaration]) -> Table:
    """Return a table without the keys that are declared elsewhere."""
    names = {key.name for key in taken}
    return replace(table, keys=tuple(key for key in table.keys if key.name not in names))


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The options of `init` that decide how changes are noticed."""

    watch: Literal["auto", "digest"] = "auto"
    transport: Literal["stamp", "digest"] = "stamp"

    @property
    def exact(self) -> bool:
        """Whether nothing but content and values shall count."""
        return "digest" in {self.watch, self.transport}

    @property
    def settings(self) -> Mapping[str, str | bool]:
        """Return the options of the table that this asks for."""
        if self.transport != "stamp":
            return {"transport": self.transport}  # with it, `auto` means `digest`
        return {"watch": self.watch} if self.watch != "auto" else {}
