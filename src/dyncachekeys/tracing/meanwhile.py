"""What changed while a build was traced: by a program that can't be seen into, or by the user."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.files import changed_ns
from dyncachekeys.tracing.facts import parents
from dyncachekeys.tracing.observed import names_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from dyncachekeys.files import Files
    from dyncachekeys.tracing.facts import Trace
    from dyncachekeys.tracing.recording import Recorded

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
    own = {path for path in suspects if path in written and path not in before}
    folders = {path.removesuffix(_NAMES) for path in often if path.endswith(_NAMES)}
    doubted = [path for path in suspects if path not in own | often and _folder_of(path) not in folders]
    # Where a program was started, it mostly was that one: no input, not even of the one run for which this trace is.
    products = {path for path in (suspects if trace.processes else often | own) if not path.endswith(_MARKS)}
    told = sorted(path for path in products - own if suspects[path] == enough)
    return Judged(trace.without(products), suspects, tuple(told), not doubted)


def _folder_of(path: str) -> str:
    return "" if path.endswith(_MARKS) else posixpath.dirname(path) or "."


def files_changed(recorded: Recorded, files: Files) -> set[str]:
    """Return the files that changed since a build was started, and by nothing that can be seen."""
    return {path for path in _changed(recorded, files) if not path.endswith(_MARKS)}


def _changed(recorded: Recorded, files: Files) -> Iterator[str]:
    trace, since = recorded.trace, recorded.started
    for path in {*trace.read, *trace.missing, *trace.there} - recorded.touched:
        there = files.exists(path)
        came, went = path in trace.missing and there, path not in trace.missing and not there
        if came or went or (path not in trace.there and files.changed_at(path) >= since and not files.is_dir(path)):
            yield path
    for folder in trace.listed:
        names = names_in(folder, files, trace)
        came_in = [posixpath.normpath(f"{folder}/{name}") for name in (names.counted if names else ())]
        new = [path for path in came_in if files.changed_at(path) >= since and not files.is_dir(path)]
        yield from new
        if any(path not in trace.read for path in new):
            yield folder + _NAMES
    named = (*trace.read, *trace.missing, *trace.there, *(f"{folder}/" for folder in trace.listed))
    for folder in {above for path in named for above in parents(path)} - recorded.touched:
        if _was_moved(files.full(folder), since):
            yield folder + _FOLDER


def _was_moved(folder: str, since: int) -> bool:
    """Tell whether a folder got another name, but nothing in it: what it holds is as old as it was."""
    try:
        info = Path(folder).stat()
    except OSError:
        return False
    return info.st_mtime_ns < since <= changed_ns(info)
