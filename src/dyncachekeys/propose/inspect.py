"""Inspecting a project: its files are listed and a few are read; nothing is run and nothing is written."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from dyncachekeys.backends import metadata
from dyncachekeys.backends.code import code, globs
from dyncachekeys.backends.files import package_dir, with_setup_py
from dyncachekeys.backends.hatch_toml import with_hatch_toml
from dyncachekeys.backends.scripts import scripts
from dyncachekeys.backends.tables import distributions
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.names import required_name
from dyncachekeys.plugin import Context
from dyncachekeys.process import environ as process_environ
from dyncachekeys.propose import local_packages, natives, packed
from dyncachekeys.propose.asks_git import asking_git
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.origins import origins
from dyncachekeys.pyproject.project import FILE, Project
from dyncachekeys.pyproject.source import as_entry
from dyncachekeys.pyproject.tables import at
from dyncachekeys.pysource.arguments import arguments
from dyncachekeys.pysource.closure import Closure
from dyncachekeys.resolving import registry
from dyncachekeys.resolving.engine import only
from dyncachekeys.uv import build_variables
from dyncachekeys.uv.mtimes import without_braces


def inspect(project: Project, files: Files, environ: Mapping[str, str], consumer: Path | None = None) -> Facts:
    """Return what there is to know of a package.

    Args:
        project: The package.
        files: Its files.
        environ: The environment.
        consumer: The project that we are in, which may have the package as a path source.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    setup = _setup(files)
    pyproject = with_setup_py(with_hatch_toml(project.pyproject, files.is_file, files.read), setup)
    of_setuptools = metadata.setup_cfg(files.read, files.is_file, package_dir(pyproject))
    backend = at(pyproject, "build-system.build-backend")
    context = Context(project.root, project.pyproject, process_environ.for_keys(environ), files, "")
    closure = code(context, project.pyproject, derive=context.derived)  # `in_tree` asks the same again
    compiled = natives.natives(pyproject, files)
    return Facts(
        pyproject=pyproject,
        backend=backend if isinstance(backend, str) else "setuptools.build_meta:__legacy__",
        requires=frozenset([*distributions(pyproject), *_setup_requires(setup, of_setuptools)]),
        without_pyproject=_leave_out_pyproject(project.user_entries),
        in_tree=in_tree(project, files, environ),
        setup=setup,
        run=tuple(sorted(closure.found)),
        globs=_globs(closure, files, compiled.sources),
        asks_git=tuple(asking_git([*compiled.built, *closure.found], files.read)),
        named=tuple(sorted(str(script.path) for script in scripts(pyproject) if not script.optional)),
        natives=compiled,
        origins=origins(pyproject, of_setuptools, files, context),
        present=frozenset(filter(files.exists, ("setup.py", "setup.cfg", "src"))),
        siblings=local_packages.siblings(project, files),
        shared=local_packages.shared(project, files),
        modules=packed.modules(pyproject, files) if packed.is_copied(project, files, environ, consumer) else None,
        plugins=registry.installed() if compiled.sources else frozenset(),  # it goes through all that is installed
        records=not compiled.sources or build_variables.blocker(files, environ) is None,
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


def _globs(closure: Closure, files: Files, sources: Collection[str]) -> dict[str, str]:
    """Return patterns for what code of the build goes through, as far as they match more than what is compiled."""
    found = globs(closure).items()
    return {one: path for one, path in found if not set(Selection([one]).among(files)) <= set(sources)}


def _setup(files: Files) -> dict[str, Any]:
    """Return what ``setup.py`` gives to ``setup()``."""
    try:
        return arguments(files.read("setup.py"), "setup") if files.is_file("setup.py") else {}
    except OSError:
        return {}


def _setup_requires(setup: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield the names of what setuptools has installed for the build by ``setup.py`` and ``setup.cfg``."""
    given = setup.get("setup_requires")
    listed = given if isinstance(given, (list, tuple)) else str(given or "").split("\n")
    yield from filter(None, map(required_name, [*listed, *of_setup_cfg.get("requires", ())]))


def _leave_out_pyproject(entries: Iterable[Any]) -> bool:
    """Tell whether entries name files, and ``pyproject.toml`` is none of them."""
    named = [text for entry in entries if isinstance(text := at(as_entry(entry), "file"), str) and text]
    globs = (glob for text in named for glob in without_braces(posixpath.normpath(text)))
    return bool(named) and all(Rules([glob]).top.find(FILE, is_dir=False) < 0 for glob in globs)
