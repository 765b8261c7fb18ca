"""The state as it lies on disk: JSON of a known format that nobody else can have put there."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Mapping
from typing import Any

FORMAT = 3


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return the state that was stored.

    Raises:
        OSError: there is none, or it belongs to somebody else.
        ValueError: it is damaged, or of another format.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode) or (hasattr(os, "geteuid") and info.st_uid != os.geteuid()):
            raise OSError
        data = json.loads(stream.read())
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError
    return data


def dump(data: Mapping[str, Any]) -> bytes:
    """Return the bytes of a state as they are stored."""
    return json.dumps({**data, "format": FORMAT}, separators=(",", ":")).encode("ascii")
