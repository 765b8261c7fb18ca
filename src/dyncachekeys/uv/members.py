"""The members of a uv workspace, as the patterns in its table choose them (uv 0.13.9)."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.quick.snapshot import LEFT_OUT


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
