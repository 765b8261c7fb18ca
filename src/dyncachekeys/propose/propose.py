"""The use case: look at projects and decide. Writes nothing, and runs no code of the project."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose import decide
from dyncachekeys.propose.edit import Table, edited, removable
from dyncachekeys.propose.eligible import require_no_keys, require_package
from dyncachekeys.propose.inspect import look
from dyncachekeys.propose.options import InitOptions
from dyncachekeys.pyproject.project import Project, load
from dyncachekeys.uv.workspace import with_inherited

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.propose.migrate import Carried


@dataclass(frozen=True, slots=True)
class Proposal:
    """What one project is to get."""

    name: str
    root: Path
    table: Table
    carried: tuple[Carried, ...]
    """What becomes of the user's own entries, in their order."""
    before: bytes
    after: bytes


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
    found: list[tuple[Project, Table, tuple[Carried, ...]]] = []
    problems: list[Problem] = []
    for root in roots:
        try:
            found.append(_decided(root, environ, init_options or InitOptions()))
        except DyncachekeysError as error:  # noqa: PERF203  all problems are told in one run
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    shared = decide.shared([table for _, table, _ in found]) if home is not None else ()
    if shared and home is not None:
        found = [(project, decide.less(table, shared), carried) for project, table, carried in found]
        if all(project.root != home for project, _, _ in found):
            found.insert(0, (load(home), Table(), ()))
        found = [
            (project, dataclasses.replace(table, shared=shared) if project.root == home else table, carried)
            for project, table, carried in found
        ]
    return [_proposal(*one) for one in found]


def _proposal(project: Project, table: Table, carried: tuple[Carried, ...]) -> Proposal:
    after = edited(project.raw, table, [one.by is not None for one in carried] or [False] * len(project.user_entries))
    return Proposal(project.name, project.root, table, carried, project.raw, after)


def _decided(
    root: Path, environ: Mapping[str, str], init_options: InitOptions
) -> tuple[Project, Table, tuple[Carried, ...]]:
    project = load(root)
    files = Files(project.root, FileMemory())
    require_no_keys(with_inherited(project, files))
    require_package(project)
    table, carried = decide.decide(look(project, files, environ), init_options)
    if any(one.by is not None for one in carried) and not removable(project.raw):
        remedy = "write it as `cache-keys = [...]` under `[tool.uv]`, then run `dyncachekeys init` again"
        problem = Problem("edit-not-proved", "entries can't be taken out of it safely", "tool.uv.cache-keys", remedy)
        raise ConfigurationError([problem])
    return project, table, tuple(carried)
