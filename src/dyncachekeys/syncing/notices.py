"""What a project should know although nothing is wrong with its keys."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from dyncachekeys.backends import packing
from dyncachekeys.backends.files import built_with
from dyncachekeys.files import git
from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.ignore import IGNORE_FILE, nearest_file
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Notice
from dyncachekeys.names import holds_password
from dyncachekeys.pyproject.project import FILE, HOME, Project
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.pyproject.tables import at
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.uv.entries import malformed
from dyncachekeys.watch.links import REFUSED

_NAMES_WHAT_IT_TAKES = ("flit_core", "maturin", "mesonpy", "poetry", "setuptools", "uv_build")
"""Build backends whose sdist holds no unknown folder; any other may take in what git does not ignore (U26)."""

FIXED = frozenset({"markers-lost", "region-in-conflict"})
"""What is fixed once the region is written."""


def notices(project: Project, files: Files, *, tracked: bool) -> Iterator[Notice]:
    """Yield what to report of a project, whose state git may track."""
    if tracked:
        message = f"git tracks {HOME}, so it is not believed: run `git rm -r --cached {HOME}`"
        yield Notice("state-tracked", message, HOME)
    if not project.is_package:
        message = f"uv does not build {project.name}: {_not_built(project)}, so its keys have no effect; take them away or change that"
        yield Notice("not-built", message, FILE)
    if project.conflict:
        message = "a merge left a conflict in the region: a sync computes it again; then `git add` the file"
        yield Notice("region-in-conflict", message, f"{FILE}: tool.uv.cache-keys")
    elif project.region and not project.marked:
        message = "the markers of the region were gone; entries that are not ours are kept as yours: remove what you did not write"
        yield Notice("markers-lost", message, f"{FILE}: tool.uv.cache-keys")
    for place, entry in enumerate(project.user_entries):
        wrong = malformed(entry)
        if wrong is not None:
            message = f"{wrong}: uv drops the whole list for it, up to 0.13.0 in silence, and then sees nothing of ours"
            yield Notice("entry-unreadable", message, f"{FILE}: tool.uv.cache-keys[{place}]")
    yield from _packed(project, files)


def _not_built(project: Project) -> str:
    set_so = at(project.pyproject, "tool.uv.package") is False
    return "tool.uv.package is false" if set_so else "it has no [build-system]"


def passwords(entries: Iterable[Any], environ: Mapping[str, str]) -> Iterator[Notice]:
    """Yield variables with an entry whose value holds a password: uv stores it in plain text (U8).

    The entry stays: entries must not depend on the environment.
    """
    for name in sorted({str(table["env"]) for table in entry_tables(entries) if "env" in table}):
        if holds_password(environ.get(name, "")):
            what = f"the value of `{name}` holds a URL with a password, which uv stores in plain text in uv_cache.json"
            remedy = 'take the password out of it, or give it a key of its own with `watch = "digest"`'
            yield Notice("password-in-plain-text", f"{what}: {remedy}", f"{FILE}: tool.uv.cache-keys")


def masked(project: Project, files: Files) -> Iterator[Notice]:
    """Yield that uv no longer reads the settings of a folder above: to be said once, when ``[tool.uv]`` comes."""
    from dyncachekeys.uv import above  # noqa: PLC0415  at the first sync only

    found = above.masked(files, project.pyproject) if project.is_package else None
    if found is not None:
        message = f"uv reads {found.path} only as long as there is no [tool.uv] here, and now there is: {found.remedy}"
        yield Notice("settings-masked", message, f"{FILE}: tool.uv")


def without_links(why: str) -> Notice:
    """Return the notice that no links could be made, for a reason."""
    message = (
        f"no links can be made in {HOME} ({why}), so plain uv sees no edit of files that have no entry of their own: "
        f"put `dyncachekeys run --` before the uv command; it is tried again when uv has to build, unless {REFUSED} is empty"
    )
    return Notice("no-links", message, HOME)


def _packed(project: Project, files: Files) -> Iterator[Notice]:
    """Yield what would take in our state: the settings of hatchling say so; of most other backends it is known."""
    backend = at(project.pyproject, "build-system.build-backend")
    if not isinstance(backend, str) or backend.startswith(_NAMES_WHAT_IT_TAKES):
        return
    is_hatchling, is_ignored = built_with(project.pyproject, "hatchling"), _is_ignored(files)
    if is_ignored and not (is_hatchling and _may_take_what_is_ignored(project)):
        return
    kind = packing.takes_in(project.pyproject, files, f"{HOME}/{STATE_FILE}") if is_hatchling else "sdist"
    if kind is not None:
        remedy = (
            "take out of tool.hatch.build what brings it back although .gitignore names it"
            if is_ignored
            else f"add the line `/{HOME}/` to .gitignore"
        )
        what = "a wheel" if kind == "wheel" else "an sdist"
        where = "tool.hatch.build" if is_ignored else IGNORE_FILE
        yield Notice("sdist-takes-in-state", f"{what} would take in {HOME}: {remedy}", where)


def _may_take_what_is_ignored(project: Project) -> bool:
    """Tell whether settings of hatchling's could bring back what git ignores, so that pathspec has to be asked."""
    settings = repr(at(project.pyproject, "tool.hatch.build"))
    return any(word in settings for word in ("artifacts", "force-include", "ignore-vcs", "'!"))


def _is_ignored(files: Files) -> bool:
    """Tell whether the nearest ``.gitignore`` names our folder."""
    path = nearest_file(files)
    if path is None:
        return False
    rules = Rules(files.read(path).decode("utf-8-sig", "replace").split("\n"))
    place = rules.top.enter(HOME)
    last = max(place.below, place.find(STATE_FILE, is_dir=False))
    return last >= 0 and not rules.negated[last]


def is_tracked(project_root: Path) -> bool:
    """Tell whether git tracks anything of our state."""
    home = project_root / HOME
    return home.is_dir() and git.in_repository(project_root) and git.tracks(project_root, HOME)
