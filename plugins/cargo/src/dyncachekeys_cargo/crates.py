"""Which crates are built together: the graph of path dependencies.

Facts: the Cargo Book, "Specifying Dependencies", "Workspaces" and "Overriding Dependencies".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dyncachekeys_cargo.manifests import NAME, Manifest, Manifests, table

_TABLES = {
    "dependencies": "path dependency",
    "build-dependencies": "build dependency",
    "build_dependencies": "build dependency",  # the old spelling, which editions before 2024 take
}
"""Not `dev-dependencies`: only tests, examples and benchmarks of the crate see those."""


@dataclass(frozen=True, slots=True)
class Crate:
    """One crate of the graph."""

    path: str
    """Its manifest, relative to the project."""
    reason: str
    manifest: Manifest | None
    """Nothing if there is no such file."""
    root: Manifest | None
    """The root of its workspace, if it has one."""


def crates_from(manifests: Manifests, first: str, reason: str) -> Iterator[Crate]:
    """Yield a crate, all that it reaches by path, and all that its workspace puts in the place of others.

    Args:
        manifests: Where they are read.
        first: The manifest of the crate that is built.
        reason: Why this one.

    Raises:
        ValueError: a manifest is not TOML.
    """
    reasons = {first: reason}
    todo = [first]
    for path in todo:
        manifest = manifests.read(path)
        root = manifests.workspace_of(manifest) if manifest else None
        yield Crate(path, reasons[path], manifest, root)
        if manifest is None:
            continue
        found = list(_dependencies(manifests, manifest, root))
        if path == first:  # Cargo heeds only the overrides of the workspace that is built
            found += _overrides(manifests, root or manifest)
        for target, why in found:
            if target not in reasons:
                reasons[target] = why
                todo.append(target)


def _dependencies(manifests: Manifests, manifest: Manifest, root: Manifest | None) -> Iterator[tuple[str, str]]:
    """Yield the manifests that a crate depends on by path, also through its workspace, each with the reason."""
    for name, specification, kind in _listed(manifest.data):
        reason, holder = f"{kind} of {manifest.path}", manifest
        if specification.get("workspace") is True and root is not None:
            specification, holder = table(root.data, "workspace", "dependencies", name), root  # noqa: PLW2901
        path = specification.get("path")
        if isinstance(path, str):
            yield manifests.placed(holder.folder, path, NAME), reason


def _listed(data: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], str]]:
    """Yield the dependencies that reach the build, those of any platform too: name, table, and which kind."""
    for holder in (data, *table(data, "target").values()):
        for key, kind in _TABLES.items():
            listed = table(holder, key)
            yield from ((name, table(listed, name), kind) for name in listed)


def _overrides(manifests: Manifests, root: Manifest) -> Iterator[tuple[str, str]]:
    """Yield the manifests of ``[patch.*]`` and of the older ``[replace]``."""
    patches = table(root.data, "patch")
    for kind, listed in [
        *(("patch", table(patches, source)) for source in patches),
        ("replace", table(root.data, "replace")),
    ]:
        for name in listed:
            path = table(listed, name).get("path")
            if isinstance(path, str):
                yield manifests.placed(root.folder, path, NAME), f"{kind} of {root.path}"
