"""Looking at packages one by one, family of findings by family."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import DEFAULTS, read
from dyncachekeys.doctor import ask_uv as doctor_ask_uv
from dyncachekeys.doctor import entries, globs, metadata, placement, state, unwatched
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import Subject, globs_of
from dyncachekeys.errors import ConfigurationError, DyncachekeysError
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.pyproject.project import Project, load
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.resolving import engine, registry
from dyncachekeys.uv import workspace
from dyncachekeys.uv.record import installed_record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_FAMILIES = (entries, globs, placement, unwatched, state)
_RUN_NO_CODE = frozenset({"backend", "files", "requirements", "env", "git", "table", "outputs", "distribution"})
"""Resolvers that read, and start nothing of the project's."""


def examine(root: Path, environ: Mapping[str, str], *, ask_uv: bool = False, build: bool = False) -> list[Finding]:
    """Return all findings about one package. Writes nothing; runs no code of the project, unless it is to be built.

    Args:
        root: The folder that holds ``pyproject.toml``.
        environ: The environment.
        ask_uv: Whether uv is asked for its opinion.
        build: Whether the build backend is run.

    Raises:
        DyncachekeysError: ``pyproject.toml`` can't be read.
    """
    try:
        project = load(root.resolve())
    except ConfigurationError as error:
        (problem, *_) = error.problems
        if problem.code != "cache-keys-not-a-list":
            raise
        return [Finding("DCK001", problem.message, problem.where, problem.remedy, package=root.name)]
    files = Files.of(project)
    project = workspace.with_inherited(project, files)
    found: list[Finding] = []
    keyed, unknown = _by_keys(project, files, environ, found)
    subject = _subject(project, files, environ, keyed, unknown)
    for family in (*_FAMILIES, *((doctor_ask_uv,) if ask_uv else ()), *((metadata,) if build else ())):
        found += family.findings(subject)
    found = [dataclasses.replace(one, package=project.name) for one in found]
    return sorted(found, key=lambda one: one.code)


def _subject(
    project: Project, files: Files, environ: Mapping[str, str], keyed: Mapping[str, str], unknown: tuple[str, ...]
) -> Subject:
    listed = (*project.user_entries, *project.region)
    settings = table_at(project.pyproject, "tool.uv")
    return Subject(
        project=project,
        files=files,
        rules=IgnoreRules(files),
        entries=listed,
        listed="cache-keys" in settings or bool(project.region),
        globs=globs_of(files, listed),
        keyed=keyed,
        unknown_keys=unknown,
        record=installed_record(files, project.name, environ),
        environ=environ,
        is_package=project.is_package,
        is_root_of_workspace=isinstance(settings.get("workspace"), dict) and workspace.home(files) == project.root,
    )


def _by_keys(
    project: Project, files: Files, environ: Mapping[str, str], found: list[Finding]
) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what the project's own dyncachekeys keys watch, and the keys of which that can't be told."""
    try:
        config, problems = read(project.table or {}, project.inherited)
    except DyncachekeysError as error:
        problems, config = list(error.problems), None
    found += [Finding("DCK040", one.message, one.where, one.remedy) for one in problems]
    watched: dict[str, str] = {}
    unknown: list[str] = []
    if config is not None and config.keys and config.defaults:  # by value, where not by an entry
        watched.update(dict.fromkeys(("pyproject.toml", "setup.py", "setup.cfg"), DEFAULTS))
    for name, key in (config.keys if config is not None else {}).items():
        where = config.where(name) if config is not None else ""
        try:
            if key.resolver not in _RUN_NO_CODE or key.options.get("trace"):
                unknown.append(name)
                if not key.with_:
                    registry.find(key.resolver, where)  # looked up, not loaded
                continue
            seen = process_environ.for_keys(environ)
            resolved = engine.only(name, {"resolver": key.resolver, **key.options}, project, seen, files)
        except DyncachekeysError as error:
            found += [Finding("DCK040", one.message, one.where, one.remedy) for one in error.problems]
            unknown.append(name)
            continue
        watched |= {one.subject: name for each in resolved.keys for one in each.inputs if one.kind == "file"}
        if key.resolver == "table":
            watched[of_table(key.options)] = name
    return watched, tuple(unknown)
