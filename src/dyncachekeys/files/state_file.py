"""The state as it lies on disk: JSON of a known format that nobody else can have put there."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any

from dyncachekeys.quick.snapshot import opened

FORMAT = 4
_MOST = 1 << 28
"""Bytes: more can't be ours."""


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the state that was stored.

    Raises:
        OSError: there is none, or it belongs to somebody else.
        ValueError: it is damaged, or of another format.
    """
    data = parsed(content(path))
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError
    return data


def content(path: str | os.PathLike[str]) -> bytes:
    """Return what a file of ours holds.

    Raises:
        OSError: there is none, or it is no file that we can have written (`snapshot.opened`).
    """
    with opened(os.fspath(path), _MOST) as stream:
        return stream.read()


def parsed(text: bytes) -> Any:
    """Return what JSON says.

    Raises:
        ValueError: it is no JSON; or nested so deeply that it can't be read.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        message = "it is nested too deeply"
        raise ValueError(message) from error


def dump(data: Mapping[str, Any]) -> bytes:
    """Return the bytes of a state as they are stored."""
    return json.dumps({**data, "format": FORMAT}, separators=(",", ":")).encode("ascii")
