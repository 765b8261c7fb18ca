"""A virtual environment as it lies on disk: where its interpreter is, and what it was made of (PEP 405)."""

from __future__ import annotations

import sys
from pathlib import Path


def python_in(environment: Path) -> Path:
    """Return where the interpreter of a virtual environment is, or would be."""
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def settings_of(environment: Path) -> dict[str, str]:
    """Return what ``pyvenv.cfg`` says; nothing if it is not there, or can't be read."""
    try:
        text = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return {}
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in text.splitlines())}
