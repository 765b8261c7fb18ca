"""The last syncs that changed something: a line of JSON for each, the newest last."""

from __future__ import annotations

import os
import time

from dyncachekeys.quick.atomic import opened_to_write
from dyncachekeys.quick.snapshot import opened

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dyncachekeys.quick.change import Change

FILE = "history"
LENGTH = 20
"""How many are kept."""
_CHANGES_KEPT = 50
"""Of one sync, by key."""
_MOST = 1 << 26
"""Bytes: more can't be ours."""
_LARGE = 1 << 17
"""From which size on, in bytes, a history is cut to its length; until then it may be longer."""


def add(
    home: str,
    digests: tuple[str | None, str],
    move: str,
    why: Sequence[str],
    changes: Mapping[str, Sequence[Change]],
) -> None:
    """Add a sync. Only under the lock.

    Args:
        home: The folder of stamp and state.
        digests: The digest before, and the one now.
        move: What was done with the stamp.
        why: Why it moved although its digest is the same.
        changes: By key.

    Raises:
        OSError: it can't be written.
    """
    event = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00", time.gmtime()),
        "digest": digests[1],
        "previous": digests[0],
        "move": move,
        "why": list(why),
        "changes": {name: [one.as_list() for one in some[:_CHANGES_KEPT]] for name, some in changes.items() if some},
    }
    path = f"{home}/{FILE}"
    with open(opened_to_write(path, os.O_RDWR | os.O_APPEND), "r+b") as stream:
        kept = b""
        size = os.fstat(stream.fileno()).st_size
        if size > _LARGE:
            kept = b"".join(stream.readlines()[1 - LENGTH :]) if size <= _MOST else b""
            stream.truncate(0)
        stream.write(kept + _json(event).encode("ascii") + b"\n")


def read(home: str) -> list[dict[str, Any]]:
    """Return the last syncs that changed something; a line that was cut short by a crash is left out."""
    import json  # noqa: PLC0415

    found = []
    try:
        with opened(f"{home}/{FILE}", _MOST) as stream:
            lines = stream.readlines()
    except OSError:
        return []
    for line in lines:
        try:
            event = json.loads(line)
        except (ValueError, RecursionError):
            continue
        found += [event] if isinstance(event, dict) else []
    return found[-LENGTH:]


def _json(data: object) -> str:
    """Return JSON. The library takes 9 ms to import, most of them for reading, which is not needed here."""
    if data is None:
        return "null"
    if isinstance(data, str):
        return _text(data)
    if isinstance(data, dict):
        return f"{{{','.join(f'{_text(name)}:{_json(value)}' for name, value in data.items())}}}"
    if isinstance(data, list):
        return f"[{','.join(map(_json, data))}]"
    raise TypeError(type(data))


def _text(text: str) -> str:
    try:
        from _json import encode_basestring_ascii  # noqa: PLC0415
    except ImportError:
        from json.encoder import encode_basestring_ascii  # noqa: PLC0415
    return encode_basestring_ascii(text)
