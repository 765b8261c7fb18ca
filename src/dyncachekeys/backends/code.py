"""The code of the tree that a build runs: where it begins, and all that it imports; found by reading it."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dyncachekeys.backends.hatch_toml import with_hatch_toml
from dyncachekeys.backends.objects import Object, objects
from dyncachekeys.backends.scripts import Script, scripts
from dyncachekeys.pysource.closure import Closure, Start, follow
from dyncachekeys.pysource.finder import find
from dyncachekeys.pysource.module import Import, Run
from dyncachekeys.pysource.syntax import Derive, Tree
from dyncachekeys.pysource.values import inside, parent, relative


class _Build(NamedTuple):
    """A project that is built."""

    tree: Tree
    pyproject: Mapping[str, Any]
    complain: Callable[[str], None]


def code(
    tree: Tree,
    pyproject: Mapping[str, Any],
    complain: Callable[[str], None] = lambda _: None,
    derive: Derive | None = None,
) -> Closure:
    """Return the files of the tree that the build runs.

    Args:
        tree: The project's tree.
        pyproject: The parsed ``pyproject.toml``.
        complain: Is told what can't be followed.
        derive: Knows what was read of the files in earlier runs.
    """
    build = _Build(tree, pyproject, complain)
    configured = with_hatch_toml(pyproject, tree.is_file, tree.read_bytes)
    return follow(tree, [*_starts(build, configured)], derive)


def globs(closure: Closure) -> dict[str, str]:
    """Return patterns for what code goes through, each with the file that does, but for all that a folder holds."""
    found = ((path, inside(one.subject)) for path, one in closure.reads if one.kind == "glob")
    return {f"/{place}": path for path, place in found if place and _is_narrow(place)}


def _is_narrow(glob: str) -> bool:
    return not glob.startswith("**") and posixpath.basename(glob) not in {"*", "**"}


def _starts(build: _Build, configured: Mapping[str, Any]) -> Iterator[Start]:
    """Yield what the build begins with."""
    system = build.pyproject.get("build-system", {})
    if not isinstance(system, dict):
        build.complain("build-system is not a table")
        system = {}
    directories = tuple(_backend_path(build, system.get("backend-path", [])))
    if directories:
        yield from _module(build, system.get("build-backend"), directories)
    if build.tree.is_file("setup.py"):
        yield Start(Run(0, "setup.py", "__main__"), "setup.py runs at build time", (".", *directories))
    for script in scripts(configured):
        yield from _script(build, script, directories)
    for one in objects(configured, build.tree.is_file, build.tree.read_bytes):
        yield from _object(build, one, directories)


def _backend_path(build: _Build, value: object) -> Iterator[str]:
    """Yield the directories that PEP 517 puts in front of ``sys.path``; it forbids those outside the tree."""
    if not isinstance(value, list):
        build.complain("build-system.backend-path is not a list")
        return
    for entry in value:
        directory = relative(entry) if isinstance(entry, str) else None
        if directory is None or directory.split("/")[0] == "..":
            build.complain(f"build-system.backend-path: {entry!r} is not a directory of the tree")
        else:
            yield directory


def _module(build: _Build, value: object, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield what ``build-backend = "module:object"`` imports.

    uv 0.13 loads it by ``from module import object as backend``, so that the object may be a submodule.
    """
    if not isinstance(value, str) or not value:
        build.complain("build-system.build-backend is not the name of a module")
        return
    module, _, target = value.partition(":")
    if not find(build.tree, module, directories).complete:
        build.complain(f"build-system.build-backend: no module {module} in {', '.join(directories)}")
    names = tuple(filter(None, [target.partition(".")[0]]))
    yield Start(Import(0, module, names), "build-system.build-backend", directories)


def _script(build: _Build, script: Script, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield the running of a script.

    Its own directory and the root are searched as well: whether they are on ``sys.path`` differs by
    backend and frontend (uv takes the root off), and a helper too many does no harm.
    """
    path = relative(script.path) if isinstance(script.path, str) and script.path else None
    if path is None:
        build.complain(f"{script.key} is not the path of a file in the tree")
        return
    if not (script.optional or build.tree.is_file(path)):
        build.complain(f"{script.key}: there is no {path}")
    search = filter(None, map(relative, script.directories))
    own = dict.fromkeys([*search, parent(path), ".", *directories])
    yield Start(Run(0, path, script.name), script.key, tuple(own))


def _object(build: _Build, one: Object, directories: tuple[str, ...]) -> Iterator[Start]:
    """Yield the import of what the configuration names."""
    search = tuple(dict.fromkeys([*filter(None, map(relative, one.directories)), *directories]))
    if one.in_tree and not find(build.tree, one.module, search).complete:
        build.complain(f"{one.key}: no module {one.module}")
    yield Start(Import(0, one.module, one.names), one.key, search)
