"""Asking git, whatever a hook has put into the environment."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def ask(root: Path, *arguments: str) -> str | None:
    """Return what git prints, stripped; nothing where there is no git, no repository or an error."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    command = ["git", "-C", os.fspath(root), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, env=environ, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError, UnicodeError):
        return None
    return done.stdout.strip()


def in_repository(root: Path) -> bool:
    """Tell whether a folder lies in a work tree, without asking git."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def folders(root: Path) -> list[str]:
    """Return git's own folders for a work tree: the repository's, and for a linked work tree also that one's."""
    found = ask(root, "rev-parse", "--path-format=absolute", "--git-common-dir", "--git-dir")
    return list(dict.fromkeys(found.splitlines())) if found else []
