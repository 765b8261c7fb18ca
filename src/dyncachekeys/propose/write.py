"""Writing what was proposed: each ``pyproject.toml`` first, then what stands beside it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dyncachekeys.errors import Problem, WriteError
from dyncachekeys.files import refs
from dyncachekeys.files.ignore import IGNORE_FILE, IgnoreRules
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.edit import with_lines
from dyncachekeys.propose.proposal import Proposal
from dyncachekeys.propose.record import remember
from dyncachekeys.pyproject.project import FILE, HOME
from dyncachekeys.quick.atomic import Lock
from dyncachekeys.rewrite.edit import EditedError
from dyncachekeys.rewrite.interrupted import noting, replaced
from dyncachekeys.rewrite.replace import replace
from dyncachekeys.syncing import document


@dataclass(frozen=True, slots=True)
class Edit:
    """A file to be written."""

    path: Path
    before: bytes
    after: bytes
    home: Path
    """The folder of stamp and state of a project that it is for."""


def ignoring(roots: Iterable[Path]) -> list[Edit]:
    """Return the edits that make git ignore our state in some projects.

    A project that has a file of its own gets the line there: hatchling reads no other then, so that an sdist would
    take in what only the repository's names (U26).
    """
    by_folder: dict[Path, list[Path]] = {}
    for root in roots:
        files = Files(root, FileMemory())
        if not IgnoreRules(files).ignores_all_in(HOME):
            own = root if files.is_file(IGNORE_FILE) else None
            by_folder.setdefault(own or refs.work_tree(files) or root, []).append(root)
    return [_ignoring(folder, inside) for folder, inside in by_folder.items()]


def _ignoring(folder: Path, roots: Sequence[Path]) -> Edit:
    path = folder / IGNORE_FILE
    before = _content(path)
    after = with_lines(before, [f"/{HOME}/" if roots == [folder] else f"{HOME}/"])
    return Edit(path, before, after, roots[0] / HOME)


def edits(proposals: Iterable[Proposal]) -> list[Edit]:
    """Return proposals as edits."""
    return [Edit(one.path, one.before, one.after, one.root / HOME) for one in proposals]


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def write(
    proposals: Sequence[Proposal], ignored: Iterable[Edit], tell: Callable[[str], None] | None = None
) -> Iterator[Path]:
    """Write all edits, and yield each file that was written.

    Args:
        proposals: What each ``pyproject.toml`` and ``uv.toml`` is to get.
        ignored: The edits of ignore files.
        tell: Is called with who is waited for.

    Raises:
        WriteError: a file was edited meanwhile, or can't be written.
    """
    wanted = [one for one in edits(proposals) if one.after != one.before]
    ordered = sorted(wanted, key=lambda one: one.path.name != FILE)
    for edit in write_edits([*ordered, *ignored], tell):
        with noting(lambda: [edit.path]), Lock(edit.home, tell=tell):  # noqa: B023
            remember(edit.home, edit.path, edit.before, edit.after)
        yield edit.path


def write_edits(wanted: Iterable[Edit], tell: Callable[[str], None] | None = None) -> Iterator[Edit]:
    """Write edits, and yield each that was written. Errors as `write`."""
    done: list[str] = []
    for edit in wanted:
        if edit.path.name == FILE:
            document.replace_document(edit.path.parent, edit.before, edit.after, done, tell)
        else:
            _write(edit, done, tell)
        done.append(os.fspath(edit.path))
        yield edit


def _write(edit: Edit, done: Sequence[str], tell: Callable[[str], None] | None) -> None:
    where = os.fspath(edit.path)
    try:
        with Lock(edit.home, tell=tell), noting(lambda: replaced(edit.path, edit.before, edit.after)):
            replace(edit.path, edit.before, edit.after, edit.home)
            if not edit.after:  # an ignore file that was made for our line
                edit.path.unlink()
    except EditedError:
        raise WriteError(Problem("edited-meanwhile", "was edited meanwhile", where, _by_hand(edit)), done) from None
    except OSError as error:
        message = f"can't be written: {error.strerror or error}; written so far: {', '.join(done)}"
        raise WriteError(
            Problem("not-written", message, where, f"make it writable, and {_by_hand(edit)}"), done
        ) from error


def _by_hand(edit: Edit) -> str:
    """Return how to make an edit by hand: all add lines, or take some away."""
    before, after = edit.before.splitlines(), edit.after.splitlines()
    added, gone = (
        [one.decode("utf-8", "replace") for one in some if one] for some in (_less(after, before), _less(before, after))
    )
    return f"add to it: `{'`, `'.join(added)}`" if added else f"remove from it: `{'`, `'.join(gone)}`"


def _less(lines: Iterable[bytes], others: Collection[bytes]) -> Iterator[bytes]:
    return (line for line in lines if line not in others)
