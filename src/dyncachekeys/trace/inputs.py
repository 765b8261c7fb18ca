"""What a record of a build found, as inputs. None of it asks for an entry: it is this machine's."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Env, File, Value
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.trace import outside
from dyncachekeys.trace.ignoring import is_by_effect, left_out
from dyncachekeys.trace.likeness import Likeness
from dyncachekeys.trace.model import by, is_intermediate
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.trace.rules import is_mere_entry, is_question

Found: TypeAlias = File | Env | Value
_NAMES = "names in "
"""How the name of a value begins that is the names in a folder."""


class Pyproject(NamedTuple):
    """What counts of ``pyproject.toml``, by who reads it."""

    whole: object
    """For the project's own code: all but our own table."""
    tables: object
    """For a backend and what it requires: the tables that these read."""


class Surroundings(NamedTuple):
    """Where inputs are looked at. What is looked at is added to the project's files."""

    files: Files
    environ: Environment
    pyproject: Pyproject
    answers: dict[str, str | None]
    """What git has answered, by question: of several records, each may ask the same."""


def inputs_of(record: BuildRecord, around: Surroundings) -> Iterator[Found]:
    """Yield what a build was seen to depend on, with who asked, and in which build."""
    when = f"in the build of {time.strftime('%H:%M', time.localtime(record.started / 1_000_000_000))}"
    yield from _read(record, around, when)
    yield from _looked_for(record, around, when)
    yield from _names(record, around, when)
    yield from (Env(name, f"read{by(who)} {when}", entry=False) for name, who in record.trace.variables.items())
    yield from outside.values(record.trace, around.files, around.environ, around.answers, when)


def _read(record: BuildRecord, around: Surroundings, when: str) -> Iterator[Found]:
    """Yield files that were read, and products that were: who edits these changes what the next build makes."""
    for path, who in record.trace.read.items():
        reason = f"read{by(who)} {when}"
        if path == FILE:
            yield Value(FILE, around.pyproject.whole if ":" in who else around.pyproject.tables, reason)
        elif is_by_effect(path, who, record):
            yield Value(f"what {path} leaves out", left_out(path, record, around.files), reason)
        else:
            yield File(path, reason, tree=False)
    ignored = IgnoreRules(around.files)
    for path in record.products:
        if not (is_intermediate(path) or ignored.ignores(path)):  # else nobody edits it
            yield Value(f"product {path}", around.files.state(path), f"written and read {when}")


def _looked_for(record: BuildRecord, around: Surroundings, when: str) -> Iterator[Found]:
    trace = record.trace
    for path, who in trace.missing.items():
        if not is_question(path, who, trace, record.rules):
            yield File(path, f"absent; looked for{by(who)} {when}", tree=False)
    for path, who in trace.there.items():
        if not (is_mere_entry(path, trace) or is_question(path, who, trace, record.rules)):
            yield Value(f"what is at {path}", _what_is_at(path, around.files), f"looked for{by(who)} {when}")


def _names(record: BuildRecord, around: Surroundings, when: str) -> Iterator[Found]:
    likeness = Likeness(record.trace, around.files)
    for path, rules in record.rules.items():
        yield Value(f"{_NAMES}{path}", likeness.names(path, rules), f"listed{by(record.trace.listed[path])} {when}")


def folder_of_names(one: Found) -> str | None:
    """Return the folder, if an input is the names in one; empty for the project's own."""
    if not isinstance(one, Value) or not one.name.startswith(_NAMES):
        return None
    folder = one.name.removeprefix(_NAMES)
    return "" if folder == "." else folder


def _what_is_at(path: str, files: Files) -> str:
    """Return what stands at a path, and where it leads if it is a link; not what it holds."""
    what = "directory" if files.is_dir(path) else "file" if files.is_file(path) else "nothing"
    link = Path(files.full(path))
    if not link.is_symlink():
        return what
    files.exists(path)  # so that it is looked at again
    return f"{what} -> {os.fsencode(link.readlink()).decode('utf-8', 'backslashreplace')}"
