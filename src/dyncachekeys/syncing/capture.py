"""From what a run looked at to the snapshot by which the next one can be quiet."""

from __future__ import annotations

import os
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dyncachekeys.files.folder import Folder
from dyncachekeys.files.places import device_of
from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join, split
from dyncachekeys.process.environ import Environment
from dyncachekeys.quick import snapshot
from dyncachekeys.quick.clock import ELSEWHERE_NS, Began
from dyncachekeys.quick.snapshot import HASH, Snapshot, Unit
from dyncachekeys.resolving.engine import Resolution
from dyncachekeys.syncing.status import Status
from dyncachekeys.watch.coverage import Coverage


def snapshot_of(status: Status, coverage: Coverage) -> Snapshot:
    """Return all files and folders that a run looked at, in columns, and what its keys found."""
    files, resolution = status.files, status.resolution
    # Where a name carries the digest an edit changes pyproject.toml, too; where uv builds nothing, there is more to say.
    if coverage.naming is None and status.project.is_package:
        _mark_roles(files, resolution, coverage)
    digests = (resolution.digests, coverage.digests)
    found = looked_at(files, [some.folders for some in digests])
    found.name, found.salt = status.project.name, status.state.salt
    found.rests = (resolution.digests.rest, coverage.digests.rest)
    found.keys = [key.name for key in resolution.keys]
    found.digest, found.stamp_digest, found.inputs = resolution.digest, coverage.stamp_digest, resolution.digests.total
    found.units = [
        _unit(key.name, key.inputs.selected, found, files) for key in resolution.keys if key.inputs.selected is not None
    ]
    return found


def looked_at(files: Files, digests: Sequence[Mapping[str, bytes]] = ({}, {})) -> Snapshot:
    """Return all files and folders that were looked at, in columns, and what else was found out; without a date.

    Args:
        files: The project's files.
        digests: By folder, that over its inputs, and that over those of them that move the stamp.
    """
    found = Snapshot()
    _add_folders(found, files, digests)
    found.rests = (bytes(HASH), bytes(HASH))
    found.non_regular = [
        (join(path, name), row)
        for path, folder in sorted(files.folders.items())
        for name, row in sorted(folder.non_regular_stats.items())
    ]
    found.searched = sorted((index, path) for index, paths in files.searched.items() for path in paths)
    found.facts = sorted(fact for fact in files.facts if fact[0] != "F" or files.content(fact[1:]) is None)
    return found


def _add_folders(found: Snapshot, files: Files, digests: Sequence[Mapping[str, bytes]]) -> None:
    """Add the columns of folders and files."""
    hashed = set[str]().union(*digests)
    found.folders = sorted(path for path, one in files.folders.items() if one.names or one.listed or path in hashed)
    found.digests = b"".join(of_folders.get(path, bytes(HASH)) for path in found.folders for of_folders in digests)
    folder_stats, listings, plain = array("q"), bytearray(), bytearray()
    file_stats, contents, roles = bytearray(), bytearray(), bytearray()
    for folder in map(files.folders.__getitem__, found.folders):
        names = sorted(folder.names)
        found.names.append("\0".join(names))
        folder_stats.extend((*(folder.listed or (0, 0, 0)), len(names)))
        listings += folder.listing or bytes(snapshot.LISTING)
        plain.append(not folder.non_regular)
        _add_rows(folder, names, file_stats, contents, roles)
    found.folder_stats, found.listings, found.plain = folder_stats.tobytes(), listings, plain
    found.file_stats, found.contents, found.roles = file_stats, contents, roles


def seal_environment(found: Snapshot, environ: Mapping[str, str], asked: Environment, others: Iterable[str]) -> None:
    """Add the variables that keys and others ask for, by their values in the process's own environment."""
    names = sorted({*asked.asked, *others})
    found.env = [(name, snapshot.sealed_value(found.salt, environ.get(name))) for name in names]
    found.prefixes = [(prefix, snapshot.sealed_names(found.salt, prefix, environ)) for prefix in sorted(asked.prefixes)]


def _mark_roles(files: Files, resolution: Resolution, coverage: Coverage) -> None:
    for selected in coverage.selections:
        for path, chosen in selected.folders.items():
            _mark(files.folders[path], [name for name, _ in chosen], snapshot.STAMPED)
    for path, names in coverage.linked.items():
        _mark(files.folders[path], names, snapshot.LINKED)
    # The state holds what single inputs were, so their edit is for the full path.
    single = (one for key in resolution.keys for one in key.inputs.single)
    for inputs, role in ((coverage.stamped, snapshot.STAMPED), (single, snapshot.READ)):
        for one in inputs:
            if one.kind == "file":
                folder, name = split(one.subject)
                _mark(files.folders[folder], [name], role)


