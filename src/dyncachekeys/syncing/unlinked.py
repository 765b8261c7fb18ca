"""Links that wait, and links that stay: where what a build was seen to read comes and goes, at no build (U29)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.paths import join, split
from dyncachekeys.quick.snapshot import FOLDER_LINKS
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.syncing.decision import Decision
from dyncachekeys.syncing.status import Status
from dyncachekeys.uv.mtimes import expanded
from dyncachekeys.watch import hard_links, links
from dyncachekeys.watch.coverage import Coverage
from dyncachekeys.watch.hard_links import HardLinks
from dyncachekeys.watch.links import LinkFolder


def made_anew(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield linked files that a watched build has written: uv would build again for them (U15)."""
    for folder, names in coverage.seen_through_links.items() if status.is_vouched else ():
        yield from (path for name in names if (path := join(folder, name)) in status.made_by_build)


def late(coverage: Coverage, decision: Decision, status: Status) -> tuple[str, ...]:
    """Return the files to which no link may lead before the next build: newer than all that uv has seen (U29)."""
    record = status.record
    if decision.move == "moved" or record is None or record.timestamp is None:
        return ()
    is_about_builds = decision.move == "kept" and status.builds is not None
    by_builds = _read_by_builds(coverage, status) if is_about_builds else ()
    paths = sorted({*by_builds, *_consulted(coverage, decision, status)})
    return tuple(path for path in paths if status.files.changed_at(path) > record.timestamp)


def _consulted(coverage: Coverage, decision: Decision, status: Status) -> frozenset[str]:
    """Return the files by which keys found their inputs, and which are none; none, if a build is due.

    What has changed there made no difference then, so the links to these go, and come again with the next build.
    """
    stamp = Stamps(status.home).current() if decision.move == "kept" else None
    if stamp is not None and not stamp.is_named(status.named):
        return frozenset()
    read = frozenset[str]().union(*(key.consulted for key in status.resolution.keys))
    inputs = {one.subject for one in coverage.of_builds}
    return coverage.consulted | (read.intersection(status.state.late) - inputs)


def _read_by_builds(coverage: Coverage, status: Status) -> Iterator[str]:
    """Yield what builds were seen to read, and to which no link leads yet."""
    there = LinkFolder(status.home).targets() if coverage.has_links else frozenset[str]()
    folders = [folder for name, folder in coverage.folder_links.folders.items() if name in _whole(status)]
    files = sorted({one.subject for one in coverage.of_builds if one.kind == "file" and one.state != MISSING})
    for path in files:
        if not (links.text(status.files, path) in there or _is_behind(path, folders, coverage)):
            yield path


def former(coverage: Coverage, decision: Decision, status: Status) -> tuple[str, ...]:
    """Return the file to which a link has to stay although it is no input: the newest that uv has seen (U29)."""
    record = status.record
    if decision.move != "kept" or record is None or not coverage.has_links:
        return ()
    # What uv has found behind a link to a whole folder that goes for it.
    strays = coverage.folder_links.strays.items()
    known = {*status.state.former, *(path for name, (_, path) in strays if name in _whole(status))}
    if status.builds is not None:
        wanted = {*links.wanted(status.files, coverage.seen_through_links, with_stamp=True).values()}
        known |= {*map(links.path_of, LinkFolder(status.home).targets() - wanted)}
    return tuple(sorted(path for path in known if status.files.changed_at(path) == record.timestamp))


def lost(coverage: Coverage, decision: Decision, status: Status) -> frozenset[str]:
    """Return the names of hard links to what is no input, or gone: uv would build for it, at once or when it is edited.

    One behind which is the newest that uv has seen stays: without it uv would build, too (U29). So does one to a file
    that uv sees in another way, by an entry of the user's own, say: to lose a name raises its time.

    Args:
        coverage: Who watches what.
        decision: What becomes of the stamp.
        status: The project, and what the last sync left.
    """
    record = status.record
    if decision.move == "moved" or record is None or record.timestamp is None:
        return frozenset()
    there = HardLinks(status.home)
    found = there.there()
    seen = hard_links.possible(coverage, status.files) if found else {}
    others = {name: inode for name, inode in found.items() if name not in seen}
    own = _inodes(status.files, status.project.own_files) if others else frozenset[int]()
    free = (name for name, inode in others.items() if inode not in own)
    return frozenset(name for name, changed in there.changed(free) if changed != record.timestamp)


def _inodes(files: Files, paths: Iterable[str]) -> frozenset[int]:
    """Return the inodes of the files that entries name or match."""
    full = (Path(files.full(path)) for path in expanded(files, paths))
    return frozenset(path.stat().st_ino for path in full if path.exists())


def _whole(status: Status) -> dict[str, str]:
    """Return the links to whole folders that are there, by name."""
    return LinkFolder(status.home, FOLDER_LINKS).texts()


def _is_behind(path: str, folders: Iterable[str], coverage: Coverage) -> bool:
    """Tell whether uv sees a file behind a link to one of some folders."""
    folder, name = split(path)
    return name in coverage.folder_links.behind.get(folder, ()) and any(path.startswith(f"{one}/") for one in folders)
