"""Examining packages one by one, family of findings by family."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import Config, read
from dyncachekeys.doctor import ask_uv as doctor_ask_uv
from dyncachekeys.doctor import builds, entries, guard, links, metadata, state, unwatched
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import Package, globs_of, watched_by
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.tree import Files
from dyncachekeys.process import environ as process_environ
from dyncachekeys.pyproject.project import Project, load
from dyncachekeys.pyproject.tables import at
from dyncachekeys.resolving import engine, registry
from dyncachekeys.uv import workspace
from dyncachekeys.uv.entries import DEFAULTS
from dyncachekeys.uv.record import installed_record

_FAMILIES = (
    entries.findings,
    entries.of_globs,
    entries.of_placement,
    unwatched.findings,
    state.findings,
    builds.findings,
    guard.findings,
    links.findings,
)
_RUN_NO_CODE = frozenset(
    {"backend", "build", "files", "requirements", "env", "git", "table", "outputs", "distribution"}
)
"""Resolvers that read files, and run nothing of the project."""


def examine(
    root: Path,
    environ: Mapping[str, str],
    *,
    ask_uv: bool = False,
    build: bool = False,
    consumer: Path | None = None,
) -> list[Finding]:
    """Return all findings about the package in a folder. Writes nothing, and runs no code of the project.

    `consumer` is the project that we are in, which may have the package as a path source. With `ask_uv`, uv is asked whether it would build. With `build`, the build backend is run.

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
    package, problems = _package(project, files, environ, consumer)
    found = [Finding("DCK040", problem.message, problem.where, problem.remedy) for problem in problems]
    families = (*_FAMILIES, *([doctor_ask_uv.findings] if ask_uv else []), *([metadata.findings] if build else []))
    for findings in families:
        found += findings(package)
    found = [dataclasses.replace(finding, package=project.name) for finding in found]
    return sorted(found, key=lambda finding: finding.code)


def _package(
    project: Project, files: Files, environ: Mapping[str, str], consumer: Path | None
) -> tuple[Package, list[Problem]]:
    """Return what is known of a package, and what is wrong with its ``[tool.dyncachekeys]``."""
    listed = (*project.user_entries, *project.region)
    config, problems = _config(project)
    watched, unknown, wrong = _watched_by_keys(config, project, files, environ)
    is_listed = at(project.pyproject, "tool.uv.cache-keys") is not None or bool(project.region)
    globs = globs_of(files, listed)
    package = Package(
        project=project,
        files=files,
        entries=listed,
        listed=is_listed,
        globs=globs,
        keys=config.keys,
        watched=frozenset(watched | watched_by(listed if is_listed else DEFAULTS, globs)),
        unknown_keys=unknown,
        record=installed_record(files, project.name, workspace.project_environment(files, environ)),
        environ=environ,
        consumer=consumer,
    )
    return package, [*problems, *wrong]


def _watched_by_keys(
    config: Config, project: Project, files: Files, environ: Mapping[str, str]
) -> tuple[set[tuple[str, str]], tuple[str, ...], list[Problem]]:
    """Return what our keys watch, the keys of which that is not known, and what is wrong with the keys."""
    problems: list[Problem] = []
    watched: set[tuple[str, str]] = set()
    unknown: list[str] = []
    if config.keys and config.defaults:  # by value, where not by an entry
        watched |= {("file", path) for path in ("pyproject.toml", "setup.py", "setup.cfg")}
    for name in config.keys:
        try:
            found = _inputs_of_key(name, config, project, files, environ)
        except DyncachekeysError as error:
            problems += error.problems
            found = None
        if found is None:
            unknown.append(name)
        else:
            watched |= found
    return watched, tuple(unknown), problems


def _config(project: Project) -> tuple[Config, list[Problem]]:
    try:
        return read(project.table or {}, project.inherited)
    except DyncachekeysError as error:
        return Config(), list(error.problems)


def _inputs_of_key(
    name: str, config: Config, project: Project, files: Files, environ: Mapping[str, str]
) -> set[tuple[str, str]] | None:
    """Return what a key watches, by kind and subject; nothing if that is not known without running code."""
    key = config.keys[name]
    if key.resolver == "package":  # about another project
        return set()
    if key.resolver not in _RUN_NO_CODE or key.options.get("trace"):
        if not key.with_:
            registry.find(key.resolver, config.where(name))  # looked up, not loaded
        return None
    table = {"resolver": key.resolver, **key.options}
    resolved = engine.only(name, table, project, process_environ.for_keys(environ), files)
    watched = {item.identity for found in resolved.keys for item in found.inputs}
    return watched | {("file", of_table(key.options))} if key.resolver == "table" else watched
