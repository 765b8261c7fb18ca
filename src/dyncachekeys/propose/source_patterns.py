"""Gitignore patterns for the files that a build compiles."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable
from fnmatch import fnmatchcase

from dyncachekeys.files.pattern import exactly

SOURCE_PATTERNS = (
    *("Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "rust-toolchain"),
    "config.toml",  # of Cargo: only below `.cargo`
    "*.rs",
    *("CMakeLists.txt", "*.cmake", "*.cmake.in"),
    *("meson.build", "meson.options", "meson_options.txt"),
    *("*.[ch]", "*.[ch][ch]", "*.[ch]pp", "*.[ch]xx", "*.h.in", "*.inl", "*.cu", "*.cuh"),
    *("*.pyx", "*.px[di]", "*.f90", "*.f", "*.zig", "*.nim", "*.S", "*.asm"),
)
"""The names of the files that a compiler reads, or the tool that starts it."""
NOT_BUILT = ("tests", "test", "docs", "doc", "examples", "example", "benchmarks", "benches", "fuzz")
"""Folders whose files enter no build of the package."""
_MOST_FOLDERS = 3
_WILDCARD = re.compile(r"[*?\[\\]")


def patterns(paths: Iterable[str]) -> list[str]:
    """Return patterns that match some files, and files like them that come later in the same folders."""
    paths = list(paths)
    alike = {pattern: [path for path in paths if _matches(path, pattern)] for pattern in SOURCE_PATTERNS}
    return [found for pattern, some in alike.items() if some for found in _below_folders(pattern, some)]


def not_built(paths: Iterable[str]) -> tuple[str, ...]:
    """Return which of the folders that enter no build hold some of the files."""
    held = {part for path in paths for part in path.split("/")[:-1]}
    return tuple(name for name in NOT_BUILT if name in held)


def is_source(path: str) -> bool:
    """Tell whether a file is one that a compiler reads, or the tool that starts it, by its name."""
    return any(_matches(path, pattern) for pattern in SOURCE_PATTERNS)


def _matches(path: str, pattern: str) -> bool:
    folder, name = posixpath.split(path)
    return fnmatchcase(name, pattern) and (pattern != "config.toml" or posixpath.basename(folder) == ".cargo")


def _below_folders(pattern: str, paths: list[str]) -> list[str]:
    """Return the pattern below the folders that hold the files; each file, if it is a name and there are few."""
    if not _WILDCARD.search(pattern) and len(paths) <= _MOST_FOLDERS:
        return [exactly(path) for path in paths]
    folders = list(dict.fromkeys(path.partition("/")[0] if "/" in path else "" for path in paths))
    if len(folders) > _MOST_FOLDERS:
        return [pattern]
    return [f"{exactly(folder)}/**/{pattern}" if folder else f"/{pattern}" for folder in folders]
