"""The record of a step together with what the last one knows of it: a build that finds things up to date asks for less."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace

from dyncachekeys.files.tree import Files
from dyncachekeys.paths import split
from dyncachekeys.trace.concurrent import attribute
from dyncachekeys.trace.in_build import protocol
from dyncachekeys.trace.inputs import Surroundings
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.observed import Observed
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.trace.seals import stands, unchanged_products, with_seals


def merged(observed: Observed, before: BuildRecord, around: Surroundings) -> BuildRecord:
    """Return the record of a step: who has changed what meanwhile, and what earlier ones know of it.

    If nothing has changed that the last record names, the step depends on that still: where it finds up to date what
    it makes, it may ask for less. What was asked for a wheel is none of an editable build that finds nothing so.
    """
    files = around.files
    asks_anew = before.kind != observed.record.kind and _makes_all_anew(observed.trace, before.trace, files)
    attribution = attribute(observed, files, before.suspects, frozenset(before.trace.written))
    _renew((*observed.trace.read, *attribution.trace.products), observed.started, files)
    trace = _with_products(attribution.trace, before, around)
    looked_at = trace.there.keys() & before.trace.read.keys()
    if looked_at and not asks_anew:
        earlier = {path: before.trace.read[path] for path in looked_at}
        trace = replace(trace, read={**earlier, **trace.read})
    record = replace(observed.record, trace=trace, suspects=attribution.suspects)
    if before.id and not asks_anew and stands(before, around):
        trace = trace.with_earlier(before.trace)
        record = replace(record, trace=trace, rules=_joined(before.rules, record.rules))
    # Of what programs look up by themselves, and of what only the earlier record names, the value is what it is now.
    others = {name: protocol.seal(record.salt, around.environ.get(name)) for name in trace.variables}
    record = replace(record, variables={**others, **record.variables})
    outputs = (path for path in trace.written if not path.startswith(("../", "./")) and files.is_file(path))
    record = replace(record, outputs=tuple(outputs))
    return with_seals(record, around, vouched=attribution.stands)


def _makes_all_anew(trace: Trace, before: Trace, files: Files) -> bool:
    """Tell whether nothing is left of what an earlier build wrote, but what this one has written again.

    What programs other than Python write is not all known.
    """
    left = {path for path in before.written if os.path.lexists(files.full(path))}
    return left <= {*trace.written} and not (trace.processes or before.processes)


def _joined(first: Mapping[str, tuple[str, ...]], second: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    return {folder: tuple(sorted({*first.get(folder, ()), *second.get(folder, ())})) for folder in {**first, **second}}


def _renew(paths: tuple[str, ...], since: int, files: Files) -> None:
    """Look again at files that were looked at, to know whether an earlier record stands, and written since."""
    for path in paths:
        folder, name = split(path)
        if files.folder(folder).state(name) is not None and files.changed_at(path) >= since:
            files.renew(path)


def _with_products(trace: Trace, before: BuildRecord, around: Surroundings) -> Trace:
    """Return a trace with what an earlier record saw the build write: it is the build's until somebody changes it."""
    files, same = around.files, unchanged_products(before, around) if before.id else set()
    written = {path for path in before.trace.written if files.is_file(path)} - (trace.read.keys() - same)
    made = {path for path in before.trace.made if files.is_dir(path)}
    return trace.without(written).with_folders(made)
