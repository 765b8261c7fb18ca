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


SOURCES = ("CMakeLists.txt", "meson.build", "native/a.c", "native/a.h", "native/b.cpp", "native/c.pyx", "native/t.inc")
OF_BACKENDS = {
    "maturin": ("Cargo.toml", "Cargo.lock", "src/lib.rs", "build.rs"),
    "scikit_build_core": SOURCES,
    "mesonpy": SOURCES,
    "setuptools": ("setup.py", "setup.cfg", *SOURCES[2:]),
    "hatchling": ("native/a.c",),
}
SETUP_PY = """\
import os
from pathlib import Path
from setuptools import setup
def read(name):
    return Path(__file__).parent.joinpath(name).read_text()
setup(install_requires=read("requirements.txt").split(), zip_safe=os.environ.get("DEMO_SAFE") == "1")
"""


def fill(root: Path) -> None:
    """Write what projects with such a backend have: readme and licence, sources, a ``setup.py`` that reads a file."""
    data = tomli.loads((root / "pyproject.toml").read_text(encoding="utf-8-sig"))
    project = data.get("project", {})
    readme, licenses = project.get("readme"), project.get("license-files", [])
    for path in (readme, *(readme.values() if isinstance(readme, dict) else ()), *licenses):
        if isinstance(path, str) and path.endswith((".md", ".rst", ".txt", "LICENSE")) and not set(path) & set("*?["):
            _write(root / path)
    backend = data.get("build-system", {}).get("build-backend", "setuptools").partition(".")[0]
    for path in (
        *OF_BACKENDS.get(backend, ()),
        "tests/test_a.py",
        "tests/t.c",
        "docs/x.c",
        "requirements.txt",
        "p/__init__.py",
    ):
        _write(root / path)
    if backend == "setuptools" and not (root / "setup.py").read_text(encoding="utf-8"):
        (root / "setup.py").write_text(SETUP_PY, encoding="utf-8")


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
