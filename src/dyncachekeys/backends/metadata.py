"""Which files metadata come from, where the configuration of a build backend says so."""

from __future__ import annotations

import configparser
from typing import TYPE_CHECKING, Any, NamedTuple

from dyncachekeys.backends.files import built_with, has_hatch_toml, module_file, texts, version_files
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.pysource.assignments import UNKNOWN, assignments
from dyncachekeys.pysource.syntax import UNREADABLE
from dyncachekeys.uv.entries import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.files.tree import Files

_OTHERWISE = frozenset({"version", "dependencies", "optional-dependencies"})
"""Of ``tool.setuptools.dynamic``, what `named_files` knows."""


def described(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield the readme, licence files, and whatever else of the metadata has a file of its own."""
    readme = at(pyproject, "project.readme")
    yield from texts(readme.get("file") if isinstance(readme, dict) else readme)
    yield from texts(at(pyproject, "project.license.file"))
    yield from (path for path in texts(at(pyproject, "project.license-files")) if not is_glob(path))
    yield from texts(at(pyproject, "tool.poetry.readme"))
    for name, table in table_at(pyproject, "tool.setuptools.dynamic").items():
        if name not in _OTHERWISE:
            yield from texts(at(table, "file"))
    fragments = at(pyproject, "tool.hatch.metadata.hooks.fancy-pypi-readme.fragments")
    for one in fragments if isinstance(fragments, list) else ():
        yield from texts(at(one, "path"))
    if has_hatch_toml(pyproject, files.is_file):
        yield "hatch.toml"


def of_flit(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield the module from which flit takes the version and the description, if it does."""
    dynamic = at(pyproject, "project.dynamic")
    if not (built_with(pyproject, "flit_core") and isinstance(dynamic, list) and dynamic):
        return
    name = at(pyproject, "tool.flit.module.name") or at(pyproject, "project.name")
    if isinstance(name, str):
        yield from module_file(name.replace("-", "_"), ("src", ""), files.is_file)


class VersionSource(NamedTuple):
    """Where the version comes from."""

    files: tuple[str, ...]
    """All that it is read from."""
    run: tuple[str, ...]
    """Modules among them that are run for it, since it is no literal there."""
    name: str | None
    """The name whose value in the one file is all that counts; nothing if more does."""


def version(pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]], files: Files) -> VersionSource:
    """Return where the version comes from, as far as files of the tree say it.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        of_setup_cfg: What `setup_cfg` returns.
        files: The project's files.
    """
    flits = tuple(of_flit(pyproject, files))
    stated = (path for _, path in version_files(pyproject, files.is_file))
    found = existing(files, [*stated, *flits, *of_setup_cfg.get("version", [])])
    name = attribute(pyproject, of_setup_cfg)
    run = tuple(path for path in found if path.endswith(".py") and name and not is_literal(files, path, name))
    described_there = flits and at(pyproject, "project.dynamic") != ["version"]
    alone = len(found) == 1 and found[0].endswith(".py") and not run and not described_there
    return VersionSource(found, run, name if alone else None)


def existing(files: Files, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of some paths at which a file of the tree stands, each once."""
    return tuple(path for path in dict.fromkeys(paths) if not path.startswith("/") and files.is_file(path))


def attribute(pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]]) -> str | None:
    """Return the name whose value in a module is the version, where the backend reads that as Python.

    setuptools and flit do, and run the module if the value is no literal. hatchling, pdm-backend and
    scikit-build-core search its text, and may find another line than the one that is the value.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        of_setup_cfg: What `setup_cfg` returns.
    """
    said = at(pyproject, "tool.setuptools.dynamic.version.attr")
    if isinstance(said, str):
        return said.rpartition(".")[2]
    if built_with(pyproject, "flit_core"):
        return "__version__"
    return next(iter(of_setup_cfg.get("attribute", ())), None)


def is_literal(files: Files, path: str, name: str) -> bool:
    """Tell whether a module says in a literal what a name is assigned."""
    try:
        found = assignments(files.read(path))
    except (OSError, *UNREADABLE):
        return False
    return found.get(name, UNKNOWN) is not UNKNOWN


def setup_cfg(files: Files) -> dict[str, list[str]]:
    """Return the files that ``setup.cfg`` has setuptools read, by what for: version, requirements, other metadata.

    And under ``attribute``, what the version is called in the module that it comes from.
    """
    read = configparser.RawConfigParser()
    try:
        read.read_string(files.read("setup.cfg").decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    folders = _folders(read)
    found: dict[str, list[str]] = {"version": [], "attribute": [], "requirements": [], "metadata": []}
    for section in ("metadata", "options", "options.extras_require"):
        for option, said in read.items(section) if read.has_section(section) else ():
            what = "requirements" if section != "metadata" else "version" if option == "version" else "metadata"
            kind, _, text = said.strip().partition(":")
            if kind == "file":
                found[what if option != "entry_points" else "metadata"] += [
                    one.strip() for one in text.replace("\n", ",").split(",") if one.strip()
                ]
            elif kind == "attr":
                found["attribute"].append(text.strip().rpartition(".")[2])
                found[what] += module_file(text.strip().rpartition(".")[0], folders, files.is_file)
    return found


def _folders(read: configparser.RawConfigParser) -> tuple[str, ...]:
    """Return where ``setup.cfg`` has packages lie."""
    said = read.get("options", "package_dir", fallback="").replace("\n", ",").split(",")
    pairs = (one.partition("=") for one in said)
    own = [folder.strip() for name, _, folder in pairs if not name.strip() and folder.strip()]
    where = read.get("options.packages.find", "where", fallback="").strip()
    return (*own, *([where] if where else []), "src", "")
