"""Disturb each system call of each run that changes something, and hold what comes of it to the promises.

``python benchmarks/inject_faults.py [--write] [--every N] [NAME...]``, with ``tests`` on the path of modules; needs strace.
Each point is disturbed in each way (`faults.injecting.FAULTS`), or each N-th only; names are those of runs, such as
``edit``. ``--write`` puts the figures into docs/robustness.md.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from faults.injecting import FAULTS, STRACE, faults
from faults.scenarios import TRANSPORTS, disturb, enumerated, project, scenarios
from pages import replaced

DOCUMENT = Path(__file__).resolve().parents[1] / "docs/robustness.md"


class Job(NamedTuple):
    """A run that is disturbed, under one transport."""

    transport: str
    name: str
    every: int


class Result(NamedTuple):
    """What came of it."""

    job: Job
    points: int
    injected: Counter[str]
    """Faults that came about, by kind."""
    refused: int
    """Runs that ended with an error."""
    failed: list[str]
    """Promises that did not hold."""


def disturbed(job: Job) -> Result:
    """Disturb one run at all of its points."""
    injected, refused, failed = Counter[str](), 0, []
    scenario = scenarios(job.transport)[job.name]
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        made = 0
        demo = project(Path(folder, str(made)), job.transport)
        found = enumerated(demo, scenario)
        tried = [(point, fault) for point in found for fault in faults(point)][:: job.every]
        for number, (point, fault) in enumerate(tried, 1):
            try:
                outcome = disturb(demo, scenario, number, point, fault)
                injected[fault] += outcome.injected
                refused += outcome.injected and outcome.code == 2
            except AssertionError as error:
                injected[fault] += 1
                failed.append(f"{job.transport} {error}")
                made += 1
                demo = project(Path(folder, str(made)), job.transport)
            if sys.stderr.isatty():
                print(f"\r{job.transport} {job.name} {number}/{len(tried)}", end=" ", file=sys.stderr, flush=True)
    return Result(job, len(found), injected, refused, failed)


def report(results: Iterable[Result]) -> str:
    """Return the table."""
    counted = [
        (one, [one.points, *(one.injected[kind] for kind in FAULTS), one.refused, len(one.failed)]) for one in results
    ]
    head = ["transport", "run", "points", *(f"`{one}`" for one in FAULTS), "refused with an error", "broken promises"]
    total = [sum(column) for column in zip(*(numbers for _, numbers in counted), strict=True)]
    rows = [(one.job.transport, one.job.name, *numbers) for one, numbers in counted]
    return "".join(
        f"| {' | '.join(map(_cell, row))} |\n" for row in (head, ["---"] * len(head), *rows, ("", "all", *total))
    )


def _cell(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def main() -> None:
    """Disturb all, print, and if wanted write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="a run; all, if none is named")
    parser.add_argument("--every", type=int, default=1, help="only each N-th fault")
    parser.add_argument("--jobs", type=int, default=2, help="how many at once")
    parser.add_argument("--write", action="store_true", help=f"write docs/{DOCUMENT.name}")
    chosen = parser.parse_args()
    if STRACE is None:
        sys.exit("strace is not there")
    jobs = [
        Job(transport, name, chosen.every)
        for transport in TRANSPORTS
        for name in scenarios(transport)
        if not chosen.names or name in chosen.names
    ]
    with ProcessPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(disturbed, jobs))
    table = report(results)
    print(table, end="")
    if chosen.write:
        page = DOCUMENT.read_text(encoding="utf-8")
        DOCUMENT.write_text(replaced(page, "faults", f"\n{table}"), encoding="utf-8")
    if broken := [text for one in results for text in one.failed]:
        sys.exit("\n".join(broken))


if __name__ == "__main__":
    main()
