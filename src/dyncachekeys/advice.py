"""What a project should know although nothing is wrong with its keys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys import git
from dyncachekeys.model import Notice
from dyncachekeys.patterns import compiled
from dyncachekeys.project import FILE, HOME

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from dyncachekeys.project import Project

_TAKES_ONLY_WHAT_IT_IS_TOLD = ("flit_core", "maturin", "mesonpy", "poetry", "setuptools", "uv_build")
"""Build backends whose sdist holds no unknown folder; any other may take in what git does not ignore (U26)."""


def notices(project: Project, *, tracked: bool) -> Iterator[Notice]:
    """Yield what to tell the user about a project.

    Args:
        project: The project.
        tracked: Whether git tracks our state.
    """
    if tracked:
        message = f"git tracks {HOME}, so it is not believed: run `git rm -r --cached {HOME}`"
        yield Notice("state-tracked", message, HOME)
    if project.region and not project.marked:
        message = "the markers of the region were gone or in conflict; entries that are not ours are kept as yours"
        yield Notice("markers-lost", message, f"{FILE}: tool.uv.cache-keys")
    if _sdist_takes_in_home(project):
        message = f"an sdist would take in {HOME}: add the line `/{HOME}/` to .gitignore"
        yield Notice("sdist-takes-in-state", message, ".gitignore")


def _sdist_takes_in_home(project: Project) -> bool:
    build_system = project.pyproject.get("build-system")
    backend = build_system.get("build-backend") if isinstance(build_system, dict) else None
    if not isinstance(backend, str) or backend.startswith(_TAKES_ONLY_WHAT_IT_IS_TOLD):
        return False
    for folder in (project.root, *project.root.parents):
        ignore = folder / ".gitignore"
        if ignore.is_file():
            lines = ignore.read_text(encoding="utf-8-sig", errors="replace").split("\n")
            # hatchling takes the nearest file for the project's own, wherever it lies.
            return not compiled(lines).match_file(f"{HOME}/state.json")
        if (folder / ".git").exists():
            break
    return True


def is_tracked(project_root: Path) -> bool:
    """Tell whether git tracks anything of our state."""
    home = project_root / HOME
    return home.is_dir() and git.in_repository(project_root) and bool(git.ask(project_root, "ls-files", "--", HOME))
