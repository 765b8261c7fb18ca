"""Asking git, whatever a hook has put into the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess


def ask(root: Path, *arguments: str) -> str | None:
    """Return what git prints, without the last line break; nothing where there is no git, no repository or an error.

    Bytes that are not UTF-8 stay what they are, as in the names of files. Git's index is never written.
    """
    try:
        done = _run(root, *arguments)
    except OSError:
        return None
    return None if done.returncode else done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def refusal(root: Path) -> str | None:
    """Return why git can't be asked about a folder, in words; nothing if it can."""
    try:
        done = _run(root, "rev-parse", "--git-dir")
    except OSError:
        return "there is no program `git` on PATH"
    message = done.stderr.decode("utf-8", "replace").strip().partition("\n")[0]
    return f"git refuses: {message}" if done.returncode else None


def _run(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    import subprocess  # noqa: PLC0415  most runs need not ask git

    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ["GIT_OPTIONAL_LOCKS"] = "0"  # else `git status` writes the index
    command = ["git", "-C", os.fspath(root), *arguments]
    return subprocess.run(command, capture_output=True, env=environ, check=False)  # noqa: S603


def in_repository(root: Path) -> bool:
    """Tell whether a folder lies in a work tree, without asking git."""
    return any((folder / ".git").exists() for folder in (root, *root.parents))


def tracks(root: Path, name: str) -> bool:
    """Tell whether git tracks anything of that name in a folder, or below it.

    Of an index in which the name stands nowhere, git need not be asked: in versions 2 and 3 of its format
    (gitformat-index) each path stands in full, unless the index is split (its extension ``link``).
    """
    home = next((folder / ".git" for folder in (root, *root.parents) if (folder / ".git").exists()), root)
    try:
        index = (home / "index").read_bytes()
    except FileNotFoundError:  # nothing was added yet
        return False
    except OSError:  # in a linked worktree it lies elsewhere
        index = b""
    in_full = index[:8] in {b"DIRC\0\0\0\2", b"DIRC\0\0\0\3"} and b"link" not in index
    if in_full and os.fsencode(name) not in index:
        return False
    return bool(ask(root, "ls-files", "--", name))


def is_mid_rebase(folder: Path) -> bool:
    """Tell whether a rebase has commits left to apply there.

    Git calls hooks at its start and at its end, both times with the list of what is left to do in place.
    """
    todo = ask(folder, "rev-parse", "--git-path", "rebase-merge/git-rebase-todo")
    try:
        lines = (folder / todo).read_text(encoding="utf-8", errors="replace").splitlines() if todo else []
    except OSError:
        return False
    return any(line.strip() and not line.startswith("#") for line in lines)