def _mark(folder: Folder, names: Iterable[str], role: int) -> None:
    for name in names:
        row = folder.names.get(name)
        if row is not None:
            folder.roles[row] |= role


def _add_rows(folder: Folder, names: Sequence[str], stats: bytearray, contents: bytearray, roles: bytearray) -> None:
    rows = [folder.names[name] for name in names]
    if rows == list(range(len(names))):
        stats += folder.stats.tobytes()
        contents += folder.contents
        roles += folder.roles
        return
    for row in rows:
        stats += folder.stats[row * 4 : row * 4 + 4].tobytes()
        contents += folder.contents[row * HASH : (row + 1) * HASH]
        roles.append(folder.roles[row])


def _unit(key: str, selected: Selected, found: Snapshot, files: Files) -> Unit:
    visited, chosen = bytearray(), array("I")
    again = set(selected.passed).union(*(repository.again for repository in files.repositories.values()))
    for place, path in enumerate(found.folders):
        numbers = dict(selected.folders.get(path, ()))
        is_known = numbers.keys() <= files.folders[path].names.keys() and path not in again
        visited.append((snapshot.WALKED if is_known else snapshot.LISTED_AGAIN) if path in selected.walked else 0)
        chosen.extend(numbers.get(name, -1) + 1 for name in found.names_in(place))
    return Unit(key, selected.signature, selected.patterns, bytes(visited), chosen.tobytes())


def date(found: Snapshot, files: Files, began: Began) -> Snapshot:
    """Say when the look at files began, and what of it is racy; return the same snapshot."""
    found.taken = began.at
    found.racy = sorted(_racy_places(found, files, began))
    found.non_regular = [
        (path, row + snapshot.RACY if _is_racy(path, row, files, began) else row) for path, row in found.non_regular
    ]
    return found


def _racy_places(found: Snapshot, files: Files, began: Began) -> set[int]:
    """Return the places of folders and files that are racy: as young as the look at them."""
    folders, rows = memoryview(found.folder_stats).cast("q"), memoryview(found.file_stats).cast("q")
    limit = began.limit(files.device)
    racy = {-1 - place for times in (folders[::4], folders[1::4]) for place in _young(times, limit)}
    racy.update(place for times in (rows[1::4], rows[2::4]) for place in _young(times, limit))
    for place, device in _elsewhere(found, files):
        times = folders[(-1 - place) * 4 :][:2] if place < 0 else rows[place * 4 + 1 :][:2]
        racy.discard(place)
        racy.update([place] if max(times) >= began.limit(device) else [])
    return racy


def _young(times: memoryview[int], limit: int) -> Iterator[int]:
    if max(times, default=limit) < limit:
        return iter(())
    return (place for place, time in enumerate(times) if time >= limit)


def _elsewhere(found: Snapshot, files: Files) -> Iterator[tuple[int, int]]:
    """Yield the places of what lies on another file system than the project's folder, each with its device."""
    if not files.elsewhere:
        return
    for place, (path, first) in enumerate(zip(found.folders, found.firsts(), strict=False)):
        inside = ((row, join(path, name)) for row, name in enumerate(found.names_in(place), first))
        for number, full in ((-1 - place, f"{path}/"), *inside):
            if full in files.elsewhere:
                yield number, files.elsewhere[full]


def _is_racy(path: str, row: str, files: Files, began: Began) -> bool:
    newest = snapshot.newest_of(row)
    if path == snapshot.STAMP_LINK or newest < began.at - ELSEWHERE_NS:
        return False  # of the stamp, its name says all
    return newest >= began.limit(device_of(files.full(path)))


def note_stamp(files: Files) -> str:
    """Look at the stamp as it is now, and return where the link to it leads; empty if there is none."""
    files.renew(".dyncachekeys/stamp", snapshot.TIMED)
    folder, name = split(snapshot.STAMP_LINK)
    try:
        link = os.readlink(files.full(snapshot.STAMP_LINK))
        files.folder(folder).non_regular_stats[name] = snapshot.non_regular_stat(files.full(snapshot.STAMP_LINK))
    except OSError:
        return ""
    return link
