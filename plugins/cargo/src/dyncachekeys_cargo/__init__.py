"""``resolver = "cargo"``: what in the tree a Rust crate is built from, with all crates that it names by path.

The manifests are read as Cargo reads them (1.95); Cargo itself need not be there.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Env, File, Result, check_path, resolver
from dyncachekeys_cargo.crates import Crate, crates_from
from dyncachekeys_cargo.entries import entry_manifests, members_of
from dyncachekeys_cargo.manifests import Manifests
from dyncachekeys_cargo.sources import Sources
from dyncachekeys_cargo.surroundings import surroundings, variables

__all__ = ["cargo"]

ManifestPath = Annotated[str, Checked(check_path)]


@resolver(tracked=True)
def cargo(
    context: Context,
    *,
    manifest: Annotated[
        ManifestPath | None, "the crate's `Cargo.toml`; by default what the build backend names"
    ] = None,
    gitignore: Annotated[bool, "leave out sources that the repository's `.gitignore` files ignore"] = True,
) -> Iterable[Result]:
    """Yield manifests, sources, included files and settings of a crate and of its path dependencies."""
    manifests = Manifests(context)
    seen: dict[str, None] = {}
    entries = [manifest] if manifest is not None else entry_manifests(context.pyproject)
    for entry in map(manifests.placed, entries):
        if not context.is_file(entry):
            context.warn("manifest-missing", f"there is no `{entry}`; name the crate's Cargo.toml with `manifest`")
            yield File(entry, "the crate that is built")
            continue
        yield from surroundings(context, manifests, entry)
        for first, reason in members_of(context, manifests, entry):
            yield from _built(context, crates_from(manifests, first, reason), seen, gitignore=gitignore)
    yield from variables(context)


def _built(context: Context, crates: Iterable[Crate], seen: dict[str, None], *, gitignore: bool) -> Iterable[Result]:
    """Yield what the crates are built from; of each once, whichever entry leads there first."""
    for crate in crates:
        yield File(crate.path, crate.reason)
        if crate.root is not None and crate.root.path != crate.path:
            yield File(crate.root.path, f"workspace of {crate.path}")
        if crate.path in seen:
            continue
        seen[crate.path] = None
        if crate.manifest is None:
            context.warn("crate-missing", f"{crate.reason}: there is no `{crate.path}`")
            continue
        sources = Sources(context, crate.manifest, gitignore=gitignore)
        yield from sources.results()
        for name, reason in sources.variables.items():
            yield Env(name, reason, entry=False)
