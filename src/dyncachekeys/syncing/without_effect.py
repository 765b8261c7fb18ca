"""What was edited without effect: inputs with the same content, and files that no key watches."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

from dyncachekeys.files import git
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.snapshot import INPUT, LEFT_OUT
from dyncachekeys.syncing.plan import Plan

Immaterial = Literal["same-content", "not-selected", "ignored-by-git", "tables", "layout"]
_MOST_NAMED = 20
_MOST_LOOKED_AT = 20_000
"""Files that are not inputs, of which the times are looked at."""
_ASKED = ("ls-files", "-t", "--modified", "--others", "--exclude-per-directory=.gitignore", "-z")
_OTHER = "? "
"""What stands before a file that git does not track."""


@dataclass(frozen=True, slots=True)
class Edited:
    """Something that was edited and changes no digest."""

    subject: str
    why: Immaterial
    detail: str = ""


def edited(plan: Plan, tables: Sequence[str], reported: set[str]) -> Iterator[Edited]:
    """Yield what was edited since the last sync, or git calls modified, and does not matter; of very many only some.

    Args:
        plan: The project.
        tables: The tables of ``pyproject.toml`` that differ from the last sync.
        reported: What is told already.
    """
    if plan.status.state.digest is None:
        return
    files = plan.status.files
    if FILE not in reported and files.memory.content("", FILE) not in {None, files.content(FILE)}:
        yield Edited(FILE, "tables", ", ".join(tables)) if tables else Edited(FILE, "layout")
    same = (path for path in islice(_same_content(plan), _MOST_NAMED) if path not in reported)
    yield from (Edited(path, "same-content") for path in same)
    rules, counted = IgnoreRules(files), reported | counted_by_name(plan).keys()
    for path in islice((path for path in _not_selected(plan) if path not in counted), _MOST_NAMED):
        yield Edited(path, "ignored-by-git" if rules.ignores(path) else "not-selected")


def counted_by_name(plan: Plan) -> dict[str, str]:
    """Return what counts by its name in a folder that a watched build listed, each with who listed that."""
    builds = plan.status.builds
    if builds is None or builds.chosen is None:
        return {}
    from dyncachekeys.trace.likeness import Likeness  # noqa: PLC0415  only where builds are watched

    found: dict[str, str] = {}
    for record in builds.chosen.records:
        likeness = Likeness(record.trace, plan.status.files)
        for folder, rules in record.rules.items():
            for name in likeness.names(folder, rules) or ():
                path = name.rstrip("/") if folder == "." else join(folder, name.rstrip("/"))
                found[path] = record.trace.listed[folder]
    return found


def _same_content(plan: Plan) -> Iterator[str]:
    """Yield inputs that were rewritten with the same content."""
    for path, folder in plan.status.files.folders.items():
        for name, row in folder.names.items():
            is_input = folder.roles[row] & INPUT and join(path, name) != FILE
            is_newer = (folder.changed(name) or 0) > plan.status.state.started
            if is_input and is_newer and plan.status.files.memory.content(path, name) == folder.content(name):
                yield join(path, name)


def _not_selected(plan: Plan) -> Iterator[str]:
    """Yield files that no key selects: what git calls modified, and what is new since the last sync.

    Without git, the latter only in the folders that keys went through and in the project's own.
    """
    modified, others = _of_git(plan)
    found = dict.fromkeys(modified)
    since, files = plan.status.state.started, plan.status.files
    found.update((path, None) for path in others if files.changed_at(path) > since)
    found.update((path, None) for path, changed in islice(_files_beside(plan), _MOST_LOOKED_AT) if changed > since)
    for path in found:
        folder, name = split(path)
        seen = files.folders.get(folder)
        is_input = seen is not None and (name in seen.names or name in seen.non_regular)
        if not is_input and path != FILE and LEFT_OUT.isdisjoint(path.split("/")):
            yield path


def _of_git(plan: Plan) -> tuple[list[str], list[str]]:
    """Return the files of the project that git calls modified and that are there, and those that it does not track."""
    printed = git.ask(plan.root, *_ASKED) or ""
    lines = list(dict.fromkeys(filter(None, printed.split("\0"))))
    others = [line.removeprefix(_OTHER) for line in lines if line.startswith(_OTHER)]
    modified = (line[len(_OTHER) :] for line in lines if not line.startswith(_OTHER))
    return [path for path in modified if os.path.lexists(plan.root / path)], others[:_MOST_LOOKED_AT]


def _files_beside(plan: Plan) -> Iterator[tuple[str, int]]:
    """Yield the regular files of these folders, each with when it was written."""
    listed = (path for path, folder in plan.status.files.folders.items() if folder.listed)
    for folder in sorted({"", *listed}):
        if LEFT_OUT.isdisjoint(folder.split("/")):
            yield from ((join(folder, name), changed) for name, changed in _files_in(plan.status.files.full(folder)))


def _files_in(folder: str) -> list[tuple[str, int]]:
    """Return the regular files of a folder, each with when it was written, in nanoseconds."""
    try:
        with os.scandir(folder) as scan:
            files = [entry for entry in scan if entry.is_file(follow_symlinks=False)]
            return sorted((entry.name, changed_ns(entry.stat(follow_symlinks=False))) for entry in files)
    except OSError:
        return []
