"""Globs that match nothing, too much, or what builds write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import SLOW, WHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.doctor.package import Glob, Package

_OF_TOOLS = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache"})
_SHOWN = 3


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with each glob."""
    for glob in package.globs:
        where = f"{WHERE}[{glob.place}]"
        if not glob.paths:
            yield Finding("DCK008", f"`{glob.text}` matches nothing", where, "check it, or remove it")
        written = [path for path in glob.paths if _is_written(package, path)]
        if written:
            yield _of_written(glob, written, where)
        if len(glob.paths) > SLOW:
            remedy = "narrow it, or let dyncachekeys watch the files"
            yield Finding("DCK010", f"`{glob.text}` matches more than {SLOW:,} files", where, remedy)


def _is_written(package: Package, path: str) -> bool:
    return not _OF_TOOLS.isdisjoint(path.split("/")) or package.rules.ignores(path)


def _of_written(glob: Glob, written: list[str], where: str) -> Finding:
    message = f"`{glob.text}` matches what git ignores or tools write: {first(written, _SHOWN)}"
    remedy = "name the folders that count; uv can't exclude, a `files` key of dyncachekeys can"
    return Finding("DCK009", message, where, remedy, tuple(written[:_SHOWN]))
