"""Findings from the state, the installed record and the files' times."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import WHERE, Package, file_of
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.names import holds_password, is_credential
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.syncing import notices, state
from dyncachekeys.uv.entries import is_glob

_CODES = {"state-tracked": "DCK031", "sdist-takes-in-state": "DCK032"}
_TOLERANCE_NS = 60 * 1_000_000_000
"""How far a file's time may be ahead of the clock, in nanoseconds: clocks of file servers differ a little."""
_SHOWN = 3


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with what is left on disk."""
    yield from _credentials(package)
    if package.project.region:
        yield from _of_state(package)
    times = _times(package)
    limit = time.time_ns() + _TOLERANCE_NS
    future = sorted(path for path, when in times.items() if when > limit)
    if future:
        message = f"their time is in the future: {first(future, _SHOWN)}"
        yield Finding("DCK034", message, WHERE, "set the clock, and `touch` the files", tuple(future[:_SHOWN]))
    yield from _written_by_the_build(package, times)


def _credentials(package: Package) -> Iterator[Finding]:
    variables = package.record.env if package.record is not None else {}
    for name in sorted(variables):
        value = variables[name]
        if value and (is_credential(name) or holds_password(value)):
            message = f"the value of {name} stands in plain text in uv_cache.json"
            remedy = "remove the entry, and change the credential if others can read the environment"
            yield Finding("DCK030", message, WHERE, remedy)


def _of_state(package: Package) -> Iterator[Finding]:
    tracked = notices.is_tracked(package.project.root)
    for notice in notices.notices(package.project, package.files, tracked=tracked):
        if notice.code in _CODES:
            yield Finding(_CODES[notice.code], notice.message, notice.where, "do as it says")
    written = state.load(package.project.root / HOME / STATE_FILE).entries
    if package.project.marked and written and sorted(map(repr, written)) != sorted(map(repr, package.project.region)):
        message = "the generated region is not what the last sync wrote"
        yield Finding("DCK033", message, WHERE, "run `dyncachekeys sync`; put entries of your own outside the markers")


def _times(package: Package) -> dict[str, int]:
    """Return the files over which uv takes its maximum, each with its time in nanoseconds."""
    plain = (file_of(entry) for entry in package.effective)
    paths = {path for path in plain if path and not is_glob(path)}
    paths.update(path for glob in package.globs for path in glob.paths)
    full = {path: Path(package.files.full(path)) for path in paths}
    return {path: changed_ns(place.stat()) for path, place in full.items() if place.is_file()}


def _written_by_the_build(package: Package, times: dict[str, int]) -> Iterator[Finding]:
    """Yield a finding about the files that the last build wrote: newer than what uv saw, not newer than its record."""
    record = package.record
    if record is None:
        return
    written = sorted(path for path, when in times.items() if record.missed(when))
    if written:
        message = f"the last build wrote {first(written, _SHOWN)} after uv had looked"
        remedy = "remove it from the keys, or name it in an `outputs` key of dyncachekeys"
        yield Finding("DCK035", message, WHERE, remedy, tuple(written[:_SHOWN]))
