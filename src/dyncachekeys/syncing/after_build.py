"""At the end of a build that uv makes: its record is stored, and links lead to what it read.

Started by the build's last process (`trace.in_build.first`), so that plain uv alone keeps seeing what the newest build
reads. It takes no lock, adds links and removes none, writes nothing that uv compares, and runs no resolver: the next
sync does the rest. What goes wrong is printed, and kept for `doctor`.
"""

from __future__ import annotations

import os
from pathlib import Path

from dyncachekeys.backends.counted import counted
from dyncachekeys.files import derived
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.guard.place import Guard
from dyncachekeys.guard.setting import mode_of
from dyncachekeys.model import File
from dyncachekeys.paths import by_folder
from dyncachekeys.process.environ import for_keys
from dyncachekeys.pyproject.project import BUILD_RESOLVER, BUILDS, FILE, HOME, Project, load
from dyncachekeys.quick import atomic
from dyncachekeys.syncing.last_run import LastRun, last_run
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.inputs import Pyproject, Surroundings, inputs_of
from dyncachekeys.trace.watched import products
from dyncachekeys.uv import workspace
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.watch import links
from dyncachekeys.watch.linkable import Linkable
from dyncachekeys.watch.links import LinkFolder


def main(root: str) -> None:
    """Store the record of the build that has just ended, and add links to what it read.

    Args:
        root: The project's folder, absolute.
    """
    folder = Path(root)
    last = last_run(folder, None)
    if not last.believed:
        return
    project = load(folder, last.state.entries)
    files = Files.of(project, last.memory)
    files.derived = derived.load(folder / HOME / derived.FILE)
    if BUILD_RESOLVER not in workspace.resolvers(workspace.with_inherited(project, files)):
        return
    around = Surroundings(files, for_keys(os.environ), Pyproject(*counted(project.pyproject)), {})
    builds = Builds(folder / BUILDS, basis=last.state.basis)
    builds.records(around)
    for name, content in builds.dumped():
        atomic.replace(folder / BUILDS / name, content)
    _add_links(builds, around, last, products(builds.newest.records, project.pyproject))
    builds.clear()
    _place_guard(project, files, last)


def _add_links(builds: Builds, around: Surroundings, last: LastRun, made: list[str]) -> None:
    """Add links to what the newest build read, but not to what is newer than all that uv has seen (U29)."""
    files, folder = around.files, LinkFolder(around.files.root / HOME)
    if links.ENTRIES[0].as_toml() not in last.state.entries or folder.stat is None or not folder.works:
        return
    paths = {one.path for record in builds.newest.records for one in inputs_of(record, around) if isinstance(one, File)}
    files.look_at_all(by_folder(sorted(paths - {FILE})))
    seen = [str(entry["file"]) for entry in last.state.entries if "file" in entry]
    limit = newest(files, seen) or 0
    linkable = Linkable(files, made, (*last.state.written, *last.state.late), works=True)

    def counts(path: str) -> bool:
        state = files.state(path)
        is_linkable = linkable.blocker(path, state, cautious=True) is None
        return is_linkable and state != MISSING and files.changed_at(path) <= limit

    new = links.wanted(files, by_folder(filter(counts, sorted(paths))))
    folder.add(new, os.fspath(around.files.root / BUILDS))


def _place_guard(project: Project, files: Files, last: LastRun) -> None:
    """Put the import guard into the project's environment, if it was made for this very build."""
    mode = mode_of(project, files)
    if mode is not None and not last.state.guarded:
        venv = workspace.project_environment(files, os.environ)
        Guard(project, files, venv, os.environ, mode=mode).make()
