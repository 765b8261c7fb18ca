"""From facts to a table: the pure middle."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dyncachekeys.propose import build, metadata
from dyncachekeys.propose.edit import Table
from dyncachekeys.propose.keys import Declaration, merged
from dyncachekeys.propose.migrate import Carried, migrate, watches_pyproject

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from dyncachekeys.propose.facts import Facts
    from dyncachekeys.propose.options import InitOptions

_FOR_ALL = {
    "backend": "The code of a member that its build runs, and all of the member that it imports.",
    "metadata": "Goes into the metadata of each member. Take this key away if that is not worth a build to you.",
}
_TRACED = (
    "`trace`: the build's metadata step is run under a tracer when something that it reads has changed, and what it is",
    "seen to read counts (docs/trace.md).",
)
_NOTHING = "The build runs no code of this tree and compiles nothing: here for a `setup.py` or a hook that may come."


def decide(facts: Facts, init_options: InitOptions) -> tuple[Table, list[Carried]]:
    """Return the table that fits a package, and what becomes of the user's own entries.

    Args:
        facts: The package.
        init_options: What the user asks for.
    """
    own = merged(_own(facts, exact=init_options.exact))
    carried = migrate(facts, {one.name: one for one in own})
    defaults = watches_pyproject(facts)
    asked = [one for each in carried for one in each.declared]
    found = merged([*own, *asked, *(() if defaults else _instead(facts))])
    found = [one for one in found if one.options.get("patterns") != []]
    if not found or (init_options.trace and all(one.name != "backend" for one in found)):
        found = merged([*found, Declaration("backend", "backend", {}, () if init_options.trace else (_NOTHING,))])
    if init_options.trace:
        found = [_traced(one) if one.name == "backend" else one for one in found]
    return Table(tuple(found), settings={**init_options.settings, **({} if defaults else {"defaults": False})}), carried


def _own(facts: Facts, *, exact: bool) -> Iterator[Declaration]:
    yield from build.keys(facts)
    yield from metadata.keys(facts, exact=exact)


def _instead(facts: Facts) -> Iterator[Declaration]:
    """Yield what takes the place of uv's defaults."""
    yield Declaration("build", "table", {"preset": "build"}, ("What the build reads of pyproject.toml.",))
    if "setup.cfg" in facts.present:
        yield Declaration("sources", "files", {"patterns": ["/setup.cfg"]}, ())


def _traced(one: Declaration) -> Declaration:
    return dataclasses.replace(
        one, options={**one.options, "trace": True}, why=(*(line for line in one.why if line != build.READS), *_TRACED)
    )


def shared(tables: Sequence[Table]) -> tuple[Declaration, ...]:
    """Return the keys that all of several packages need alike, to be declared once in their workspace's root."""
    if len(tables) < 2 or not all(one.defaults for one in tables):  # noqa: PLR2004  one has nobody to share with
        return ()
    first, *rest = tables
    alike = [one for one in first.keys if all(_is_in(one, other) for other in rest)]
    return tuple(_for_all(one, tables) for one in alike)


def less(table: Table, taken: Sequence[Declaration]) -> Table:
    """Return a table without the keys that are declared elsewhere."""
    names = {one.name for one in taken}
    return dataclasses.replace(table, keys=tuple(one for one in table.keys if one.name not in names))


def _is_in(one: Declaration, table: Table) -> bool:
    return any(other.name == one.name and other.as_table() == one.as_table() for other in table.keys)


def _for_all(one: Declaration, tables: Sequence[Table]) -> Declaration:
    alike = all(other.why == one.why for table in tables for other in table.keys if other.name == one.name)
    why = _FOR_ALL.get(one.name, "The same in every member.")
    return one if alike else dataclasses.replace(one, why=(why, *(_TRACED if one.options.get("trace") else ())))
