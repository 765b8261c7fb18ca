"""Trees in which each entry of a list of cache keys finds what it names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tomli

GITIGNORE = ".venv/\nbuild/\ndist/\n*.egg-info/\n__pycache__/\n*.so\ntarget/\n/.dyncachekeys/\n"


def plant(root: Path, pyproject: bytes) -> None:
    """Write a ``pyproject.toml``, and a file or folder for each of its entries and for what it names."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "pyproject.toml").write_bytes(pyproject)
    (root / ".gitignore").write_text(GITIGNORE, encoding="utf-8")
    (root / ".git").mkdir(exist_ok=True)
    data = tomli.loads(pyproject.decode("utf-8-sig"))
    tool = data.get("tool", {})
    for entry in tool.get("uv", {}).get("cache-keys", []):
        _plant_entry(root, {"file": entry} if isinstance(entry, str) else entry)
    for path in named(data):
        _write(root / path)


def named(data: Mapping[str, Any]) -> list[str]:
    """Return paths that the build's configuration names."""
    tool = data.get("tool", {})
    hatch = tool.get("hatch", {})
    version = hatch.get("version", {})
    hooks = hatch.get("build", {}).get("hooks", {})
    found = [version.get("path")]
    if "custom" in hooks:
        found.append(hooks["custom"].get("path", "hatch_build.py"))
    dynamic = tool.get("setuptools", {}).get("dynamic", {})
    for table in (
        dynamic.get("version"),
        dynamic.get("dependencies"),
        *dynamic.get("optional-dependencies", {}).values(),
    ):
        files = (table or {}).get("file", [])
        found += [files] if isinstance(files, str) else files
    system = data.get("build-system", {})
    module = system.get("build-backend", "").partition(":")[0].replace(".", "/")
    found += [f"{folder}/{module}.py" for folder in system.get("backend-path", [])]
    return [path for path in found if isinstance(path, str)]


def _plant_entry(root: Path, entry: Mapping[str, Any]) -> None:
    if isinstance(entry.get("file"), str):
        path = re.sub(r"\{([^,}]*)[^}]*\}", r"\1", entry["file"].lstrip("!"))
        path = path.replace("**/", "deep/").replace("**", "deep.x")
        path = re.sub(r"\[!?(.)[^\]]*\]", r"\1", path).replace("*", "x").replace("?", "x")
        _write(root / path)
    if isinstance(entry.get("dir"), str):
        _write(root / entry["dir"] / "inside.c")


def _write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.write_text("", encoding="utf-8")
