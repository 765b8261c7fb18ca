"""Where an absolute module name leads in a tree, as importlib's ``PathFinder`` and ``FileFinder`` do it.

In each directory a regular package comes before a module, a module before a namespace portion; the
first package or module ends the search, and only without one do the portions make a namespace
package (PEP 420). Extension modules and bytecode are products of the machine and left out.
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import NamedTuple

from dyncachekeys.pysource.syntax import Look

_LOADED_BEFORE = frozenset({"__future__", "abc", "builtins", "codecs", "io", "os", "site", "stat", "sys", "time"})
"""Imported before any code of a build, or built in: a file of that name in the tree shadows nothing.

A list of our own: `sys.stdlib_module_names` is not the same on every interpreter.
"""

_IN_NO_PART = frozenset("/\\:~\0")


class Place(NamedTuple):
    """Where a module is."""

    name: str
    file: str | None
    """``None`` for a namespace package."""
    inside: tuple[str, ...] = ()
    """The directories of its submodules; none for a plain module."""


class Route(NamedTuple):
    """The way to a module."""

    places: tuple[Place, ...]
    """The module and its parents, outermost first, as far as the tree has them."""
    absent: tuple[tuple[str, str], ...]
    """Files that would be found before what was found, if they existed, each with the module that it
    would be."""
    complete: bool


def find(tree: Look, module: str, directories: Sequence[str]) -> Route:
    """Look for a module by its absolute name in search directories, in their order."""
    return Finder(tree).find(module, tuple(directories))


class Finder:
    """Looks for modules in a tree that stays as it is meanwhile: for each of them once."""

    def __init__(self, tree: Look) -> None:
        self._tree = tree
        self._routes: dict[tuple[str, tuple[str, ...]], Route] = {}
        self._looks: dict[tuple[str, tuple[str, ...]], tuple[Place | None, list[str]]] = {}

    def find(self, module: str, directories: tuple[str, ...]) -> Route:
        """Look for a module. Arguments as the function `find`."""
        key = (module, directories)
        route = self._routes.get(key)
        if route is None:
            route = self._routes[key] = self._find(module, directories)
        return route

    def _find(self, module: str, directories: tuple[str, ...]) -> Route:
        places: list[Place] = []
        absent: list[tuple[str, str]] = []
        in_namespaces: list[tuple[str, str]] = []
        parts = module.split(".")
        if parts[0] in _LOADED_BEFORE or not all(map(_is_part, parts)):
            return Route((), (), complete=False)
        inside = directories
        for length, part in enumerate(parts, 1):
            name = ".".join(parts[:length])
            place, passed = self._look(name, part, inside)
            known = not places or places[-1].file
            (absent if known else in_namespaces).extend((path, name) for path in passed)
            if place is None:
                # A namespace that lacks a module is likely no package at all but a directory such as
                # `build`, which is on one machine and not on another.
                return Route(tuple(places), tuple(absent), complete=False)
            places.append(place)
            inside = place.inside
        return Route(tuple(places), (*absent, *in_namespaces), complete=True)

    def _look(self, name: str, part: str, directories: tuple[str, ...]) -> tuple[Place | None, list[str]]:
        key = (name, directories)
        if key not in self._looks:
            self._looks[key] = _look(self._tree, name, part, directories)
        return self._looks[key]


def _look(tree: Look, name: str, part: str, directories: Sequence[str]) -> tuple[Place | None, list[str]]:
    passed: list[str] = []
    portions: list[str] = []
    for directory in directories:
        base = posixpath.normpath(posixpath.join(directory, part))
        package, module = f"{base}/__init__.py", f"{base}.py"
        if tree.is_file(package):
            return Place(name, package, (base,)), passed
        passed.append(package)
        if tree.is_file(module):
            return Place(name, module), passed
        passed.append(module)
        if tree.is_dir(base):
            portions.append(base)
    return (Place(name, None, tuple(portions)) if portions else None), passed


def _is_part(part: str) -> bool:
    return bool(part) and _IN_NO_PART.isdisjoint(part)
