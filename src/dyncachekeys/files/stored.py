"""What JSON says of a state, as it was written: each function takes a value and returns it, or raises `ValueError`.

A state that is damaged, or that somebody else has made, must not get further than this.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

Reader: TypeAlias = Callable[[Any], Any]
_LARGEST = 1 << 63
"""Numbers are times, inodes and counts."""


def text(value: object) -> str:
    """Return text that may be the name of a file."""
    if not isinstance(value, str) or "\0" in value:
        raise _wrong(value)
    value.encode("utf-8", "surrogateescape")  # which a half of a surrogate pair can't be
    return value


def any_text(value: object) -> str:
    """Return text of any kind."""
    if not isinstance(value, str):
        raise _wrong(value)
    return value


def number(value: object) -> int:
    """Return a number of at most 64 bits."""
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > 2 * _LARGEST:
        raise _wrong(value)
    return value


def flag(value: object) -> bool:
    """Return a truth value."""
    if not isinstance(value, bool):
        raise _wrong(value)
    return value


def hexadecimal(value: object) -> str:
    """Return bytes, as they are written."""
    found = text(value)
    bytes.fromhex(found)
    return found


def optional(read: Reader) -> Reader:
    """Return what reads a value or nothing."""
    return lambda value: None if value is None else read(value)


def all_of(read: Reader) -> Reader:
    """Return what reads a list by reading its elements."""
    return lambda values: tuple(map(read, _of_type(list, values)))


def each_of(read: Reader, names: Reader = any_text) -> Reader:
    """Return what reads a table by reading its values and their names."""
    return lambda rows: {names(name): read(value) for name, value in _of_type(dict, rows).items()}


def row_of(*readers: Reader) -> Reader:
    """Return what reads a list of known length, each element in its own way."""
    return lambda values: tuple(read(one) for read, one in zip(readers, _of_type(list, values), strict=True))


def table_of(**readers: Reader) -> Reader:
    """Return what reads a table with just these names."""

    def read(values: object) -> dict[str, Any]:
        found = _of_type(dict, values)
        if found.keys() != readers.keys():
            raise _wrong(values)
        return {name: reader(found[name]) for name, reader in readers.items()}

    return read


def _of_type(kind: type, value: object) -> Any:
    if not isinstance(value, kind):
        raise _wrong(value)
    return value


def _wrong(value: object) -> ValueError:
    return ValueError(f"{type(value).__name__} is not what was written")
