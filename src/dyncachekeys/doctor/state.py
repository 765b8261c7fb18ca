"""What the state, the installed record and the files' times tell."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import WHERE, file_of
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.names import is_credential
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.syncing import notices, state
from dyncachekeys.uv.entries import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.doctor.package import Subject

_CODES = {"state-tracked": "DCK031", "sdist-takes-in-state": "DCK032"}
_AHEAD_NS = 60 * 1_000_000_000
"""How far ahead of the clock a file must be, in nanoseconds: clocks of file servers differ a little."""
_SHOWN = 3


def findings(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with what is left on disk."""
    yield from _credentials(subject)
    if subject.project.region:
        yield from _of_state(subject)
    times = _times(subject)
    limit = time.time_ns() + _AHEAD_NS
    future = sorted(path for path, when in times.items() if when > limit)
    if future:
        message = f"from the future: {', '.join(future[:_SHOWN])}"
        yield Finding("DCK034", message, WHERE, "set the clock, and `touch` the files", tuple(future[:_SHOWN]))
    yield from _written_by_the_build(subject, times)


def _credentials(subject: Subject) -> Iterator[Finding]:
    for name in sorted(subject.record.env if subject.record is not None else ()):
        value = subject.record.env[name] if subject.record is not None else None
        if value and is_credential(name):
            message = f"the value of {name} stands in plain text in uv_cache.json"
            remedy = "take the entry out, and change the credential if others can read the environment"
            yield Finding("DCK030", message, WHERE, remedy)


def _of_state(subject: Subject) -> Iterator[Finding]:
    tracked = notices.is_tracked(subject.project.root)
    for notice in notices.notices(subject.project, subject.files, tracked=tracked):
        if notice.code in _CODES:
            yield Finding(_CODES[notice.code], notice.message, notice.where, "do as it says")
    known = state.load(subject.project.root / HOME / STATE_FILE).entries
    if subject.project.marked and known and _sorted(known) != _sorted(subject.project.region):
        message = "the generated region is not what the last sync wrote"
        yield Finding("DCK033", message, WHERE, "run `dyncachekeys sync`; put entries of your own outside the markers")


def _sorted(entries: tuple[object, ...]) -> list[str]:
    return sorted(map(repr, entries))


def _times(subject: Subject) -> dict[str, int]:
    """Return what uv's maximum is taken over: the files that entries name, each with its time in nanoseconds."""
    plain = (file_of(entry) for entry in subject.effective)
    paths = {path for path in plain if path and not is_glob(path)}
    paths.update(path for glob in subject.globs for path in glob.paths)
    full = {path: Path(subject.files.full(path)) for path in paths}
    return {path: changed_ns(place.stat()) for path, place in full.items() if place.is_file()}


def _written_by_the_build(subject: Subject, times: dict[str, int]) -> Iterator[Finding]:
    """Yield what is younger than all that uv saw when it built, and no younger than the end of the build."""
    record = subject.record
    if record is None:
        return
    written = sorted(path for path, when in times.items() if record.missed(when))
    if written:
        message = f"the last build wrote {', '.join(written[:_SHOWN])} after uv had looked"
        remedy = "take it out of the keys, or name it as an `outputs` key of dyncachekeys"
        yield Finding("DCK035", message, WHERE, remedy, tuple(written[:_SHOWN]))
