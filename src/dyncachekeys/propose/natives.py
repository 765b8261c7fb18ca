"""What a build compiles, as far as names and the configuration tell it."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.backends.files import texts
from dyncachekeys.files import refs
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.source_patterns import SOURCE_PATTERNS
from dyncachekeys.pyproject.tables import at


def compiled(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield files that the configuration itself names as sources of what is compiled."""
    modules = at(pyproject, "tool.setuptools.ext-modules")
    generated = at(pyproject, "tool.scikit-build.generate")
    for tables, options in ((modules, ("sources", "depends")), (generated, ("template-path",))):
        for table in tables if isinstance(tables, list) else ():
            for option in options:
                yield from texts(at(table, option))


def natives(files: Files) -> tuple[str, ...]:
    """Return the sources in compiled languages, and what describes how to compile them.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    found = Selection(list(SOURCE_PATTERNS), ["target/"]).among(files)
    of_cargo = (path for path in found if posixpath.basename(path) != "config.toml" or "/.cargo/" in f"/{path}")
    return tuple(sorted(of_cargo))


def submodules(files: Files) -> tuple[str, ...]:
    """Return the folders of submodules below the project, as the repository's ``.gitmodules`` lists them."""
    home = refs.work_tree(files)
    if home is None:
        return ()
    try:
        text = files.read(files.relative(os.fspath(home / ".gitmodules"))).decode("utf-8", "replace")
    except OSError:
        return ()
    places = [line.partition("=")[2].strip() for line in text.splitlines() if line.strip().startswith("path")]
    below = [files.relative(os.fspath(home / place)) for place in places if place]
    return tuple(sorted(place for place in below if not place.startswith("../")))
