"""Where uv keeps the project's environment."""

from __future__ import annotations

import os
import posixpath
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from dyncachekeys.document import parse
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.project import FILE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files import Files


def project_environment(files: Files, environ: Mapping[str, str]) -> Path:
    """Return the folder of the project's environment: ``UV_PROJECT_ENVIRONMENT``, else ``.venv``.

    At the root of the workspace that the project is a member of, as uv does it; it need not exist.
    """
    return _home(files) / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _home(files: Files) -> Path:
    """Return the workspace's root, or the project's own folder: the nearest ``pyproject.toml`` above decides."""
    root = files.root
    if _workspace(files, root) is not None:
        return root
    for folder in root.parents:
        workspace = _workspace(files, folder)
        if (folder / FILE).is_file():
            is_member = workspace is not None and _is_member(root.relative_to(folder).as_posix(), workspace)
            return folder if is_member else root
    return root


def _workspace(files: Files, folder: Path) -> Mapping[str, Any] | None:
    """Return the table ``tool.uv.workspace`` of a folder's ``pyproject.toml``, if it has one."""
    path = folder / FILE
    files.note(files.relative(os.fspath(path)))
    try:
        data: Any = parse(path.read_bytes())
    except (OSError, DyncachekeysError):
        return None
    for name in ("tool", "uv", "workspace"):
        data = data.get(name) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else None


def _is_member(path: str, workspace: Mapping[str, Any]) -> bool:
    """Tell whether a workspace includes a path below its root and does not exclude it."""
    parts = path.split("/")
    members, exclude = (_patterns(workspace, name) for name in ("members", "exclude"))
    if not any(_fits(parts, pattern.split("/")) for pattern in members):
        return False
    # In `exclude`, uv lets a `*` stand for slashes as well.
    return not any(_fits(parts, pattern.split("/")) or fnmatchcase(path, pattern) for pattern in exclude)


def _patterns(workspace: Mapping[str, Any], name: str) -> list[str]:
    given = workspace.get(name)
    return [posixpath.normpath(one) for one in given if isinstance(one, str)] if isinstance(given, list) else []


def _fits(parts: Sequence[str], pattern: Sequence[str]) -> bool:
    if not pattern:
        return not parts
    if pattern[0] == "**":
        return any(_fits(parts[passed:], pattern[1:]) for passed in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], pattern[0]) and _fits(parts[1:], pattern[1:])
