"""Which inputs may be watched through a link to them."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Mapping, Sequence

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.selection import Chosen, Selected
from dyncachekeys.files.tree import LINK, MISSING, Files
from dyncachekeys.paths import join, split

NO_LINKS = "uv would have to see it through a link, and here it can't"
_FOLLOWED = {"file", MISSING, "broken"}
"""What a link may lead to: a regular file, or none as yet, which uv sees when it comes to be (U27)."""
_INSTALLED = {"site-packages", "dist-packages"}
_OF_THE_KERNEL = ("/proc/", "/sys/", "/dev/")


class Linkable:
    """Tells of each input why uv must not watch it through a link, if there is a reason.

    Args:
        files: The project's files.
        products: The paths of what a build makes: a link to one would have each build ask for another (U15).
        written: The paths of what builds were seen to write.
        works: Whether links can be used here at all.
    """

    def __init__(self, files: Files, products: Collection[str], written: Collection[str], *, works: bool) -> None:
        self._files = files
        self.works: bool = works
        self._products, self._written = frozenset(products), frozenset(written)
        self._doubtful_in: dict[str, set[str]] = {}
        for folder, name in map(split, (*products, *written)):
            self._doubtful_in.setdefault(folder, set()).add(name)
        self._rules = IgnoreRules(files)

    def blocker(self, path: str, state: str, *, cautious: bool) -> str | None:
        """Return why a file may not be linked; nothing if it may.

        Args:
            path: Relative to the project.
            state: Its state.
            cautious: Whether also what a build may make is left out: what git ignores, and what builds
                were seen to write.
        """
        if not self.works:
            return NO_LINKS
        if state.partition(LINK)[0].partition(" ")[0] not in _FOLLOWED:
            return "it is not a regular file, which is all that uv looks at"  # U4
        if split(path)[1] == "pyproject.toml":
            return "it counts without the generated region, and uv would take all of it"
        if path in self._products or (cautious and path in self._written):
            return "a build makes it, so each build would ask for another one"  # U15
        if cautious and self._rules.ignores(path):
            return "git ignores it, so a build may make it"
        return self._misplaced(path)

    def _misplaced(self, path: str) -> str | None:
        parts = path.split("/")
        if not _INSTALLED.isdisjoint(parts):
            return "uv links installed files from its cache, so their times change without them"  # U33
        full = os.path.normpath(self._files.full(path)) if parts[0] == ".." else ""
        return "the kernel makes it, so it is new each time" if full.startswith(_OF_THE_KERNEL) else None

    def divided(self, selected: Selected, *, cautious: bool) -> Iterator[tuple[str, Sequence[str], Mapping[str, str]]]:
        """Yield for each folder of a selection the names that may be linked, and the others with why not."""
        for folder, chosen in selected.folders.items():
            others: dict[str, str] = {}
            for name in self._doubtful(folder, chosen, selected.past_ignoring if cautious else frozenset()):
                path = join(folder, name)
                state = self._files.folders[folder].state(name) or MISSING
                if why := self.blocker(path, state, cautious=cautious):
                    others[name] = why
            yield folder, [name for name, _ in chosen if name not in others], others

    def _doubtful(self, folder: str, chosen: Chosen, past_ignoring: frozenset[int]) -> Iterator[str]:
        """Yield the names that have to be asked about one by one, of which there are few."""
        if not self.works or self._misplaced(f"{folder}/"):
            yield from (name for name, _ in chosen)
            return
        doubtful = {"pyproject.toml", *self._files.folders[folder].non_regular, *self._doubtful_in.get(folder, ())}
        yield from (name for name, number in chosen if name in doubtful or number in past_ignoring)
