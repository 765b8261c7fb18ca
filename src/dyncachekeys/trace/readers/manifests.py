"""``Cargo.toml`` files: which crates are built together, and where Cargo looks for what. Reads files.

Facts: the Cargo Book (1.95), "Specifying Dependencies", "Workspaces", "Overriding Dependencies", "Configuration".
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import tomli

NAME = "Cargo.toml"
_TABLES = ("dependencies", "build-dependencies", "build_dependencies")
_SETTINGS = (".cargo/config.toml", ".cargo/config", "rust-toolchain.toml", "rust-toolchain")


def parsed(path: Path) -> Mapping[str, Any]:
    """Return what a TOML file holds; nothing if it is not there, or broken."""
    try:
        return tomli.loads(path.read_bytes().decode())
    except (OSError, ValueError):
        return {}


def table(data: object, *keys: str) -> Mapping[str, Any]:
    """Return the table that the keys lead to; an empty one if there is none."""
    for key in keys:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data if isinstance(data, Mapping) else {}


def first_manifest(named: Path, folder: Path) -> Path | None:
    """Return the manifest that cargo or maturin was started for: the one that was named, or the nearest upwards."""
    if named.is_file():
        return named
    chosen = table(parsed(folder / "pyproject.toml"), "tool", "maturin").get("manifest-path")
    if isinstance(chosen, str) and (folder / chosen).is_file():
        return folder / chosen
    return next((one / NAME for one in [folder, *folder.parents] if (one / NAME).is_file()), None)


def workspace_of(manifest: Path) -> Path:
    """Return the manifest of the workspace's root; the crate's own, if it is in none."""
    data = parsed(manifest)
    if "workspace" in data:
        return manifest
    named = table(data, "package").get("workspace")
    if isinstance(named, str):
        return _placed(manifest.parent, named)
    above = (folder / NAME for folder in manifest.parent.parents)
    return next((one for one in above if "workspace" in parsed(one) and not _excludes(one, manifest)), manifest)


def _excludes(root: Path, crate: Path) -> bool:
    listed = table(parsed(root), "workspace").get("exclude")
    return any(
        crate.is_relative_to(root.parent / path) for path in (listed if isinstance(listed, list) else ()) if path
    )


def crates_from(first: Path) -> list[Path]:
    """Return the manifests of a crate, or of a workspace's members, and of all that they reach by path."""
    root = workspace_of(first)
    found = dict.fromkeys([first, root] if first == root else [first])
    todo = [first, *(_members(first) if "package" not in parsed(first) else ())]
    todo += _paths(root.parent, _overrides(parsed(root)))
    while todo:
        manifest = todo.pop()
        found[manifest] = None
        for path in _dependencies(manifest, root):
            if path not in found and path.is_file():
                todo.append(path)
    return list(found)


def _members(root: Path) -> Iterator[Path]:
    workspace = table(parsed(root), "workspace")
    for member in workspace.get("default-members") or workspace.get("members") or ():
        if isinstance(member, str) and not os.path.isabs(member):
            yield from sorted(root.parent.glob(f"{member.rstrip('/')}/{NAME}"))


def _dependencies(manifest: Path, root: Path) -> Iterator[Path]:
    data = parsed(manifest)
    for holder in (data, *table(data, "target").values()):
        for key in _TABLES:
            listed = table(holder, key)
            inherited = [name for name in listed if table(listed, name).get("workspace") is True]
            yield from _paths(manifest.parent, listed)
            shared = table(parsed(root), "workspace", "dependencies")
            yield from _paths(root.parent, {name: shared.get(name) for name in inherited})


def _overrides(data: Mapping[str, Any]) -> dict[str, Any]:
    patches = table(data, "patch")
    listed = [table(patches, source) for source in patches] + [table(data, "replace")]
    return {f"{number} {name}": one for number, some in enumerate(listed) for name, one in some.items()}


def _paths(folder: Path, listed: Mapping[str, Any]) -> Iterator[Path]:
    for name in listed:
        path = table(listed, name).get("path")
        if isinstance(path, str):
            yield _placed(folder, path)


def _placed(folder: Path, path: str) -> Path:
    return Path(os.path.normpath(folder / path / NAME))


def build_script(crate: Path) -> Path:
    """Return where the build script of a crate is, whether or not it is there."""
    named = table(parsed(crate), "package").get("build")
    return crate.parent / (named if isinstance(named, str) else "build.rs")


def settings(folder: Path) -> Iterator[Path]:
    """Yield the files that Cargo and rustup look for from a folder upwards, the nearest first."""
    yield from (one / name for one in [folder, *folder.parents] for name in _SETTINGS)


def target_of(root: Path, folder: Path) -> Path:
    """Return the folder that Cargo builds in, as the settings say, else beside the workspace's manifest."""
    for path in settings(folder):
        named = table(parsed(path), "build").get("target-dir") if path.parent.name == ".cargo" else None
        if isinstance(named, str):
            return Path(os.path.normpath(path.parent.parent / named))
    return root.parent / "target"
