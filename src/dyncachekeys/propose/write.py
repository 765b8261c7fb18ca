"""Writing what was decided: each ``pyproject.toml`` first, then ``.gitignore``."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.files import refs
from dyncachekeys.files.ignore import IGNORE_FILE, IgnoreRules
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.edit import with_line
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick.atomic import replace
from dyncachekeys.syncing import document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from dyncachekeys.propose.propose import Proposal


@dataclass(frozen=True, slots=True)
class Edit:
    """A file that is to be written."""

    path: Path
    before: bytes
    after: bytes


def ignoring(roots: Iterable[Path]) -> list[Edit]:
    """Return the edits by which git comes to ignore our state in some projects."""
    wanting: dict[Path, list[Path]] = {}
    for root in roots:
        files = Files(root, FileMemory())
        if not IgnoreRules(files).ignores(f"{HOME}/state.json"):
            wanting.setdefault(refs.work_tree(files) or root, []).append(root)
    return [_ignoring(home, inside) for home, inside in wanting.items()]


def _ignoring(home: Path, roots: Sequence[Path]) -> Edit:
    path = home / IGNORE_FILE
    before = path.read_bytes() if path.is_file() else b""
    line = f"/{HOME}/" if list(roots) == [home] else f"{HOME}/"
    return Edit(path, before, with_line(before, line))


def write(proposals: Iterable[Proposal], ignored: Iterable[Edit]) -> Iterator[Path]:
    """Write it all, and yield each file that was written.

    Raises:
        WriteError: a file was edited meanwhile, or can't be written.
    """
    done: list[str] = []
    for each in proposals:
        if each.after != each.before:
            document.replace_document(each.root, each.before, each.after, done)
            done.append(os.fspath(each.root / FILE))
            yield each.root / FILE
    for one in ignored:
        try:
            now = one.path.read_bytes() if one.path.is_file() else b""
            if now != one.before:
                remedy = f"add the line `{HOME}/` to it"
                raise WriteError(Problem("edited-meanwhile", "was edited meanwhile", os.fspath(one.path), remedy), done)
            replace(one.path, one.after, 0o644, ours=False)
        except OSError as error:
            problem = Problem(
                "not-written",
                f"can't be written: {error.strerror or error}; written so far: {', '.join(done)}",
                os.fspath(one.path),
                f"make it writable, and add the line `{HOME}/`",
            )
            raise WriteError(problem, done) from error
        yield one.path
