"""Which functions, classes and plugins of the tree a build backend imports because ``pyproject.toml`` names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from dyncachekeys.backends import metadata
from dyncachekeys.backends.files import dynamic_metadata, package_folders, texts
from dyncachekeys.backends.tables import is_built_with
from dyncachekeys.pyproject.tables import at, table_at


class Object(NamedTuple):
    """What a backend imports."""

    module: str
    names: tuple[str, ...]
    """What it takes from the module."""
    key: str
    """The key path that names it."""
    directories: tuple[str, ...] = (".",)
    """Where the module is looked for."""
    in_tree: bool = False
    """Whether it can't be anywhere else."""


def objects(
    pyproject: Mapping[str, Any], is_file: Callable[[str], bool], read: Callable[[str], bytes]
) -> Iterator[Object]:
    """Yield what the backend imports, as far as the configuration names it; be it installed for the build.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        is_file: Whether there is a file at a path.
        read: Returns a file's content, or raises `OSError`.
    """
    if is_built_with(pyproject, "tool.pdm") and at(pyproject, "tool.pdm.version.source") == "call":
        # pdm-backend 2.4: hooks/version/__init__.py
        getter = at(pyproject, "tool.pdm.version.getter")
        yield _of_colon(getter if isinstance(getter, str) else "", "tool.pdm.version.getter")
    if is_built_with(pyproject, "tool.setuptools"):
        yield from _commands(pyproject)
        of_setup_cfg = metadata.setup_cfg(read, is_file)
        for value in of_setup_cfg.get("cmdclass", ()):
            yield _of_dot(value, "setup.cfg: options.cmdclass", (*of_setup_cfg["folders"], "."))
    if is_built_with(pyproject, "tool.scikit-build"):
        yield from _providers(pyproject)
    if is_built_with(pyproject, "tool.hatch"):
        yield from _build_functions(pyproject)


def _of_colon(value: str, key: str) -> Object:
    module, _, function = value.partition(":")
    return Object(module, (function,), key, in_tree=True)


def _of_dot(value: str, key: str, directories: tuple[str, ...] = (".",)) -> Object:
    module, _, name = value.rpartition(".")
    return Object(module, (name,), key, directories)


def _commands(pyproject: Mapping[str, Any]) -> Iterator[Object]:
    """Yield the classes of commands (setuptools 84.2: config/expand.py, `cmdclass`)."""
    folders = tuple(package_folders(pyproject))
    for command, value in table_at(pyproject, "tool.setuptools.cmdclass").items():
        if isinstance(value, str):
            yield _of_dot(value, f"tool.setuptools.cmdclass.{command}", (*folders, "src", "."))


def _providers(pyproject: Mapping[str, Any]) -> Iterator[Object]:
    """Yield plugins for metadata that lie in the tree (scikit-build-core 1.1: build/metadata.py; dynamic-metadata 0.6)."""
    for key, table in dynamic_metadata(pyproject):
        provider, folder = at(table, "provider"), texts(at(table, "provider-path"))
        if isinstance(provider, str) and folder:
            yield Object(provider, (), f"{key}.provider", tuple(folder), in_tree=True)


def _build_functions(pyproject: Mapping[str, Any]) -> Iterator[Object]:
    """Yield what hooks of hatchling call (hatch-jupyter-builder 0.9: utils.py), by the name of the option."""
    build = table_at(pyproject, "tool.hatch.build")
    holders = [("tool.hatch.build", build)]
    holders += [(f"tool.hatch.build.targets.{name}", one) for name, one in table_at(build, "targets").items()]
    for where, holder in holders:
        for hook, table in table_at(holder, "hooks").items():
            value = at(table, "build-function")
            if isinstance(value, str):
                yield _of_dot(value, f"{where}.hooks.{hook}.build-function")
