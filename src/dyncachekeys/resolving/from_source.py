"""Modules of the tree are made of their source, and of nothing that lies beside it.

Compiled code in a ``__pycache__`` may have come with the tree, and need not fit the source: Python runs it unchecked if
it says so (PEP 552). Whoever compares sources would miss it.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType


class _FromSource(SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        code: CodeType = self.source_to_code(self.get_data(path), path)
        return code


def below(folders: Sequence[str]) -> None:
    """Have what is imported from some folders, or below them, made of its source; not what is installed there."""

    def found(path: str) -> FileFinder:
        place = Path(path)
        if "site-packages" in place.parts or not any(place.is_relative_to(folder) for folder in folders):
            raise ImportError
        # A module in Python comes before one that was compiled, which a build may leave beside it.
        return FileFinder(path, (_FromSource, SOURCE_SUFFIXES), (ExtensionFileLoader, EXTENSION_SUFFIXES))

    sys.path_hooks.insert(0, found)
    sys.path_importer_cache.clear()
