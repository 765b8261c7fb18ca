"""The set-up of watched builds: one line in uv's settings for each package that uv builds; where it belongs, and its edit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.errors import DyncachekeysError, EditError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.assign import Assignment, assign
from dyncachekeys.pyproject.project import FILE, Project
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import decode, parse
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.uv import build_variables, workspace
from dyncachekeys.uv.build_variables import OPTION, VARIABLE, WATCH_FOLDER, Place

COMMENT = "uv's own builds are watched: they show what they depend on."
_IN_PYPROJECT = ("tool", "uv")


class SetUp(NamedTuple):
    """The lines that one file is to get."""

    place: Place
    names: tuple[str, ...]
    """The packages whose builds are to be watched, each with a line."""
    sources: tuple[str, ...]
    """Those of them that are path sources, which uv builds with these settings."""
    blocker: Problem | None
    """Why no line can be written, if so."""


def set_ups(packages: Sequence[Project], consumer: Path | None, environ: Mapping[str, str]) -> list[SetUp]:
    """Return what makes the builds of packages watched: in the root of each one's workspace (U37).

    Args:
        packages: What gets keys.
        consumer: A project whose path sources are to be watched as well, as far as they have keys or get them:
            uv builds them with the settings of whoever uses them.
        environ: The environment.
    """
    wanted: dict[Path, dict[Path, Project]] = {}
    for project in packages:
        wanted.setdefault(workspace.home(_files(project.root)), {})[project.root] = project
    sources: dict[Path, Project] = {}
    if consumer is not None:
        home = workspace.home(_files(consumer))
        sources = {
            one.root: one for one in build_variables.path_sources(consumer, (project.root for project in packages))
        }
        wanted.setdefault(home, {}).update(sources)
    found = (_set_up(home, projects, sources, environ) for home, projects in wanted.items())
    return [one for one in found if one.names]


def _set_up(
    home: Path, projects: Mapping[Path, Project], sources: Mapping[Path, Project], environ: Mapping[str, str]
) -> SetUp:
    files = _files(home)
    settings = workspace.settings(files)
    names = {
        root: project.name
        for root, project in projects.items()
        if not (build_variables.is_built_by_uv(project.pyproject) or build_variables.is_set_up(settings, project.name))
    }
    foreign = tuple(name for root, name in names.items() if root in sources)
    blocker = build_variables.blocker(files, environ) if names else None
    return SetUp(build_variables.place_of(files), tuple(names.values()), foreign, blocker)


def _files(root: Path) -> Files:
    return Files(root, FileMemory())


def with_set_up(data: bytes, names: Sequence[str], prefix: tuple[str, ...] = _IN_PYPROJECT, where: str = FILE) -> bytes:
    """Return uv's settings with the line for some packages; a ``PYTHONPATH`` that stands there is kept in front.

    Raises:
        ConfigurationError: the file can't be parsed.
        EditError: it can't be edited safely; the message shows what to write by hand.
    """
    is_new = OPTION not in table_at(parse(data, where), prefix)
    header = len(prefix) + bool(not prefix or (is_new and len(names) > 1))
    for name in names:
        data = _with_line(data, name, prefix, where, header)
    return data


def _with_line(data: bytes, name: str, prefix: tuple[str, ...], where: str, header: int) -> bytes:
    bom, text = decode(data, where)
    before = parse(data, where)
    settings = table_at(before, prefix)
    if build_variables.is_set_up(settings, name):
        return data
    own = next(iter(build_variables.spellings(settings, name)), normalised_name(name))
    path = (*prefix, OPTION, own, VARIABLE)
    value = build_variables.with_watch(at(before, path))
    after = bom + assign(text, Assignment(path, value, header, COMMENT)).encode()
    try:
        proved = canonical(parse(after, where)) == canonical(_with_value(before, path, value))
        proved = proved and cut(after).entries == cut(data).entries
    except (DyncachekeysError, TypeError):  # a text, where a table has to be
        proved = False
    if not proved:
        option = ".".join((*prefix, OPTION))
        remedy = f'add by hand: `{OPTION} = {{ {normalised_name(name)} = {{ {VARIABLE} = "{WATCH_FOLDER}" }} }}`'
        message = "the line that makes builds watched can't be added safely, so the file was left as it was"
        raise EditError([Problem("edit-not-proved", message, f"{where}: {option}", remedy)])
    return after


def _with_value(table: Any, path: Sequence[str], value: str) -> Any:
    if not path:
        return value
    name, *rest = path
    return {**table, name: _with_value(table.get(name, {}), rest, value)}


def canonical(value: Any) -> str:
    """Return values as text that tells 1 from 1.0 and true, whatever the order of the names."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{name!r}: {canonical(item)}' for name, item in sorted(value.items()))}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(canonical, value))}]"
    return repr(value)
