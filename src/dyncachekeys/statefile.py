"""The state as it lies on disk: JSON of a known format that nobody else can have put there."""

from __future__ import annotations

import json
import os
import stat
import time

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dyncachekeys.change import Change

FORMAT = 2
HISTORY_LENGTH = 20
_CHANGES_KEPT = 50
"""Of one sync, by key: the history is to stay small."""


def read(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Return what was kept.

    Raises:
        OSError: there is nothing, or it is somebody else's.
        ValueError: it is damaged, or of another format.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb") as stream:  # noqa: PTH123
        info = os.fstat(descriptor)
        if not stat.S_ISREG(info.st_mode):
            raise OSError
        if hasattr(os, "geteuid") and info.st_uid != os.geteuid():
            raise OSError
        data = json.loads(stream.read())
    if not isinstance(data, dict) or data.get("format") != FORMAT:
        raise ValueError
    return data


def dump(data: Mapping[str, Any]) -> bytes:
    """Return what is to be kept as it is written."""
    return json.dumps({**data, "format": FORMAT}, separators=(",", ":")).encode("ascii")


def event(
    digests: tuple[str | None, str], move: str, why: Sequence[str], changes: Mapping[str, Sequence[Change]], *, at: int
) -> Mapping[str, Any]:
    """Return what is remembered of a sync that changed something.

    Args:
        digests: The digest before, and the one now.
        move: What was done with the stamp.
        why: Why it moved although its digest is the same.
        changes: By key.
        at: When, in nanoseconds since the epoch.
    """
    return {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime(at / 1e9)),
        "digest": digests[1],
        "previous": digests[0],
        "move": move,
        "why": list(why),
        "changes": {name: [one.as_list() for one in some[:_CHANGES_KEPT]] for name, some in changes.items() if some},
    }
