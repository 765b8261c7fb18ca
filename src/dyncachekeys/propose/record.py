"""What `init` has written, remembered on this machine, so that it can give back each byte: of this checkout only.

`clean` takes it away together with the state; nothing goes wrong where it is not there.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files import state_file
from dyncachekeys.pyproject.project import FILE, without_region
from dyncachekeys.quick import atomic

NAME = "init.json"


class Remembered(NamedTuple):
    """One file, without our region: as `init` found it, and as it left it."""

    before: bytes
    after: bytes


def recall(home: Path) -> dict[Path, Remembered]:
    """Return what is remembered in the folder of stamp and state of a project, by the file's place; nothing if damaged."""
    try:
        files = state_file.read(home / NAME)["files"].items()
        return {_full(home, name): Remembered(_data(before), _data(after)) for name, (before, after) in files}
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        return {}


def remember(home: Path, path: Path, before: bytes, after: bytes) -> None:
    """Remember an edit; of a file that was edited by `init` before, what it was at first. Only under the lock of `home`."""
    if path.name == FILE:
        before, after = without_region(before), without_region(after)
    known = recall(home)
    last = known.get(path)
    known[path] = Remembered(last.before if last is not None and last.after == before else before, after)
    files = {os.path.relpath(path, home.parent): list(map(_text, one)) for path, one in known.items()}
    with contextlib.suppress(OSError):  # it only makes the undoing exact
        atomic.replace(home / NAME, state_file.dump({"files": files}), home=os.fspath(home))


def _full(home: Path, name: str) -> Path:
    return Path(os.path.normpath(home.parent / name))


def _text(data: bytes) -> str:
    return data.decode("latin-1")


def _data(text: str) -> bytes:
    return text.encode("latin-1")
