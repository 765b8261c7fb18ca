"""Which files the configuration of a build backend names as the source of metadata."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from dyncachekeys.pyproject.tables import at, table_at

_DYNAMIC = "tool.setuptools.dynamic"
_HATCH_REQUIREMENTS = "tool.hatch.metadata.hooks.requirements_txt.files"
_VERSION_FILES = (
    ("tool.setuptools.dynamic.version.file", (None,)),
    ("tool.hatch.version.path", (None, "regex", "code")),
    ("tool.pdm.version.path", ("file",)),
)
"""Options that name the file of the version, each with what ``source`` beside it has to be."""


def with_setup_py(pyproject: Mapping[str, Any], setup: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return ``pyproject.toml`` with where packages lie by ``setup.py``, as far as it does not say so itself.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        setup: What ``setup.py`` gives to ``setup()`` (`pysource.arguments`).
    """
    given = setup.get("package_dir")
    if not isinstance(given, dict) or at(pyproject, "tool.setuptools.package-dir") is not None:
        return pyproject
    tool = table_at(pyproject, "tool")
    own = {**table_at(tool, "setuptools"), "package-dir": given}
    return {**pyproject, "tool": {**tool, "setuptools": own}}


def list_at(table: object, path: str | Sequence[str]) -> list[Any]:
    """Return the list under a key; an empty one if it is not there, or not a list."""
    found = at(table, path)
    return found if isinstance(found, list) else []


def requirement_files(pyproject: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the files from which dependencies are read, by the key that names them."""
    named = {f"{_DYNAMIC}.dependencies": at(pyproject, f"{_DYNAMIC}.dependencies.file")}
    for extra, table in table_at(pyproject, f"{_DYNAMIC}.optional-dependencies").items():
        named[f"{_DYNAMIC}.optional-dependencies.{extra}"] = at(table, "file")
    named[_HATCH_REQUIREMENTS] = at(pyproject, _HATCH_REQUIREMENTS)
    return {key: paths for key, value in named.items() if (paths := texts(value))}


def version_files(pyproject: Mapping[str, Any], is_file: Callable[[str], bool]) -> Iterator[tuple[str, str]]:
    """Yield the files from which the version is read, each with the key that names it.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        is_file: Whether there is a file at a path relative to the project: a module's has to be looked for.
    """
    for key, sources in _VERSION_FILES:
        if at(pyproject, f"{key.rpartition('.')[0]}.source") in sources:
            yield from ((key, path) for path in texts(at(pyproject, key)))
    attribute = at(pyproject, f"{_DYNAMIC}.version.attr")
    if isinstance(attribute, str):
        where = texts(at(pyproject, "tool.setuptools.packages.find.where"))
        for path in module_of_package(attribute.rpartition(".")[0], package_dir(pyproject), where, is_file):
            yield f"{_DYNAMIC}.version.attr", path
    for key, table in dynamic_metadata(pyproject):
        yield from ((f"{key}.input", path) for path in texts(at(table, "input")))
    if at(pyproject, "tool.hatch.version.source") == "nodejs":  # hatch-nodejs-version 0.4
        yield "tool.hatch.version.path", at(pyproject, "tool.hatch.version.path") or "package.json"


def dynamic_metadata(pyproject: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the tables that name a provider of metadata, each with the key that leads there."""
    given = at(pyproject, "tool.dynamic-metadata")
    yield from (("tool.dynamic-metadata", one) for one in (given if isinstance(given, list) else ()))
    for where in ("tool.scikit-build.metadata", "tool.dynamic-metadata"):
        yield from ((f"{where}.{field}", one) for field, one in table_at(pyproject, where).items())


def module_of_package(
    module: str, package_dir: Mapping[str, str], where: Sequence[str], is_file: Callable[[str], bool]
) -> Iterator[str]:
    """Yield the file of a module, where setuptools looks for it.

    Args:
        module: Its name.
        package_dir: The folders of packages, by their names; that of all others under the empty name.
        where: Folders in which it looks for packages.
        is_file: Whether there is a file at a path.
    """
    first, _, rest = module.partition(".")
    own = package_dir.get(first)
    if own:
        yield from module_file(rest, (own,), is_file)
        return
    yield from module_file(module, (*filter(None, [package_dir.get("")]), *where, "src", ""), is_file)


def package_folders(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield the folders in which setuptools looks for packages, as its own options say."""
    yield from filter(None, [package_dir(pyproject).get("")])
    yield from texts(at(pyproject, "tool.setuptools.packages.find.where"))


def package_dir(pyproject: Mapping[str, Any]) -> dict[str, str]:
    """Return the folders of packages, by their names; that of all others under the empty one."""
    given = table_at(pyproject, "tool.setuptools.package-dir")
    return {name: folder for name, folder in given.items() if isinstance(folder, str)}


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


def of_table(options: Mapping[str, Any]) -> str:
    """Return the file whose values a `table` key with these options counts."""
    return posixpath.normpath(str(options.get("file", "pyproject.toml")))


def texts(value: Any) -> list[str]:
    """Return a path, or a list of them, as a list of paths without ``./``; what is not text is left out."""
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [posixpath.normpath(one) for one in values if isinstance(one, str) and one]
