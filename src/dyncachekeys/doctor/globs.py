"""Globs that match nothing, too much, or what builds write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import MOST, WHERE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.doctor.package import Glob, Subject

_OF_TOOLS = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache"})
_SHOWN = 3


def findings(subject: Subject) -> Iterator[Finding]:
    """Yield what is wrong with each glob."""
    for glob in subject.globs:
        where = f"{WHERE}[{glob.place}]"
        if not glob.paths:
            yield Finding("DCK008", f"`{glob.text}` matches nothing", where, "check it, or take it out")
        written = [path for path in glob.paths if _is_written(subject, path)]
        if written:
            yield _of_written(glob, written, where)
        if len(glob.paths) > MOST:
            remedy = "narrow it, or let dyncachekeys watch the files"
            yield Finding("DCK010", f"`{glob.text}` matches more than {MOST:,} files", where, remedy)


def _is_written(subject: Subject, path: str) -> bool:
    return not _OF_TOOLS.isdisjoint(path.split("/")) or subject.rules.ignores(path)


def _of_written(glob: Glob, written: list[str], where: str) -> Finding:
    shown = ", ".join(written[:_SHOWN])
    more = f" and {len(written) - _SHOWN:,} more" if len(written) > _SHOWN else ""
    message = f"`{glob.text}` matches what git ignores or tools write: {shown}{more}"
    remedy = "name the folders that count; uv has no exclusion, a `files` key of dyncachekeys has"
    return Finding("DCK009", message, where, remedy, tuple(written[:_SHOWN]))
