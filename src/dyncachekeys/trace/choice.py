"""Of each step of a build one record is chosen, which says what the build depends on.

One is chosen that stands: nothing that it names has changed. If there is none, something changed, and the newest says
what.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dyncachekeys.trace.inputs import Surroundings
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import STEPS, BuildRecord
from dyncachekeys.trace.seals import differing


@dataclass(frozen=True)
class Chosen:
    """The record of each step that tells what the build depends on."""

    records: tuple[BuildRecord, ...] = ()
    standing: bool = False
    """Whether all of them stand."""
    vouched: bool = False
    """Whether what is installed was built in the newest of them, and nothing has changed since."""
    differing: frozenset[tuple[str, str]] = frozenset()
    """The inputs, by kind and subject, that are not as the build saw them that made what is installed."""
    known: frozenset[tuple[str, str]] = frozenset()
    """Those of which is known that what is installed was built from them as they are now."""

    @property
    def ids(self) -> tuple[str, ...]:
        """The names of the records."""
        return tuple(record.id for record in self.records)

    @property
    def trace(self) -> Trace:
        """What all steps together depend on and do."""
        found = Trace()
        for record in self.records:
            found = record.trace.with_earlier(found)
        return found


def newest(records: Iterable[BuildRecord]) -> dict[str, BuildRecord]:
    """Return the newest record of each step, in the order of the steps. Records the oldest first."""
    by_step = {record.step: record for record in records}
    return {step: by_step[step] for step in STEPS if step in by_step}


def choice(
    records: Iterable[BuildRecord], basis: tuple[str, ...], built: tuple[int, int] | None, around: Surroundings
) -> Chosen:
    """Choose a record of each step.

    Args:
        records: All that there are, the oldest first.
        basis: The ids of those that the last sync chose.
        built: Between which times uv has made what is installed, if it did so since the last sync, in nanoseconds.
        around: Where their inputs are looked at.
    """
    records, now = [*records], _Now(around)
    last = newest(records)
    build = last.get("build")
    since, until = built or (0, 0)
    installed = build if build is not None and since <= build.started and build.ended <= until else None
    if installed is not None and now.stands(installed):
        builds = [one for one in records if one.step == "build"]
        counting = [one for one in last.values() if one is installed or not now.is_superseded(one, builds)]
        if all(map(now.stands, counting)):
            known = frozenset[tuple[str, str]]().union(*map(now.known, (installed, *counting)))
            return Chosen(tuple(counting), standing=True, vouched=True, known=known)
    chosen = [now.chosen([one for one in records if one.step == step], basis) for step in last]
    return Chosen(
        tuple(chosen),
        standing=bool(chosen) and all(map(now.stands, chosen)),
        differing=_split(now.differing(installed)) if installed is not None else frozenset(),
        known=now.known(installed) if installed is not None else frozenset(),
    )


class _Now:
    """What is as the builds saw it, and what is not; of each record, that is found out once."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._differing: dict[str, set[str]] = {}

    def differing(self, record: BuildRecord) -> set[str]:
        """Return the inputs of a build that are not as they were, each by its kind and subject."""
        if record.id not in self._differing:
            self._differing[record.id] = differing(record, self._around)
        return self._differing[record.id]

    def stands(self, record: BuildRecord) -> bool:
        """Tell whether all that a build read, listed, looked for and asked for is as it was."""
        return record.vouched and not self.differing(record)

    def chosen(self, records: list[BuildRecord], basis: tuple[str, ...]) -> BuildRecord:
        """Return one of a step's records: the last sync's if it stands, else the newest that does, else the newest."""
        ordered = sorted(records, key=lambda record: (record.id in basis, record.id), reverse=True)
        return next((record for record in ordered if self.stands(record)), records[-1])

    def known(self, record: BuildRecord) -> frozenset[tuple[str, str]]:
        """Return the inputs of a build, by kind and subject, that are as it saw them."""
        return _split(_names(record) - self.differing(record)) if record.vouched else frozenset()

    def is_superseded(self, record: BuildRecord, builds: Sequence[BuildRecord]) -> bool:
        """Tell whether later builds have seen, as it is now, all that is not as an earlier step of another one saw it.

        uv does not ask for the metadata again if it takes them from the wheel.
        """
        left = _split(self.differing(record))
        if not left or not record.vouched:
            return False
        for build in reversed(builds):  # the newest one has seen most of it
            if record.started < build.started and left:
                left -= self.known(build)
        return not left


def _names(record: BuildRecord) -> set[str]:
    """Return the inputs of a build, each by its kind and subject."""
    return {*record.seals, *(f"env {name}" for name in record.trace.variables)}


def _split(names: Iterable[str]) -> frozenset[tuple[str, str]]:
    """Return inputs by kind and subject, as seals name them."""
    return frozenset((kind, subject) for kind, _, subject in (name.partition(" ") for name in names))
