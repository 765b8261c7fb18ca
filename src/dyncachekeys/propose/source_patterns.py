"""Gitignore patterns for the files that a build compiles."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase

from dyncachekeys.files.pattern import exactly

SOURCE_PATTERNS = (
    *("Cargo.toml", "Cargo.lock", "rust-toolchain.toml", "rust-toolchain"),
    "config.toml",  # of Cargo: only below `.cargo`
    "*.rs",
    *("CMakeLists.txt", "*.cmake", "*.cmake.in", "*.h.in"),
    *("meson.build", "meson.options", "meson_options.txt"),
    *(
        "*.[ch]",
        "*.[ch][ch]",
        "*.[ch]pp",
        "*.[it]pp",
        "*.[ch]xx",
        "*.txx",
        "*.[ch]++",
        "*.[CH]",
        "*.tcc",
        "*.ixx",
        "*.cppm",
        "*.inl",
    ),
    *("*.cu", "*.cuh", "*.mm", "*.ispc", "*.hip"),
    *("*.p[xy][dx]", "*.pxi", "*.pyf"),  # one for both: a `.pxd` beside a `.pyx` may come later
    *("*.[fF]", "*.[fF][0-9][0-9]", "*.for", "*.FOR", "*.ftn", "*.fpp", "*.FPP"),
    *("*.zig", "*.nim", "*.[sS]", "*.asm", "*.go", "go.mod", "go.sum"),
)
"""The names of the files that a compiler reads, or the tool that starts it."""
BESIDE_PATTERNS = (
    *("*.*.in", "*.inc", "*.def", "*.td", "*.icc", "*.tbl", "*.i", "*.swg", "*.y", "*.l"),
    *("*.jinja", "*.jinja2", "*.j2", "*.mako", "*.tmpl", "*.tempita", "*.tp"),
)
"""What sources are made from or include, in folders that hold sources: elsewhere such a name means other things."""
NOT_BUILT = ("tests", "test", "docs", "doc", "examples", "example", "benchmarks", "benches", "fuzz")
"""Folders whose files enter no build of the package."""
_ALSO_NOT_BUILT = (
    *("unittest", "unittests", "unit-tests", "unit_tests", "integration-tests", "integration_tests"),
    *("test-crates", "test_crates", "benchmark", "bench", "fuzzing"),
)
"""The same, by names that are not so common."""
_MOST_FOLDERS = 3
_WILDCARD = re.compile(r"[*?\[\\]")


def patterns(paths: Iterable[str]) -> list[str]:
    """Return patterns that match some files, and files like them that come later in the same folders."""
    paths = list(paths)
    left = [path for path in paths if not is_source(path)]
    found = [one for pattern in SOURCE_PATTERNS for one in _below_folders(pattern, _that_match(paths, pattern))]
    return found + [one for pattern in BESIDE_PATTERNS for one in _beside(pattern, _that_match(left, pattern))]


def built_from(paths: Iterable[str]) -> list[str]:
    """Return the sources among some files, and what lies beside them that sources may be made from, sorted."""
    paths = sorted(paths)
    sources = [path for path in paths if is_source(path)]
    folders = set(map(posixpath.dirname, sources))
    beside = (path for path in paths if posixpath.dirname(path) in folders)
    found = {path for path in beside if any(_matches(path, pattern) for pattern in BESIDE_PATTERNS)}
    return sorted(found.union(sources))


def not_built(paths: Iterable[str]) -> tuple[str, ...]:
    """Return which of the folders that enter no build hold some of the files."""
    held = {part for path in paths for part in path.split("/")[:-1]}
    return tuple(name for name in (*NOT_BUILT, *_ALSO_NOT_BUILT) if name in held)


def is_source(path: str) -> bool:
    """Tell whether a file is one that a compiler reads, or the tool that starts it, by its name."""
    return any(_matches(path, pattern) for pattern in SOURCE_PATTERNS)


def _that_match(paths: Iterable[str], pattern: str) -> list[str]:
    return [path for path in paths if _matches(path, pattern)]


def _beside(pattern: str, paths: Iterable[str]) -> Iterator[str]:
    """Yield the pattern for each folder that holds some of the files, and for no other."""
    for folder in dict.fromkeys(map(posixpath.dirname, paths)):
        yield f"{exactly(folder)}/{pattern}" if folder else f"/{pattern}"


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
