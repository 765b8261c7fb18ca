"""What changed while a build was traced: by a program that can't be seen into, or by the user."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.read import read
from dyncachekeys.paths import split
from dyncachekeys.trace.filter import parents
from dyncachekeys.trace.inputs import listed_names

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from dyncachekeys.files.tree import Files
    from dyncachekeys.trace.filter import Trace
    from dyncachekeys.trace.record import Recorded

_BY_A_PROGRAM, _BY_ANYBODY = 2, 3
"""In how many traces running a file must change to count as written by the build: where a program was started
that may have done it; else."""
_FOLDER, _NAMES = _MARKS = ("/", "/*")
"""How the path of a folder ends that was exchanged, and of one in which names came."""


class Judged(NamedTuple):
    """A trace, less what the build writes itself although that can't be seen."""

    trace: Trace
    suspects: Mapping[str, int]
    """What changed meanwhile, and in how many traces running."""
    products: tuple[str, ...]
    """The files that count as written by the build from now on, only because they changed so often."""
    stands: bool
    """Whether what the build read is what is there now."""


def judge(recorded: Recorded, files: Files, before: Mapping[str, int], written: AbstractSet[str]) -> Judged:
    """Tell what of a build's inputs are its own products, and whether its trace can be believed.

    A file that was written meanwhile may have been read before or after, so that trace does not stand.

    Args:
        recorded: The trace.
        files: The project's files.
        before: The suspects of the last trace.
        written: What the last trace found to be written.
    """
    trace = recorded.trace
    enough = _BY_A_PROGRAM if trace.processes else _BY_ANYBODY
    suspects = {path: before.get(path, 0) + 1 for path in sorted(set(_changed(recorded, files)))}
    often = {path for path, times in suspects.items() if times >= enough}
    own = {path for path in suspects if trace.processes and path in written and path not in before}
    folders = {path.removesuffix(_NAMES) for path in often if path.endswith(_NAMES)}
    named = {path for path in suspects if path not in trace.read and _folder_of(path) in folders}
    # Where a program was started, it mostly was that one: no input, not even of the one run for which this trace is.
    products = {path for path in (suspects if trace.processes else often) if not path.endswith(_MARKS)}
    told = sorted(path for path in products - own if suspects[path] == enough)
    return Judged(trace.without(products), suspects, tuple(told), suspects.keys() <= own | often | named)


def _folder_of(path: str) -> str:
    return "" if path.endswith(_MARKS) else posixpath.dirname(path) or "."


def files_changed(recorded: Recorded, files: Files) -> set[str]:
    """Return the files that changed since a build was started, and by nothing that can be seen."""
    return {path for path in _changed(recorded, files) if not path.endswith(_MARKS)}


def _changed(recorded: Recorded, files: Files) -> Iterator[str]:
    trace, since = recorded.trace, recorded.started
    for path in {*trace.read, *trace.missing, *trace.there}:
        full, was_there = Path(files.full(path)), path not in trace.missing
        is_there = os.path.lexists(full) if was_there else full.exists()
        led = path in trace.there and full.is_symlink()
        if is_there != was_there or ((led or path in trace.read) and _was_written(path, recorded, files)):
            yield path
    for folder, names in listed_names(trace, files).items():
        came = [posixpath.normpath(f"{folder}/{name}") for name in (names.counted if names else ())]
        came = [path for path in came if files.changed_at(path) >= since and not files.is_dir(path)]
        yield from (path for path in came if path not in trace.read)
        explained = folder in recorded.stirred or folder in recorded.dated
        if not explained and _times(files.full(folder))[0] >= since:  # something came or went
            yield folder + _NAMES
    named = (*trace.read, *trace.missing, *trace.there, *(f"{folder}/" for folder in trace.listed))
    for folder in {above for path in named for above in parents(path)} - recorded.touched:
        written, changed = _times(files.full(folder))
        is_link = Path(files.full(folder)).is_symlink()
        if changed >= since and (is_link or written < since) and folder not in trace.written:
            yield folder + _FOLDER


def _was_written(path: str, recorded: Recorded, files: Files) -> bool:
    """Tell whether a file was written meanwhile, by somebody else than the build's own code.

    What gets another change time only, as by ``chmod`` or a hard link, holds what it held.
    """
    written, changed = _times(files.full(path))
    if changed < recorded.started or path in recorded.dated:
        return False
    if written >= recorded.started:
        return True
    folder, name = split(path)
    known = files.content(path) or files.memory.content(folder, name)
    return path not in recorded.touched and known is not None and known != _content(files.full(path))


def _content(full: str) -> bytes | None:
    try:
        return read(full)[1]
    except OSError:
        return None


def _times(full: str) -> tuple[int, int]:
    """Return when a path itself was last written and when it was changed, in nanoseconds since the epoch; else 0."""
    try:
        info = os.lstat(full)
    except OSError:
        return 0, 0
    return info.st_mtime_ns, changed_ns(info)
