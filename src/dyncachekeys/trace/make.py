"""A build that is made now, for its record: each step leaves a log as a build of uv's does (`in_build.first`)."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dyncachekeys.config.model import WHERE
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.trace.build import Build, interpreter
from dyncachekeys.trace.in_build import tracer
from dyncachekeys.trace.record import STEPS
from dyncachekeys.trace.setup import path_of_strace


def make(build: Build, kind: str, builds: Path, steps: Sequence[str] = STEPS) -> None:
    """Take the steps of a build, one after the other, each with a log of its own.

    Args:
        build: The build, prepared.
        kind: What to build: ``editable`` or ``wheel``.
        builds: Where the logs go: ``.dyncachekeys/builds``, or a folder that stands for it.
        steps: Which steps; all of them, unless less is wanted.

    Raises:
        ResolverError: a hook fails or takes too long; there is no log then.
    """
    acts: dict[str, Callable[[Build], object]] = {
        "requires": lambda one: one.require(kind),
        "metadata": lambda one: one.call([f"prepare_metadata_for_build_{kind}"]),
        "build": lambda one: one.call([kind]),
    }
    with contextlib.ExitStack() as failing:
        for step in steps:
            place = builds / f"{time.time_ns():016x}-{os.getpid()}"
            place.mkdir(mode=0o700, parents=True)
            failing.callback(shutil.rmtree, place, ignore_errors=True)
            _take(build, step, kind, place, acts[step])
        failing.pop_all()


def _take(build: Build, step: str, kind: str, place: Path, act: Callable[[Build], object]) -> None:
    (place / "start").touch()  # its time is when the step began, by the clock of the file system
    salt, log = os.urandom(16).hex(), place / "log"
    _write(log, ("build", step, kind), ("salt", salt, ""), *_described(build))
    strace = path_of_strace() if _watches_programs(build.request.project) else ""
    act(replace(build, log=log, marks={tracer.SALT: salt, **({tracer.STRACE: strace} if strace else {})}))
    _write(log, ("done", "", ""), ("ended", "", ""))


def _watches_programs(project: Project) -> bool:
    """Tell whether programs other than Python are to be watched: no key with the records of builds says no."""
    keys = {**project.inherited, **table_at(project.pyproject, f"{WHERE}.keys")}
    tables = [key for key in keys.values() if isinstance(key, dict) and key.get("resolver") == "build"]
    return all(table.get("programs") is not False for table in tables)


def _described(build: Build) -> Iterator[tuple[str, str, str]]:
    """Yield the facts with which a log begins: interpreter, environments, and where results are put."""
    environment, theirs = build.python.parent.parent, build.request.environment
    executable = Path(os.path.realpath(build.python))
    yield ("python", interpreter(environment).rpartition(" ")[2], os.fspath(executable))
    for prefix in dict.fromkeys((environment, theirs, executable.parent.parent)):
        yield ("prefix", os.fspath(prefix), "")
    yield ("result", os.fspath(build.folder), "")


def _write(log: Path, *facts: tuple[str, str, str]) -> None:
    """Add facts to a log (`tracer`)."""
    text = "".join(f"{part}\0" for fact in facts for part in fact)
    with log.open("ab") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
