"""A tree that lives in memory."""

from __future__ import annotations

import posixpath
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from dyncachekeys.pysource.closure import Closure, Start, follow
from dyncachekeys.pysource.module import Import, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


class FakeTree:
    """Files by path, in the order in which they were given; counts how often each is read."""

    def __init__(self, files: Mapping[str, str | bytes]) -> None:
        self.files = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
        self.doubts: list[tuple[str, str]] = []
        self.reads: Counter[str] = Counter()

    def is_file(self, path: str) -> bool:
        assert path == posixpath.normpath(path)
        return path in self.files

    def is_dir(self, path: str) -> bool:
        return any(file.startswith(f"{path}/") for file in self.files)

    def read_bytes(self, path: str) -> bytes:
        self.reads[path] += 1
        if self.files[path] == b"unreadable":
            raise PermissionError(13, "Permission denied")
        return self.files[path]


@pytest.fixture
def following() -> Callable[..., tuple[Closure, FakeTree]]:
    """Follow the imports of the module ``core``, or of the script ``main``, in a tree of given files."""

    def run(files: Mapping[str, str | bytes], *directories: str, main: str = "") -> tuple[Closure, FakeTree]:
        tree = FakeTree(files)
        what = Run(0, main, "__main__") if main else Import(0, "core")
        closure = follow(tree, [Start(what, "start", directories or (".",))])
        tree.doubts = [(doubt.code, doubt.told(path)) for path, doubt in closure.doubts]
        return closure, tree

    return run
