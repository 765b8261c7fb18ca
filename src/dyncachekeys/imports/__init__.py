"""Which files of the tree a piece of Python code imports, found by reading it: nothing is imported or run."""

from __future__ import annotations

from dyncachekeys.imports.closure import Closure, Request, follow
from dyncachekeys.imports.finder import find
from dyncachekeys.imports.reading import Import, Run
from dyncachekeys.imports.scripts import Script, scripts
from dyncachekeys.imports.tree import Tree
from dyncachekeys.imports.values import parent, relative

__all__ = [
    "Closure",
    "Import",
    "Request",
    "Run",
    "Script",
    "Tree",
    "find",
    "follow",
    "parent",
    "relative",
    "scripts",
]
