"""Is what is installed what a fresh build would give, and was it built for nothing? Each change under each strategy.

Run it with a Python in whose environment dyncachekeys and uv are installed: ``python benchmarks/staleness.py``.
"""

from __future__ import annotations

import argparse
import platform
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from changes import CHANGES, Change
from staleness_project import UV, Failed, Project, Strategy
from staleness_strategies import DIGEST, EXACT, GUARD, PLAIN, STRATEGIES

REPORT = Path(__file__).resolve().parent.parent / "docs" / "staleness.md"
WATCHABLE = {"entry", "file"}
KINDS = ("stale", "needless", "never-ending", "failed")
HEAD = """\
# Staleness

Made by `python benchmarks/staleness.py --write`; do not edit. With {uv}, Python {python}, on {system}, offline.

{changes} changes, each made to a real project at rest, with a real in-tree backend and the real uv. After {necessary} of \
them the build must run again, after {others} it must not. The backend writes what it read into what it installs, so \
that after the change the installed content can be compared with what a fresh build would give.

- **stale**: after the strategy's run, what is installed is not that; or a build that must fail was not tried.
- **needless**: more builds than necessary, at once or in the run after it.
- **never-ending**: it comes to no rest: the last of up to three runs, before the change or after it, with nothing \
done, still builds.
- **builds**: after the change, in all runs; **necessary**: changes after which one build is right.

"""
STRATEGY_NOTES = """\
| strategy | what is done |
| --- | --- |
| no keys | `uv sync`, with what uv watches by default |
| static keys, by hand | `uv sync`, with the best static list that one can write and commit for this very project; \
it names a credential too, whose value uv then stores in plain text |
| reinstall-package | `uv sync`, with `reinstall-package` in `pyproject.toml`: it always builds |
| dyncachekeys, exact | `dyncachekeys sync`, then `uv sync`; `watch = "digest"` |
| dyncachekeys, auto with hook | `dyncachekeys sync`, then `uv sync`; `watch = "auto"` |
| dyncachekeys, auto, plain uv | the same, but after the change `uv sync` alone |
| dyncachekeys, digest transport | `dyncachekeys sync`, then `uv sync`; `transport = "digest"` |
| dyncachekeys, guard, no uv command | `watch = "digest"`, `guard = "build"`; after the change nothing is run but a Python \
that imports the package |
| watched builds, `init --watch digest` alone | `dyncachekeys sync`, then `uv sync`; no key by hand: what `init --watch \
digest` writes, and what uv's builds were seen to read |
| watched builds, `init` alone | the same with `init` |
| watched builds, `init`, then plain uv | the same without any `dyncachekeys sync`: `init` once, then `uv sync` alone |
"""


@dataclass(frozen=True)
class Fault:
    """What went wrong with one change under one strategy."""

    kind: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}, {self.what}" if self.what else self.kind


@dataclass(frozen=True)
class Outcome:
    """One change under one strategy."""

    change: Change
    strategy: Strategy
    builds: int
    faults: tuple[Fault, ...]

    def has(self, kind: str) -> bool:
        return any(fault.kind == kind for fault in self.faults)

    @property
    def watchable(self) -> bool:
        return self.change.seen in WATCHABLE


def prepare(folder: Path, change: Change, strategy: Strategy) -> tuple[Project, bool]:
    """Return the project, and whether it came to rest."""
    setup = change.setup
    project = Project(folder, setup, strategy)
    if setup.repository:
        project.git("init", "--quiet")
        project.commit("The project")
    if setup.arrange is not None:
        project.tick()
        setup.arrange(project)
    rests = project.apply_edit()
    if setup.repository and project.git("status", "--porcelain", "pyproject.toml"):
        project.git("commit", "--quiet", "--message", "What the tools wrote", "pyproject.toml")
        rests = project.apply_edit()
    if setup.arrange_later is not None:
        project.tick()
        setup.arrange_later(project)
        rests = project.apply_edit()
    project.prepared = True
    return project, rests


def judge(change: Change, strategy: Strategy) -> Outcome:
    """Make the change and see what the strategy makes of it."""
    with tempfile.TemporaryDirectory(prefix="staleness-", ignore_cleanup_errors=True) as folder:
        try:
            project, rests = prepare(Path(folder), change, strategy)
            faults = [] if rests else [Fault("never-ending", "even before the change")]
            if project.installed() != project.rested:
                faults.append(Fault("stale", "even before the change"))
            project.tick()
            change.act(project)
            expected = check(change, project)
            before = project.builds
            builds = [] if change.fails else [project.sync()]
            found = [*(building(change, project, expected, builds) if builds else failing(project))]
            return Outcome(change, strategy, sum(builds) if builds else project.builds - before, (*faults, *found))
        except Failed as error:
            return Outcome(change, strategy, 0, (Fault("failed", str(error)),))


