"""Where metadata come from, as far as files of the tree: version, dependencies, readme, licences."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from dyncachekeys.backends import metadata
from dyncachekeys.backends.files import requirement_files, version_files
from dyncachekeys.backends.metadata import existing
from dyncachekeys.files.tree import Files
from dyncachekeys.pysource.closure import Start, follow
from dyncachekeys.pysource.module import Run
from dyncachekeys.pysource.syntax import Tree
from dyncachekeys.uv.entries import is_glob


class Origins(NamedTuple):
    """The files that metadata come from and that are there."""

    requirements: tuple[str, ...]
    versions: tuple[str, ...]
    version_name: str | None
    """The variable that holds the version, if there is one version file and it is a Python module."""
    others: tuple[str, ...]
    """Readme and licence files and the like that are named."""
    globs: tuple[str, ...]
    """Globs that name licence files."""
    keys: Mapping[str, str]
    """The files of requirements and of the version that ``pyproject.toml`` names, each with the key."""


def origins(
    pyproject: Mapping[str, Any], of_setup_cfg: Mapping[str, Sequence[str]], files: Files, tree: Tree
) -> Origins:
    """Return where metadata come from.

    Args:
        pyproject: The parsed ``pyproject.toml``, as the backend reads it.
        of_setup_cfg: What `backends.metadata.setup_cfg` returned.
        files: The project's files.
        tree: The same, for reading code.
    """
    stated = requirement_files(pyproject)
    version = metadata.version(pyproject, of_setup_cfg, files)
    licenses = metadata.licenses(pyproject, of_setup_cfg)
    others = [*metadata.described(pyproject, files), *of_setup_cfg.get("metadata", []), *licenses]
    named = ((key, path) for key, paths in stated.items() for path in paths)
    return Origins(
        requirements=existing(files, [*itertools.chain(*stated.values()), *of_setup_cfg.get("requirements", [])]),
        versions=existing(files, [*version.files, *_imported(tree, version.run)]),
        version_name=version.name,
        others=existing(files, others),
        globs=tuple(filter(is_glob, licenses)),
        keys={path: key for key, path in (*named, *version_files(pyproject, files.is_file))},
    )


def _imported(tree: Tree, paths: Iterable[str]) -> Iterator[str]:
    """Yield the files of the tree that modules import: the version may come from there."""
    for path in paths:
        names = path.removeprefix("src/").removesuffix(".py").removesuffix("/__init__").split("/")
        folder = "/".join(path.split("/")[: -len(names) - path.endswith("/__init__.py")]) or "."
        request = Start(Run(0, path, ".".join(names)), "the version", (folder,))
        yield from sorted(follow(tree, [request]).found)
