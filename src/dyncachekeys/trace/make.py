"""A build that is made now, for its record: each step leaves a log as a build of uv's does (`in_build.first`)."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from dyncachekeys.trace import setup
from dyncachekeys.trace.build import Build, interpreter
from dyncachekeys.trace.in_build import protocol
from dyncachekeys.trace.record import STEPS


def make(build: Build, kind: str, builds: Path, steps: Sequence[str] = STEPS, *, programs: bool = True) -> None:
    """Take the steps of a build, one after the other, each with a log of its own.

    Args:
        build: The build, prepared.
        kind: What to build: ``editable`` or ``wheel``.
        builds: Where the logs go: ``.dyncachekeys/builds``, or a folder that stands for it.
        steps: Which steps; all of them, unless less is wanted.
        programs: Whether programs other than Python are watched, too.

    Raises:
        ResolverError: a hook fails or takes too long; there is no log then.
    """
    acts: dict[str, Callable[[Build], object]] = {
        "requires": lambda one: one.require(kind),
        "metadata": lambda one: one.call([f"prepare_metadata_for_build_{kind}"]),
        "build": lambda one: one.call([kind]),
    }
    marks = {protocol.STRACE: setup.strace()} if programs else {}
    with contextlib.ExitStack() as failing:
        for step in steps:
            build.request.tell(
                f"takes the step `{step}`, {steps.index(step) + 1} of {len(steps)}, for {build.request.timeout:g}s at most"
            )
            place = builds / f"{time.time_ns():016x}-{os.getpid()}"
            place.mkdir(mode=0o700, parents=True)
            failing.callback(shutil.rmtree, place, ignore_errors=True)
            _take(replace(build, marks=marks), step, kind, place, acts[step])
        failing.pop_all()


def _take(build: Build, step: str, kind: str, place: Path, act: Callable[[Build], object]) -> None:
    (place / "start").touch()  # its time is when the step began, by the clock of the file system
    salt, log = os.urandom(16).hex(), place / "log"
    _write(log, ("build", step, kind), ("salt", salt, ""), *_described(build))
    act(replace(build, log=log, marks={**build.marks, protocol.SALT: salt}))
    _write(log, ("done", "", ""), ("ended", "", ""))


def _described(build: Build) -> Iterator[tuple[str, str, str]]:
    """Yield the facts with which a log begins: interpreter, environments, and where results are put."""
    environment, theirs = build.python.parent.parent, build.request.environment
    executable = Path(os.path.realpath(build.python))
    yield ("python", interpreter(environment).rpartition(" ")[2], os.fspath(executable))
    for prefix in dict.fromkeys((environment, theirs, executable.parent.parent)):
        yield ("prefix", os.fspath(prefix), "")
    yield ("result", os.fspath(build.folder), "")


def _write(log: Path, *facts: tuple[str, str, str]) -> None:
    """Add facts to a log (`in_build.protocol`)."""
    text = "".join(f"{part}\0" for fact in facts for part in fact)
    with log.open("ab") as stream:
        stream.write(text.encode("utf-8", "surrogateescape"))
