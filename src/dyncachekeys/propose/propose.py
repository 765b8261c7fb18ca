"""The use case: inspect projects and decide. Writes nothing, and runs no code of the project."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.decide import InitOptions, decide, less, shared_keys
from dyncachekeys.propose.edit import with_table
from dyncachekeys.propose.eligible import require_no_keys, require_package
from dyncachekeys.propose.inspect import inspect
from dyncachekeys.propose.keys import Table
from dyncachekeys.propose.set_up import SetUp, set_ups, with_set_up
from dyncachekeys.pyproject.project import FILE, Project, load
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.uv.workspace import with_inherited


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


def propose(
    roots: Sequence[Path],
    environ: Mapping[str, str],
    init_options: InitOptions | None = None,
    *,
    home: Path | None = None,
    consumer: Path | None = None,
) -> list[Proposal]:
    """Return what some projects are to get, one proposal for each file.

    Args:
        roots: The folders of packages.
        environ: The environment; no value of it enters a proposal.
        init_options: What the user asks for, if anything.
        home: The root of the workspace that all of them make up; then keys that all need are declared there.
        consumer: The project that we are in, which builds its path sources with its own settings.

    Raises:
        DyncachekeysError: a project has a configuration already, is not built, or can't be read or edited.
    """
    decided: list[tuple[Project, Proposal]] = []
    problems: list[Problem] = []
    for root in roots:
        if root == consumer and _only_uses_others(root, environ):
            continue
        try:
            decided.append(_decided(root, environ, init_options or InitOptions()))
        except DyncachekeysError as error:  # all problems are reported in one run
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    proposals = [proposal for _, proposal in decided]
    if home is not None:
        proposals = _with_shared_keys(proposals, home)
    for one in set_ups([project for project, _ in decided], consumer, environ):
        proposals = _with_set_up(proposals, one)
    return [_edited(proposal) for proposal in proposals]


def _only_uses_others(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether uv does not build a project, but builds path sources with its settings that are not watched yet."""
    return not load(root).is_package and bool(set_ups([], root, environ))


def _decided(root: Path, environ: Mapping[str, str], init_options: InitOptions) -> tuple[Project, Proposal]:
    project = load(root)
    files = Files(project.root, FileMemory())
    require_no_keys(with_inherited(project, files))
    require_package(project)
    table = decide(inspect(project, files, environ), init_options)
    notes = tuple(_spoiling(project)) if init_options.exact else ()
    return project, Proposal(project.name, project.root, project.raw, table, notes=notes)


def _spoiling(project: Project) -> list[Problem]:
    """Return a note about entries by which uv would compare times, where nothing but content shall count (U1)."""
    named = [entry["file"] for entry in entry_tables(project.user_entries) if isinstance(entry.get("file"), str)]
    if not named:
        return []
    message = f"uv compares the times of your own entries, whatever their content: {', '.join(named)}"
    remedy = 'remove those that a key covers, and give the others to a key with `resolver = "files"`'
    return [Problem("entry-spoils-digest", message, f"{FILE}: tool.uv.cache-keys", remedy)]


def _with_shared_keys(proposals: list[Proposal], home: Path) -> list[Proposal]:
    """Return the proposals with the keys that all need declared once, in the root of the workspace."""
    shared = shared_keys([proposal.table for proposal in proposals])
    if not shared:
        return proposals
    return [
        replace(one, table=replace(less(one.table, shared), shared=shared if one.root == home else ()))
        for one in _with_root(proposals, home)
    ]


def _with_root(proposals: list[Proposal], home: Path) -> list[Proposal]:
    """Return the proposals with one for the ``pyproject.toml`` of a folder among them."""
    if any(one.root == home and one.file == FILE for one in proposals):
        return proposals
    root = load(home)
    return [Proposal(root.name, root.root, root.raw, Table()), *proposals]


def _with_set_up(proposals: list[Proposal], wanted: SetUp) -> list[Proposal]:
    """Return the proposals with the lines that make builds watched, or with the note why there are none."""
    path = wanted.place.path
    if wanted.blocker is not None:
        first, *rest = proposals or _with_root([], path.parent)
        return [replace(first, notes=(*first.notes, _unwatched(wanted, wanted.blocker, first.root))), *rest]
    if path.name == FILE:
        proposals = _with_root(proposals, path.parent)
    else:
        proposals = [*proposals, Proposal(path.parent.name, path.parent, path.read_bytes(), Table(), path.name)]
    return [
        replace(one, watched=wanted.names, sources=wanted.sources) if one.root / one.file == path else one
        for one in proposals
    ]


def _unwatched(wanted: SetUp, blocker: Problem, root: Path) -> Problem:
    """Return the note for a project: why the builds of some packages are not watched."""
    names = ", ".join(wanted.names)
    where = os.path.join(os.path.relpath(wanted.place.path.parent, root), blocker.where)  # noqa: PTH118  may be absolute
    message = f"{blocker.message}; so the builds of {names} are not watched, and no line was added"
    return blocker._replace(message=message, where=posixpath.normpath(where))


def _edited(proposal: Proposal) -> Proposal:
    prefix = ("tool", "uv") if proposal.file == FILE else ()
    watched = with_set_up(proposal.before, proposal.watched, prefix, proposal.file)
    return replace(proposal, after=with_table(watched, proposal.table))
