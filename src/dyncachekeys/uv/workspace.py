"""uv's workspaces: which project belongs to which, and what `uv sync` in a folder would build.

Compared with uv 0.13.9: only the nearest ``pyproject.toml`` above decides, and ``*`` stands for slashes in
``exclude``, but not in ``members``.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files import refs
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.project import FILE, Project
from dyncachekeys.pyproject.source import parse
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.quick.snapshot import LEFT_OUT


def home(files: Files) -> Path:
    """Return the root of the workspace that a project is a member of, or the project's own folder."""
    root = files.root
    if _workspace(files, root) is not None:
        return root
    for folder in root.parents:
        workspace = _workspace(files, folder)
        if (folder / FILE).is_file():
            includes = workspace is not None and is_member(root.relative_to(folder).as_posix(), workspace)
            return folder if includes else root
    return root


def repository(files: Files) -> Path:
    """Return the folder of the repository that a project is in; without one, its workspace's."""
    return refs.work_tree(files) or home(files)


def is_alone(files: Files) -> bool:
    """Tell whether `uv sync` in a project's folder would build nothing else."""
    root = files.root
    if home(files) != root or _workspace(files, root) is not None:
        return False
    sources = (files.relative(source / FILE) for source in _path_sources(files, root) if source != root)
    return not any(files.is_file(source) for source in sources)


def inherited(files: Files) -> Mapping[str, Any]:
    """Return the keys that the workspace's root declares for its members, the root included, unread."""
    return table_at(pyproject(files, home(files)), "tool.dyncachekeys.workspace.keys")


def with_inherited(project: Project, files: Files) -> Project:
    """Return the project with the keys that its workspace's root declares for it."""
    keys = inherited(files) if "project" in project.pyproject else {}
    return project._replace(inherited=keys, home=home(files)) if keys else project


def has_keys(project: Project) -> bool:
    """Tell whether a project has any key, of its own or inherited.

    Raises:
        ConfigurationError: ``tool.dyncachekeys`` is not a table.
    """
    table = project.table or {}
    return bool(table.get("keys") or (project.inherited and table.get("inherit", True) is not False))


def resolvers(project: Project) -> Iterator[str]:
    """Yield the resolvers of all keys of a project, its own and inherited ones, as they are written."""
    return (str(key.get("resolver")) for key in keys(project))


def keys(project: Project) -> Iterator[Mapping[str, Any]]:
    """Yield all keys of a project, its own and inherited ones, as they are written."""
    own = (project.table or {}).get("keys")
    for key in (*(own.values() if isinstance(own, dict) else ()), *project.inherited.values()):
        if isinstance(key, dict):
            yield key


def scope(files: Files) -> list[Path]:
    """Return what `uv sync` in a project's folder would build: it, its workspace, and path sources, each once.

    The workspace's root comes first, then the members, sorted, then the sources in the order in which
    they are met.
    """
    root = home(files)
    workspace = _workspace(files, root)
    found = dict.fromkeys([root, *(members(files, root, workspace) if workspace is not None else ())])
    found.setdefault(files.root)
    queue = list(found)
    for project in queue:
        for source in _path_sources(files, project):
            if source not in found and files.is_file(files.relative(source / FILE)):
                found[source] = None
                queue.append(source)
    return list(found)


def name(files: Files, folder: Path) -> str | None:
    """Return the name of the package in a folder; nothing if there is none."""
    found = at(pyproject(files, folder), "project.name")
    return found if isinstance(found, str) else None


def _path_sources(files: Files, project: Path) -> Iterator[Path]:
    """Yield the folders of ``tool.uv.sources`` that are given by their path."""
    for given in table_at(pyproject(files, project), "tool.uv.sources").values():
        for source in given if isinstance(given, list) else [given]:
            path = at(source, "path")
            if isinstance(path, str):
                yield Path(os.path.normpath(project / path))


def copied(files: Files) -> set[Path]:
    """Return the folders of those packages that `uv sync` in a project's folder installs as a copy, not editable.

    uv 0.13: a path source is editable only if it says so, a member of the workspace unless it says no.
    """
    folders = scope(files)
    members = {normalised_name(called): folder for folder in folders if (called := name(files, folder))}
    found: set[Path] = set()
    for project in folders:
        for package, given in table_at(pyproject(files, project), "tool.uv.sources").items():
            for source in given if isinstance(given, list) else [given]:
                path, editable = at(source, "path"), at(source, "editable")
                if isinstance(path, str) and editable is not True:
                    found.add(Path(os.path.normpath(project / path)))
                elif at(source, "workspace") is True and editable is False and normalised_name(package) in members:
                    found.add(members[normalised_name(package)])
    return found


