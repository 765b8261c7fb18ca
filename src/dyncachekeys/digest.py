"""Framed hashing: the same digest on every machine, interpreter, clock, checkout path and order.

Every field is preceded by its length, so that no two different sets of inputs look alike. A change
of anything here changes every digest: raise ``ALGORITHM`` with it; the test vectors will insist.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Iterable, Mapping

ALGORITHM = b"dyncachekeys-digest-1"
PREFIX = "sha256-"

Triple = tuple[str, str, str]
"""(kind, subject, state)"""


def _framed(fields: Iterable[bytes]) -> bytes:
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)


def _text(text: str) -> bytes:
    """Encode as UTF-8; the bytes of a file name that is not UTF-8 stay what they are."""
    return text.encode("utf-8", "surrogateescape")


def digest_of(triples: Iterable[Triple]) -> str:
    """Return ``sha256-<hex>`` over the deduplicated, sorted set of (kind, subject, state)."""
    rows = sorted({_framed(map(_text, triple)) for triple in triples})
    return PREFIX + hashlib.sha256(_framed([ALGORITHM, *rows])).hexdigest()


def sealed(salt: bytes, triples: Iterable[Triple]) -> str:
    """Return ``hmac-<hex>``: a digest that tells nobody without the salt which values it stands for."""
    return "hmac-" + hmac.new(salt, _text(digest_of(triples)), "sha256").hexdigest()


def canonical(data: object) -> bytes:
    """Return one unambiguous encoding of what TOML and JSON can say; the order of a table doesn't count.

    Raises:
        TypeError: a value that neither format knows; the message names its type.
    """
    kind, fields = _tagged(data)
    return _framed([kind, *fields])


def value_digest(data: object) -> str:
    """Return the SHA-256 of a value's canonical encoding, in hexadecimal. Errors as `canonical`."""
    return hashlib.sha256(canonical(data)).hexdigest()


def _tagged(data: object) -> tuple[bytes, Iterable[bytes]]:
    match data:
        case None | bool() | int() | float():
            return type(data).__name__.encode(), [repr(data).encode()]
        case str():
            return b"str", [_text(data)]
        case bytes():
            return b"bytes", [data]
        case dt.datetime() | dt.date() | dt.time():
            return type(data).__name__.encode(), [data.isoformat().encode()]
        case Mapping():
            return b"table", _table(data)
        case list() | tuple():
            return b"list", map(canonical, data)
    message = f"{type(data).__name__} is no plain data (text, number, truth value, time, list, table)"
    raise TypeError(message)


def _table(data: Mapping[object, object]) -> list[bytes]:
    if not all(isinstance(key, str) for key in data):
        message = "a table's keys must be text"
        raise TypeError(message)
    rows = sorted((_text(str(key)), canonical(value)) for key, value in data.items())
    return [field for row in rows for field in row]
