"""Whole processes, timed in pairs: what the machine does meanwhile falls on every variant alike.

A round runs every variant once, in random order. What is compared are ratios and differences within one
round, so a slow phase of the machine, or a clock that changes its rate, cancels out.
"""

from __future__ import annotations

import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import NamedTuple

_QUIET_ACTIONS = [
    (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
    (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
]
_MEMORY_WRAPPER = """\
import os, sys
null = [(os.POSIX_SPAWN_OPEN, one, os.devnull, os.O_RDWR, 0) for one in (0, 1, 2)]
pid = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=null)
_, status, usage = os.wait4(pid, 0)
print(os.waitstatus_to_exitcode(status), usage.ru_maxrss)
"""
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class FailedError(Exception):
    """A measured process did not end with exit code 0."""


def _nothing() -> None:
    pass


@dataclass(frozen=True)
class Variant:
    """A program to be timed.

    Args:
        name: What the tables call it.
        argv: The program, as an absolute path, and its arguments.
        before: Run before each time, not timed.
        after: Run after each time, not timed.
    """

    name: str
    argv: Sequence[str]
    before: Callable[[], None] = _nothing
    after: Callable[[], None] = _nothing
    cwd: Path | None = None
    """Where it runs, if not where the others do."""


class Spread(NamedTuple):
    """A median, and between what its values lie."""

    middle: float
    low: float
    high: float


class Timings:
    """What paired rounds gave: the seconds of each variant, round by round."""

    def __init__(self, seconds: Mapping[str, Sequence[float]]) -> None:
        self._seconds = seconds

    def quartiles(self, name: str) -> Spread:
        """Return the median time of a variant in seconds, with its quartiles."""
        values = self._seconds[name]
        if len(values) == 1:
            return Spread(values[0], values[0], values[0])
        low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
        return Spread(middle, low, high)

    def ratio(self, name: str, other: str) -> Spread:
        """Return the median, minimum and maximum of ``name / other`` within one round."""
        return _spread([one / two for one, two in zip(self._seconds[name], self._seconds[other], strict=True)])

    def difference(self, name: str, other: str) -> Spread:
        """Return the median, minimum and maximum of ``name - other`` within one round, in seconds."""
        return _spread([one - two for one, two in zip(self._seconds[name], self._seconds[other], strict=True)])


def _spread(values: Sequence[float]) -> Spread:
    return Spread(statistics.median(values), min(values), max(values))


def paired(
    variants: Sequence[Variant], rounds: int, cwd: Path, environ: Mapping[str, str], *, cpu: bool = False
) -> Timings:
    """Time each variant once a round, in random order, after one round that does not count.

    Args:
        variants: What is timed.
        rounds: How often.
        cwd: Where a variant runs that does not say so itself.
        environ: Its environment.
        cpu: Count the CPU's time, user and system, children included, instead of the clock's.

    Raises:
        FailedError: a process failed.
    """
    seconds: dict[str, list[float]] = {variant.name: [] for variant in variants}
    order, dice = list(variants), Random(0)
    for number in range(rounds + 1):
        dice.shuffle(order)
        for variant in order:
            variant.before()
            spent = _timed(variant, cwd, environ, cpu=cpu)
            variant.after()
            if number:
                seconds[variant.name].append(spent)
    return Timings(seconds)


def _timed(variant: Variant, cwd: Path, environ: Mapping[str, str], *, cpu: bool) -> float:
    os.chdir(variant.cwd or cwd)  # posix_spawn has no argument for it
    start = time.perf_counter()
    pid = os.posix_spawn(variant.argv[0], list(variant.argv), environ, file_actions=_QUIET_ACTIONS)
    _, status, usage = os.wait4(pid, 0)
    spent = usage.ru_utime + usage.ru_stime if cpu else time.perf_counter() - start
    _demand_success(variant, os.waitstatus_to_exitcode(status))
    return spent


def peak_memory(variant: Variant, rounds: int, cwd: Path, environ: Mapping[str, str]) -> int:
    """Return the largest resident set over some runs, in bytes: of the process, or of a child of it if that is larger.

    A small process starts it: Linux counts what the starting process had before ``exec`` as the started one's,
    so a large one would hide every smaller figure. What the small one has itself, some 10 MB, is the least
    that can be seen; a bare Python has as much.

    Raises:
        FailedError: a process failed.
    """
    largest = 0
    for _ in range(rounds):
        variant.before()
        wrapped = [sys.executable, "-I", "-S", "-c", _MEMORY_WRAPPER, *variant.argv]
        code, peak = map(int, _output(wrapped, variant.cwd or cwd, environ).split())
        _demand_success(variant, code)
        variant.after()
        largest = max(largest, peak * _MAXRSS_UNIT)
    return largest


def instructions(valgrind: str, variant: Variant, cwd: Path, environ: Mapping[str, str]) -> int:
    """Return how many instructions of user space one process takes, without its children.

    Raises:
        FailedError: the process failed, or valgrind did not say.
    """
    counted = [valgrind, "--tool=callgrind", "--callgrind-out-file=/dev/null", *variant.argv]
    fixed = {**environ, "PYTHONHASHSEED": "0"}
    with subprocess.Popen(
        counted, cwd=variant.cwd or cwd, env=fixed, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    ) as process:
        _, told = process.communicate()
    _demand_success(variant, process.returncode)
    found = re.search(rf"^=={process.pid}== Collected : (\d+)", told, re.MULTILINE)
    if found is None:
        message = f"valgrind did not say how many instructions {variant.name} took"
        raise FailedError(message)
    return int(found[1])


def _output(argv: Sequence[str], cwd: Path, environ: Mapping[str, str]) -> str:
    return subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, check=True).stdout


def _demand_success(variant: Variant, code: int) -> None:
    if code:
        message = f"{variant.name} ended with exit code {code}: {' '.join(variant.argv)}"
        raise FailedError(message)
