"""What uv will do with a project as it stands, and by which fact: its record, compared as it compares it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import LINK_FOLDER
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.watch.links import LinkFolder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.syncing.plan import Plan

Outcome = Literal["installs", "builds", "builds-after-sync", "nothing-to-do"]
Fact = Literal[
    "not-installed",
    "region",
    "stamp-moves",
    "stamp",
    "newer-file",
    "rewritten-file",
    "older-file",
    "folder",
    "variable",
    "git",
    "name",
    "links",
]


@dataclass(frozen=True, slots=True)
class Seen:
    """One thing that uv compares, and that is not as its record says."""

    fact: Fact
    subject: str
    """A path, a variable's name, or what stands for the rest; never a value."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What uv will do."""

    outcome: Outcome
    seen: tuple[Seen, ...]
    """By what: now, or once dyncachekeys has run."""
    certain: bool = True
    """Whether uv, whatever its version, reads of git what we do (U9)."""


def forecast(plan: Plan) -> Forecast:
    """Return what uv will do with a project that was looked at."""
    now = tuple(_now(plan))
    certain = plan.expected_record().git is not None
    if plan.record is None:
        return Forecast("installs", now, certain)
    if now:
        # Under the transport `digest`, the name that uv compares is the one that sync writes.
        return Forecast("builds-after-sync" if plan.coverage.naming and plan.region_differs else "builds", now, certain)
    later = tuple(_after_sync(plan))
    return Forecast("builds-after-sync" if later else "nothing-to-do", later, certain)


def _now(plan: Plan) -> Iterator[Seen]:
    """Yield in what the installed record differs from the one that uv would make at this instant."""
    record, expected = plan.record, plan.expected_record()
    if record is None:
        yield Seen("not-installed", plan.project.name)
        return
    if not plan.project.region:
        return  # nothing of ours is watched yet
    yield from _by_time(plan, record.timestamp, expected.timestamp)
    for name in sorted(record.env.keys() | expected.env.keys()):
        if record.env.get(name) != expected.env.get(name):
            yield Seen("variable", name)
    for path, was_there in sorted(record.folders.items()):
        if not path.startswith(f"{HOME}/") and plan.files.is_dir(path) != was_there:
            yield Seen("folder", path)
    if expected.git is not None and record.git != expected.git:
        yield Seen("git", "commit or tags")
    if record.name != expected.name:
        yield Seen("name", expected.name or record.name or "")
    folder = Stamps(plan.home).current() if plan.coverage.has_stamp else None
    if folder is not None and not folder.is_named(record.current) and plan.decision.move != "returned":
        yield Seen("stamp", CURRENT)


def _by_time(plan: Plan, recorded: int | None, expected: int | None) -> Iterator[Seen]:
    """Yield the files by which uv's maximum differs (U1)."""
    if recorded == expected:
        return
    if recorded is not None and (expected is None or expected < recorded):
        yield Seen("older-file", "the newest file that uv knew is gone, or no longer watched")
        return
    paths = [one.subject for one in plan.coverage.watched if one.kind == "file"]
    for folder, names in plan.coverage.linked.items():
        paths += [join(folder, name) for name in names]
    newer = [path for path in sorted(paths) if (newest(plan.files, [path]) or 0) > (recorded or 0)]
    for path in newer:
        same = plan.files.content(path) == plan.files.memory.content(*split(path))
        yield Seen("rewritten-file" if same and plan.files.content(path) is not None else "newer-file", path)
    if not newer:
        yield Seen("newer-file", "an entry of your own in tool.uv.cache-keys")


def _after_sync(plan: Plan) -> Iterator[Seen]:
    if plan.coverage.has_links and LinkFolder(plan.home).stat is None:
        yield Seen("links", LINK_FOLDER)
    if plan.region_differs and plan.coverage.naming is None:
        yield Seen("region", "tool.uv.cache-keys in pyproject.toml")
    if plan.decision.move == "moved":
        yield Seen("stamp-moves", CURRENT)
