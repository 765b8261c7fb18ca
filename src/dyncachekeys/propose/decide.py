"""From facts, and what the user chose, to a table: the pure middle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from dyncachekeys.propose import build, metadata
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration, Table, merged
from dyncachekeys.propose.migrate import Migrated, migrate, watches_pyproject

_WHY_SHARED = {
    "backend": "The code of a member that its build runs, and all of the member that it imports.",
    "metadata": "Goes into the metadata of each member. Remove this key if that is not worth a build to you.",
}
_WHY_TRACED = (
    "`trace`: the build's metadata step is run under a tracer when something that it reads has changed, and what it is",
    "seen to read counts (docs/trace.md).",
)
_WHY_NOTHING = (
    "The build runs no code of this tree and compiles nothing: here for a `setup.py` or a hook that may come."
)


def decide(facts: Facts, init_options: InitOptions) -> tuple[Table, list[Migrated]]:
    """Return the table that fits a package, and what becomes of the user's own entries."""
    own = merged([*build.keys(facts), *metadata.keys(facts, exact=init_options.exact)])
    migrated = migrate(facts, {key.name: key for key in own})
    asked = [key for entry in migrated for key in entry.declared]
    settings = dict(init_options.settings)
    if not watches_pyproject(facts):
        asked += _instead_of_defaults(facts)
        settings["defaults"] = False
    found = [key for key in merged([*own, *asked]) if key.options.get("patterns") != []]
    if init_options.trace:
        found = _with_trace(found)
    return Table(tuple(found or [Declaration("backend", "backend", {}, (_WHY_NOTHING,))]), settings=settings), migrated


def _instead_of_defaults(facts: Facts) -> Iterator[Declaration]:
    yield Declaration("build", "table", {"preset": "build"}, ("What the build reads of pyproject.toml.",))
    if "setup.cfg" in facts.present:
        yield Declaration("sources", "files", {"patterns": ["/setup.cfg"]}, ())


def _with_trace(keys: Sequence[Declaration]) -> list[Declaration]:
    """Return the keys with a traced `backend` key among them."""
    backend = next((key for key in keys if key.name == "backend"), Declaration("backend", "backend", {}, ()))
    why = (*(line for line in backend.why if line != build.READS), *_WHY_TRACED)
    traced = replace(backend, options={**backend.options, "trace": True}, why=why)
    return [traced, *(key for key in keys if key.name != "backend")]


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
    why = _WHY_SHARED.get(key.name, "The same in every member.")
    return replace(key, why=(why, *(_WHY_TRACED if key.options.get("trace") else ())))


def less(table: Table, taken: Sequence[Declaration]) -> Table:
    """Return a table without the keys that are declared elsewhere."""
    names = {key.name for key in taken}
    return replace(table, keys=tuple(key for key in table.keys if key.name not in names))


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The options of `init` that decide how changes are noticed."""

    trace: bool = False
    """Builds are traced for what they read."""
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
