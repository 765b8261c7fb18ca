"""At the end of a build that uv makes: its record is stored, and links lead to what it read.

Started by the build's last process (`trace.in_build.first`), so that plain uv alone keeps seeing what the newest build
reads. It takes no lock, adds links, writes nothing that uv compares, and runs no resolver: the next sync does the rest.
It removes no link but those to what the build has written, and to a folder in which it has: uv would find that there,
and build again, each time. What goes wrong is printed, and kept for `doctor`.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from dyncachekeys.backends.counted import counted
from dyncachekeys.files import derived
from dyncachekeys.files.tree import Files
from dyncachekeys.guard.place import Guard
from dyncachekeys.guard.setting import mode_of
from dyncachekeys.model import File
from dyncachekeys.paths import by_folder, join, split
from dyncachekeys.process.environ import for_keys
from dyncachekeys.pyproject.project import BUILD_RESOLVER, BUILDS, FILE, HOME, Project, load
from dyncachekeys.quick import atomic
from dyncachekeys.quick.snapshot import FOLDER_LINKS, LINK_FOLDER
from dyncachekeys.syncing.last_run import LastRun, last_run
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.inputs import Pyproject, Surroundings, folder_of_names, inputs_of
from dyncachekeys.trace.watched import products
from dyncachekeys.uv import workspace
from dyncachekeys.uv.mtimes import expanded, latest
from dyncachekeys.watch import hard_links, links
from dyncachekeys.watch.folders import of_builds
from dyncachekeys.watch.hard_links import HardLinks
from dyncachekeys.watch.in_force import Basis, to_listed
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
    if _uses_links(files, last):
        _Links(builds, around, last, project).add()
    builds.clear()
    _place_guard(project, files, last)


def _uses_links(files: Files, last: LastRun) -> bool:
    """Tell whether the last sync has made links, and they can be made still."""
    folder = LinkFolder(files.root / HOME)
    return links.ENTRIES[0].as_toml() in last.state.entries and folder.stat is not None and folder.works


class _Links:
    """Links to what the newest build read, and to folders that it listed, but not to what is newer than uv has seen (U29).

    Args:
        builds: The builds.
        around: The project's files.
        last: What the last sync left.
        project: The project.
    """

    def __init__(self, builds: Builds, around: Surroundings, last: LastRun, project: Project) -> None:
        self._files, self._last, self._project = around.files, last, project
        self._staging = os.fspath(around.files.root / BUILDS)
        """Where links are made."""
        records = builds.newest.records
        self._inputs = [one for record in records for one in inputs_of(record, around)]
        self._made = products(records, project.pyproject)
        self._linkable = Linkable(self._files, self._made, (*last.state.written, *last.state.late), works=True)
        self._single, self._hard = LinkFolder(self._files.root / HOME), HardLinks(self._files.root / HOME)
        self._folder_links = LinkFolder(self._files.root / HOME, FOLDER_LINKS)
        self._there = self._folder_links.texts()
        """The links to whole folders, by name, each with its text."""
        full = {name: self._files.full(links.path_of(text)) for name, text in self._there.items()}
        self._folders = {name: self._files.relative(path) for name, path in full.items()}
        """Where they lead, relative to the project."""
        self._written = {path for record in records for path in record.outputs}
        seen = [str(entry["file"]) for entry in last.state.entries if "file" in entry]
        self._seen = {*expanded(self._files, seen)}
        """What uv's entries lead to."""
        self._limit = latest(self._files, self._seen - {*self._links_to(self._written)}) or 0
        """When the newest file was written that uv has seen, in nanoseconds: none that the build itself has written."""
        self._of_builds = of_builds(last.state.entries, last.state.aside)
        """The links that may lead to folders that a build listed."""
        self._to_any = frozenset(link.name for link in self._of_builds if not link.folder)
        """The names of those that no pattern stands for."""

    def add(self) -> None:
        """Add those that are missing; then take those away behind which uv would find what the build has written."""
        paths = sorted({one.path for one in self._inputs if isinstance(one, File)})
        self._files.look_at_all(by_folder([path for path in paths if path != FILE]))
        linked = by_folder(filter(self._counts, paths))
        self._single.add(links.wanted(self._files, linked), self._staging)
        if to_folders := self._to_folders(linked):
            self._folder_links.add(links.to_folders(self._files, to_folders), self._staging)
        spoilt = {*self._spoilt(linked)}
        behind = {path for name in spoilt - self._to_any for path in self._behind(name)}
        others = sorted(behind - self._written)
        self._single.add(links.wanted(self._files, by_folder(filter(self._counts, others))), self._staging)
        self._folder_links.take_away(spoilt)
        self._single.take_away(self._single_to({path for path in self._written if self._is_new(path)}))

    def _is_new(self, path: str) -> bool:
        return self._files.changed_at(path) > self._limit

    def _behind(self, name: str) -> Iterator[str]:
        """Yield the files that uv finds behind a link to a folder."""
        above = f"{FOLDER_LINKS}/{name}/"
        yield from (join(self._folders[name], path[len(above) :]) for path in self._seen if path.startswith(above))

    def _links_to(self, paths: Collection[str]) -> Iterator[str]:
        """Yield paths by which uv finds some files through links."""
        yield from (f"{LINK_FOLDER}/{name}" for name in self._single_to(paths))
        for name, folder in self._folders.items():
            inside = (path for path in paths if path.startswith(f"{folder}/"))
            yield from (f"{FOLDER_LINKS}/{name}/{path[len(folder) + 1 :]}" for path in inside)

    def _single_to(self, paths: Collection[str]) -> list[str]:
        """Return the names of the links that lead to some files, hard links included."""
        files, texts = self._files, self._single.texts().items()
        single = (name for name, text in texts if files.relative(files.full(links.path_of(text))) in paths)
        return [*single, *(self._hard.there().keys() & hard_links.named(paths).keys())]

    def _counts(self, path: str) -> bool:
        state = self._files.state(path)
        is_linkable = self._linkable.blocker(path, state, cautious=True) is None
        return is_linkable and not self._is_new(path)

    def _to_folders(self, linked: Mapping[str, Sequence[str]]) -> Mapping[str, str]:
        """Return the links to folders that there may be now, by name, each with its folder."""
        strays, globs = self._last.state.strays, self._project.own_files
        basis = Basis(works=True, built=True, there=self._there, strays=strays, globs=globs)
        listed = {folder for one in self._inputs if (folder := folder_of_names(one))}
        return to_listed(self._of_builds, listed, linked, self._made, self._files, basis)

    def _spoilt(self, linked: Mapping[str, Sequence[str]]) -> Iterator[str]:
        """Yield the links to folders in which something has come, newer than uv has seen, that is no input.

        Where builds say what is one, the inputs behind the link have links of their own by now; where patterns do alone,
        what the build has written is none.
        """
        for name, folder in self._folders.items():
            if name in self._to_any:
                names = [one.name for one in self._files.listing(folder)] if folder in linked else []
                strays = [join(folder, one) for one in names if one not in linked[folder]]
            else:
                found = [path for path in self._behind(name) if path in self._written or name in self._last.state.aside]
                strays = [path for path in found if split(path)[1] not in linked.get(split(path)[0], ())]
            if any(map(self._is_new, strays)):
                yield name


def _place_guard(project: Project, files: Files, last: LastRun) -> None:
    """Put the import guard into the project's environment, if it was made for this very build."""
    mode = mode_of(project, files)
    if mode is not None and not last.state.guarded:
        venv = workspace.project_environment(files, os.environ)
        Guard(project, files, venv, os.environ, mode=mode).make()
