"""What a ``pyproject.toml`` says: bytes to text, text to values; and the proof of an edit by both sides' values."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import tomli

from dyncachekeys.errors import ConfigurationError, EditError, Problem
from dyncachekeys.pyproject.conflict import line_of

BOM = b"\xef\xbb\xbf"
KEY = ("tool", "uv", "cache-keys")


def decode(data: bytes, where: str = "pyproject.toml") -> tuple[bytes, str]:
    """Return the byte order mark, if any, and the text after it, newlines as they are.

    Raises ``ConfigurationError`` if the text is not UTF-8.
    """
    bom = BOM if data.startswith(BOM) else b""
    try:
        return bom, data[len(bom) :].decode()
    except UnicodeDecodeError as error:
        at = error.start + len(bom)
        line = data.count(b"\n", 0, at) + 1
        column = len(data[data.rfind(b"\n", 0, at) + 1 : at].decode("utf-8-sig")) + 1
        message = f"not valid UTF-8: byte 0x{data[at]:02x}"
        remedy = "TOML must be UTF-8: save the file in that encoding"
        problem = Problem("not-utf-8", message, f"{where}:{line}:{column}", remedy)
        raise ConfigurationError([problem]) from error


def parse(data: bytes, where: str = "pyproject.toml") -> dict[str, Any]:
    """Return what the document says.

    Raises ``ConfigurationError`` with the line and the column if it is not UTF-8 or not TOML.
    """
    _, text = decode(data, where)
    try:
        return tomli.loads(text)
    except tomli.TOMLDecodeError as error:
        message, place = error.msg, f"{where}:{error.lineno}:{error.colno}"
        reason: Exception = error
    except (ValueError, RecursionError) as error:  # a number or a nesting beyond Python's limits
        message, place, reason = str(error), where, error
    line = line_of(data)
    remedy = (
        f"a merge conflict starts at line {line}: resolve it, then run `dyncachekeys sync`"
        if line
        else "fix the syntax there, or just before"
    )
    problem = Problem("invalid-toml", f"not valid TOML: {message}", place, remedy)
    raise ConfigurationError([problem]) from reason


def user_entries(data: bytes) -> list[object]:
    """Return the ``cache-keys`` of a document, ``[]`` if it has none.

    Raises ``ConfigurationError`` if that is not a list.
    """
    return listed(parse(data))


def listed(document: Mapping[str, object]) -> list[object]:
    """Return the ``cache-keys`` of a parsed document, as ``user_entries`` does."""
    value: object = document
    for depth, name in enumerate(KEY):
        if not isinstance(value, dict):
            remedy = "make it a table: uv reads its settings from `[tool.uv]`"
            raise ConfigurationError([Problem("not-a-table", "not a table", ".".join(KEY[:depth]), remedy)])
        if name not in value:
            return []
        value = value[name]
    if not isinstance(value, list):
        remedy = "write `cache-keys = [...]` under `[tool.uv]`: uv ignores or refuses any other form"
        raise ConfigurationError([Problem("cache-keys-not-a-list", "not a list", ".".join(KEY), remedy)])
    return value


def as_entry(element: object) -> object:
    """Return an element in its long form: for uv, ``"x"`` and ``{ file = "x" }`` are the same."""
    return {"file": element} if isinstance(element, str) else element


def apart(elements: Iterable[object]) -> Iterator[object]:
    """Yield elements in their long form, what one says of git's commit and tags in one entry each: uv takes them alike."""
    for entry in map(as_entry, elements):
        git = entry.get("git") if isinstance(entry, dict) and len(entry) == 1 else None
        wanted = {"commit": True} if git is True else git
        if isinstance(wanted, dict) and all(value is True for value in wanted.values()):
            yield from ({"git": {name: True}} for name in wanted)
        else:
            yield entry


def hashable(value: object) -> Hashable:
    """Return what is equal, and can be looked up, for values of TOML that are equal: among many, each is found at once."""
    if isinstance(value, dict):
        return frozenset((name, hashable(item)) for name, item in value.items())
    return tuple(map(hashable, value)) if isinstance(value, list) else value


def entry_tables(elements: Iterable[object]) -> list[dict[str, Any]]:
    """Return those elements that are entries, in their long form: of all else uv makes nothing (U11)."""
    return [entry for entry in map(as_entry, elements) if isinstance(entry, dict)]


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
