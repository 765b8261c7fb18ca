"""The use case: look at projects, decide, and write what was decided. Runs no code of the project."""

from __future__ import annotations

import dataclasses
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys import synchronisation, workspace
from dyncachekeys.emit.write import replace
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem, WriteError
from dyncachekeys.files import Files
from dyncachekeys.ignoring import IGNORE_FILE, IgnoreRules
from dyncachekeys.memory import FileMemory
from dyncachekeys.project import FILE, HOME, Project, load
from dyncachekeys.proposal import deciding
from dyncachekeys.proposal.looking import look, repository
from dyncachekeys.proposal.text import TABLE, Table, edited, removable, with_line
from dyncachekeys.survey import with_inherited

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.proposal.carrying import Carried


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that is to be written."""

    path: Path
    before: bytes
    after: bytes


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
    roots: Sequence[Path], environ: Mapping[str, str], *, home: Path | None = None, trace: bool = False
) -> list[Proposal]:
    """Return what some projects are to get, one proposal each.

    Args:
        roots: The folders of packages.
        environ: The environment; no value of it enters a proposal.
        home: The root of the workspace that all of them make up; then keys that all need are declared there.
        trace: Whether builds are to be watched.

    Raises:
        DyncachekeysError: a project has a configuration already, is not built, or can't be read or edited.
    """
    found: list[tuple[Project, Table, tuple[Carried, ...]]] = []
    problems: list[Problem] = []
    for root in roots:
        try:
            found.append(_decided(root, environ, trace=trace))
        except DyncachekeysError as error:  # noqa: PERF203  all problems are told in one run
            problems += error.problems
    if problems:
        raise ConfigurationError(problems)
    shared = deciding.shared([table for _, table, _ in found]) if home is not None else ()
    if shared and home is not None:
        found = [(project, deciding.less(table, shared), carried) for project, table, carried in found]
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


def _decided(root: Path, environ: Mapping[str, str], *, trace: bool) -> tuple[Project, Table, tuple[Carried, ...]]:
    project = load(root)
    files = Files(project.root, FileMemory())
    _demand_none(with_inherited(project, files))
    _demand_package(project)
    table, carried = deciding.decide(look(project, files, environ), trace=trace)
    if any(one.by is not None for one in carried) and not removable(project.raw):
        remedy = "write it as `cache-keys = [...]` under `[tool.uv]`, then run `dyncachekeys init` again"
        problem = Problem("edit-not-proved", "entries can't be taken out of it safely", "tool.uv.cache-keys", remedy)
        raise ConfigurationError([problem])
    return project, table, tuple(carried)


def has_table(root: Path) -> bool:
    """Tell whether a project has a configuration, of its own or inherited.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    project = load(root)
    files = Files(project.root, FileMemory())
    return project.table is not None or bool(with_inherited(project, files).inherited)


