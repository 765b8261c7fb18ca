"""What hatchling packs, by its settings: which files these choose it asks of pathspec, and so do we.

Facts: hatchling 1.33, ``builders/config.py``, ``builders/wheel.py`` and ``builders/plugin/interface.py``.
"""

from __future__ import annotations

import io
import os
import posixpath
import re
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pathspec import GitIgnoreSpec

from dyncachekeys.backends.files import list_at
from dyncachekeys.files.ignore import nearest_file
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.paths import join
from dyncachekeys.pyproject.tables import at, table_at

_BUILD = "tool.hatch.build"
_ALWAYS_EXCLUDED = ("*.py[cdo]", "/dist")
_NOT_ENTERED = frozenset(
    [
        *("__pycache__", ".venv", ".git", ".hg", ".hatch", ".tox", ".nox"),
        *(".ruff_cache", ".pytest_cache", ".mypy_cache", ".pixi"),
    ]
)
_NOT_TAKEN = frozenset([".DS_Store", ".git"])
_BESIDE_MODULES = ("shared-data", "shared-scripts", "extra-metadata")
"""Tables of a wheel that name what it holds besides modules."""


class Target:
    """What hatchling builds: a wheel that is not editable, or an sdist.

    What its build hooks add is not known.

    Args:
        kind: Which of them.
        pyproject: The parsed ``pyproject.toml``, with what ``hatch.toml`` says (`hatch_toml`).
        files: The project's files.

    Raises:
        ValueError: pathspec refuses a pattern, or ``.gitignore`` is not UTF-8; hatchling fails, too.
    """

    def __init__(self, kind: Literal["sdist", "wheel"], pyproject: Mapping[str, Any], files: Files) -> None:
        build = table_at(pyproject, _BUILD)
        own = table_at(build, f"targets.{kind}")
        self._files, self._options = files, {**build, **own}
        self.has_hooks: bool = any(table_at(table, "hooks") for table in (build, own))
        """Whether the build runs hooks, which may read and add what they please."""
        include, packages, only = self._texts("include"), self._places("packages"), self._places("only-include")
        is_said = bool(include or packages or only)
        if kind == "wheel" and not is_said:
            packages, only = self._by_name(at(pyproject, "project.name"))
        self._takes_no_project_files = kind == "wheel" and not (is_said or packages or only)
        self._roots = only or packages
        beside = _BESIDE_MODULES if kind == "wheel" else ()
        tables = [at(self._options, "force-include"), *(at(own, name) for name in beside)]
        self._forced = [source for table in tables if isinstance(table, Mapping) for source in map(self._place, table)]
        self._include = _spec([*include, *(f"/{one}/" for one in packages)])
        self._exclude = _spec([*_ALWAYS_EXCLUDED, *self._of_git(), *self._texts("exclude")])
        # What a hook writes is its product, and no input.
        self._artifacts = _spec([] if self.has_hooks else self._texts("artifacts"))

    def files(self) -> Iterator[str]:
        """Yield the files that it takes in, relative to the project, some of them twice."""
        for root in self._roots or ([] if self._takes_no_project_files and not self._artifacts else [""]):
            if root and self._files.is_file(root):
                yield root
            else:
                yield from self._below(root, self._takes, skips=not self._roots)
        for source in self._forced:
            if self._files.is_file(source):
                yield source
            else:
                yield from self._below(source, lambda _, __: True)

    def takes_in(self, path: str) -> bool:
        """Tell whether it would take in a file, if that was there; not one of a package."""
        folders = path.split("/")[:-1]
        if any(_is_below(path, source) for source in self._forced):
            return True
        above = ["/".join(folders[: number + 1]) for number in range(len(folders))]
        if any(self._passes(folder, skips=not self._roots) for folder in above):
            return False
        return (not self._roots or any(_is_below(path, root) for root in self._roots)) and self._takes(path, False)

    def _below(self, folder: str, takes: Callable[[str, bool], bool], *, skips: bool = False) -> Iterator[str]:
        """Yield what it takes in below a folder; links to folders are followed."""
        waiting, seen = [folder], set[str]()
        while waiting:
            folder = waiting.pop()
            real = os.path.realpath(self._files.full(folder))
            if real in seen:
                continue
            seen.add(real)
            entries = self._files.listing(folder)
            is_package = any(entry.name == "__init__.py" for entry in entries)
            for entry in entries:
                path = join(folder, entry.name)
                if self._files.is_dir(path) if entry.is_symlink() else entry.is_dir():
                    if not self._passes(path, skips=skips):
                        waiting.append(path)
                elif entry.name not in _NOT_TAKEN and takes(path, is_package):
                    yield path

    def _passes(self, folder: str, *, skips: bool) -> bool:
        """Tell whether it does not enter a folder; in a walk from the top, it may skip those that are excluded."""
        skips = skips and at(self._options, "skip-excluded-dirs") is True
        return posixpath.basename(folder) in _NOT_ENTERED or (skips and _matches(self._exclude, f"{folder}/"))

    def _takes(self, path: str, is_package: bool) -> bool:
        if _matches(self._artifacts, path):
            return True
        if self._takes_no_project_files or (at(self._options, "only-packages") is True and not is_package):
            return False
        is_chosen = bool(self._roots) or self._include is None or _matches(self._include, path)
        return is_chosen and not _matches(self._exclude, path)

    def _by_name(self, name: object) -> tuple[list[str], list[str]]:
        """Return packages and modules by the project's name, as it looks for them where nothing is said."""
        names = [name, normalised_name(name)] if isinstance(name, str) else []
        for one in (re.sub(r"[^\w\d.]+", "_", text) for text in names):
            for package in (one, f"src/{one}"):
                if self._files.is_file(f"{package}/__init__.py"):
                    return [package], []
            if self._files.is_file(f"{one}.py"):
                return [], [f"{one}.py"]
            folders = [entry.name for entry in self._files.listing("") if entry.is_dir() and entry.name[0] != "."]
            found = [folder for folder in folders if self._files.is_file(f"{folder}/{one}/__init__.py")]
            if len(found) == 1:
                return found, []
        return [], []

    def _of_git(self) -> Iterable[str]:
        """Return the lines of the nearest ``.gitignore``, which it reads as if it lay in the project."""
        path = None if at(self._options, "ignore-vcs") is True else nearest_file(self._files)
        if path is None:
            return []
        lines = io.StringIO(self._files.read(path).decode(), newline=None).readlines()
        return [] if _matches(_spec(lines), os.fspath(self._files.root)) else lines

    def _texts(self, option: str) -> list[str]:
        return [one for one in list_at(self._options, option) if isinstance(one, str) and one]

    def _places(self, option: str) -> list[str]:
        found = (posixpath.normpath(one).strip("/") for one in self._texts(option))
        return ["" if one == "." else one for one in found]

    def _place(self, source: str) -> str:
        return self._files.relative(self._files.root / Path(posixpath.normpath(source)).expanduser())


def _spec(lines: Iterable[str]) -> GitIgnoreSpec | None:
    patterns = list(lines)
    with warnings.catch_warnings():  # of Python, about brackets in the regular expressions that it makes
        warnings.simplefilter("ignore")
        # The backend that there is in an environment for builds, which is made of what hatchling requires.
        return GitIgnoreSpec.from_lines(patterns, backend="simple") if patterns else None


def _matches(spec: GitIgnoreSpec | None, path: str) -> bool:
    return spec is not None and spec.match_file(path)


def _is_below(path: str, folder: str) -> bool:
    return not folder or path == folder or path.startswith(f"{folder}/")
