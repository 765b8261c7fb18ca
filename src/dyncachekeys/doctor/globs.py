"""Globs that match nothing, too much, or what builds write."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import SLOW, WHERE, Package
from dyncachekeys.files.ignore import IgnoreRules

_OF_TOOLS = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache"})
_SHOWN = 3


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with each glob."""
    rules = IgnoreRules(package.files)
    for glob in package.globs:
        where = f"{WHERE}[{glob.place}]"
        if not glob.paths:
            yield Finding("DCK008", f"`{glob.text}` matches nothing", where, "check it, or remove it")
        written = [path for path in glob.paths if not _OF_TOOLS.isdisjoint(path.split("/")) or rules.ignores(path)]
        if written:
            message = f"`{glob.text}` matches what git ignores or tools write: {first(written, _SHOWN)}"
            remedy = "name the folders that count; uv can't exclude, a `files` key of dyncachekeys can"
            yield Finding("DCK009", message, where, remedy, tuple(written[:_SHOWN]))
        if len(glob.paths) > SLOW:
            remedy = "narrow it, or let dyncachekeys watch the files"
            yield Finding("DCK010", f"`{glob.text}` matches more than {SLOW:,} files", where, remedy)
