"""What belongs to a file besides its content: mode, owner, group, access list and extended attributes."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator, Mapping
from typing import NamedTuple

_OF_CONTENT = frozenset({"security.ima", "security.evm"})
"""Made by the system of a file's content: another content has others."""
_ACCESS_LISTS = frozenset({"system.posix_acl_access", "system.nfs4_acl", "system.richacl"})


class Attributes(NamedTuple):
    """Of one file."""

    mode: int
    owner: int
    group: int
    extended: Mapping[str, bytes]
    """By name; an access list is one of them. Empty where Python can't ask: elsewhere than on Linux."""


def of(descriptor: int) -> Attributes:
    """Return the attributes of an open file.

    Raises:
        OSError: they can't be read.
    """
    info = os.fstat(descriptor)
    return Attributes(stat.S_IMODE(info.st_mode), info.st_uid, info.st_gid, _extended(descriptor))


def give(descriptor: int, wanted: Attributes) -> list[str]:
    """Give an open file the attributes of another; return what could not be given, in words."""
    own = of(descriptor)
    # In this order: another owner takes bits of the mode away, and the mode is a part of the access list.
    if hasattr(os, "fchown") and (own.owner, own.group) != (wanted.owner, wanted.group):
        with contextlib.suppress(OSError):
            os.fchown(descriptor, wanted.owner, wanted.group)
    for name in own.extended.keys() | wanted.extended.keys():
        with contextlib.suppress(OSError):
            _give_extended(descriptor, name, own.extended.get(name), wanted.extended.get(name))
    if hasattr(os, "fchmod") and stat.S_IMODE(os.fstat(descriptor).st_mode) != wanted.mode:
        with contextlib.suppress(OSError):
            os.fchmod(descriptor, wanted.mode)
    return list(_differences(of(descriptor), wanted))


def _differences(own: Attributes, wanted: Attributes) -> Iterator[str]:
    if own.owner != wanted.owner:
        yield f"its owner (user {wanted.owner})"
    if own.group != wanted.group:
        yield f"its group ({wanted.group})"
    if own.mode != wanted.mode:
        yield f"its mode ({wanted.mode:o})"
    for name in sorted(own.extended.keys() | wanted.extended.keys()):
        if own.extended.get(name) != wanted.extended.get(name):
            yield "its access list (ACL)" if name in _ACCESS_LISTS else f"its extended attribute `{name}`"


def _extended(descriptor: int) -> dict[str, bytes]:
    if not hasattr(os, "listxattr"):
        return {}
    found: dict[str, bytes] = {}
    with contextlib.suppress(OSError):  # a file system without any
        for name in os.listxattr(descriptor):
            if name not in _OF_CONTENT:
                with contextlib.suppress(OSError):  # it went meanwhile
                    found[name] = os.getxattr(descriptor, name)
    return found


def _give_extended(descriptor: int, name: str, own: bytes | None, wanted: bytes | None) -> None:
    if wanted is None:
        os.removexattr(descriptor, name)
    elif own != wanted:
        os.setxattr(descriptor, name, wanted)
