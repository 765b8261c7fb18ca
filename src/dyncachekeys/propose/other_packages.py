"""Which other packages lie below a project, and have nothing to do with its build."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Mapping
from typing import Any

from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.uv import workspace

_DESCRIBE = ("Cargo.toml", "CMakeLists.txt", "meson.build", "setup.py", "setup.cfg", "build.rs", "Makefile")
"""What describes in a project's root how it is compiled."""
_NOT_OF_BUILD = frozenset({"uv", "dyncachekeys"})


def other_packages(pyproject: Mapping[str, Any], files: Files) -> tuple[str, ...]:
    """Return the folders below the project of other packages that nothing names which describes its build.

    A part of the path is enough: globs and loops name no more.
    """
    tool = {name: table for name, table in table_at(pyproject, "tool").items() if name not in _NOT_OF_BUILD}
    described = [repr({**pyproject, "tool": tool}).encode()]
    for name in _DESCRIBE:
        with contextlib.suppress(OSError):
            described += [files.read(name)] if files.is_file(name) else []
    paths = (files.relative(folder) for folder in workspace.scope(files) if files.root in folder.parents)
    return tuple(path for path in paths if not any(_holds(text, path) for text in described))


def _holds(text: bytes, path: str) -> bool:
    return any(re.search(rb"\b%s\b" % re.escape(os.fsencode(part)), text) for part in path.split("/"))