def check(change: Change, project: Project) -> str | None:
    """Return what a fresh build would install; demand that the change is one, or is none, as it says."""
    expected = project.expected()
    right = expected is None if change.fails else (expected != project.rested) == (change.right == "R")
    if not right:
        message = f"{change.name}: this benchmark is wrong, the product is {expected} after {project.rested}"
        raise AssertionError(message)
    return expected


def failing(project: Project) -> Iterator[Fault]:
    try:
        project.sync()
    except Failed:
        return
    yield Fault("stale", "the build was not tried, so its error stays hidden")


def building(change: Change, project: Project, expected: str | None, builds: list[int]) -> Iterator[Fault]:
    """Compare with what is right; add the builds of the runs that follow to the list."""
    stale = project.installed() != expected
    reason = reasons(project.said) if project.strategy.init is not None else ""
    while len(builds) < 4 and builds[-2:] != [0, 0]:
        builds.append(project.sync())
    allowed = max(change.allowed, change.right == "R")
    if stale:
        yield Fault("stale", mends(project, expected))
    if builds[0] > allowed:
        yield Fault("needless", f"{builds[0]} builds" if builds[0] > 1 else reason)
    if builds[-1]:
        yield Fault("never-ending", f"builds in {len(builds)} runs: {', '.join(map(str, builds))}")
    elif builds[0] <= allowed < sum(builds):
        yield Fault("needless", "late, in the run after it, with nothing done between")


def reasons(said: str) -> str:
    """Return the reasons that ``dyncachekeys sync`` gave, in one line."""
    found = [line.split(maxsplit=2)[2] for line in said.splitlines() if line.startswith((" ~ ", " + ", " - "))]
    return f"because {'; '.join(found)}" if found else ""


def mends(project: Project, expected: str | None) -> str:
    """Say whether the next ``dyncachekeys sync`` makes it right, where there are keys of ours."""
    if not (project.strategy.prepares or project.strategy.init is not None):
        return ""
    project.run(sys.executable, "-m", "dyncachekeys", "sync")
    project.uv_sync()
    return "until the next `dyncachekeys sync`" if project.installed() == expected else "for good"


def run_all(jobs: int, changes: Sequence[Change], strategies: Sequence[Strategy]) -> list[Outcome]:
    pairs = [(change, strategy) for change in changes for strategy in strategies if strategy.built]
    outcomes = []
    with ThreadPoolExecutor(jobs) as pool:
        for number, outcome in enumerate(pool.map(lambda pair: judge(*pair), pairs), 1):
            outcomes.append(outcome)
            if sys.stderr.isatty():
                sys.stderr.write(f"\r{number} of {len(pairs)}")
    return outcomes


def table(outcomes: Iterable[Outcome], strategies: Sequence[Strategy], necessary: int) -> Iterator[str]:
    yield "| strategy | stale | of these, what plain uv can see | needless | never-ending | builds | necessary |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    outcomes = list(outcomes)
    for strategy in strategies:
        if not strategy.built:
            yield f"| {strategy.name} | not built yet | | | | | |"
            continue
        own = [one for one in outcomes if one.strategy is strategy]
        count = Counter(kind for kind in KINDS for one in own if one.has(kind))
        seen = sum(one.watchable for one in own if one.has("stale")) if strategy is PLAIN else ""
        builds = sum(one.builds for one in own)
        failed = f" ({count['failed']} could not be run)" if count["failed"] else ""
        yield (
            f"| {strategy.name}{failed} | {count['stale']} | {seen} | {count['needless']} | {count['never-ending']} "
            f"| {builds} | {necessary} |"
        )


def misses(outcomes: Iterable[Outcome], strategies: Sequence[Strategy]) -> Iterator[str]:
    outcomes = list(outcomes)
    for strategy in strategies:
        bad = [one for one in outcomes if one.strategy is strategy and one.faults]
        if not strategy.built:
            continue
        yield f"\n### {strategy.name}\n"
        if not bad:
            yield "None."
        if strategy.name == "reinstall-package":  # the same two lines for every change
            yield "Every change that needs no build is built, and no project ever comes to rest."
            bad = [one for one in bad if one.has("stale") or one.has("failed")]
        for one in bad:
            cases = f" (case {', '.join(map(str, one.change.cases))})" if one.change.cases else ""
            can = ", though plain uv can see it" if strategy is PLAIN and one.watchable and one.has("stale") else ""
            yield f"- {one.change.name}{cases}: " + "; ".join(map(str, one.faults)) + can


