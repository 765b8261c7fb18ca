"""The use case: inspect projects and decide. Writes nothing, and runs no code of the project."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.decide import InitOptions, decide, less, shared_keys
from dyncachekeys.propose.eligible import require_no_keys, require_package
from dyncachekeys.propose.inspect import inspect
from dyncachekeys.propose.proposal import Proposal, edited, with_lines_of, with_root
from dyncachekeys.propose.set_up import set_ups
from dyncachekeys.pyproject.project import BUILD_RESOLVER, FILE, Project, load
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.uv.workspace import resolvers, with_inherited


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
            decided.append(_decided(root, environ, init_options or InitOptions(), consumer))
        except DyncachekeysError as error:  # all problems are reported in one run
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    proposals = [proposal for _, proposal in decided]
    if home is not None:
        proposals = _with_shared_keys(proposals, home)
    for one in set_ups([project for project, _ in decided], consumer, environ):
        proposals = with_lines_of(one, proposals)
    return [edited(proposal) for proposal in proposals]


def missing(roots: Sequence[Path], environ: Mapping[str, str], consumer: Path) -> list[Proposal]:
    """Return what packages that have keys lack of the lines that make builds watched, as far as a key asks for that.

    Arguments and errors as `propose`.
    """
    found = [with_inherited(project, Files(project.root, FileMemory())) for project in map(load, roots)]
    asking = [project for project in found if project.is_package and BUILD_RESOLVER in resolvers(project)]
    proposals: list[Proposal] = []
    for one in set_ups(asking, consumer, environ):
        if one.blocker is None:
            proposals = with_lines_of(one, proposals)
    return [edited(proposal) for proposal in proposals if proposal.watched]


def _only_uses_others(root: Path, environ: Mapping[str, str]) -> bool:
    """Tell whether uv does not build a project, but builds path sources with its settings that are not watched yet."""
    return not load(root).is_package and bool(set_ups([], root, environ))


def _decided(
    root: Path, environ: Mapping[str, str], init_options: InitOptions, consumer: Path | None
) -> tuple[Project, Proposal]:
    project = load(root)
    files = Files(project.root, FileMemory())
    require_no_keys(with_inherited(project, files))
    require_package(project)
    table = decide(inspect(project, files, environ, consumer), init_options)
    notes = tuple(_spoiling(project, by_table=not table.defaults)) if init_options.exact else ()
    return project, Proposal(project.name, project.root, project.raw, table, notes=notes)


def _spoiling(project: Project, *, by_table: bool) -> list[Problem]:
    """Return a note about entries by which uv would compare times, where nothing but content shall count (U1).

    Of ``pyproject.toml`` a table may count instead: then a comment in it builds for that entry alone.
    """
    named = [entry["file"] for entry in entry_tables(project.user_entries) if isinstance(entry.get("file"), str)]
    if not named:
        return []
    message = f"uv compares the times of your own entries, whatever their content: {', '.join(named)}"
    remedies = [f"remove `{FILE}`, of which the key `pyproject` has what the build reads"] * (
        by_table and FILE in named
    )
    if not by_table or set(named) - {FILE}:
        remedies.append('remove those that a key covers, and give the others to a key with `resolver = "files"`')
    remedy = "; ".join(remedies)
    return [Problem("entry-spoils-digest", message, f"{FILE}: tool.uv.cache-keys", remedy)]


def _with_shared_keys(proposals: list[Proposal], home: Path) -> list[Proposal]:
    """Return the proposals with the keys that all need declared once, in the root of the workspace."""
    shared = shared_keys([proposal.table for proposal in proposals])
    if not shared:
        return proposals
    return [
        replace(one, table=replace(less(one.table, shared), shared=shared if one.root == home else ()))
        for one in with_root(proposals, home)
    ]
