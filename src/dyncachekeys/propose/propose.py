"""The use case: inspect projects and decide. Writes nothing, and runs no code of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.decide import InitOptions, decide, less, shared_keys
from dyncachekeys.propose.edit import removable, with_table
from dyncachekeys.propose.eligible import require_no_keys, require_package
from dyncachekeys.propose.inspect import inspect
from dyncachekeys.propose.keys import Table
from dyncachekeys.propose.migrate import Migrated
from dyncachekeys.pyproject.project import load
from dyncachekeys.uv.workspace import with_inherited


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one project is to get."""

    name: str
    root: Path
    before: bytes
    """Its ``pyproject.toml``."""
    table: Table
    migrated: tuple[Migrated, ...] = ()
    """What becomes of the user's own entries, in their order."""
    after: bytes = b""
    """The proposed ``pyproject.toml``."""

    @property
    def covered(self) -> list[Migrated]:
        """The entries that go, since a key covers them."""
        return [old for old in self.migrated if old.by is not None]

    @property
    def staying(self) -> list[Migrated]:
        """The entries that stay."""
        return [old for old in self.migrated if old.by is None]


def propose(
    roots: Sequence[Path],
    environ: Mapping[str, str],
    init_options: InitOptions | None = None,
    *,
    home: Path | None = None,
) -> list[Proposal]:
    """Return what some projects are to get, one proposal each.

    Args:
        roots: The folders of packages.
        environ: The environment; no value of it enters a proposal.
        init_options: What the user asks for, if anything.
        home: The root of the workspace that all of them make up; then keys that all need are declared there.

    Raises:
        DyncachekeysError: a project has a configuration already, is not built, or can't be read or edited.
    """
    proposals: list[Proposal] = []
    problems: list[Problem] = []
    for root in roots:
        try:
            proposals.append(_decided(root, environ, init_options or InitOptions()))
        except DyncachekeysError as error:  # noqa: PERF203  all problems are reported in one run
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    if home is not None:
        proposals = _with_shared_keys(proposals, home)
    return [_edited(proposal) for proposal in proposals]


def _decided(root: Path, environ: Mapping[str, str], init_options: InitOptions) -> Proposal:
    project = load(root)
    files = Files(project.root, FileMemory())
    require_no_keys(with_inherited(project, files))
    require_package(project)
    table, migrated = decide(inspect(project, files, environ), init_options)
    if any(entry.by is not None for entry in migrated) and not removable(project.raw):
        remedy = "write it as `cache-keys = [...]` under `[tool.uv]`, then run `dyncachekeys init` again"
        problem = Problem("edit-not-proved", "entries can't be taken out of it safely", "tool.uv.cache-keys", remedy)
        raise ConfigurationError([problem])
    return Proposal(project.name, project.root, project.raw, table, tuple(migrated))


def _with_shared_keys(proposals: list[Proposal], home: Path) -> list[Proposal]:
    """Return the proposals with the keys that all need declared once, in the root of the workspace."""
    shared = shared_keys([proposal.table for proposal in proposals])
    if not shared:
        return proposals
    if all(proposal.root != home for proposal in proposals):
        root = load(home)
        proposals = [Proposal(root.name, root.root, root.raw, Table()), *proposals]
    return [
        replace(one, table=replace(less(one.table, shared), shared=shared if one.root == home else ()))
        for one in proposals
    ]


def _edited(proposal: Proposal) -> Proposal:
    removed = [entry.by is not None for entry in proposal.migrated]
    return replace(proposal, after=with_table(proposal.before, proposal.table, removed))
