"""What a project asks of the import guard."""

from __future__ import annotations

from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import workspace


def mode_of(project: Project, files: Files) -> str | None:
    """Return the project's `guard`, else that which the workspace's root gives its members; nothing without a guard.

    Without effect where uv builds nothing.
    """
    if not project.is_package:
        return None
    own = at(project.pyproject, "tool.dyncachekeys.guard")
    if own is None and at(project.pyproject, "tool.dyncachekeys.inherit") is not False:
        own = at(workspace.pyproject(files, workspace.home(files)), "tool.dyncachekeys.workspace.guard")
    return own if isinstance(own, str) else None
