"""Which files metadata come from, where the configuration of a build backend says so."""

from __future__ import annotations

import configparser
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dyncachekeys.backends.files import built_with, list_at, module_file, module_of_package, texts, version_files
from dyncachekeys.backends.hatch_toml import counts_hatch_toml
from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.pysource.assignments import UNKNOWN, assignments
from dyncachekeys.pysource.syntax import UNREADABLE

_FILES = ("project.readme", "project.readme.file", "project.license.file")
_LICENSE_GLOBS = ("project.license-files", "tool.setuptools.license-files")
_LICENSES = ("license_files", "license-files", "license_file", "license-file")
"""As ``setup.cfg`` may spell the option."""
_OTHERWISE = frozenset({"version", "dependencies", "optional-dependencies"})
"""Of ``tool.setuptools.dynamic``, what `files` knows."""


def described(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield the readme, licence files, and whatever else of the metadata has a file of its own."""
    for key in _FILES:
        yield from texts(at(pyproject, key))
    yield from texts(at(pyproject, "tool.poetry.readme"))
    for name, table in table_at(pyproject, "tool.setuptools.dynamic").items():
        if name not in _OTHERWISE:
            yield from texts(at(table, "file"))
    for fragment in list_at(pyproject, "tool.hatch.metadata.hooks.fancy-pypi-readme.fragments"):
        yield from texts(at(fragment, "path"))
    if counts_hatch_toml(pyproject, files.is_file, files.read):
        yield "hatch.toml"


def licenses(pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the names of licence files and globs for them, as far as they are given, and by what `setup_cfg` returned."""
    return [path for key in _LICENSE_GLOBS for path in texts(at(pyproject, key))] + texts(
        [*of_setup_cfg.get("licenses", ())]
    )


def of_flit(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield the module from which flit takes the version and the description, if it does."""
    if not (built_with(pyproject, "flit_core") and list_at(pyproject, "project.dynamic")):
        return
    name = at(pyproject, "tool.flit.module.name") or at(pyproject, "project.name")
    if isinstance(name, str):
        yield from module_file(name.replace("-", "_"), ("src", ""), files.is_file)


class VersionSource(NamedTuple):
    """Where the version comes from."""

    files: tuple[str, ...]
    """All that it is read from."""
    run: tuple[str, ...]
    """Modules among them that are run for it, since it is not a literal there."""
    name: str | None
    """The name whose value in the one file is all that counts; nothing if more does."""


def version(pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]], files: Files) -> VersionSource:
    """Return where the version comes from, as far as files of the tree, and what `setup_cfg` returned, say it."""
    flits = tuple(of_flit(pyproject, files))
    stated = (path for _, path in version_files(pyproject, files.is_file))
    found = existing(files, [*stated, *flits, *of_setup_cfg.get("version", [])])
    name = attribute(pyproject, of_setup_cfg)
    run = tuple(path for path in found if name and _is_computed(files, path, name))
    counts_whole = run or (flits and at(pyproject, "project.dynamic") != ["version"])
    by_name = not counts_whole and len(found) == 1 and found[0].endswith(".py")
    return VersionSource(found, run, name if by_name else None)


def existing(files: Files, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of some paths at which a file of the tree stands, each once."""
    return tuple(path for path in dict.fromkeys(paths) if not path.startswith("/") and files.is_file(path))


def attribute(pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name whose value in a module is the version, where the backend reads that as Python.

    setuptools and flit do, and run the module if the value is not a literal. hatchling, pdm-backend and
    scikit-build-core search its text, and may find another line than the one that is the value.
    """
    dotted = at(pyproject, "tool.setuptools.dynamic.version.attr")
    if isinstance(dotted, str):
        return dotted.rpartition(".")[2]
    if built_with(pyproject, "flit_core"):
        return "__version__"
    return next(iter(of_setup_cfg.get("attribute", ())), None)


def _is_computed(files: Files, path: str, name: str) -> bool:
    """Tell whether a file is a module that has to be run to know what a name in it is assigned."""
    if not path.endswith(".py"):
        return False
    try:
        return assignments(files.read(path)).get(name, UNKNOWN) is UNKNOWN
    except (OSError, *UNREADABLE):
        return True


def setup_cfg(
    read: Callable[[str], bytes], is_file: Callable[[str], bool], package_dir: Mapping[str, str] | None = None
) -> dict[str, list[str]]:
    """Return the files that ``setup.cfg`` has setuptools read, by what for: version, requirements, other metadata.

    And under ``attribute``, what the version is called in the module that it comes from; under ``licenses``, globs for
    licence files; under ``cmdclass``, the classes of commands; under ``folders``, where packages lie;
    under ``requires``, what is installed for the build.

    Args:
        read: Returns a file's content, or raises `OSError`.
        is_file: Whether there is a file at a path.
        package_dir: Where packages lie, as ``setup.py`` says it.
    """
    parser = configparser.RawConfigParser()
    try:
        parser.read_string(read("setup.cfg").decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    folders = {**(package_dir or {}), **_package_dir(parser)}
    where = _items(parser.get("options.packages.find", "where", fallback=""))
    found: dict[str, list[str]] = {"version": [], "attribute": [], "requirements": [], "metadata": []}
    found["folders"] = [*filter(None, [folders.get("")]), *where, "src"]
    found["licenses"] = [one for option in _LICENSES for one in _items(parser.get("metadata", option, fallback=""))]
    pairs = (line.partition("=") for line in _items(parser.get("options", "cmdclass", fallback="")))
    found["requires"] = _items(parser.get("options", "setup_requires", fallback=""))
    found["cmdclass"] = [value.strip() for _, _, value in pairs]
    for purpose, value in _options(parser):
        kind, _, text = value.strip().partition(":")
        if kind == "file":
            found[purpose] += _items(text)
        elif kind == "attr":
            module, _, name = text.strip().rpartition(".")
            found["attribute"].append(name)
            found[purpose] += module_of_package(module, folders, where, is_file)
    return found


def _items(value: str) -> list[str]:
    """Return the items of a list in ``setup.cfg``."""
    return [one.strip() for one in value.replace("\n", ",").split(",") if one.strip()]


def _options(parser: configparser.RawConfigParser) -> Iterator[tuple[str, str]]:
    """Yield the options of ``setup.cfg`` that may name files, each with what these are for."""
    for section in ("metadata", "options", "options.extras_require"):
        for option, value in parser.items(section) if parser.has_section(section) else ():
            if section == "metadata":
                yield ("version" if option == "version" else "metadata"), value
            else:
                yield ("metadata" if option == "entry_points" else "requirements"), value


def _package_dir(parser: configparser.RawConfigParser) -> dict[str, str]:
    """Return where ``setup.cfg`` has packages lie, by their names; that of all others under the empty one."""
    pairs = (line.partition("=") for line in _items(parser.get("options", "package_dir", fallback="")))
    return {name.strip(): folder.strip() for name, _, folder in pairs if folder.strip()}
