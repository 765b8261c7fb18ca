"""Plain data as one unambiguous encoding, and keyed digests (HMAC) of data that nobody else should know."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Mapping

from dyncachekeys.quick.digest import encoded, framed


def sealed(salt: bytes, digest: str) -> str:
    """Return ``hmac-<hex>``: without the salt, nobody can find out which values the digest was made from."""
    return "hmac-" + hmac.new(salt, encoded(digest), "sha256").hexdigest()


def canonical(data: object) -> bytes:
    """Return one unambiguous encoding of what TOML and JSON can say; the order of a table doesn't count.

    Raises:
        TypeError: a value that neither format knows; the message names its type.
    """
    kind, fields = _tagged(data)
    return framed([kind, *fields])


def value_digest(data: object) -> str:
    """Return the SHA-256 of a value's canonical encoding, in hexadecimal. Errors as `canonical`."""
    return hashlib.sha256(canonical(data)).hexdigest()


def _tagged(data: object) -> tuple[bytes, Iterable[bytes]]:
    match data:
        case None | bool() | int() | float():
            return type(data).__name__.encode(), [repr(data).encode()]
        case str():
            return b"str", [encoded(data)]
        case bytes():
            return b"bytes", [data]
        case dt.datetime() | dt.date() | dt.time():
            return type(data).__name__.encode(), [data.isoformat().encode()]
        case Mapping():
            return b"table", _table(data)
        case list() | tuple():
            return b"list", map(canonical, data)
    message = f"{type(data).__name__} is not plain data (text, number, truth value, time, list, table)"
    raise TypeError(message)


def _table(data: Mapping[object, object]) -> list[bytes]:
    if not all(isinstance(key, str) for key in data):
        message = "a table's keys must be text"
        raise TypeError(message)
    rows = sorted((encoded(str(key)), canonical(value)) for key, value in data.items())
    return [field for row in rows for field in row]
