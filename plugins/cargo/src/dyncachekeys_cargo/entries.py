"""Which crates a Python project is built from, going by its build backend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dyncachekeys.plugin import Context
from dyncachekeys_cargo.manifests import NAME, Manifests, pattern, table, texts


def entry_manifests(pyproject: Mapping[str, Any]) -> list[str]:
    """Return the manifests that the build backend builds.

    maturin reads ``manifest-path``, setuptools-rust the ``path`` of each extension and program.
    """
    if str(table(pyproject, "build-system").get("build-backend")).startswith("maturin"):
        named = table(pyproject, "tool", "maturin").get("manifest-path")
        return [named] if isinstance(named, str) else [NAME]
    rust = table(pyproject, "tool", "setuptools-rust")
    listed = [one for key in ("ext-modules", "bins") for one in _list(rust.get(key))]
    paths = [str(table(one).get("path", NAME)) for one in listed]
    return list(dict.fromkeys(paths)) or [NAME]


def members_of(context: Context, manifests: Manifests, entry: str) -> Iterator[tuple[str, str]]:
    """Yield the crates that a manifest stands for, each with the reason: its members, if it has no package."""
    manifest = manifests.read(entry)
    if manifest is None or "package" in manifest.data or "workspace" not in manifest.data:
        yield entry, "the crate that is built"
        return
    workspace = table(manifest.data, "workspace")
    members = texts(workspace, "default-members") or texts(workspace, "members")
    patterns = [pattern(manifest.folder, f"{member.removeprefix('./').rstrip('/')}/{NAME}") for member in members]
    for path in context.files(patterns, expected=False):
        yield path, f"member of {entry}"


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
