"""Undoing `init`: to the byte where it is remembered and nothing was edited since, else by what it would write now."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import Problem
from dyncachekeys.files import refs
from dyncachekeys.files.ignore import IGNORE_FILE
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.record import Remembered, recall
from dyncachekeys.propose.without import TABLE, without_ignore_line, without_keys, without_lines
from dyncachekeys.propose.write import Edit
from dyncachekeys.propose.written import Written
from dyncachekeys.pyproject.project import FILE, HOME, Project, load
from dyncachekeys.pyproject.source import parse
from dyncachekeys.pyproject.tables import table_at
from dyncachekeys.uv import build_variables, workspace
from dyncachekeys.uv.build_variables import OPTION, Place


class Undone(NamedTuple):
    """What undoing would write, and what it can't undo."""

    edits: tuple[Edit, ...]
    bare: tuple[Path, ...]
    """The projects that have no key then, so that region and state go as well."""
    left: tuple[Problem, ...]
    """What stays, and why."""


def undo(folders: Sequence[Path], root: Path, environ: Mapping[str, str], *, whole: bool = True) -> Undone:
    """Return what takes away again what `init` has written into some projects. Writes nothing.

    Args:
        folders: The projects.
        root: The one that we are in.
        environ: The environment.
        whole: Whether these are all that are known here; what several share is taken away only then.

    Raises:
        DyncachekeysError: a file can't be read or edited safely.
    """
    projects = [load(folder) for folder in folders]
    known = {path: one for project in projects for path, one in recall(project.root / HOME).items()}
    written = Written(projects, (one for path, one in known.items() if path.name == FILE), environ)
    sorted_out = [(project, *written.sorted_out(project)) for project in projects]
    left = tuple(_left(project, root, others) for project, _, others in sorted_out if others)
    exact = known if whole and not left else {}
    texts = {
        project.root / FILE: _without_keys(project, mine, written, exact, keeps=bool(others))
        for project, mine, others in sorted_out
        if project.table is not None
    }
    bare = [project for project in projects if not _keeps_keys(project, texts)]
    is_all = whole and len(bare) == len(projects)
    for place in _places(folders, root):
        texts[place.path] = _without_lines(place, None if is_all else bare, texts, exact)
    if is_all:
        # A line that was there when `init` ran is not its own; where nobody remembers, it is taken for that.
        paths = (path for path in _ignore_files(folders) if path in known or not known)
        texts |= {path: _without_ignore_line(path, exact) for path in paths}
    edits = (Edit(path, path.read_bytes(), after, root / HOME) for path, after in texts.items())
    return Undone(tuple(one for one in edits if one.before != one.after), tuple(one.root for one in bare), left)


def written_by_init(folders: Sequence[Path], root: Path) -> Iterator[tuple[Path, str]]:
    """Yield the files that hold something that `init` writes, and what that is. Arguments as `undo`."""
    for folder in folders:
        if load(folder).table is not None:
            yield folder / FILE, f"[{WHERE}]"
    for place in _places(folders, root):
        settings = table_at(parse(place.path.read_bytes(), place.path.name), place.prefix)
        if any(build_variables.is_set_up(settings, name) for name in table_at(settings, OPTION)):
            yield place.path, OPTION
    for path in dict.fromkeys(_ignore_files(folders)):
        if without_ignore_line(path.read_bytes()) != path.read_bytes():
            yield path, f"{HOME}/"


def _places(folders: Sequence[Path], root: Path) -> Iterable[Place]:
    """Return where uv's settings for some projects stand."""
    return dict.fromkeys(build_variables.place_of(_files(folder)) for folder in (*folders, root))


def _files(folder: Path) -> Files:
    return Files(folder, FileMemory())


def _left(project: Project, root: Path, names: Iterable[str]) -> Problem:
    path = project.root / FILE
    where = path.relative_to(root).as_posix() if path.is_relative_to(root) else str(path)
    message = f"not as `init` has written it, or would now, so it was left, with the region: {', '.join(names)}"
    remedy = f"if it is to go as well, remove `[{WHERE}]` by hand, and run `dyncachekeys init --undo` again"
    return Problem("left", message, f"{where}: {WHERE}", remedy)


def _without_keys(
    project: Project,
    mine: Sequence[tuple[str, ...]],
    written: Written,
    exact: Mapping[Path, Remembered],
    *,
    keeps: bool,
) -> bytes:
    """Return a project's file without what `init` has written of keys; if none is left, also without the region."""
    one = exact.get(project.root / FILE)
    if one is not None and one.after == project.bare:
        return one.before
    if keeps:
        return without_keys(project.raw, mine, written.is_comment)
    return without_keys(project.bare, [TABLE], written.is_comment)


def _keeps_keys(project: Project, texts: Mapping[Path, bytes]) -> bool:
    """Tell whether a project has keys then, of its own or from the root of its workspace."""
    own = table_at(parse(texts.get(project.root / FILE, project.bare)), TABLE)
    if own.get("keys"):
        return True
    home = workspace.home(_files(project.root)) / FILE
    if own.get("inherit") is False or home == project.root / FILE or "project" not in project.pyproject:
        return False
    shared = parse(texts[home] if home in texts else home.read_bytes())
    return bool(table_at(table_at(shared, TABLE), ("workspace", "keys")))


def _without_lines(
    place: Place, bare: Iterable[Project] | None, texts: Mapping[Path, bytes], exact: Mapping[Path, Remembered]
) -> bytes:
    """Return uv's settings without the lines for projects that have no keys then, or without any."""
    data = texts[place.path] if place.path in texts else place.path.read_bytes()
    one = exact.get(place.path)
    if one is not None and data in {one.before, one.after}:
        return one.before
    settings = table_at(parse(data, place.path.name), place.prefix)
    names = table_at(settings, OPTION) if bare is None else [project.name for project in bare]
    return without_lines(data, names, place)


def _ignore_files(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for place in (refs.work_tree(_files(folder)) or folder, folder):
            if (place / IGNORE_FILE).is_file():
                yield place / IGNORE_FILE


def _without_ignore_line(path: Path, exact: Mapping[Path, Remembered]) -> bytes:
    data, one = path.read_bytes(), exact.get(path)
    return one.before if one is not None and one.after == data else without_ignore_line(data)
