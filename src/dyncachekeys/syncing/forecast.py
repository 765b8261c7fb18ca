"""What uv will do with a project as it stands, and by which fact: its record, compared as it compares it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from dyncachekeys.paths import flat, join, split
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.uv.mtimes import latest, newest
from dyncachekeys.uv.record import Record
from dyncachekeys.watch import hard_links, links
from dyncachekeys.watch.links import LinkFolder

Outcome = Literal["not-built", "installs", "builds", "builds-after-sync", "nothing-to-do"]
FRESH = frozenset({"nothing-to-do", "installs", "not-built"})
"""Outcomes that say of nothing installed that it is out of date: what uv did not install, it knows nothing of."""
Fact = Literal[
    "not-installed",
    "region",
    "stamp-moves",
    "stamp",
    "newer-file",
    "rewritten-file",
    "older-file",
    "gone-file",
    "folder",
    "variable",
    "git",
    "name",
    "links",
]

FACTS: Mapping[Fact, str] = {
    "not-installed": "{} is not installed in the project's environment",
    "region": "{} is not what sync would write, and to uv that is a change",
    "stamp-moves": "{} will lead elsewhere: what changed above is seen through it",
    "stamp": "{} leads elsewhere than when uv built",
    "newer-file": "{} is newer than all that uv saw when it built",
    "rewritten-file": "{} was rewritten with the same content, and uv goes by the time",
    "older-file": "{}",
    "gone-file": "{} is gone, or another file has taken its place",
    "folder": "the folder {} came or went",
    "variable": "the variable {} has another value",
    "name": "the name {} is not the one under which it built",
    "links": "{} is not there yet",
    "git": "the repository has another {}",
}
"""What each comes to, in words, with the subject."""


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
    spared: tuple[str, ...] = ()
    """Files for which uv would build, if no sync took the links to them away before."""


def forecast(plan: Plan, expected: Record) -> Forecast:
    """Return what uv will do with a project, if it would make the expected record at this instant."""
    now = tuple(_now(plan, expected))
    certain = expected.git is not None
    if not plan.status.project.is_package:
        return Forecast("not-built", (), certain)
    if plan.status.record is None:
        return Forecast("installs", now, certain)
    if now:
        # Under the transport `digest`, the name that uv compares is the one that sync writes.
        return Forecast("builds-after-sync" if plan.coverage.naming and plan.region_differs else "builds", now, certain)
    later = tuple(_after_sync(plan))
    return Forecast("builds-after-sync" if later else "nothing-to-do", later, certain, tuple(_spared(plan)))


def _now(plan: Plan, expected: Record) -> Iterator[Seen]:
    """Yield in what the installed record differs from the one that uv would make at this instant."""
    record = plan.status.record
    if record is None:
        yield Seen("not-installed", plan.status.project.name)
    elif plan.status.project.region:  # else nothing of ours is watched yet
        yield from _by_time(plan, record.timestamp, expected.timestamp)
        yield from _by_value(plan, record, expected)
        folder = Stamps(plan.home).current() if plan.coverage.has_stamp else None
        if folder is not None and not folder.is_named(record.current) and plan.decision.move != "returned":
            yield Seen("stamp", CURRENT)


def _spared(plan: Plan) -> Iterator[str]:
    """Yield the files to which links lead that the sync takes away, since uv would build for them to no effect."""
    if plan.links is not None and plan.remembered.late:
        there = LinkFolder(plan.home).targets()
        yield from (path for path in plan.remembered.late if links.text(plan.status.files, path) in there)


def _by_value(plan: Plan, record: Record, expected: Record) -> Iterator[Seen]:
    """Yield the variables, folders and git state that differ, and the name."""
    for name in sorted(record.env.keys() | expected.env.keys()):
        if record.env.get(name) != expected.env.get(name):
            yield Seen("variable", name)
    for path, was_there in sorted(record.folders.items()):
        if not path.startswith(f"{HOME}/") and plan.status.files.is_dir(path) != was_there:
            yield Seen("folder", path)
    if expected.git not in {None, record.git}:
        yield Seen("git", "commit or tags")
    if record.name != expected.name:
        yield Seen("name", expected.name or record.name or "")


def _by_time(plan: Plan, recorded: int | None, expected: int | None) -> Iterator[Seen]:
    """Yield the files by which uv's maximum differs (U1)."""
    if recorded == expected:
        return
    if recorded is not None and (expected is None or expected < recorded):
        yield Seen("older-file", "the newest file that uv knew is gone, or no longer watched")
        return
    unlinked = not_linked_yet(plan)
    newer = [*_newer(plan, recorded or 0, unlinked), *_gone(plan, recorded or 0)]
    yield from newer
    own = newest(plan.status.files, plan.status.project.own_files) or 0
    # Of the stamp, to which a link leads, it is told apart that it has moved.
    is_ours = bool(unlinked) or (links.of_stamp(plan.status.files) or 0) > (recorded or 0)
    if not newer and not (is_ours and own <= (recorded or 0)):
        yield Seen("newer-file", "an entry of your own in tool.uv.cache-keys")


def not_linked_yet(plan: Plan) -> set[str]:
    """Return the files that uv will see through a link only once a sync has made it."""
    if plan.links is None and plan.folder_links is None:
        return set()
    files, linked = plan.status.files, plan.coverage.seen_through_links
    single, to_folders = (LinkFolder(plan.home, path).texts() for path in (LINK_FOLDER, FOLDER_LINKS))
    texts = links.wanted(files, linked).items()
    missing = {files.relative(files.full(links.path_of(text))) for name, text in texts if single.get(name) != text}
    in_force = plan.coverage.folder_links
    there = [to for name, to in in_force.folders.items() if to_folders.get(name) == links.text(files, to)]
    behind = {
        join(folder, name)
        for folder, names in in_force.behind.items()
        if any(f"{folder}/".startswith(f"{to}/") for to in there)
        for name in names
    }
    return missing - behind


def _newer(plan: Plan, recorded: int, unlinked: Collection[str]) -> Iterator[Seen]:
    files = plan.status.files
    paths = {one.subject for one in plan.coverage.watched if one.kind == "file"}
    paths |= {*flat(plan.coverage.seen_through_links)}
    for path in sorted(paths.difference(unlinked)):
        if (latest(files, [path]) or 0) > recorded:
            content = files.content(path)
            same = content is not None and content == files.memory.content(*split(path))
            yield Seen("rewritten-file" if same else "newer-file", path)


def _gone(plan: Plan, recorded: int) -> Iterator[Seen]:
    """Yield the files that uv sees to be gone by their hard links."""
    late = [name for name, changed in plan.gone().items() if changed > recorded]
    if late:
        status = plan.status
        known = hard_links.named([*flat(status.files.memory.linked()), *status.single_files])
        yield from (Seen("gone-file", path) for path in sorted(known.get(name, "a file") for name in late))


def _after_sync(plan: Plan) -> Iterator[Seen]:
    if plan.coverage.has_links and LinkFolder(plan.home).stat is None:
        yield Seen("links", LINK_FOLDER)
    if plan.region_differs and plan.coverage.naming is None:
        yield Seen("region", "tool.uv.cache-keys in pyproject.toml")
    if plan.decision.move == "moved":
        yield Seen("stamp-moves", CURRENT)
