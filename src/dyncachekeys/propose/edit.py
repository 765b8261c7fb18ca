"""The edit of ``pyproject.toml``: keys at its end, entries out of ``cache-keys``; text to text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import ConfigurationError, EditError, Problem
from dyncachekeys.pyproject.proof import prove
from dyncachekeys.pyproject.region import find_list, line_end, line_start
from dyncachekeys.pyproject.render import render
from dyncachekeys.pyproject.source import KEY, decode, parse, user_entries
from dyncachekeys.pyproject.spans import less, owned_spans

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.propose.keys import Declaration, Option

TABLE = "tool.dyncachekeys"
_BEYOND = "# What the build depends on beyond what uv watches by itself: pyproject.toml, setup.py, setup.cfg, and that src is there."
_ALL = "# What the build depends on."
_EDITABLE = (
    "# An editable install, uv's default, needs no build when Python sources are edited: so only what the metadata",
    "# and compiled code depend on is named. `dyncachekeys show` lists what each key finds.",
)
_HEAD_OF_MEMBERS = ("# What the builds of the members depend on: each key is looked up in each member's own folder.",)
_SETTINGS = {
    "watch": ("# Content counts, not times; uv sees a change once `dyncachekeys sync` or `run` has.",),
    "transport": (
        "# Content counts, not times; it stands in the name of a cache key, so that uv's cache goes by it too.",
    ),
    "defaults": (
        "# cache-keys left pyproject.toml out. Of it, only what the build reads counts: the key `build`.",
        "# With `defaults = true` any edit of it costs a build, and plain uv sees it without a `dyncachekeys sync`.",
    ),
}


@dataclass(frozen=True, slots=True)
class Table:
    """``[tool.dyncachekeys]`` of one document."""

    keys: tuple[Declaration, ...] = ()
    shared: tuple[Declaration, ...] = ()
    """For all members of the workspace."""
    settings: Mapping[str, str | bool] = field(default_factory=dict)
    """What stands at its head."""

    @property
    def defaults(self) -> bool:
        """Whether what uv watches by itself counts."""
        return self.settings.get("defaults") is not False

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write."""
        return not (self.keys or self.shared or self.settings)

    def as_table(self) -> dict[str, Any]:
        """Return it as a TOML parser gives it back."""
        found: dict[str, Any] = dict(self.settings)
        if self.shared:
            found["workspace"] = {"keys": {one.name: one.as_table() for one in self.shared}}
        if self.keys:
            found["keys"] = {one.name: one.as_table() for one in self.keys}
        return found

    def lines(self, remarks: Sequence[str] = ()) -> Iterator[str]:
        """Yield it as TOML.

        Args:
            remarks: Comments of the user's own that would be lost.
        """
        if self.keys:
            yield _BEYOND if self.defaults else _ALL
            yield from _EDITABLE
        elif self.shared:
            yield from _HEAD_OF_MEMBERS
        if remarks:
            yield "#"
            yield "# From cache-keys:"
            yield from remarks
        yield f"[{TABLE}]"
        for name, value in self.settings.items():
            yield from _SETTINGS[name]
            yield f"{name} = {render(value)}"
        for path, keys in ((f"{TABLE}.workspace.keys", self.shared), (f"{TABLE}.keys", self.keys)):
            for one in keys:
                yield ""
                yield from _lines(path, one)


def _lines(path: str, one: Declaration) -> Iterator[str]:
    yield from (f"# {line}" for line in one.why)
    yield f"[{path}.{one.name}]"
    yield f"resolver = {render(one.resolver)}"
    for option, value in one.options.items():
        yield from _option(option, value)


def _option(name: str, value: Option) -> Iterator[str]:
    if not isinstance(value, list):
        yield f"{name} = {render(value)}"
        return
    line = f"{name} = [{', '.join(map(render, value))}]"
    if len(line) <= 100:  # noqa: PLR2004  a line that is still read at a glance
        yield line
        return
    yield f"{name} = ["
    yield from (f"    {render(one)}," for one in value)
    yield "]"


def removable(data: bytes) -> bool:
    """Tell whether entries can be taken out of ``cache-keys``: whether it is a plain list."""
    listing = find_list(decode(data)[1])
    return listing is not None and listing.statement.path == KEY


def edited(data: bytes, table: Table, gone: Sequence[bool]) -> bytes:
    """Return a ``pyproject.toml`` with the table at its end and without some entries; all else is as it was.

    Args:
        data: The file.
        table: What is to be added, if anything.
        gone: For each element of ``cache-keys``, whether it is to be taken away.

    Raises:
        EditError: it can't be done safely; the message shows what to write by hand.
    """
    bom, text = decode(data)
    end = "\r\n" if "\r\n" in text else "\n"
    left, remarks = _without(text, gone)
    lines = [] if table.is_empty else list(table.lines(remarks))
    if lines and left:
        left += "" if left.endswith("\n") else end
        lines = lines if left.endswith(end * 2) else ["", *lines]
    after = bom + (left + "".join(f"{line}{end}" for line in lines)).encode()
    before = parse(data)
    kept = [one for one, away in zip(user_entries(data), gone, strict=True) if not away]
    try:
        _prove(before, after, table, kept)
    except (EditError, TypeError) as error:
        shown = "".join(f"\n    {line}" for line in lines)
        message = "the table can't be added at the end safely, so the file was left as it was"
        remedy = f"write `tool` and `tool.uv` as tables with headers, or add by hand:{shown}"
        raise EditError([Problem("edit-not-proved", message, TABLE, remedy)]) from error
    return after


def _prove(before: Mapping[str, Any], after: bytes, table: Table, kept: Sequence[object]) -> None:
    expected = _with(before, table)
    try:
        prove(expected, after, [kept])
    except EditError:
        # Where only a dotted `tool.uv.cache-keys` stood, `tool` is now what the new table's header makes.
        prove(
            {**{name: expected[name] for name in expected if name != "tool"}, "tool": expected["tool"]}, after, [kept]
        )


def _without(text: str, gone: Sequence[bool]) -> tuple[str, list[str]]:
    """Return the text without some entries, and the comments that went with the whole list."""
    if not any(gone):
        return text, []
    listing = find_list(text)
    if listing is None or len(listing.array.elements) != len(gone):
        raise ConfigurationError([Problem("edit-not-proved", "can't be edited", ".".join(KEY), "write a plain list")])
    if not all(gone):
        return less(text, owned_spans(text, listing, gone)), []
    statement = listing.statement
    remarks = [text[one.start : one.end].rstrip() for one in listing.array.comments]
    return less(text, [(line_start(text, statement.start), line_end(text, statement.end))]), remarks


def _with(before: Mapping[str, Any], table: Table) -> dict[str, Any]:
    if table.is_empty:
        return dict(before)
    return {**before, "tool": {**before.get("tool", {}), TABLE.partition(".")[2]: table.as_table()}}


def with_line(data: bytes, line: str) -> bytes:
    """Return a file with a line at its end, in the newlines that it has."""
    end = b"\r\n" if b"\r\n" in data else b"\n"
    return data + (b"" if not data or data.endswith(b"\n") else end) + line.encode() + end
