"""Which files the configuration of a build backend names as the source of metadata."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

import tomli

from dyncachekeys.pyproject.tables import at, table_at

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def requirement_files(pyproject: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the files from which dependencies are read, by where that is said."""
    found: dict[str, list[str]] = {}
    dynamic = "tool.setuptools.dynamic"
    for name in ("dependencies", "optional-dependencies"):
        table = table_at(pyproject, f"{dynamic}.{name}")
        for extra, one in {"": table}.items() if name == "dependencies" else table.items():
            paths = texts(at(one, "file"))
            if paths:
                found[".".join(filter(None, (dynamic, name, extra)))] = paths
    paths = texts(at(pyproject, "tool.hatch.metadata.hooks.requirements_txt.files"))
    if paths:
        found["tool.hatch.metadata.hooks.requirements_txt.files"] = paths
    return found


def version_files(pyproject: Mapping[str, Any], is_file: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield the files from which the version is read, each with where that is said.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        is_file: Whether there is a file at a path relative to the project: a module's has to be looked for.
    """
    for path in texts(at(pyproject, "tool.setuptools.dynamic.version.file")):
        yield "tool.setuptools.dynamic.version.file", path
    attribute = at(pyproject, "tool.setuptools.dynamic.version.attr")
    if isinstance(attribute, str):
        for path in _module_files(pyproject, attribute.rpartition(".")[0], is_file):
            yield "tool.setuptools.dynamic.version.attr", path
    if at(pyproject, "tool.hatch.version.source") in {None, "regex", "code"}:
        for path in texts(at(pyproject, "tool.hatch.version.path")):
            yield "tool.hatch.version.path", path
    if at(pyproject, "tool.pdm.version.source") == "file":
        for path in texts(at(pyproject, "tool.pdm.version.path")):
            yield "tool.pdm.version.path", path
    for field, table in table_at(pyproject, "tool.scikit-build.metadata").items():
        for path in texts(at(table, "input")):
            yield f"tool.scikit-build.metadata.{field}.input", path


def _module_files(pyproject: Mapping[str, Any], module: str, is_file: Callable[[str], bool]) -> Iterator[str]:
    """Yield the file of a module, where setuptools looks for it: as its own options say, below ``src``, or here."""
    given = table_at(pyproject, "tool.setuptools.package-dir")
    folders = {name: one for name, one in given.items() if isinstance(one, str)}
    first, _, rest = module.partition(".")
    if first in folders:
        yield from module_file(rest, (folders[first],), is_file)
        return
    where = texts(at(pyproject, "tool.setuptools.packages.find.where"))
    yield from module_file(module, (*filter(None, [folders.get("")]), *where, "src", ""), is_file)


def module_file(module: str, folders: tuple[str, ...], is_file: Callable[[str], bool]) -> Iterator[str]:
    """Yield the file of a module in the first of some folders that holds it."""
    path = module.replace(".", "/")
    for folder in dict.fromkeys(folders):
        for candidate in (f"{path}.py", f"{path}/__init__.py") if path else ("__init__.py",):
            place = posixpath.normpath(posixpath.join(folder, candidate))
            if is_file(place):
                yield place
                return


def built_with(pyproject: Mapping[str, Any], backend: str) -> bool:
    """Tell whether the project's build backend is the one of a package, such as ``hatchling``."""
    named = at(pyproject, "build-system.build-backend")
    return isinstance(named, str) and named.partition(":")[0].partition(".")[0] == backend


def has_hatch_toml(pyproject: Mapping[str, Any], is_file: Callable[[str], bool]) -> bool:
    """Tell whether hatchling builds the project and reads a ``hatch.toml``. Arguments as `with_hatch_toml`."""
    return built_with(pyproject, "hatchling") and is_file("hatch.toml")


def with_hatch_toml(
    pyproject: Mapping[str, Any], is_file: Callable[[str], bool], read: Callable[[str], bytes]
) -> Mapping[str, Any]:
    """Return ``pyproject.toml`` as hatchling reads it: tables of ``hatch.toml`` replace those of ``tool.hatch``.

    Args:
        pyproject: The parsed file.
        is_file: Whether there is a file at a path relative to the project.
        read: Returns its content.
    """
    if not has_hatch_toml(pyproject, is_file):
        return pyproject
    try:
        own = tomli.loads(read("hatch.toml").decode())
    except (OSError, ValueError):
        return pyproject
    hatch = {**table_at(pyproject, "tool.hatch"), **own}
    return {**pyproject, "tool": {**table_at(pyproject, "tool"), "hatch": hatch}}


def of_table(options: Mapping[str, Any]) -> str:
    """Return the file whose values a `table` key counts.

    Args:
        options: The key's options, as they are declared.
    """
    return posixpath.normpath(str(options.get("file", "pyproject.toml")))


def texts(value: Any) -> list[str]:
    """Return a path, or a list of them, as a list of paths without ``./``; what is no text is left out."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [posixpath.normpath(one) for one in values if isinstance(one, str) and one]
