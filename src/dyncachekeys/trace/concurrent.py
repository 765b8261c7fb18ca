"""What changed while a build was watched: by a program that can't be traced, or by the user."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files.content import digest_of
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join, split
from dyncachekeys.trace.likeness import Likeness
from dyncachekeys.trace.model import Trace, folders_of
from dyncachekeys.trace.observed import Observed

_BY_A_PROGRAM, _BY_ANYBODY = 2, 3
"""In how many builds in a row a file must change to count as written by the build: where a program was started
that may have done it; else."""
_FOLDER, _NAMES = _MARKS = ("/", "/*")
"""How the path of a folder ends that was exchanged, and of one in which names came or went."""


class Attribution(NamedTuple):
    """Whom the changes are put down to: a trace, less what the build writes itself although that can't be seen."""

    trace: Trace
    suspects: Mapping[str, int]
    """What changed during the build, and in how many builds in a row."""
    products: tuple[str, ...]
    """The files that count as written by the build from now on, only because they changed so often."""
    stands: bool
    """Whether what the build read is what is there now."""


def attribute(observed: Observed, files: Files, before: Mapping[str, int], written: AbstractSet[str]) -> Attribution:
    """Find which of a build's inputs are its own products, and whether its trace can be trusted.

    A file that was written during the build may have been read before or after, so that trace does not stand. What
    the last trace suspected (`before`) and found to be `written` tells the build's own changes from the user's.
    """
    trace, by_program = observed.trace, bool(observed.trace.processes)
    enough = _BY_A_PROGRAM if by_program else _BY_ANYBODY
    suspects = {path: before.get(path, 0) + 1 for path in sorted(_changed(observed, files))}
    often = {path for path, times in suspects.items() if times >= enough}
    known = suspects.keys() & written - before.keys() if by_program else set()
    names = _names_in(often, suspects.keys() - trace.read.keys())
    # Where a program was started, it mostly was that one: no input, not even of the one run for which this trace is.
    products = _files(suspects if by_program else often)
    new = sorted(path for path in products - known if suspects[path] == enough)
    return Attribution(trace.without(products), suspects, tuple(new), suspects.keys() <= known | often | names)


def _names_in(folders: AbstractSet[str], paths: Iterable[str]) -> set[str]:
    """Return the files in folders of which it is marked that names came or went."""
    return {path for path in _files(paths) if (posixpath.dirname(path) or ".") + _NAMES in folders}


def _files(paths: Iterable[str]) -> set[str]:
    return {path for path in paths if not path.endswith(_MARKS)}


def _changed(observed: Observed, files: Files) -> set[str]:
    return {path for kind in (_paths, _listings, _folders) for path in kind(observed, files)}


def _paths(observed: Observed, files: Files) -> Iterator[str]:
    """Yield the paths that came, went or were written."""
    trace = observed.trace
    for path in trace.missing:
        if Path(files.full(path)).exists():
            yield path
    for path in {*trace.read, *trace.there}:
        full = Path(files.full(path))
        content_counts = path in trace.read or full.is_symlink()
        if not os.path.lexists(full) or (content_counts and _was_written(path, observed, files)):
            yield path


def _listings(observed: Observed, files: Files) -> Iterator[str]:
    """Yield the names that came in folders that were listed, and such folders in which something came or went."""
    trace, since, likeness = observed.trace, observed.started, Likeness(observed.trace, files)
    for folder, rules in observed.record.rules.items():
        for name in likeness.names(folder, rules) or ():
            path = name if folder == "." else join(folder, name)
            if path not in trace.read and files.changed_at(path) >= since and files.is_file(path):
                yield path
        # The project's own folder tells nothing: uv writes there, too.
        is_stirred = folder == "." or folder in observed.stirred | observed.dated
        if not is_stirred and _times(files.full(folder))[0] >= since:
            yield folder + _NAMES


def _folders(observed: Observed, files: Files) -> Iterator[str]:
    """Yield the folders on the way to an input that were moved, or links to folders that were made."""
    trace, since = observed.trace, observed.started
    inputs = (*trace.read, *trace.missing, *trace.there, *(f"{folder}/" for folder in observed.record.rules))
    for folder in folders_of(inputs) - observed.touched - {*trace.written}:
        written, changed = _times(files.full(folder))
        if changed >= since and (written < since or Path(files.full(folder)).is_symlink()):
            yield folder + _FOLDER


def _was_written(path: str, observed: Observed, files: Files) -> bool:
    """Tell whether a file was written during the build, by somebody else than the build's own code.

    What gets another change time only, as by ``chmod`` or a hard link, holds what it held.
    """
    written, changed = _times(files.full(path))
    if changed < observed.started or path in observed.dated:
        return False
    if written >= observed.started:
        return True
    folder, name = split(path)
    known = files.content(path) or files.memory.content(folder, name)
    return path not in observed.touched and known is not None and known != digest_of(files.full(path))


def _times(full: str) -> tuple[int, int]:
    """Return when a path itself was last written and when it was changed, in nanoseconds since the epoch; else 0."""
    try:
        info = os.lstat(full)
    except OSError:
        return 0, 0
    return info.st_mtime_ns, changed_ns(info)
