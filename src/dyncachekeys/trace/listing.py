"""Which names count in a folder that a build lists: a build need not be made again for each that comes or goes."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.files.ignore import ignored_from_above, read_ignore_file
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.bounds import METADATA, is_like

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from dyncachekeys.files.tree import Files
    from dyncachekeys.trace.model import Trace

_PACKED = (".*", *METADATA, "*.egg", "*.pyc", "uv.lock")
"""Hidden names, and what packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = (FILE, "setup.py")


class ListedNames(NamedTuple):
    """The names in a folder that may say anything to a build, sorted."""

    counted: list[str]
    ignored: list[str]
    """What builds make there and git ignores: it does not count by its name. But the build may read it, so when one
    comes or goes it has to be traced again."""
    incidental: list[str]
    """Those, what packing makes, and what is hidden: of no interest to who goes through all that there is."""


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder, which is ``.`` for the project's own."""
    return posixpath.normpath(f"{folder}/{name}")


def listed_names(trace: Trace, files: Files) -> dict[str, ListedNames | None]:
    """Return the names in each folder that was listed; nothing where there is none any more."""
    return {folder: _names_in(folder, files, trace) if files.is_dir(folder) else None for folder in trace.listed}


def _names_in(path: str, files: Files, trace: Trace) -> ListedNames:
    """Return the names in a folder, but not what the build itself writes there."""
    folder = "" if path == "." else path
    left_out = LEFT_OUT | _names_of(folder, (*trace.written, *trace.made))
    entries = [entry for entry in files.entries(folder) if entry.name not in left_out]
    packed = {entry.name for entry in entries if is_like(entry.name, _PACKED)}
    others = [entry for entry in entries if entry.name not in packed]
    ignored = {*_ignored(folder, others, files, trace)}
    counted = {entry.name for entry in others} - ignored
    return ListedNames(sorted(counted), sorted(ignored), sorted(packed | ignored))


def _names_of(folder: str, paths: Iterable[str]) -> set[str]:
    """Return the names of those paths that lie in a folder itself."""
    return {posixpath.basename(path) for path in paths if posixpath.dirname(path) == folder}


def _ignored(folder: str, entries: Sequence[os.DirEntry[str]], files: Files, trace: Trace) -> Iterator[str]:
    """Yield what builds make, and what git ignores, but no file that ends like one that the build reads there."""
    rules, _ = ignored_from_above(files, folder)
    text = read_ignore_file(files, folder)
    rules = rules if text is None else rules.with_file(text)
    endings = {*map(_ending, _names_of(folder, trace.read))} - {""}
    built = _BUILT if any(entry.name in _OF_PROJECTS for entry in entries) else ()
    for entry in entries:
        is_dir = _is_dir(entry)
        counts = not is_dir and _ending(entry.name) in endings
        is_ignored = not counts and rules.says(entry.name, is_dir=is_dir and not entry.is_symlink())
        if is_ignored or entry.name in built:
            yield entry.name


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1]


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself, or where nobody may go
        return False
