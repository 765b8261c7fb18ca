"""Where uv keeps the project's environment."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from dyncachekeys.files.tree import Files
from dyncachekeys.uv import workspace


def project_environment(files: Files, environ: Mapping[str, str]) -> Path:
    """Return the folder of the project's environment: ``UV_PROJECT_ENVIRONMENT``, else ``.venv``.

    At the root of the workspace that the project is a member of, as uv does it; it need not exist.
    """
    return workspace.home(files) / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")
