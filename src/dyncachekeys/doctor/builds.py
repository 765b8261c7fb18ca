"""Findings about watched builds: whether uv's own builds of a package are watched, and what went wrong in them."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import Package
from dyncachekeys.files import state_file
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.project import BUILD_RESOLVER, FILE, HOME, Project
from dyncachekeys.pyproject.tables import at, table_at
from dyncachekeys.quick.snapshot import STATE_FILE
from dyncachekeys.syncing import state
from dyncachekeys.trace import in_build
from dyncachekeys.uv import build_variables, workspace
from dyncachekeys.uv.build_variables import OPTION, VARIABLE, WATCH_FOLDER

_PROBLEMS = f"{HOME}/builds/problems"
GIVES_BACK: bool = Path("/proc/self/environ").exists()
"""Whether a watched build can have the shell's ``PYTHONPATH`` (`trace/in_build/sitecustomize.py`)."""
_REPORTED = {
    "interpreter": (
        "DCK055",
        "a build ran on a Python that the tracer does not know, so it was not watched: {}",
        "build on a version that is known (docs/concepts/watched-builds.md), or update dyncachekeys",
    ),
    "record": (
        "DCK056",
        "the record of a build can't be read, and does not count: {}",
        f"remove it from {HOME}/builds; the next build makes another",
    ),
    "refresh": (
        "DCK057",
        "at the end of a build, the links could not be brought up to date: {}",
        "run `dyncachekeys sync`, and before each uv command while this stays",
    ),
}
"""By what a build or a sync writes down: the code, the message and the remedy."""


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with the watching of a package's builds, and of its path sources' if it is in the root."""
    project = package.project
    if _asks_for_builds(project) and not build_variables.is_built_by_uv(project.pyproject):
        yield from _of_set_up(package)
        yield from _of_problems(project.root / HOME)
    yield from _misplaced(package)
    if workspace.home(package.files) == project.root:
        yield from _of_path_sources(package)


def _asks_for_builds(project: Project) -> bool:
    """Tell whether uv builds a project and a key of it asks what its builds depend on."""
    keys = [*table_at(project.pyproject, "tool.dyncachekeys.keys").values(), *project.inherited.values()]
    return project.is_package and any(at(key, "resolver") == BUILD_RESOLVER for key in keys)


def _of_set_up(package: Package) -> Iterator[Finding]:
    name, files = package.project.name, package.files
    settings = workspace.settings(files)
    where = build_variables.place_of(files).named(OPTION, files)
    problem = build_variables.blocker(files, package.environ)
    found = build_variables.of_package(settings, name).get(VARIABLE)
    if problem is not None:
        yield Finding("DCK053", problem.message, problem.where, problem.remedy)
    elif build_variables.leads_to_watch(found):
        yield from _of_watch_folder(Path(files.full(WATCH_FOLDER)))
        yield from _of_the_shells(package.environ.get(VARIABLE), str(found), where)
        yield from _of_asked(package.project.root / HOME, where)
    elif found is None:
        yield Finding("DCK050", f"nothing makes uv's builds of {name} watched", where, _line(name))
    else:
        message = f"`{VARIABLE}` does not lead to {WATCH_FOLDER}, so uv's builds of {name} are not watched"
        remedy = f'write `{VARIABLE} = "{build_variables.with_watch(found)}"`'
        yield Finding("DCK051", message, where, remedy)


def _of_asked(home: Path, where: str) -> Iterator[Finding]:
    """Yield that a sync has asked for a build that is watched, and that none has left anything."""
    left = {path.name for path in home.glob("builds/*")} - {"problems"}
    if not left and state.load(home / STATE_FILE).asked:
        message = "a sync has asked for a build that is watched, and none was yet"
        remedy = (
            "run `uv sync`; if it builds, and this stays, it reads other settings: mind `--no-config`, `--config-file`"
        )
        yield Finding("DCK059", message, where, remedy)


def _of_the_shells(path: str | None, ours: str, where: str) -> Iterator[Finding]:
    """Yield that a build has our path in place of the shell's, which has nothing to do with one in the settings."""
    if path and not GIVES_BACK and not build_variables.without_watch(ours):
        message = f"uv's builds do not see `{VARIABLE}` of this shell: the one that has them watched takes its place"
        remedy = f'if a build needs it, write `{VARIABLE} = "{build_variables.with_watch(path)}"`'
        yield Finding("DCK058", message, where, remedy)


def _line(name: str) -> str:
    return f'add `{normalised_name(name)} = {{ {VARIABLE} = "{WATCH_FOLDER}" }}` there'


def _of_watch_folder(folder: Path) -> Iterator[Finding]:
    ours = Path(next(iter(in_build.__path__)))
    sources = {path: ours / path.name.removeprefix("_dyncachekeys_") for path in folder.glob("*.py")}
    if not (folder / "sitecustomize.py").is_file():
        message = "it is not there, so that uv's builds are not watched"
    elif any(source.is_file() and source.read_bytes() != _content(path) for path, source in sources.items()):
        message = "it is of another version of dyncachekeys"
    else:
        return
    yield Finding("DCK054", message, WATCH_FOLDER, "run `dyncachekeys sync`, which makes it")


def _content(path: Path) -> bytes:
    try:
        return state_file.content(path)
    except OSError:
        return b""


def _of_problems(home: Path) -> Iterator[Finding]:
    builds = home / "builds"
    if os.path.lexists(builds) and not (builds.is_dir() and os.access(builds, os.W_OK)):
        message = "it is no folder that can be written, so that no record of a build is kept"
        yield Finding(
            "DCK056", message, f"{HOME}/builds", "remove it, or make it writable, and run `dyncachekeys sync`"
        )
    for about, text in problems_of_builds(home):
        if about in _REPORTED:
            code, message, remedy = _REPORTED[about]
            yield Finding(code, message.format(text), _PROBLEMS, remedy)


def problems_of_builds(home: Path) -> list[tuple[str, str]]:
    """Return what went wrong in builds, as it stands in ``builds/problems`` below our home: what it is about, and a text."""
    try:
        lines = state_file.content(home / "builds/problems").decode("utf-8", "replace").splitlines()
    except OSError:
        return []
    told = (line.partition("\t") for line in dict.fromkeys(lines))
    return [(about, text) for about, tabulator, text in told if tabulator]


def _misplaced(package: Package) -> Iterator[Finding]:
    """Yield lines that stand where uv does not look (U37)."""
    own = table_at(package.project.pyproject, ["tool", "uv", OPTION])
    place = build_variables.place_of(package.files)
    leading = [name for name, given in own.items() if build_variables.leads_to_watch(at(given, VARIABLE))]
    if leading and place.path != package.project.root / FILE:
        there = place.named(OPTION, package.files)
        message = f"uv does not look here for {', '.join(leading)}, but at {there}"
        yield Finding("DCK052", message, f"tool.uv.{OPTION}", f"move it to {there}")


def _of_path_sources(package: Package) -> Iterator[Finding]:
    settings = workspace.settings(package.files)
    where = build_variables.place_of(package.files).named(OPTION, package.files)
    for project in build_variables.path_sources(package.project.root):
        is_watched = build_variables.is_set_up(settings, project.name)
        if _asks_for_builds(project) and not (is_watched or build_variables.is_built_by_uv(project.pyproject)):
            message = f"uv builds {project.name}, a path source, with these settings, and nothing makes that watched"
            yield Finding("DCK050", message, where, _line(project.name))
