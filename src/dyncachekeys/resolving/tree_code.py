"""Which code of the tree a key runs, as far as reading it tells: by that is known whether it has changed."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.context import Context
from dyncachekeys.encoding import value_digest
from dyncachekeys.files.content import digest_of
from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.pysource.closure import Start, follow
from dyncachekeys.pysource.module import Import
from dyncachekeys.pysource.values import relative
from dyncachekeys.resolving.consent import COMMAND
from dyncachekeys.uv import workspace

if TYPE_CHECKING:
    from dyncachekeys.config.model import Key
    from dyncachekeys.pyproject.project import Project


def configuration_of(key: Key, plugin_path: Iterable[str], files: Files) -> str:
    """Return a digest over all of a configuration that decides what a key runs."""
    settings = workspace.settings(files) if key.with_ else {}
    where_from = {name: value for name, value in settings.items() if name != "cache-keys"}
    folders = list(plugin_path) if ":" in key.resolver else []
    return value_digest([key.resolver, dict(key.options), list(key.with_), folders, where_from])


def code_of(key: Key, plugin_path: Iterable[str], project: Project, files: Files) -> dict[str, str]:
    """Return the files of the tree that a key is seen to run, each with a digest of its content.

    Of a function, its module and all that it imports, found by reading; of a command, the files that it names.
    """
    found = _named(key, project.root) if key.resolver == COMMAND else _imported(key, plugin_path, project, files)
    return digests(project.root, found)


def digests(root: Path, paths: Iterable[str]) -> dict[str, str]:
    """Return a digest of the content of each file; an empty one for what is not there."""
    return {path: (digest_of(str(root / path)) or b"").hex() for path in sorted(set(paths))}


def _named(key: Key, root: Path) -> Iterator[str]:
    argv = key.options.get("argv")
    for word in argv if isinstance(argv, list) else ():
        path = os.path.normpath(root / word) if isinstance(word, str) and "\0" not in word else ""
        if Path(path).is_file() and Path(path).is_relative_to(root):
            yield Path(path).relative_to(root).as_posix()


def _imported(key: Key, plugin_path: Iterable[str], project: Project, files: Files) -> Iterator[str]:
    module, is_function, _ = key.resolver.partition(":")
    if not is_function:
        return
    own = Files(files.root)  # what is looked at here is no part of the snapshot
    own.derived = files.derived
    tree = Context(project.root, project.pyproject, Environment({}), own, "")
    folders = tuple(folder for one in plugin_path if (folder := relative(one)) is not None)
    closure = follow(tree, [Start(Import(0, module), "", folders)], tree.derived)
    yield from closure.found
    bases = (path.removesuffix(".py") for path in closure.absent)
    yield from (path for base in bases for end in EXTENSION_SUFFIXES if tree.is_file(path := f"{base}{end}"))


def differences(then: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return the files that are not as they were, or are new or gone, sorted."""
    return sorted(path for path in then.keys() | now.keys() if then.get(path) != now.get(path))
