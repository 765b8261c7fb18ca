"""Which files some patterns choose, below the project or beside it."""

from __future__ import annotations

from collections.abc import ItemsView, Iterator, Mapping, Sequence
from functools import reduce

from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.files.gitignore import FolderRules, Rules
from dyncachekeys.files.ignore import Ignored, ignored_from_above
from dyncachekeys.files.tree import Files
from dyncachekeys.files.walk import Here, LastWalk, Walk, child
from dyncachekeys.paths import join, split

Chosen = Sequence[tuple[str, int]]
"""Names in one folder, each with the number of the pattern that chose it."""


class Selected(Mapping[str, str]):
    """The chosen paths, sorted, each with the pattern that chose it. A resolver may yield it as it is.

    It is stored by folder, in little memory.
    """

    def __init__(self, patterns: Sequence[str], signature: str = "") -> None:
        self.patterns: tuple[str, ...] = tuple(patterns)
        self.signature = signature
        """Equal for selections that choose alike."""
        self.past_ignoring: frozenset[int] = frozenset()
        """The numbers of those patterns that choose whatever git may ignore."""
        self.folders: dict[str, list[tuple[str, int]]] = {}
        """By folder, the chosen names, sorted, with the numbers of their patterns."""
        self.walked: set[str] = set()
        """The folders that were gone through."""
        self.passed: dict[str, list[str]] = {}
        """What was passed over there although a pattern matches it (`Walk.passed`)."""

    def add(self, folder: str, chosen: list[tuple[str, int]]) -> None:
        """Add names of a folder; one that is there already stays as it is."""
        known = self.folders.get(folder)
        if chosen:
            self.folders[folder] = sorted({**dict(chosen), **dict(known)}.items()) if known else chosen

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(path for path, _ in self._numbers()))

    def __len__(self) -> int:
        return sum(map(len, self.folders.values()))

    def __getitem__(self, path: str) -> str:
        folder, name = split(path)
        return self.patterns[dict(self.folders[folder])[name]]

    def items(self) -> ItemsView[str, str]:
        """Return all paths with their patterns; much faster than one by one."""
        return {path: self.patterns[number] for path, number in sorted(self._numbers())}.items()

    def _numbers(self) -> Iterator[tuple[str, int]]:
        for folder, chosen in self.folders.items():
            for name, number in chosen:
                yield join(folder, name), number


class Selection:
    """What patterns choose below one project.

    Args:
        include: Patterns, of which one must match.
        exclude: Patterns of which none may match. A list of its own, since in one list a negated
            folder does not drop a file that matches by itself (in git neither).
        gitignore: Whether ignored files are left out.

    Raises:
        ValueError: a pattern that can't be understood.
    """

    def __init__(self, include: Sequence[str], exclude: Sequence[str] = (), *, gitignore: bool = True) -> None:
        self._include = [files_pattern.parse(text) for text in include]
        self._exclude = [files_pattern.parse(text) for text in exclude]
        self._gitignore = gitignore
        self._signature = repr((list(include), list(exclude), gitignore))

    def among(self, files: Files) -> Selected:
        """Return what is chosen of a project's files.

        Raises:
            ResolverError: a folder can't be listed.
        """
        selected = Selected([pattern.text for pattern in self._include], self._signature)
        selected.past_ignoring = frozenset(
            number for number, one in enumerate(self._include) if one.literal is not None or not self._gitignore
        )
        bases = dict.fromkeys(pattern.base for pattern in self._include)
        # Of a folder that two walks go through, it is not known which of them chose what.
        last = LastWalk(files, self._signature) if len(bases) == 1 else None
        for base in bases:
            here, same = self._at(files, base)
            walk = Walk(files, gitignore=self._gitignore, last=last)
            for folder, chosen in walk.below(base, here, same=same):
                selected.walked.add(folder)
                selected.add(folder, chosen)
            selected.passed.update(walk.passed)
            self._add_named(files, selected, base, here)
        return selected

    def unmatched(self, selected: Selected, root: Sequence[str]) -> list[str]:
        """Return the patterns that choose none of the selected files, not even one that another chose first."""
        found = {number for chosen in selected.folders.values() for _, number in chosen}
        unused = self._include
        while found and unused:  # of several patterns that match a file, each time the last one is found
            unused = [pattern for place, pattern in enumerate(unused) if place not in found]
            found = _choosing(unused, selected, root)
        return [pattern.text for pattern in unused]

    def _at(self, files: Files, base: str) -> tuple[Here, bool]:
        """Return what all rules say where a walk begins, and whether the ignore files above are as they were."""
        # A line for each pattern, so that a line's number is the pattern's.
        choose = Rules(files_pattern.escaped(one.body) if one.base == base else "" for one in self._include).top
        # A pattern that is not anchored matches at any depth, so also below any other base.
        floating = Rules(files_pattern.escaped(one.body) for one in self._exclude if not one.anchored).top
        exclude = [floating] if floating.can_match else []
        later: dict[str, tuple[Rules, ...]] = {}
        for one in self._exclude:
            if not one.anchored:
                continue
            rules, way = Rules([files_pattern.escaped(one.body)]), _way(one.base, base, files.root.parts)
            if way is not None:
                exclude.append(reduce(FolderRules.enter, way, rules.top))
            else:
                later[one.base] = (*later.get(one.base, ()), rules)
        ignored, same = ignored_from_above(files, base) if self._gitignore else (Ignored(), True)
        return Here(choose, tuple(exclude), later, ignored), same

    def _add_named(self, files: Files, selected: Selected, base: str, here: Here) -> None:
        """Add the files that a pattern without wildcards names: no ignore rule counts against those."""
        known = {base: here}
        for number, pattern in enumerate(self._include):
            if pattern.base != base or (named := pattern.literal) is None:
                continue
            *above, name = named.split("/")
            folder, at = base, here
            for part in above:
                folder = child(folder, part, files.root.parts)
                at = known[folder] if folder in known else known.setdefault(folder, at.enter(part, folder))
            path = child(folder, name, files.root.parts)
            if files.exists(path) and not files.is_real_folder(path) and not at.excludes(name):
                selected.add(folder, [(name, number)])


def _way(base: str, folder: str, root: Sequence[str]) -> Sequence[str] | None:
    """Return the names on the way from a base down to a folder, both relative to the project; nothing if it leads up."""
    ups, fewer = base.count(".."), folder.split("/").count("..")
    if fewer > ups:
        return None
    inside = [part for part in folder.split("/") if part not in {"", ".."}]
    return [*root[len(root) - ups : len(root) - fewer], *inside]


def _choosing(patterns: Sequence[files_pattern.Pattern], selected: Selected, root: Sequence[str]) -> set[int]:
    """Return the places of patterns that would choose one of the selected files if no later one did so."""
    found = {-1}
    for base in dict.fromkeys(pattern.base for pattern in patterns):
        top = Rules(files_pattern.escaped(one.body) if one.base == base else "" for one in patterns).top
        for folder, chosen in selected.folders.items():
            way = _way(base, folder, root) if chosen else None
            if way is not None:
                place = reduce(FolderRules.enter, way, top)
                found.update((place.below, *(place.find(name, is_dir=False) for name, _ in chosen)))
    return found - {-1}
