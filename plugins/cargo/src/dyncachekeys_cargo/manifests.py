"""``Cargo.toml`` files, each read once, and where they say that other things are."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import tomli

from dyncachekeys.plugin import Context

NAME = "Cargo.toml"
_SPECIAL = re.compile(r"([*?\[\\])")


@dataclass(frozen=True, slots=True)
class Manifest:
    """A ``Cargo.toml``."""

    path: str
    """Relative to the project."""
    data: Mapping[str, Any]

    @property
    def folder(self) -> str:
        """The crate's folder; ``.`` for the project's own."""
        return posixpath.dirname(self.path) or "."


class Manifests:
    """The manifests of one run.

    Args:
        context: What is asked for them, so that what they depend on is recorded.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._read: dict[str, Manifest | None] = {}

    def placed(self, *parts: str) -> str:
        """Join paths and return the result relative to the project, in the one way it can be written."""
        root = self._context.root.as_posix()
        return posixpath.relpath(posixpath.join(root, *parts), root)

    def upwards(self, folder: str) -> Iterator[str]:
        """Yield a folder and all above it, up to the root of the file system."""
        depth = len(self._context.root.parts) - 1 + sum(1 if part != ".." else -1 for part in _parts(folder))
        for _ in range(depth + 1):
            yield folder
            folder = self.placed(folder, "..")

    def read(self, path: str) -> Manifest | None:
        """Return a manifest; nothing if there is no such file.

        Raises:
            ValueError: it is not TOML.
        """
        if path not in self._read:
            self._read[path] = Manifest(path, self._parsed(path)) if self._context.is_file(path) else None
        return self._read[path]

    def _parsed(self, path: str) -> Mapping[str, Any]:
        try:
            return tomli.loads(self._context.read_text(path))
        except ValueError as error:  # of the encoding, too
            message = f"{path}: {error}"
            raise ValueError(message) from error

    def workspace_of(self, manifest: Manifest) -> Manifest | None:
        """Return the root of the workspace that a crate belongs to; itself, if it is one.

        As in Cargo: ``package.workspace`` says where, else the first folder upwards whose manifest has
        a ``[workspace]`` that does not exclude the crate.
        """
        if "workspace" in manifest.data:
            return manifest
        named = table(manifest.data, "package").get("workspace")
        if isinstance(named, str):
            return self.read(self.placed(manifest.folder, named, NAME))
        for folder in self.upwards(self.placed(manifest.folder, "..")):
            above = self.read(self.placed(folder, NAME))
            if above is not None and "workspace" in above.data and not self._excludes(above, manifest):
                return above
        return None

    def _excludes(self, root: Manifest, crate: Manifest) -> bool:
        workspace = table(root.data, "workspace")
        excluded, member = (
            any(f"{crate.folder}/".startswith(f"{self.placed(root.folder, path)}/") for path in texts(workspace, key))
            for key in ("exclude", "members")
        )
        return excluded and not member


def table(data: object, *keys: str) -> Mapping[str, Any]:
    """Return the table that the keys lead to; an empty one if there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def texts(data: Mapping[str, Any], key: str) -> list[str]:
    """Return the texts of a list in a table."""
    value = data.get(key)
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def pattern(folder: str, below: str) -> str:
    """Return a gitignore-style pattern for what lies below a folder, whatever that is called."""
    if folder == ".":
        return below
    escaped = _SPECIAL.sub(r"\\\1", folder)
    return f"{'/' if escaped[0] in '!#~' else ''}{escaped}/{below}"


def _parts(folder: str) -> list[str]:
    return [part for part in folder.split("/") if part != "."]
