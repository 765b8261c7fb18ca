"""Whether a record stands: seals over the states of what it names, as they are now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from dyncachekeys.encoding import sealed, value_digest
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.model import Env, File, Value
from dyncachekeys.paths import split
from dyncachekeys.quick.snapshot import READ
from dyncachekeys.trace.in_build import protocol
from dyncachekeys.trace.inputs import Surroundings, inputs_of
from dyncachekeys.trace.record import BuildRecord

_LENGTH = 24
"""Hexadecimal digits of a seal that are kept: 96 bits tell any two states apart."""


def with_seals(record: BuildRecord, around: Surroundings, *, vouched: bool) -> BuildRecord:
    """Return a record with the seals as they are now, and whether anybody vouches for them."""
    products = {path: _sealed(record, _state(path, around.files)) for path in record.trace.products}
    record = replace(record, products=products)
    return replace(record, seals=_seals(record, around), vouched=vouched)


def stands(record: BuildRecord, around: Surroundings) -> bool:
    """Tell whether all that a build read, listed, looked for and asked for is as it was."""
    return record.vouched and not differing(record, around)


def differing(record: BuildRecord, around: Surroundings) -> set[str]:
    """Return the inputs of a build that are not as they were, each by its kind and subject."""
    variables = ((name, seal) for name, seal in record.variables.items() if name in record.trace.variables)
    found = {f"env {name}" for name, seal in variables if seal != protocol.seal(record.salt, around.environ.get(name))}
    now = _seals(record, around)
    return found | {name for name in {*now, *record.seals} if now.get(name) != record.seals.get(name)}


def unchanged_products(record: BuildRecord, around: Surroundings) -> set[str]:
    """Return the files that a build both wrote and read, and that nobody else has changed since."""
    return {path for path, seal in record.products.items() if seal == _sealed(record, _state(path, around.files))}


def _seals(record: BuildRecord, around: Surroundings) -> dict[str, str]:
    found = (one for one in inputs_of(record, around) if not isinstance(one, Env))
    return {name: _sealed(record, state)[-_LENGTH:] for name, state in _described(found, around.files)}


def _described(inputs: Iterable[File | Value], files: Files) -> Iterator[tuple[str, str]]:
    for one in inputs:
        if isinstance(one, File):
            yield f"file {one.path}", _state(one.path, files)
        else:
            yield f"value {one.name}", value_digest(one.data)


def _sealed(record: BuildRecord, state: str) -> str:
    return sealed(bytes.fromhex(record.salt), state)


def _state(path: str, files: Files) -> str:
    """Return the state of a file. Its content decides what is found, so no edit of it is answered without us."""
    folder, name = split(path)
    return files.look(folder, [name], READ).state(name) or MISSING
