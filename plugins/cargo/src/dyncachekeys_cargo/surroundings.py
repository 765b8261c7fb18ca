"""What a build depends on besides the crates: the lock, the toolchain, Cargo's configuration, variables.

Facts: the Cargo Book, "Configuration" and "Environment Variables"; the rustup book, "Overrides".
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from dyncachekeys.plugin import Context, Env, File
from dyncachekeys_cargo.manifests import Manifests, table

_FILES = {
    "rust-toolchain": "chooses the toolchain",
    "rust-toolchain.toml": "chooses the toolchain",
    ".cargo/config": "configures Cargo",
    ".cargo/config.toml": "configures Cargo",
}
_NAMED = (
    "CARGO_BUILD_RUSTFLAGS",
    "CARGO_BUILD_TARGET",
    "CARGO_ENCODED_RUSTFLAGS",
    "RUSTC",
    "RUSTFLAGS",
    "RUSTUP_TOOLCHAIN",
)
_WILDCARDS = ("CARGO_PROFILE_*", "CARGO_TARGET_*_LINKER", "CARGO_TARGET_*_RUSTFLAGS")
_REASON = "read by Cargo, rustc or rustup"


def surroundings(context: Context, manifests: Manifests, entry: str) -> Iterator[File]:
    """Yield the root of the workspace, its lock, and the files that Cargo and rustup look for upwards.

    Those that are missing as well: they count as soon as they are made.
    """
    manifest = manifests.read(entry)
    root = manifests.workspace_of(manifest) if manifest else None
    if root is not None:
        yield File(root.path, f"workspace of {entry}" if root.path != entry else "the crate that is built")
    home = root.folder if root is not None else posixpath.dirname(entry) or "."
    yield File(manifests.placed(home, "Cargo.lock"), "chooses the versions of dependencies")
    for folder in _looked_in(context, manifests, posixpath.dirname(entry) or ".", home):
        for name, reason in _FILES.items():
            yield File(manifests.placed(folder, name), reason)


def _looked_in(context: Context, manifests: Manifests, crate: str, home: str) -> list[str]:
    """Return the folders from the crate and from the project up to the repository, else to the workspace.

    Cargo looks from where it is called, which is the backend's choice: the project or the crate.
    """
    top = _repository(context, manifests) or home
    found: dict[str, None] = {}
    for start in (crate, "."):
        above = list(manifests.upwards(start))
        found.update(dict.fromkeys(above[: above.index(top) + 1] if top in above else [start]))
    return list(found)


def _repository(context: Context, manifests: Manifests) -> str | None:
    for folder in manifests.upwards("."):
        git = manifests.placed(folder, ".git")
        if context.is_dir(git) or context.is_file(git):  # a file in a linked worktree
            return folder
    return None


def variables(context: Context) -> Iterator[Env]:
    """Yield the variables that change what is built; not where it is put, nor how fast."""
    yield from (Env(name, _REASON) for name in _NAMED)
    backend = table(context.pyproject, "build-system").get("build-backend")
    if str(backend).startswith("maturin"):
        yield Env("MATURIN_PEP517_ARGS", "read by maturin")
    for wildcard in _WILDCARDS:
        yield from (Env(name, f"matches {wildcard}", entry=False) for name in context.variables(wildcard))
