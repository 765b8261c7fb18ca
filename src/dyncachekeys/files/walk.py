"""One walk below one folder: what patterns choose there, going only where something can match.

A folder that stands as it was in the last run is not listed again.
"""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from dyncachekeys.errors import ResolverError
from dyncachekeys.files.ignore import IGNORE_FILE, Ignored, is_same_ignore_file, read_ignore_file, unlistable
from dyncachekeys.quick.snapshot import LEFT_OUT, WALKED

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from dyncachekeys.files.gitignore import FolderRules, Rules
    from dyncachekeys.files.tree import Files

_VENV_MARK = "pyvenv.cfg"
Chosen = tuple[str, list[tuple[str, int]]]
"""A folder relative to the project, and its chosen names, each with the number of the pattern that chose it."""


class LastWalk:
    """What the same walk went through and chose in the last run."""

    def __init__(self, files: Files, signature: str) -> None:
        self._memory, self._signature = files.memory, signature
        self._below: dict[str, list[str]] = {}
        self._visited = files.memory.visited(signature)
        for folder in self._visited:
            if folder:
                self._below.setdefault(posixpath.dirname(folder), []).append(posixpath.basename(folder))

    def knows(self, folder: str) -> bool:
        """Tell whether the walk went through a folder, and all that it chose there is remembered."""
        return self._visited.get(folder) == WALKED

    def subfolders(self, folder: str) -> Sequence[str]:
        """Return the names of the subfolders that it entered."""
        return self._below.get(folder, ())

    def chosen(self, folder: str) -> list[tuple[str, int]]:
        """Return what it chose in a folder."""
        return self._memory.chosen(self._signature, folder)


class Here:
    """What all rules say in one folder of a walk."""

    __slots__ = ("choose", "exclude", "ignored", "later")

    def __init__(
        self,
        choose: FolderRules,
        exclude: tuple[FolderRules, ...],
        later: Mapping[str, tuple[Rules, ...]],
        ignored: Ignored,
    ) -> None:
        self.choose: FolderRules = choose
        self.exclude: tuple[FolderRules, ...] = exclude
        self.later: Mapping[str, tuple[Rules, ...]] = later
        """Rules that stand at a folder further down, by its path."""
        self.ignored: Ignored = ignored

    def leaves_out(self, name: str, *, is_dir: bool) -> bool:
        """Tell whether an entry is excluded or ignored."""
        return self.excludes(name, is_dir=is_dir) or self.ignored.says(name, is_dir=is_dir)

    def excludes(self, name: str, *, is_dir: bool = False) -> bool:
        """Tell whether an entry is excluded, by itself or with a folder above it."""
        return any(place.below >= 0 or place.find(name, is_dir) >= 0 for place in self.exclude)

    def enter(self, name: str, path: str) -> Here:
        """Return what they say in a subfolder."""
        exclude = tuple(place.enter(name) for place in self.exclude) if self.exclude else ()
        if self.later and path in self.later:
            exclude += tuple(rules.top for rules in self.later[path])
        return Here(self.choose.enter(name), exclude, self.later, self.ignored.enter(name))


class Walk:
    """A walk.

    Args:
        files: The project's files, through which everything is looked at.
        gitignore: Whether ignored files are left out.
        remembered: The same walk of the last run, if it may be gone by.
    """

    def __init__(self, files: Files, *, gitignore: bool, remembered: LastWalk | None) -> None:
        self._files, self._gitignore, self._remembered = files, gitignore, remembered

    def below(self, folder: str, here: Here, *, same: bool, top: bool = True) -> Iterator[Chosen]:
        """Yield each folder that is gone through, with what is chosen there.

        Args:
            folder: Where to begin, relative to the project.
            here: What the rules say there.
            same: Whether all ignore files from above say what they said in the last run.
            top: Whether this is the walk's own beginning, which may be a virtual environment.

        Raises:
            ResolverError: a folder can't be listed.
        """
        try:
            if self._remembered is not None and same and self._remembered.knows(folder) and self._files.stands(folder):
                had_one = self._gitignore and self._files.memory.content(folder, IGNORE_FILE) is not None
                here = self._with_ignore_file(here, folder) if had_one else here
                same = not had_one or is_same_ignore_file(self._files, folder)
                if same:
                    yield folder, self._remembered.chosen(folder)
                    yield from self._onward(folder, self._remembered.subfolders(folder), here, same=True)
                    return
                entries = self._files.entries(folder)
            else:
                entries = self._files.entries(folder)
                if self._gitignore and any(entry.name == IGNORE_FILE for entry in entries):
                    here = self._with_ignore_file(here, folder)
                same = same and is_same_ignore_file(self._files, folder)
        except OSError as error:
            raise ResolverError([unlistable(folder or ".", error)]) from error
        if not top and any(entry.name == _VENV_MARK for entry in entries):
            yield folder, []
            return
        chosen, below = self._partitioned(entries, here)
        yield folder, chosen
        yield from self._onward(folder, below, here, same=same)

    @staticmethod
    def _partitioned(entries: Iterable[os.DirEntry[str]], here: Here) -> tuple[list[tuple[str, int]], list[str]]:
        """Return what is chosen of a folder's entries, and which of them are to be entered."""
        chosen: list[tuple[str, int]] = []
        below: list[str] = []
        all_from, find = here.choose.below, here.choose.find
        for entry in entries:
            name = entry.name
            if name in LEFT_OUT:
                continue
            if entry.is_dir(follow_symlinks=False):
                if here.choose.enter(name).can_match and not here.leaves_out(name, is_dir=True):
                    below.append(name)
                continue
            number = max(all_from, find(name, is_dir=False))
            if number < 0 or not (entry.is_file(follow_symlinks=False) or entry.is_symlink()):
                continue
            if not here.leaves_out(name, is_dir=False):
                chosen.append((name, number))
        return sorted(chosen), sorted(below)

    def _onward(self, folder: str, names: Iterable[str], here: Here, *, same: bool) -> Iterator[Chosen]:
        for name in names:
            path = child(folder, name, self._files.root.parts)
            yield from self.below(path, here.enter(name, path), same=same, top=False)

    def _with_ignore_file(self, here: Here, folder: str) -> Here:
        text = read_ignore_file(self._files, folder)
        if text is None:
            return here
        return Here(here.choose, here.exclude, here.later, here.ignored.with_file(text))


def child(folder: str, name: str, root: Sequence[str]) -> str:
    """Return the path of what a folder holds, both relative to the project.

    A way that leads up and down again comes by the project: a file has one name only.

    Args:
        folder: Empty for the project's own.
        name: The name.
        root: The parts of the project's own absolute path.
    """
    if not folder:
        return name
    ups = folder.count("..")
    if folder == "/".join([".."] * ups) and root[-ups] == name:
        return folder[3:]
    return f"{folder}/{name}"
