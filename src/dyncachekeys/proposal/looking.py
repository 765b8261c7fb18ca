"""Looking at a project: its files are listed and a few are read; nothing is run and nothing is written."""

from __future__ import annotations

import configparser
import itertools
import os
import posixpath
from typing import TYPE_CHECKING, Any

from dyncachekeys import environment, refs
from dyncachekeys.assignments import UNKNOWN, assignments
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files import MISSING
from dyncachekeys.ignoring import IgnoreRules
from dyncachekeys.imports import scripts
from dyncachekeys.named_files import at, module_file, requirement_files, texts, version_files
from dyncachekeys.naming import normalised_name
from dyncachekeys.presets import distributions
from dyncachekeys.proposal import neighbours
from dyncachekeys.proposal.facts import Facts, OldEntry
from dyncachekeys.proposal.shapes import SHAPES
from dyncachekeys.resolution import only
from dyncachekeys.selection import Selection
from dyncachekeys.syntax import UNREADABLE
from dyncachekeys.uv.accepts import is_glob
from dyncachekeys.uv.newest import matches

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.files import Files
    from dyncachekeys.project import Project

_MOST = 5_000
"""How many files of one entry are looked at."""


def look(project: Project, files: Files, environ: Mapping[str, str]) -> Facts:
    """Return what there is to know of a package.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    pyproject = project.pyproject
    of_setuptools = _setup_cfg(files)
    backend = at(pyproject, "build-system.build-backend")
    tool = at(pyproject, "tool.uv")
    # What is not there yet is named all the same: it is a state, and uv builds when it comes.
    needed = [path for paths in requirement_files(pyproject).values() for path in paths]
    stated = [*(path for _, path in version_files(pyproject, files.is_file)), *_of_flit(pyproject, files)]
    versions = _existing(files, [*stated, *of_setuptools.get("version", [])])
    return Facts(
        pyproject=pyproject,
        backend=backend if isinstance(backend, str) else "setuptools.build_meta:__legacy__",
        requires=frozenset(distributions(pyproject)),
        old=tuple(_old(project, files)),
        listed=isinstance(tool, dict) and bool(project.user_entries),
        in_tree=_in_tree(project, files, environ),
        named=tuple(sorted(str(one.path) for one in scripts(pyproject) if not one.optional)),
        natives=_natives(files),
        requirement_files=_existing(files, [*needed, *of_setuptools.get("requirements", [])]),
        version_files=versions,
        version_name=_version_name(pyproject, files, versions) if len(versions) == len(stated) == 1 else None,
        metadata_files=_existing(files, [*_described(pyproject), *of_setuptools.get("metadata", [])]),
        present=frozenset(name for name in ("setup.py", "setup.cfg", "src") if files.exists(name)),
        submodules=_submodules(files),
        siblings=neighbours.siblings(project, files),
        shared=neighbours.shared(project, files),
    )


def _existing(files: Files, paths: Iterable[str]) -> tuple[str, ...]:
    return tuple(path for path in dict.fromkeys(paths) if not path.startswith("/") and files.is_file(path))


def _in_tree(project: Project, files: Files, environ: Mapping[str, str]) -> tuple[str, ...]:
    try:
        seen = environment.for_keys(environ)
        resolved = only("backend", {"resolver": "backend"}, project, seen, files)
    except DyncachekeysError:  # told by `sync`, of the key that is proposed all the same
        return ()
    inputs = [one for key in resolved.keys for one in key.inputs]
    return tuple(one.subject for one in inputs if one.kind == "file" and one.state != MISSING)


def _natives(files: Files) -> tuple[str, ...]:
    found = Selection(list(SHAPES), ["target/"]).among(files)
    of_cargo = (path for path in found if posixpath.basename(path) != "config.toml" or "/.cargo/" in f"/{path}")
    return tuple(sorted(of_cargo))


def _old(project: Project, files: Files) -> Iterator[OldEntry]:
    rules = IgnoreRules(files)
    for entry in project.user_entries:
        text = entry.get("file", entry.get("dir")) if isinstance(entry, dict) else entry
        if not isinstance(text, str) or not text or posixpath.isabs(text):
            yield OldEntry(entry)
            continue
        is_folder = not is_glob(text) and files.is_dir(text)
        found = tuple(itertools.islice(_found(files, text, is_folder=is_folder), _MOST))
        ignored = bool(found) and all(not path.startswith("../") and rules.ignores(path) for path in found)
        yield OldEntry(entry, found, ignored=ignored, is_folder=is_folder)


def _found(files: Files, text: str, *, is_folder: bool) -> Iterator[str]:
    if is_folder:
        yield from matches(files, f"{text.rstrip('/')}/**")
    elif is_glob(text):
        yield from matches(files, text.lstrip("!"))
    elif files.is_file(posixpath.normpath(text)):
        yield posixpath.normpath(text)


def _described(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield readme and licence files, where it is said which they are."""
    readme = at(pyproject, "project.readme")
    yield from texts(readme.get("file") if isinstance(readme, dict) else readme)
    yield from texts(at(pyproject, "project.license.file"))
    yield from (path for path in texts(at(pyproject, "project.license-files")) if not is_glob(path))
    yield from texts(at(pyproject, "tool.poetry.readme"))
    yield from texts(at(pyproject, "tool.setuptools.dynamic.readme.file"))
    fragments = at(pyproject, "tool.hatch.metadata.hooks.fancy-pypi-readme.fragments")
    for one in fragments if isinstance(fragments, list) else ():
        yield from texts(one.get("path") if isinstance(one, dict) else None)


