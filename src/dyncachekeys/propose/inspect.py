"""Inspecting a project: its files are listed and a few are read; nothing is run and nothing is written."""

from __future__ import annotations

import itertools
import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dyncachekeys.backends import metadata
from dyncachekeys.backends.files import requirement_files, texts, with_hatch_toml
from dyncachekeys.backends.metadata import existing
from dyncachekeys.backends.scripts import scripts
from dyncachekeys.backends.tables import distributions
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files import refs
from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.names import normalised_name, required_name
from dyncachekeys.plugin import Context
from dyncachekeys.process import environ as process_environ
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.source_patterns import SOURCE_PATTERNS
from dyncachekeys.pyproject.project import FILE, Project
from dyncachekeys.pyproject.source import as_entry
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.pysource.closure import Start, follow
from dyncachekeys.pysource.module import Run
from dyncachekeys.resolving import registry
from dyncachekeys.resolving.engine import only
from dyncachekeys.trace.request import is_isolated
from dyncachekeys.uv import build_variables, workspace
from dyncachekeys.uv.entries import is_glob
from dyncachekeys.uv.mtimes import without_braces


def inspect(project: Project, files: Files, environ: Mapping[str, str]) -> Facts:
    """Return what there is to know of a package.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    pyproject = with_hatch_toml(project.pyproject, files.is_file, files.read)
    of_setuptools = metadata.setup_cfg(files)
    backend = at(pyproject, "build-system.build-backend")
    # A file that is not there yet is named all the same: its absence is a state, and uv builds when it comes.
    requirements = [*itertools.chain(*requirement_files(pyproject).values()), *of_setuptools.get("requirements", [])]
    version = metadata.version(pyproject, of_setuptools, files)
    natives = _natives(files)
    return Facts(
        pyproject=pyproject,
        backend=backend if isinstance(backend, str) else "setuptools.build_meta:__legacy__",
        requires=frozenset(distributions(pyproject)),
        without_pyproject=_leave_out_pyproject(project.user_entries),
        in_tree=in_tree(project, files, environ),
        named=tuple(sorted(str(script.path) for script in scripts(pyproject) if not script.optional)),
        natives=natives,
        compiled=existing(files, _compiled(pyproject)),
        requirement_files=existing(files, requirements),
        version_files=existing(files, [*version.files, *_imported(project, files, environ, version.run)]),
        version_name=version.name,
        metadata_files=existing(files, [*metadata.described(pyproject, files), *of_setuptools.get("metadata", [])]),
        metadata_globs=tuple(filter(is_glob, texts(at(pyproject, "project.license-files")))),
        present=frozenset(filter(files.exists, ("setup.py", "setup.cfg", "src"))),
        submodules=_submodules(files),
        siblings=siblings(project, files),
        shared=shared(project, files),
        plugins=registry.installed() if natives else frozenset(),  # it goes through all that is installed
        records=not natives or build_variables.too_old(files, environ) is None,
    )


def in_tree(project: Project, files: Files, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the files that a `backend` key would watch and that are there."""
    try:
        seen = process_environ.for_keys(environ)
        resolved = only("backend", {"resolver": "backend"}, project, seen, files)
    except DyncachekeysError:  # reported by `sync` for the key, which is proposed all the same
        return ()
    inputs = (item for key in resolved.keys for item in key.inputs)
    return tuple(item.subject for item in inputs if item.kind == "file" and item.state != MISSING)


def _imported(project: Project, files: Files, environ: Mapping[str, str], paths: Iterable[str]) -> Iterator[str]:
    """Yield the files of the tree that modules import: the version may come from there."""
    context = Context(project.root, project.pyproject, process_environ.for_keys(environ), files, "")
    for path in paths:
        names = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").split("/")
        folder = "/".join(path.split("/")[: -len(names) - path.endswith("/__init__.py")]) or "."
        request = Start(Run(0, path, ".".join(names)), "the version", (folder,))
        yield from sorted(follow(context, [request]).found)


def _compiled(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield files that the configuration itself names as sources of what is compiled."""
    modules = at(pyproject, "tool.setuptools.ext-modules")
    generated = at(pyproject, "tool.scikit-build.generate")
    for tables, options in ((modules, ("sources", "depends")), (generated, ("template-path",))):
        for table in tables if isinstance(tables, list) else ():
            for option in options:
                yield from texts(at(table, option))


def _natives(files: Files) -> tuple[str, ...]:
    found = Selection(list(SOURCE_PATTERNS), ["target/"]).among(files)
    of_cargo = (path for path in found if posixpath.basename(path) != "config.toml" or "/.cargo/" in f"/{path}")
    return tuple(sorted(of_cargo))


def _leave_out_pyproject(entries: Iterable[Any]) -> bool:
    """Tell whether entries name files, and ``pyproject.toml`` is none of them."""
    named = [text for entry in entries if isinstance(text := at(as_entry(entry), "file"), str) and text]
    globs = (glob for text in named for glob in without_braces(posixpath.normpath(text)))
    return bool(named) and all(Rules([glob]).top.find(FILE, is_dir=False) < 0 for glob in globs)


def _submodules(files: Files) -> tuple[str, ...]:
    """Return the folders of submodules below the project, as the repository's ``.gitmodules`` lists them."""
    home = refs.work_tree(files)
    if home is None:
        return ()
    try:
        text = files.read(files.relative(os.fspath(home / ".gitmodules"))).decode("utf-8", "replace")
    except OSError:
        return ()
    places = [line.partition("=")[2].strip() for line in text.splitlines() if line.strip().startswith("path")]
    below = [files.relative(os.fspath(home / place)) for place in places if place]
    return tuple(sorted(place for place in below if not place.startswith("../")))


def siblings(project: Project, files: Files) -> tuple[str, ...]:
    """Return the local packages that the build requires: those with a source in the workspace or under a path.

    uv builds them for the build, but a change in one of them makes it build only that one.
    """
    tables = [workspace.pyproject(files, folder) for folder in dict.fromkeys((project.root, workspace.home(files)))]
    local = {name for table in tables for name in _local(table_at(table, "tool.uv.sources"))}
    required = local & set(distributions(project.pyproject))
    names = (workspace.name(files, folder) for folder in workspace.scope(files) if folder != project.root)
    return tuple(sorted({name for name in names if name and normalised_name(name) in required}, key=normalised_name))


def shared(project: Project, files: Files) -> tuple[str, ...]:
    """Return what the build requires, if uv builds the project without isolation; what has a marker is left out.

    uv reads these settings at the root of the workspace.
    """
    if is_isolated(workspace.settings(files), project.name):
        return ()
    requires = at(project.pyproject, "build-system.requires")
    names = {required_name(one) for one in requires if ";" not in str(one)} if isinstance(requires, list) else ()
    return tuple(sorted(filter(None, names)))


def _local(sources: Mapping[str, Any]) -> Iterator[str]:
    for name, given in sources.items():
        several = given if isinstance(given, list) else [given]
        if any(isinstance(one, dict) and (one.get("workspace") or "path" in one) for one in several):
            yield normalised_name(name)
