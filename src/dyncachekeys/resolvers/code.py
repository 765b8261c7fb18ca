"""The code of the tree that a build runs: where it begins, and all that it imports. For the resolver `backend`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.backends.hatch_toml import with_hatch_toml
from dyncachekeys.backends.objects import Object, objects
from dyncachekeys.backends.scripts import Script, scripts
from dyncachekeys.plugin import Context
from dyncachekeys.pysource.closure import Closure, Start, follow
from dyncachekeys.pysource.finder import find
from dyncachekeys.pysource.module import Import, Run
from dyncachekeys.pysource.values import parent, relative


def code(context: Context) -> Closure:
    """Return the files of the tree that the build runs, found by reading; what can't be followed is a warning."""
    configured = with_hatch_toml(context.pyproject, context.is_file, context.read_bytes)
    return follow(context, [*_starts(context, configured)], context.derived)


def _starts(context: Context, configured: Mapping[str, Any]) -> Iterator[Start]:
    """Yield what the build begins with."""
    system = context.pyproject.get("build-system", {})
    if not isinstance(system, dict):
        _complain(context, "build-system is not a table")
        system = {}
    directories = tuple(_backend_path(context, system.get("backend-path", [])))
    if directories:
        yield from _module(context, system.get("build-backend"), directories)
    if context.is_file("setup.py"):
        yield Start(Run(0, "setup.py", "__main__"), "setup.py runs at build time", (".", *directories))
    for script in scripts(configured):
        yield from _script(context, script, directories)
    for one in objects(configured, context.is_file, context.read_bytes):
        yield from _object(context, one, directories)


def _backend_path(context: Context, value: object) -> Iterator[str]:
    """Yield the directories that PEP 517 puts in front of ``sys.path``; it forbids those outside the tree."""
    if not isinstance(value, list):
        _complain(context, "build-system.backend-path is not a list")
        return
    for entry in value:
        directory = relative(entry) if isinstance(entry, str) else None
        if directory is None or directory.split("/")[0] == "..":
            _complain(context, f"build-system.backend-path: {entry!r} is not a directory of the tree")
        else:
            yield directory


def _module(context: Context, value: object, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield what ``build-backend = "module:object"`` imports.

    uv 0.13 loads it by ``from module import object as backend``, so that the object may be a submodule.
    """
    if not isinstance(value, str) or not value:
        _complain(context, "build-system.build-backend is not the name of a module")
        return
    module, _, target = value.partition(":")
    if not find(context, module, directories).complete:
        _complain(context, f"build-system.build-backend: no module {module} in {', '.join(directories)}")
    names = tuple(filter(None, [target.partition(".")[0]]))
    yield Start(Import(0, module, names), "build-system.build-backend", directories)


def _script(context: Context, script: Script, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield the running of a script.

    Its own directory and the root are searched as well: whether they are on ``sys.path`` differs by
    backend and frontend (uv takes the root off), and a helper too many does no harm.
    """
    path = relative(script.path) if isinstance(script.path, str) and script.path else None
    if path is None:
        _complain(context, f"{script.key} is not the path of a file in the tree")
        return
    if not (script.optional or context.is_file(path)):
        _complain(context, f"{script.key}: there is no {path}")
    search = filter(None, map(relative, script.directories))
    own = dict.fromkeys([*search, parent(path), ".", *directories])
    yield Start(Run(0, path, script.name), script.key, tuple(own))


def _object(context: Context, one: Object, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield the import of what the configuration names."""
    search = tuple(dict.fromkeys([*filter(None, map(relative, one.directories)), *directories]))
    if one.in_tree and not find(context, one.module, search).complete:
        _complain(context, f"{one.key}: no module {one.module}")
    yield Start(Import(0, one.module, one.names), one.key, search)


def _complain(context: Context, message: str) -> None:
    context.warn("backend-not-followed", message)
