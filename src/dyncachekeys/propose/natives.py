"""What a build compiles, as far as names and the configuration tell it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.backends.files import texts
from dyncachekeys.backends.includes import included
from dyncachekeys.backends.metadata import existing
from dyncachekeys.backends.tables import distributions
from dyncachekeys.files import refs
from dyncachekeys.files.pattern import exactly
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.other_packages import other_packages
from dyncachekeys.propose.source_patterns import BESIDE_PATTERNS, SOURCE_PATTERNS, built_from, not_built
from dyncachekeys.pyproject.tables import at
from dyncachekeys.trace.readers import manifests
from dyncachekeys.uv import workspace

_OF_RUST = frozenset({"maturin", "setuptools-rust"})


class Natives(NamedTuple):
    """What a build compiles, and what describes how."""

    sources: tuple[str, ...]
    """Sources in compiled languages, and what describes how to compile them, by their names."""
    named: tuple[str, ...]
    """Files that the configuration names as part of that, whatever their suffix."""
    included: tuple[str, ...]
    """What sources include by a quoted name, and what is none of them itself."""
    outside: tuple[str, ...]
    """Patterns for crates of the repository that are built with the project and lie outside of it."""
    submodules: tuple[str, ...]
    """Folders of git submodules in the project."""
    others: tuple[str, ...] = ()
    """Folders below the project of other packages, which its build does not name."""

    @property
    def built(self) -> list[str]:
        """The sources, but for those in folders that enter no build."""
        return [path for path in self.sources if not not_built([path])]


def natives(pyproject: Mapping[str, Any], files: Files) -> Natives:
    """Return what a build compiles.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        files: The project's files.

    Raises:
        DyncachekeysError: a folder can't be listed, or an ignore file can't be read.
    """
    others = other_packages(pyproject, files)
    excluded = ["target/", *(f"{exactly(path)}/" for path in others)]
    sources = tuple(built_from(Selection([*SOURCE_PATTERNS, *BESIDE_PATTERNS], excluded).among(files)))
    found = Natives(sources, (), (), (), submodules(files), others)
    built = dict.fromkeys(found.built)
    is_rust = not _OF_RUST.isdisjoint(distributions(pyproject))
    return found._replace(
        named=existing(files, compiled(pyproject)),
        included=tuple(one for one in included(built, files.read, files.is_file) if one not in built),
        outside=tuple(outside(pyproject, files)) if is_rust else (),
    )


def compiled(pyproject: Mapping[str, Any]) -> Iterator[str]:
    """Yield files that the configuration itself names as sources of what is compiled."""
    modules = at(pyproject, "tool.setuptools.ext-modules")
    generated = at(pyproject, "tool.scikit-build.generate")
    for tables, options in ((modules, ("sources", "depends")), (generated, ("template-path",))):
        for table in tables if isinstance(tables, list) else ():
            for option in options:
                yield from texts(at(table, option))


def outside(pyproject: Mapping[str, Any], files: Files) -> Iterator[str]:
    """Yield patterns for the crates of the repository that lie outside of the project, and are built with it."""
    first = _manifest(pyproject, files)
    if first is None:
        return
    home, workspace_manifest = workspace.repository(files), manifests.workspace_of(first)
    for manifest in dict.fromkeys([*manifests.crates_from(first), workspace_manifest]):
        folder = manifest.parent
        if folder.is_relative_to(files.root) or not folder.is_relative_to(home):
            continue
        place = exactly(f"{files.relative(folder)}/")
        yield f"{place}{manifests.NAME}"
        if manifest == workspace_manifest:
            yield f"{place}Cargo.lock"
        if "package" in manifests.parsed(manifest):
            yield f"{place}src/**/*.rs" if files.root.is_relative_to(folder) else f"{place}**/*.rs"


def _manifest(pyproject: Mapping[str, Any], files: Files) -> Path | None:
    """Return the manifest of the crate that is built."""
    own = at(pyproject, "tool.setuptools-rust.ext-modules")
    named = [path for table in (own if isinstance(own, list) else ()) for path in texts(at(table, "path"))]
    first = manifests.first_manifest(Path(files.full(named[0] if named else manifests.NAME)), files.root)
    return first and Path(os.path.normpath(first))


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
