"""What uv finds behind a link to a folder in which patterns select files, and whether all of that is watched (U40)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Mapping

from dyncachekeys.files.gitignore import FolderRules
from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join, split
from dyncachekeys.uv.mtimes import rules_of
from dyncachekeys.watch.folders import FolderLink

MOST_BESIDE = 10_000
"""How many other files uv may have to pass behind a link, at some 3 microseconds each in every command (U23)."""


class Behind:
    """What uv finds behind one link of a selection."""

    def __init__(
        self, link: FolderLink, selected: Selected, linked: Mapping[str, Collection[str]], files: Files
    ) -> None:
        self._link, self._selected, self._linked, self._files = link, selected, linked, files
        self._places: dict[str, FolderRules | None] = {link.folder: rules_of(link.globs).top}
        self._left = MOST_BESIDE

    def add_to(self, behind: dict[str, set[str]]) -> None:
        """Add the files that uv finds, by folder."""
        for folder, names in self._found():
            behind.setdefault(folder, set()).update(names)

    @property
    def count(self) -> int:
        """How many selected files uv finds."""
        return sum(len(names) for _, names in self._found())

    def is_left_out(self, path: str) -> bool:
        """Tell whether uv would find a file, there or not, although it is not watched through a link."""
        folder, name = split(path)
        return self._matches(path) and name not in self._linked.get(folder, ())

    def strays(self, made: Iterable[str]) -> Iterator[str]:
        """Yield what uv finds although it is not watched through a link; of what builds make, also if it is not there."""
        for folder, names in self._found():
            seen, of_folder = self._files.folders[folder].names, self._linked.get(folder, ())
            yield from (join(folder, name) for name in names if name in seen and name not in of_folder)
        yield from filter(self._matches, made)
        for folder, names in self._passed():
            place = self._place(folder)
            if place is not None:
                yield from self._first_in(folder, names, place)

    def _passed(self) -> Iterator[tuple[str, list[str]]]:
        """Yield what the selection passed over, by folder, but uv does not."""
        yield from self._selected.passed.items()
        if any("/" not in glob and glob != "**" for glob in self._link.globs):  # what has no slash goes down, too (U12)
            entries = self._files.listing(self._link.folder)
            below = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
            yield self._link.folder, [one for one in below if join(self._link.folder, one) not in self._selected.walked]

    def _first_in(self, folder: str, names: Iterable[str], place: FolderRules) -> Iterator[str]:
        """Yield what uv finds among some names of a folder and below them; after very many names, the next one."""
        for name in names:
            path = join(folder, name) if name else folder
            self._left -= 1
            if self._left < 0:
                yield path
            elif self._files.is_real_folder(path):
                inside = place.enter(name) if name else place
                yield from self._first_in(path, [entry.name for entry in self._files.listing(path)], inside)
            elif place.find(name, is_dir=False) >= 0:
                yield path

    def _found(self) -> Iterator[tuple[str, list[str]]]:
        """Yield the selected files that uv finds, by folder."""
        for folder, chosen in self._selected.folders.items():
            place = self._place(folder)
            if place is not None:
                yield folder, [name for name, _ in chosen if place.find(name, is_dir=False) >= 0]

    def _matches(self, path: str) -> bool:
        folder, name = split(path)
        place = self._place(folder)
        return place is not None and place.find(name, is_dir=False) >= 0

    def _place(self, folder: str) -> FolderRules | None:
        """Return what the globs say in a folder; nothing outside of the one to which the link leads."""
        if folder not in self._places:
            above, name = split(folder)
            place = self._place(above) if folder.startswith(f"{self._link.folder}/") else None
            self._places[folder] = place.enter(name) if place is not None else None
        return self._places[folder]


def is_crowded(files: Files, folder: str, watched: int) -> bool:
    """Tell whether uv has to pass very many other files behind a link to a folder. What is looked at is not noted."""
    left = watched + MOST_BESIDE
    for _, folders, names in os.walk(files.full(folder)):
        left -= len(folders) + len(names)
        if left < 0:
            return True
    return False
