"""The inputs of another local package, as inputs of the one that uses it when it is built."""

from __future__ import annotations

import os
import posixpath
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.backends import packing
from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import DIRECTORY, Files
from dyncachekeys.model import Directory, Env, File, Value
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.project import FILE, load
from dyncachekeys.resolving.wire import merge, packed
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from dyncachekeys.files.selection import Selected
    from dyncachekeys.model import Input
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.inputs import Inputs

    Resolve = Callable[[Project, Environment, Files, Sequence[Path], bool], Sequence[tuple[Inputs, bool]]]
    Result = File | Directory | Env | Value | Selected


class Packages:
    """Other packages, seen from one project.

    Args:
        files: The project's files, to which is added what was looked at there.
        environ: The environment as keys may see it.
        chain: The packages whose inputs are being asked for, the first one first; the project is the last.
        resolve: Resolves a project's keys: inputs, and whether its key runs each time.
    """

    def __init__(self, files: Files, environ: Environment, chain: Sequence[Path], resolve: Resolve) -> None:
        self._files, self._environ, self._chain, self._resolve = files, environ, chain, resolve
        self.runs_each_time: bool = False
        """Whether one of them has to be asked in every run."""

    def named(self, name: str, where: str) -> str:
        """Return where a package of the same workspace, or a path source, lies, relative to the project.

        Raises:
            ResolverError: there is no such package.
        """
        known = {
            normalised_name(found): folder for folder in workspace.scope(self._files) if (found := self._name(folder))
        }
        folder = known.get(normalised_name(name))
        if folder is None:
            remedy = f"there is: {', '.join(f'`{one}`' for one in sorted(known))}; or give its `path`"
            raise ResolverError([Problem("unknown-package", f"there is no package `{name}` here", where, remedy)])
        return self._files.relative(os.fspath(folder))

    def results(self, path: str, where: str, *, whole: bool) -> Iterator[Result]:
        """Yield the inputs of the package in a folder.

        By its own keys, if it has any, else everything that git does not ignore; used whole, what `whole_of` says
        as well. Of the project itself, which can only be used whole, that alone.

        Raises:
            ResolverError: there is no package, or it uses this one in turn.
        """
        root = Path(os.path.normpath(self._files.full(path)))
        if not self._files.is_file(posixpath.join(path, FILE)):
            remedy = f"name the folder that holds its {FILE}"
            raise ResolverError([Problem("no-package", f"there is no {FILE} in `{path}`", where, remedy)])
        if whole and root == self._chain[-1]:
            yield from whole_of(load(root).pyproject, self._files, has_keys=True)
            return
        if root in self._chain:
            cycle = " -> ".join(self._shown_name(one) for one in [*self._chain[self._chain.index(root) :], root])
            remedy = "leave one of these keys out"
            if root == self._chain[-1]:
                remedy = (
                    "set `whole = true`, which counts what the wheel of this package takes in, or leave the key out"
                )
            raise ResolverError([Problem("package-cycle", f"packages use each other: {cycle}", where, remedy)])
        project = load(root)
        files = Files(root, FileMemory(), project.bare)
        files.derived = self._files.derived
        found = self._resolve(project, self._environ, files, (*self._chain, root), whole)
        self._files.settled &= files.settled  # if files changed while that package was read, this one must look again
        merge(_moved(packed(files, self._environ), self._files, files), self._files, self._environ)
        package = self._shown_name(root)
        for inputs, each_time in found:
            self.runs_each_time |= each_time
            for one in inputs:
                yield self._seen_from_here(one, files, package)

    def _seen_from_here(self, one: Input, files: Files, package: str) -> Result:
        reason = f"{package}: {one.reason}"
        if one.kind == "env":
            return Env(one.subject, reason, entry=one.entry)
        if one.kind in {"file", "directory"}:
            path = self._files.relative(files.full(one.subject)) or "."
            if one.kind == "file":
                return File(path, reason, entry=one.entry, tree=one.tree)
            if one.state.startswith(DIRECTORY) or one.entry:
                return Directory(path, reason)
        return Value(f"{package}: {one.kind} {one.subject}", one.state, reason, tree=one.tree)

    def _name(self, folder: Path) -> str | None:
        return workspace.name(self._files, folder)

    def _shown_name(self, folder: Path) -> str:
        return self._name(folder) or folder.name


def whole_of(pyproject: Mapping[str, Any], files: Files, *, has_keys: bool) -> Iterator[File | Selected]:
    """Yield a package as a whole: what its wheel takes in, else all files that git does not ignore.

    Args:
        pyproject: Its ``pyproject.toml``, parsed.
        files: Its files.
        has_keys: Whether keys of its own say what else its build depends on. Without them, its settings count as
            well, and a wheel that hooks put together could come from any file.
    """
    found = packing.wheel_files(pyproject, files, with_hooks=has_keys)
    if found is None:
        yield Selection(["*"]).among(files)
        return
    yield from (File(path, "in the wheel", tree=True) for path in found)
    if not has_keys:
        yield from (File(path, "says what is in the wheel", tree=True) for path in packing.FILES if files.is_file(path))


def _moved(looked: Mapping[str, Any], here: Files, there: Files) -> dict[str, Any]:
    """Return what was looked at there with paths that start from here."""

    def path(given: str) -> str:
        return here.relative(there.full(given) if given else os.fspath(there.root))

    return {
        **looked,
        "facts": [fact[0] + path(fact[1:]) for fact in looked["facts"]],
        "folders": [[path(folder), *rest] for folder, *rest in looked["folders"]],
        "asked": [],
        "prefixes": [],
    }
