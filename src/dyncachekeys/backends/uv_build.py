"""What ``uv_build`` reads: uv runs it without Python (U42), so its settings are the only thing to go by.

Facts: uv 0.13, ``crates/uv-build-backend``, ``settings.rs`` and ``wheel.rs``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.backends.files import list_at, texts
from dyncachekeys.pyproject.tables import at, table_at

SETTINGS = "tool.uv.build-backend"
EXCLUDED = ("__pycache__/", "*.pyc", "*.pyo")
"""What it leaves out by default."""
_METADATA = ("readme", "readme.file", "license.file")
_LICENSES = ("LICEN[CS]E*", "COPYING*", "NOTICE*", "AUTHORS*")
"""Where ``license-files`` is not given (PEP 639)."""


def metadata_files(pyproject: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """Return what metadata are made from, whatever is built: files, and globs."""
    files = [path for key in _METADATA for path in texts(at(pyproject, f"project.{key}"))]
    given = at(pyproject, "project.license-files")
    globs = list(texts(given)) if isinstance(given, list) else [f"/{glob}" for glob in _LICENSES]
    return files, globs


def data(pyproject: Mapping[str, Any]) -> list[str]:
    """Return patterns for the folders of data, which an editable wheel holds, too."""
    folders = table_at(pyproject, f"{SETTINGS}.data").values()
    return [f"/{posixpath.normpath(text)}/" for folder in folders for text in texts(folder)]


def modules(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield patterns for the modules, which only a wheel holds that is not editable."""
    root = at(pyproject, f"{SETTINGS}.module-root")
    root = root if isinstance(root, str) else "src"
    for module in _modules(pyproject):
        folder = posixpath.normpath(posixpath.join(root, *module.split(".")))
        yield f"/{folder}/"
        yield f"/{folder}.pyi"


def excluded(pyproject: Mapping[str, Any]) -> list[str]:
    """Return patterns for what it leaves out of them."""
    own = [text for text in list_at(pyproject, f"{SETTINGS}.wheel-exclude") if isinstance(text, str)]
    defaults = () if at(pyproject, f"{SETTINGS}.default-excludes") is False else EXCLUDED
    return [*defaults, *own]


def _modules(pyproject: Mapping[str, Any]) -> list[str]:
    given = at(pyproject, f"{SETTINGS}.module-name")
    names = [given] if isinstance(given, str) else [one for one in given or () if isinstance(one, str)]
    name = at(pyproject, "project.name")
    default = re.sub(r"[-.]+", "_", name).lower() if isinstance(name, str) else ""
    return names or ([default] if default else [])