def told(outcomes: Sequence[Outcome], changes: Sequence[Change], strategies: Sequence[Strategy]) -> str:
    necessary = sum(change.right == "R" for change in changes)
    uv = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[:2]
    head = HEAD.format(
        uv=" ".join(uv),
        python=platform.python_version(),
        system=platform.system(),
        changes=len(changes),
        necessary=necessary,
        others=len(changes) - necessary,
    )
    watchable = sum(change.right == "R" and change.seen in WATCHABLE for change in changes)
    note = (
        f"{watchable} of the {necessary} are edits of what has an entry of its own under `auto` (files of the backend, "
        "named variables, uv's defaults) or a link (all other files, in the tree or out of it, and the files by which "
        "keys find their inputs), files that come to a folder that has a link, or files of the tree that go, which "
        "plain uv can see. The rest it sees at the next `dyncachekeys sync`: a file out of the tree, or behind a link, "
        "that goes, a link that leads to an older file, a file that nothing named before, tables of `pyproject.toml` "
        "that a key counts by value, and what is no file.\n\n"
        "The guard lies in the environment: one that is copied, or made anew, has none until the next `dyncachekeys "
        "sync`.\n\n"
        "Where builds are watched and no key is declared, each needless build of `init --watch digest` has a reason "
        "that the build itself gave: it read the file that was edited. That it made no use of the edited part can't be "
        "seen from outside, and staleness would be the price of guessing so. A key by hand says it (`table` for a "
        "manifest or the settings, as under *exact*). What `init` alone adds to that are uv's timestamps.\n\n"
        "The last row is a newcomer who never runs anything of ours: what uv's entries, links and watched builds see by "
        "themselves.\n"
    )
    again = (
        "\n## Run it again\n\nFrom a clone, in an environment with this project and uv (`pip install . uv`):\n\n"
        "<!-- not run: it measures, for an hour -->\n```sh\npython benchmarks/staleness.py --write\n```\n\n"
        "`--only TEXT` and `--strategy NAME` choose, `--jobs N` runs N at a time. The changes, and what is not among "
        "them yet, stand in `benchmarks/changes.py`. Exit code 1: `exact`, the guard or the digest transport has a fault, or `auto` with plain uv misses "
        "what plain uv can see.\n"
    )
    rows = "\n".join(table(outcomes, strategies, necessary))
    faults = "\n".join(misses(outcomes, strategies))
    return f"{head}{rows}\n\n{note}\n{STRATEGY_NOTES}\n## Misses\n{faults}\n{again}"


def with_others(text: str, page: str, strategies: Sequence[Strategy]) -> str:
    """Return the report with what the page has of strategies that were not run, each in its place."""
    for part in (_row, _section):
        own = "".join(part(text, one) for one in strategies)
        text = text.replace(own, "".join(part(text if one in strategies else page, one) for one in STRATEGIES))
    return text


def _row(page: str, strategy: Strategy) -> str:
    return _found(rf"\| {re.escape(strategy.name)}(?: \(\d+ could not be run\))? \| \d+ \|.*\n", page)


def _section(page: str, strategy: Strategy) -> str:
    return _found(rf"\n### {re.escape(strategy.name)}\n(?s:.)*?(?=\n##)", page)


def _found(pattern: str, page: str) -> str:
    found = re.search(pattern, page)
    return found[0] if found else ""


def is_bad(outcome: Outcome) -> bool:
    if outcome.has("failed"):
        return True
    if outcome.strategy is PLAIN:
        return outcome.has("stale") and outcome.watchable
    return outcome.strategy in {EXACT, DIGEST, GUARD} and bool(outcome.faults)


def main() -> int:
    parser = argparse.ArgumentParser(description="Count stale, needless and never-ending builds by strategy.")
    parser.add_argument("--only", default="", metavar="TEXT", help="changes whose name contains it")
    parser.add_argument(
        "--strategy",
        action="append",
        metavar="NAME",
        help="strategies whose name contains it; may be given again; on the page, what is said of others stays",
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="how many at a time (default 2)")
    parser.add_argument("--write", action="store_true", help=f"write docs/{REPORT.name} as well")
    options = parser.parse_args()
    changes = [change for change in CHANGES if options.only in change.name]
    wanted = options.strategy or [""]
    strategies = [strategy for strategy in STRATEGIES if any(text in strategy.name for text in wanted)]
    outcomes = run_all(options.jobs, changes, strategies)
    text = told(outcomes, changes, strategies)
    print(text)
    if options.write:
        REPORT.write_text(with_others(text, REPORT.read_text(encoding="utf-8"), strategies), encoding="utf-8")
    return any(map(is_bad, outcomes))


if __name__ == "__main__":
    sys.exit(main())
