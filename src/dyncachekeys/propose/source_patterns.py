"""Gitignore patterns for files: for those that a build compiles, and for what a glob of uv matches."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase

from dyncachekeys.files.pattern import exactly
from dyncachekeys.uv.entries import is_glob
from dyncachekeys.uv.mtimes import without_braces

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


def from_uv(text: str, matched: Sequence[str]) -> list[str]:
    """Return the gitignore patterns, which know no braces, for a path or a glob of uv that matches these files now."""
    return [_pattern(plain, matched) for plain in without_braces(re.sub(r"\{([^{}]*)\}", _with_range, text))]


def rooted(path: str) -> str:
    """Return the pattern for a path."""
    return path if path.startswith("../") else f"/{path}"


def _with_range(braces: re.Match[str]) -> str:
    """Return braces with their single letters as a range: `{c,h,cpp}` is `{[ch],cpp}`."""
    choices = braces[1].split(",")
    letters = [choice for choice in choices if len(choice) == 1 and choice.isalnum()]
    if len(letters) <= 1:
        return braces[0]
    others = [choice for choice in choices if choice not in letters]
    letter = f"[{''.join(letters)}]"
    return f"{{{','.join([letter, *others])}}}" if others else letter


def _pattern(text: str, matched: Sequence[str]) -> str:
    """Return the pattern for a path or a glob without braces.

    Below its literal folder, a glob without a slash matches at any depth for uv (U12), which its author
    mostly does not know: the pattern does so, too, if something deeper is matched now.
    """
    parts = text.split("/")
    literal = list(itertools.takewhile(lambda part: not is_glob(part), parts))
    if len(literal) == len(parts):
        return rooted(posixpath.normpath(text))
    base, rest = "/".join(literal), "/".join(parts[len(literal) :])
    if base:
        deep = "/" not in rest and any("/" in path[len(base) + 1 :] for path in matched)
        return f"{rooted(base)}/{'**/' if deep else ''}{rest}"
    anywhere = rest.removeprefix("**/")
    if "/" not in anywhere:
        return anywhere
    return rest if rest.startswith("**/") else f"/{rest}"