def _workspace(files: Files, folder: Path) -> Mapping[str, Any] | None:
    """Return the table ``tool.uv.workspace`` of a folder's ``pyproject.toml``, if it has one."""
    found = at(pyproject(files, folder), "tool.uv.workspace")
    return found if isinstance(found, dict) else None


def pyproject(files: Files, folder: Path) -> Any:
    """Return the parsed ``pyproject.toml`` of a folder, which nobody may change; nothing if it can't be read."""
    path = folder / FILE
    files.note(files.relative(path))
    try:
        return _parsed(path.read_bytes())
    except (OSError, DyncachekeysError):
        return None


def settings(files: Files) -> Mapping[str, Any]:
    """Return uv's settings for a project: ``tool.uv`` at the root of its workspace, or ``uv.toml`` in its place.

    A ``uv.toml`` beside replaces all that can stand there (uv 0.13). Neither a member's own settings count, nor
    those of the user or the machine, which are elsewhere.
    """
    root = home(files)
    own = own_settings(files, root)
    return table_at(pyproject(files, root), "tool.uv") if own is None else own


def own_settings(files: Files, folder: Path) -> Mapping[str, Any] | None:
    """Return what ``uv.toml`` in a folder says; nothing if there is none, or if it can't be parsed, as uv itself says."""
    try:
        found: Mapping[str, Any] = _parsed(files.read(files.relative(folder / "uv.toml")))
    except (OSError, DyncachekeysError):
        return None
    return found


@lru_cache(maxsize=512)
def _parsed(data: bytes) -> Any:
    """Return what a file says; the root's is asked for by each member. Nobody may change it."""
    return parse(data)


def project_environment(files: Files, environ: Mapping[str, str]) -> Path:
    """Return the folder of the project's environment: ``UV_PROJECT_ENVIRONMENT``, else ``.venv``.

    At the root of the workspace that the project is a member of, as uv does it; it need not exist.
    """
    return home(files) / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def members(files: Files, root: Path, workspace: Mapping[str, Any]) -> Iterator[Path]:
    """Yield the folders of the members of a workspace, sorted, except for its root."""
    folders = {folder for one in _patterns(workspace, "members") for folder in _matching(files, root, one.split("/"))}
    for folder in sorted(folders - {root}):
        is_below = folder.is_relative_to(root)
        is_in = not is_below or is_member(folder.relative_to(root).as_posix(), workspace)
        if is_in and files.is_file(files.relative(folder / FILE)):
            yield folder


def _matching(files: Files, folder: Path, pattern: Sequence[str]) -> Iterator[Path]:
    """Yield the folders that a pattern of ``members`` chooses, below the folder that it is relative to."""
    if not pattern:
        yield folder
        return
    first, *rest = pattern
    if not set(first) & set("*?["):
        yield from _matching(files, Path(os.path.normpath(folder / first)), rest)
        return
    if first == "**":
        yield from _matching(files, folder, rest)
    for name in [one.name for one in files.listing(files.relative(folder)) if one.is_dir()]:
        if name not in LEFT_OUT and fnmatchcase(name, first):
            yield from _matching(files, folder / name, pattern if first == "**" else rest)


def is_member(path: str, workspace: Mapping[str, Any]) -> bool:
    """Tell whether a workspace includes a path below its root and does not exclude it."""
    parts = path.split("/")
    if not any(_fits(parts, pattern.split("/")) for pattern in _patterns(workspace, "members")):
        return False
    # In `exclude`, a `*` matches slashes as well for uv.
    excluded = _patterns(workspace, "exclude")
    return not any(_fits(parts, pattern.split("/")) or fnmatchcase(path, pattern) for pattern in excluded)


def _patterns(workspace: Mapping[str, Any], name: str) -> list[str]:
    given = workspace.get(name)
    return [posixpath.normpath(one) for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[skipped:], pattern[1:]) for skipped in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
