"""The build folders of a project: which records are there, and what they name together."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dyncachekeys.plugin import Context, check_pattern
from dyncachekeys_cmake.records import NAMES, TOPS, Record, read
from dyncachekeys_cmake.tree import Tree

_CACHE = "CMakeCache.txt"


class Builds:
    """What the last builds wrote down.

    Args:
        context: What is asked.
        folders: Patterns of build folders.
        outside: Whether files outside the repository count too.
    """

    def __init__(self, context: Context, folders: Iterable[str], *, outside: bool) -> None:
        # git ignores build folders as a rule; their records are read all the same.
        patterns = [f"{folder.rstrip('/')}/**/{name}" for folder in folders for name in (*NAMES, _CACHE)]
        found = list(context.files(patterns, gitignore=False, expected=False))
        tops = dict.fromkeys(posixpath.dirname(path) or "." for path in found if posixpath.basename(path) in TOPS)
        self.tree = Tree(context, tops, outside=outside)
        self.named: dict[str, str] = {}
        """The files that are named and count, each with the reason."""
        self.searched: dict[str, None] = {}
        """The folders where compilers looked for headers, relative to the project."""
        self._gather(dict(_records(context, found)))

    def _gather(self, records: Mapping[str, Record]) -> None:
        tree, tops = self.tree, {path: self.tree.top_of(path) for path in records}
        for path, record in records.items():
            tree.products.update(tree.placed(tops[path], output) for output in record.outputs)
        for path, record in records.items():
            for file in tree.files(tops[path], record.inputs):
                self.named.setdefault(file, f"named in {path}")
            self.searched.update(dict.fromkeys(tree.placed(tops[path], folder) for folder in record.folders))


def _records(context: Context, paths: Iterable[str]) -> Iterator[tuple[str, Record]]:
    """Yield what the records say. One that can't be read is a warning: only a build can write it again."""
    for path in paths:
        name = posixpath.basename(path)
        if name != _CACHE:
            try:
                yield path, read(name, context.read_bytes(path))
            except ValueError as error:
                context.warn("build-record-unreadable", f"{path} is left out: {error}")


def build_folders(pyproject: Mapping[str, Any]) -> list[str]:
    """Return the build folder of scikit-build-core or meson-python, with a wildcard for what only they know.

    By default that of meson-python for editable builds, which is below ``build``.
    """
    named = [_at(pyproject, "tool", "scikit-build", "build-dir")]
    # uv hands these to the backend: scikit-build-core 1.1 knows the first, meson-python 0.19 both.
    named += [_at(pyproject, "tool", "uv", "config-settings", name) for name in ("build-dir", "builddir")]
    folders = [re.sub(r"\{[^}]*\}", "*", name) for name in named if isinstance(name, str) and name]
    return [folder for folder in folders if check_pattern(folder) is None] or ["build"]


def _at(node: Any, *keys: str) -> Any:
    for key in keys:
        node = node.get(key) if isinstance(node, Mapping) else None
    return node
