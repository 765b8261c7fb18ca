"""From what a run looked at to the snapshot by which the next one can be quiet."""

from __future__ import annotations

import os
from array import array
from typing import TYPE_CHECKING

from dyncachekeys.paths import join, split
from dyncachekeys.quick import snapshot
from dyncachekeys.quick.snapshot import (
    HASH,
    LINKED,
    LISTED_AGAIN,
    RACY_NS,
    READ,
    STAMP_LINK,
    STAMPED,
    TIMED,
    WALKED,
    Snapshot,
    Unit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dyncachekeys.files.folder import Folder
    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.model import Input
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.resolving.engine import Resolution
    from dyncachekeys.watch.coverage import Coverage


def snapshot_of(files: Files, resolution: Resolution, coverage: Coverage, *, taken: int, salt: str) -> Snapshot:
    """Return all files and folders that a run looked at, in columns.

    Args:
        files: The project's files, after all keys were resolved.
        resolution: What the keys found.
        coverage: What moves the stamp.
        taken: When the look began, in nanoseconds since the epoch.
        salt: Seals the values of variables.
    """
    if coverage.naming is None:  # else an edit changes pyproject.toml, too, and `edits` has to step aside
        _mark_roles(files, resolution, coverage)
    digests = (resolution.digests, coverage.digests)
    kept = looked_at(files, [some.folders for some in digests], taken=taken)
    kept.salt, kept.rests = salt, (resolution.digests.rest, coverage.digests.rest)
    kept.units = [
        _unit(key.name, key.inputs.selected, kept, files) for key in resolution.keys if key.inputs.selected is not None
    ]
    return kept


def looked_at(files: Files, digests: Sequence[Mapping[str, bytes]] = ({}, {}), *, taken: int) -> Snapshot:
    """Return all files and folders that were looked at, in columns, and what else was found out.

    Args:
        files: The project's files.
        digests: By folder, that over its inputs, and that over those of them that move the stamp.
        taken: When the look began, in nanoseconds since the epoch.
    """
    kept = Snapshot()
    kept.taken = taken
    hashed = {folder for some in digests for folder in some}
    kept.folders = sorted(
        path for path, folder in files.folders.items() if folder.names or folder.listed or path in hashed
    )
    folder_stats, file_stats, listings, plain, roles, contents, both = (bytearray() for _ in range(7))
    for path in kept.folders:
        folder = files.folders[path]
        names = sorted(folder.names)
        kept.names.append("\0".join(names))
        folder_stats += array("q", (*(folder.listed or (0, 0, 0)), len(names))).tobytes()
        listings += folder.listing or bytes(16)
        plain.append(not folder.non_regular)
        for some in digests:
            both += some.get(path) or bytes(HASH)
        _add_rows(folder, names, file_stats, contents, roles)
    kept.folder_stats, kept.file_stats, kept.listings, kept.plain = folder_stats, file_stats, listings, plain
    kept.roles, kept.contents, kept.digests = roles, contents, both
    kept.rests = (bytes(HASH), bytes(HASH))
    kept.non_regular = [
        (join(path, name), row)
        for path, folder in sorted(files.folders.items())
        for name, row in sorted(folder.non_regular_stats.items())
    ]
    kept.facts = sorted(fact for fact in files.facts if fact[0] != "F" or files.content(fact[1:]) is None)
    kept.racy = _racy_places(kept)
    return kept


def seal_environment(kept: Snapshot, environ: Mapping[str, str], asked: Environment, others: Iterable[str]) -> None:
    """Add the variables that were asked for, by their values in the process's own environment.

    Args:
        kept: To what it is added.
        environ: The process's own environment.
        asked: What keys saw of it.
        others: Further names on whose values something depends.
    """
    names = sorted({*asked.asked, *others})
    kept.env = [(name, snapshot.sealed_value(kept.salt, environ.get(name))) for name in names]
    kept.prefixes = [(prefix, snapshot.sealed_names(kept.salt, prefix, environ)) for prefix in sorted(asked.prefixes)]


def _mark_roles(files: Files, resolution: Resolution, coverage: Coverage) -> None:
    for selected in coverage.selections:
        for path, chosen in selected.folders.items():
            _mark(files.folders[path], [name for name, _ in chosen], STAMPED)
    for path, some in coverage.linked.items():
        _mark(files.folders[path], some, LINKED)
    for one in coverage.stamped:
        _mark_one(files, one, STAMPED)
    for key in resolution.keys:
        for one in key.inputs.single:
            _mark_one(files, one, READ)  # the state holds what it was, so its edit is for the full path


def _mark_one(files: Files, one: Input, role: int) -> None:
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


def _unit(key: str, selected: Selected, kept: Snapshot, files: Files) -> Unit:
    visited, chosen = bytearray(), array("H")
    for place, path in enumerate(kept.folders):
        numbers = dict(selected.folders.get(path, ()))
        all_plain = numbers.keys() <= files.folders[path].names.keys()
        visited.append((WALKED if all_plain else LISTED_AGAIN) if path in selected.walked else 0)
        chosen.extend(numbers.get(name, -1) + 1 for name in kept.names_in(place))
    return Unit(key, selected.signature, selected.patterns, bytes(visited), chosen.tobytes())


def _racy_places(kept: Snapshot) -> list[int]:
    """Return the places of folders and files that are as young as the look at them."""
    limit = kept.taken - RACY_NS
    racy: set[int] = set()
    for stats, (first, second), is_folder in (
        (memoryview(kept.folder_stats).cast("q"), (0, 1), True),
        (memoryview(kept.file_stats).cast("q"), (1, 2), False),
    ):
        for times in (stats[first::4], stats[second::4]) if stats else ():
            if max(times) >= limit:
                racy.update(-1 - place if is_folder else place for place, time in enumerate(times) if time >= limit)
    return sorted(racy)


def note_stamp(files: Files) -> str:
    """Look at the stamp as it is now, and return where the link to it leads; empty if there is none."""
    files.renew(".dyncachekeys/stamp", TIMED)
    folder, name = split(STAMP_LINK)
    try:
        link = os.readlink(files.full(STAMP_LINK))
        files.folder(folder).non_regular_stats[name] = snapshot.non_regular_stat(files.full(STAMP_LINK))
    except OSError:
        return ""
    return link
