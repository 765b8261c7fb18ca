"""``extra-build-variables``, by which uv's own builds are watched: one line that gives them our ``sitecustomize`` (U35)."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from dyncachekeys.errors import ConfigurationError, DyncachekeysError, Problem
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.project import FILE, Project, load
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.quick.uv_command import is_on
from dyncachekeys.uv import workspace
from dyncachekeys.uv.program import SINCE, find
from dyncachekeys.uv.required_version import allows_older

OPTION = "extra-build-variables"
VARIABLE = "PYTHONPATH"
WATCH_FOLDER = ".dyncachekeys/watch"
"""Where `sync` puts what runs in a build, relative to the project: the build's current directory."""
_SEPARATOR = ":"
NO_CONFIG = "UV_NO_CONFIG"


def of_package(settings: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """Return the variables that uv sets for the builds of a package. Settings as `workspace.settings` returns them."""
    given = (table_at(settings, [OPTION, one]) for one in spellings(settings, name))
    return next(given, {})


def spellings(settings: Mapping[str, Any], name: str) -> list[str]:
    """Return how the option spells the name of a package, if it names it."""
    own = normalised_name(name)
    return [one for one in table_at(settings, OPTION) if normalised_name(one) == own]


def is_set_up(settings: Mapping[str, Any], name: str) -> bool:
    """Tell whether the settings make uv's builds of a package watched."""
    return leads_to_watch(of_package(settings, name).get(VARIABLE))


def leads_to_watch(paths: Any) -> bool:
    """Tell whether a ``PYTHONPATH`` leads to the watch folder."""
    return isinstance(paths, str) and WATCH_FOLDER in map(posixpath.normpath, paths.split(_SEPARATOR))


def with_watch(paths: Any) -> str:
    """Return a ``PYTHONPATH`` with the watch folder behind what it holds."""
    return f"{paths}{_SEPARATOR}{WATCH_FOLDER}" if isinstance(paths, str) and paths else WATCH_FOLDER


def without_watch(paths: str) -> str:
    """Return a ``PYTHONPATH`` without the watch folder."""
    return _SEPARATOR.join(one for one in paths.split(_SEPARATOR) if posixpath.normpath(one) != WATCH_FOLDER)


def is_built_by_uv(pyproject: Mapping[str, Any]) -> bool:
    """Tell whether uv builds a project without Python, so that no hook of it can be watched (U42)."""
    return bool(at(pyproject, "build-system.build-backend") == "uv_build")


class Place(NamedTuple):
    """Where uv's settings for a project stand."""

    path: Path
    """``pyproject.toml`` at the root of its workspace, or the ``uv.toml`` that takes its place."""
    prefix: tuple[str, ...]
    """The table in that file."""

    def named(self, option: str, files: Files) -> str:
        """Return where an option stands, for messages about a project."""
        return f"{files.relative(self.path)}: {'.'.join((*self.prefix, option))}"


def place_of(files: Files) -> Place:
    """Return where uv's settings for a project stand; both files at once are read as `workspace.settings` does it."""
    root = workspace.home(files)
    if workspace.own_settings(files, root) is not None:
        return Place(root / "uv.toml", ())
    return Place(root / FILE, ("tool", "uv"))


def path_sources(consumer: Path, also: Iterable[Path] = ()) -> Iterator[Project]:
    """Yield the packages that uv builds with a project's settings though they are in no workspace with it.

    Those that have keys, and some others.
    """
    files = Files(consumer, FileMemory())
    home, others = workspace.home(files), set(also)
    for folder in workspace.scope(files):
        own = Files(folder, FileMemory())
        if workspace.home(own) == home:
            continue
        try:
            project = workspace.with_inherited(load(folder), own)
            if project.is_package and (folder in others or workspace.has_keys(project)):
                yield project
        except DyncachekeysError:  # it is another project's to be right
            continue


def reads_no_settings(environ: Mapping[str, str]) -> bool:
    """Tell whether uv is told to read no settings, ``tool.uv`` included; of that, cache keys alone still count."""
    return is_on(NO_CONFIG, environ)


def blocker(files: Files, environ: Mapping[str, str]) -> Problem | None:
    """Return why builds can't be watched: uv reads no settings, or is too old (U36), on PATH or by ``required-version``."""
    if reads_no_settings(environ):
        message = f"{NO_CONFIG} is set, so uv reads no settings, and not this one, by which builds are watched"
        where = place_of(files).named(OPTION, files)
        return Problem("uv-no-config", message, where, "unset it, or name what the build reads in keys")
    since = ".".join(map(str, SINCE))
    why = (
        f"uv knows `{OPTION}`, by which builds are watched, from {since} on; an older one drops all settings beside it"
    )
    if allows_older(workspace.settings(files).get("required-version"), SINCE):
        where = place_of(files).named("required-version", files)
        remedy = f'write `required-version = ">={since}"`, or the builds of older ones stay unwatched'
        return Problem("uv-too-old", f"allows older ones: {why}", where, remedy)
    try:
        program = find(files, environ, ())
    except ConfigurationError as error:
        return error.problems[0]
    if program is None or not program.version or program.version >= SINCE:
        return None
    version = ".".join(map(str, program.version))
    return Problem("uv-too-old", f"uv {version} is on PATH: {why}", program.path, f"install uv {since} or newer")
