"""Patterns for the files that a build compiles: by ending and name, below the folders that hold them."""

from __future__ import annotations

import posixpath
import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from dyncachekeys.files.pattern import exactly

if TYPE_CHECKING:
    from collections.abc import Iterable

SOURCE_PATTERNS = (
    "Cargo.toml",
    "Cargo.lock",
    "rust-toolchain.toml",
    "rust-toolchain",
    "config.toml",  # of Cargo: only below `.cargo`
    "*.rs",
    "CMakeLists.txt",
    "*.cmake",
    "*.cmake.in",
    "meson.build",
    "meson.options",
    "meson_options.txt",
    "*.[ch]",
    "*.[ch][ch]",
    "*.[ch]pp",
    "*.[ch]xx",
    "*.h.in",
    "*.inl",
    "*.cu",
    "*.cuh",
    "*.pyx",
    "*.px[di]",
    "*.f90",
    "*.f",
    "*.zig",
    "*.nim",
    "*.S",
    "*.asm",
)
"""What names of files look like that a compiler or the tool that starts it reads."""
ASIDE = ("tests", "test", "docs", "doc", "examples", "example", "benchmarks", "benches", "fuzz")
"""Folders whose files enter no build of the package."""
_MOST_FOLDERS = 3
_WILDCARD = re.compile(r"[*?\[\\]")


def patterns(paths: Iterable[str]) -> list[str]:
    """Return patterns that match some files and others like them: such as come later in the same folders."""
    paths = list(paths)
    found: list[str] = []
    for shape in SOURCE_PATTERNS:
        alike = [path for path in paths if _has(path, shape)]
        if alike:
            found += _patterns(shape, alike)
    return found


def aside(paths: Iterable[str]) -> tuple[str, ...]:
    """Return which of the folders that enter no build hold some of the files."""
    held = {part for path in paths for part in path.split("/")[:-1]}
    return tuple(name for name in ASIDE if name in held)


def _has(path: str, shape: str) -> bool:
    folder, name = posixpath.split(path)
    return fnmatchcase(name, shape) and (shape != "config.toml" or posixpath.basename(folder) == ".cargo")


def _patterns(shape: str, alike: list[str]) -> list[str]:
    is_name = not _WILDCARD.search(shape)
    if is_name and len(alike) <= _MOST_FOLDERS:
        return [exactly(path) for path in alike]
    folders = list(dict.fromkeys(path.partition("/")[0] if "/" in path else "" for path in alike))
    if len(folders) > _MOST_FOLDERS:
        return [shape]
    return [f"{exactly(folder)}/**/{shape}" if folder else f"/{shape}" for folder in folders]