def _of_flit(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield the module from which flit takes the version and the description, if it does."""
    dynamic = at(pyproject, "project.dynamic")
    backend = at(pyproject, "build-system.build-backend")
    if not (isinstance(backend, str) and backend.startswith("flit_core") and isinstance(dynamic, list) and dynamic):
        return
    name = at(pyproject, "tool.flit.module.name") or at(pyproject, "project.name")
    if isinstance(name, str):
        yield from module_file(normalised_name(name).replace("-", "_"), ("src", ""), files.is_file)


def _version_name(pyproject: Mapping[str, Any], files: Files, versions: Sequence[str]) -> str | None:
    """Return the name whose value in a module is the version; nothing if more of the module may be read.

    setuptools and flit read the module as Python. hatchling, pdm-backend and scikit-build-core search its text, and
    may find another line than the one that is the value; flit also takes the description from it.
    """
    attribute = at(pyproject, "tool.setuptools.dynamic.version.attr")
    backend = at(pyproject, "build-system.build-backend")
    if isinstance(attribute, str):
        name = attribute.rpartition(".")[2]
    elif (
        isinstance(backend, str) and backend.startswith("flit_core") and at(pyproject, "project.dynamic") == ["version"]
    ):
        name = "__version__"
    else:
        return None
    (path,) = versions
    try:
        found = assignments(files.read(path))
    except (OSError, *UNREADABLE):
        return None
    return name if found.get(name, UNKNOWN) is not UNKNOWN else None


def _setup_cfg(files: Files) -> dict[str, list[str]]:
    """Return the files that ``setup.cfg`` has setuptools read, by what for."""
    read = configparser.RawConfigParser()
    try:
        read.read_string(files.read("setup.cfg").decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, configparser.Error):
        return {}
    options = {
        "version": ("metadata", "version"),
        "metadata": ("metadata", "long_description"),
        "requirements": ("options", "install_requires"),
    }
    found: dict[str, list[str]] = {}
    for what, (section, option) in options.items():
        said = read.get(section, option, fallback="").strip()
        if said.startswith("file:"):
            found[what] = [one.strip() for one in said.removeprefix("file:").split(",") if one.strip()]
        elif said.startswith("attr:"):
            module = said.removeprefix("attr:").strip().rpartition(".")[0]
            found[what] = list(module_file(module, ("src", ""), files.is_file))
    return found


def _submodules(files: Files) -> tuple[str, ...]:
    """Return the folders of submodules below the project, as the repository's ``.gitmodules`` has them."""
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
