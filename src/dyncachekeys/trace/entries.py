"""What a folder holds that a build listed, as far as it may count."""

from __future__ import annotations

import os
from collections.abc import Iterable

from dyncachekeys.files.tree import Files
from dyncachekeys.paths import by_folder
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.model import METADATA, Trace, is_like

_PACKED = (".*", *METADATA, "*.egg", "*.pyc", "*.pyo", "uv.lock")
"""Hidden names, and what packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = ("pyproject.toml", "setup.py")


class Entries:
    """The folders of one build: not what the build writes there, what packing makes, and what is hidden."""

    def __init__(self, trace: Trace, files: Files) -> None:
        self._files = files
        self._own = _names((*trace.written, *trace.made))
        self._read = _names(trace.read)

    def of(self, folder: str) -> list[os.DirEntry[str]]:
        """Return what one of them holds; ``.`` is the project's own."""
        place = "" if folder == "." else folder
        own, read = self._own.get(place, frozenset()), self._read.get(place, frozenset())
        entries = [one for one in self._files.listing(place) if one.name not in LEFT_OUT and one.name not in own]
        names = {entry.name for entry in entries}
        built = _BUILT if names.intersection(_OF_PROJECTS) else ()
        return [one for one in entries if one.name in read or not (is_like(one.name, _PACKED) or one.name in built)]


def is_dir(entry: os.DirEntry[str]) -> bool:
    """Tell whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself, or where nobody may go
        return False


def _names(paths: Iterable[str]) -> dict[str, frozenset[str]]:
    return {folder: frozenset(names) for folder, names in by_folder(paths).items()}
