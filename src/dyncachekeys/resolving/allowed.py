"""The memory of what was allowed in a checkout (`consent`), as it lies in the state.

It is only believed in the checkout in which it was written: whoever plants it with a tree can't know the times of files
that are yet to be.
"""

from __future__ import annotations

import hmac
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.encoding import sealed
from dyncachekeys.files import state_file
from dyncachekeys.resolving.found import Found, unpacked

FILE = "allowed.json"
_MARK = ".gitignore"
"""A file of the state that is never written again: its inode, and when it was made, are this checkout's."""


class Allowed(NamedTuple):
    """A key as it was when it was allowed."""

    configuration: str
    code: Mapping[str, str]
    """The files of the tree that it ran, each with a digest of its content."""
    machine: bool = True
    """Whether it may yield what depends on the machine."""
    found: tuple[Found, ...] | None = None
    """What it found; nothing if it was not run since."""


def load(home: Path, salt: bytes) -> dict[str, Allowed]:
    """Return what was allowed, by key; nothing where there is no memory that can be believed."""
    try:
        data = state_file.read(home / FILE)
        if data["here"] != _here(home):
            return {}
        is_sealed_so = data["salt"] == sealed(salt, FILE)
        return {name: _read(row, name, salt if is_sealed_so else None) for name, row in data["keys"].items()}
    except (OSError, ValueError, TypeError, LookupError, AttributeError):
        return {}


def dump(allowed: Mapping[str, Allowed], home: Path, salt: bytes) -> bytes:
    """Return what was allowed, as it is stored in `FILE`.

    Raises:
        OSError: the folder of the state is not complete.
    """
    rows = {
        name: [
            one.configuration,
            dict(one.code),
            one.machine,
            None if one.found is None else [list(_masked(row, name, salt)) for row in one.found],
        ]
        for name, one in allowed.items()
    }
    return state_file.dump({"here": _here(home), "salt": sealed(salt, FILE), "keys": rows})


def _read(row: Sequence[Any], name: str, salt: bytes | None) -> Allowed:
    configuration, code, machine, found = row
    texts = {str(path): str(digest) for path, digest in code.items()}
    is_known = salt is not None and found is not None
    rows = tuple(_masked(unpacked(one), name, salt) for one in found) if is_known and salt is not None else None
    return Allowed(str(configuration), texts, bool(machine), rows)


def _masked(one: Found, name: str, salt: bytes) -> Found:
    """Return what was found with the digest of a value masked, or the other way round: none is stored as it is."""
    if one.kind != "value":
        return one
    mask = hmac.digest(salt, f"{name}\0{one.subject}".encode("utf-8", "surrogatepass"), "sha256")
    plain = bytes.fromhex(one.data)
    return one._replace(data=bytes(a ^ b for a, b in zip(plain, mask, strict=True)).hex())


def _here(home: Path) -> list[int]:
    """Return what tells this checkout from any other.

    Raises:
        OSError: the folder of the state is not complete.
    """
    info = os.lstat(home / _MARK)
    return [info.st_ino, info.st_ctime_ns]
