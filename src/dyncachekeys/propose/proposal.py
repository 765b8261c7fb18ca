"""What one file is to get, and the lines in it that make builds watched."""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, replace
from pathlib import Path

from dyncachekeys.errors import Problem
from dyncachekeys.propose.edit import with_table
from dyncachekeys.propose.keys import Table
from dyncachekeys.propose.set_up import SetUp, with_set_up
from dyncachekeys.pyproject.project import FILE, load


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one file is to get: a ``pyproject.toml``, or the ``uv.toml`` beside it that holds uv's settings."""

    name: str
    root: Path
    before: bytes
    """The file."""
    table: Table
    file: str = FILE
    watched: tuple[str, ...] = ()
    """The packages whose builds are watched from now on, by uv's settings in this file."""
    sources: tuple[str, ...] = ()
    """Those of them that are path sources."""
    notes: tuple[Problem, ...] = ()
    """What the user has to know or to do."""
    after: bytes = b""
    """The proposed file."""

    @property
    def path(self) -> Path:
        """The file's place."""
        return self.root / self.file


def with_root(proposals: list[Proposal], home: Path) -> list[Proposal]:
    """Return the proposals with one for the ``pyproject.toml`` of a folder among them."""
    if any(one.root == home and one.file == FILE for one in proposals):
        return proposals
    root = load(home)
    return [Proposal(root.name, root.root, root.raw, Table()), *proposals]


def with_lines_of(wanted: SetUp, proposals: list[Proposal]) -> list[Proposal]:
    """Return the proposals with the lines that make builds watched, or with the note why there are none."""
    path = wanted.place.path
    if wanted.blocker is not None:
        first, *rest = proposals or with_root([], path.parent)
        return [replace(first, notes=(*first.notes, _unwatched(wanted, wanted.blocker, first.root))), *rest]
    if path.name == FILE:
        proposals = with_root(proposals, path.parent)
    else:
        proposals = [*proposals, Proposal(path.parent.name, path.parent, path.read_bytes(), Table(), path.name)]
    return [
        replace(one, watched=wanted.names, sources=wanted.sources) if one.path == path else one for one in proposals
    ]


def _unwatched(wanted: SetUp, blocker: Problem, root: Path) -> Problem:
    """Return the note for a project: why the builds of some packages are not watched."""
    names = ", ".join(wanted.names)
    where = os.path.join(os.path.relpath(wanted.place.path.parent, root), blocker.where)  # noqa: PTH118  may be absolute
    message = f"{blocker.message}; so the builds of {names} are not watched, and no line was added"
    return blocker._replace(message=message, where=posixpath.normpath(where))


def edited(proposal: Proposal) -> Proposal:
    """Return a proposal with the file as it is proposed.

    Raises:
        DyncachekeysError: it can't be edited safely.
    """
    prefix = ("tool", "uv") if proposal.file == FILE else ()
    watched = with_set_up(proposal.before, proposal.watched, prefix, proposal.file)
    return replace(proposal, after=with_table(watched, proposal.table))