def is_package(root: Path) -> bool:
    """Tell whether uv builds a project.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    return _is_package(load(root).pyproject)


def is_unbuilt(root: Path) -> bool:
    """Tell whether a project has a name and is not built: it would get keys from its workspace for nothing.

    Raises:
        DyncachekeysError: its ``pyproject.toml`` can't be read.
    """
    pyproject = load(root).pyproject
    return "project" in pyproject and not _is_package(pyproject)


def _is_package(pyproject: Mapping[str, Any]) -> bool:
    tool = pyproject.get("tool")
    of_uv = tool.get("uv") if isinstance(tool, dict) else None
    packaged = of_uv.get("package") if isinstance(of_uv, dict) else None
    return packaged if isinstance(packaged, bool) else "build-system" in pyproject


def _demand_none(project: Project) -> None:
    where = f"{project.root.name}/{FILE}: {TABLE}"
    if project.table is not None:
        remedy = (
            "nothing was changed: edit it, and ask `dyncachekeys doctor` and `dyncachekeys trace` what is missing;"
            f" or take `[{TABLE}]` out to have it made anew"
        )
        raise ConfigurationError([Problem("already-there", "is there already", where, remedy)])
    if project.inherited:
        remedy = f"add what it needs besides in `[{TABLE}.keys.NAME]`; `dyncachekeys trace` tells what is missing"
        message = "it has keys already, from the root of its workspace"
        raise ConfigurationError([Problem("already-there", message, where, remedy)])
    if project.region:
        message = "there is a generated region, but no key"
        remedy = "run `dyncachekeys clean` to take it away, then `dyncachekeys init`"
        raise ConfigurationError([Problem("region-without-table", message, "tool.uv.cache-keys", remedy)])


def _demand_package(project: Project) -> None:
    if _is_package(project.pyproject):
        return
    if "project" not in project.pyproject:
        message, remedy = (
            "there is no `[project]`, so uv builds nothing here",
            "go to a package, or name one: `--package NAME`",
        )
    elif "build-system" in project.pyproject:
        message = "uv does not build it: `tool.uv.package` is false"
        remedy = "cache keys are about builds, so there is nothing to configure; set it to true if it is to be built"
    else:
        message = "uv does not build it: there is no `[build-system]`"
        remedy = (
            "cache keys are about builds, so there is nothing to configure; add a `[build-system]` if it is to be built"
        )
    if project.user_entries:
        remedy += "; until then `tool.uv.cache-keys` does nothing"
    raise ConfigurationError([Problem("not-built", message, f"{project.root.name}/{FILE}", remedy)])


def ignoring(roots: Iterable[Path]) -> list[Edit]:
    """Return the edits by which git comes to ignore our state in some projects."""
    wanting: dict[Path, list[Path]] = {}
    for root in roots:
        if not IgnoreRules(Files(root, FileMemory())).ignores(f"{HOME}/state.json"):
            wanting.setdefault(repository(root) or root, []).append(root)
    return [_ignoring(home, inside) for home, inside in wanting.items()]


def _ignoring(home: Path, roots: Sequence[Path]) -> Edit:
    path = home / IGNORE_FILE
    before = path.read_bytes() if path.is_file() else b""
    line = f"/{HOME}/" if list(roots) == [home] else f"{HOME}/"
    return Edit(path, before, with_line(before, line))


def write(proposals: Iterable[Proposal], ignored: Iterable[Edit]) -> Iterator[Path]:
    """Write it all, and yield each file that was written.

    Raises:
        WriteError: a file was edited meanwhile, or can't be written.
    """
    done: list[str] = []
    for one in ignored:
        try:
            now = one.path.read_bytes() if one.path.is_file() else b""
            if now != one.before:
                message = "was edited meanwhile; nothing was written"
                raise WriteError(Problem("edited-meanwhile", message, os.fspath(one.path), "run the command once more"))
            replace(one.path, one.after, 0o644, ours=False)
        except OSError as error:
            message = f"can't be written: {error.strerror or error}; nothing was written"
            problem = Problem("not-written", message, os.fspath(one.path), "make it writable, and try again")
            raise WriteError(problem, done) from error
        yield one.path
    for each in proposals:
        if each.after != each.before:
            synchronisation.replace_document(each.root, each.before, each.after)
            yield each.root / FILE


def packages(folders: Iterable[Path], home: Path) -> list[Path]:
    """Return those of some folders that are packages at or below the root of a workspace."""
    return [one for one in folders if one.is_relative_to(home) and is_package(one)]


def is_workspace(root: Path) -> bool:
    """Tell whether a project is the root of a workspace with members."""
    files = Files(root, FileMemory())
    table = workspace.pyproject(files, root)
    tool = table.get("tool") if isinstance(table, dict) else None
    of_uv = tool.get("uv") if isinstance(tool, dict) else None
    return isinstance(of_uv, dict) and isinstance(of_uv.get("workspace"), dict)
