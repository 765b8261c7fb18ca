"""gitignore(5) patterns for a walk that goes down folder by folder: what can match is known before the names are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from dyncachekeys.files.steps import ANY, ERRORS, EXACT, EXTENSION, PREFIX, REGEX, SUFFIX, Step, first_step


class Rules:
    """The patterns of one list, which stand at one folder: lines as in a .gitignore file, without newlines."""

    __slots__ = ("negated", "top")

    def __init__(self, lines: Iterable[str]) -> None:
        lines = tuple(lines)
        self.negated: tuple[bool, ...] = tuple(line.startswith("!") for line in lines)
        """By the index of the line; a comment and a blank line have theirs, too."""
        self.top: FolderRules = FolderRules(frozenset(filter(None, map(first_step, range(len(lines)), lines))), -1, {})
        """The folder at which they stand."""


class FolderRules:
    """What rules say in one folder. Folders in which they say the same share one."""

    __slots__ = ("_names", "_onward", "_places", "_stay", "_steps", "below")

    def __init__(
        self, steps: frozenset[Step], below: int, places: dict[tuple[frozenset[Step], int], FolderRules]
    ) -> None:
        self._steps, self._places = steps, places
        self._stay = frozenset(step for step in steps if step.deep)
        self._onward: dict[str | None, list[Step]] = {}
        for step in (step for step in steps if step.rest):
            self._onward.setdefault(step.text if step.kind == EXACT else None, []).append(step)
        self._names: tuple[_LastSteps, _LastSteps] | None = None
        self.below: int = below
        """The highest index of a pattern that matched this folder or one above it, or -1."""

    @property
    def can_match(self) -> bool:
        """Whether a pattern can match anything in this folder or below it."""
        return self.below >= 0 or bool(self._steps)

    def enter(self, name: str) -> FolderRules:
        """Return the place of a subfolder."""
        below = max(self.below, self.find(name, True))
        perhaps = (*self._onward.get(name, ()), *self._onward.get(None, ()))
        onward = [step.rest for step in perhaps if step.rest and step.matches(name)]
        steps = self._stay.union(onward) if onward else self._stay
        key = (steps, below)
        return self._places.get(key) or self._places.setdefault(key, FolderRules(steps, below, self._places))

    def find(self, name: str, is_dir: bool) -> int:
        """Return the index of the last pattern that matches this very entry of the folder, or -1."""
        return (self._names or self._look())[is_dir].find(name)

    def files(self, names: Sequence[str]) -> list[tuple[str, int]]:
        """Return the plain files that match, or whose folder or one above does, with the highest index."""
        find, below = (self._names or self._look())[False].find, self.below
        if below >= 0:
            return [(name, max(below, find(name))) for name in names]
        return [(name, index) for name in names if (index := find(name)) >= 0]

    def _look(self) -> tuple[_LastSteps, _LastSteps]:
        last = sorted((step for step in self._steps if not step.rest), key=lambda step: step.index)
        self._names = _LastSteps([step for step in last if not step.only_folders]), _LastSteps(last)
        return self._names


class _LastSteps:
    """The last steps of patterns, in order of index, by what makes them quick to find."""

    __slots__ = ("_any", "_exact", "_extensions", "_heads", "_others", "_regex", "_tails")

    def __init__(self, steps: Sequence[Step]) -> None:
        self._any = max((step.index for step in steps if step.kind == ANY), default=-1)
        steps = [step for step in steps if step.index > self._any]
        self._exact, self._extensions = _texts(steps, EXACT), _texts(steps, EXTENSION)
        self._heads, self._tails = tuple(_texts(steps, PREFIX)), tuple(_texts(steps, SUFFIX))
        self._others = [step for step in reversed(steps) if step.kind in {PREFIX, SUFFIX, REGEX}]
        regexes = [step.regex.pattern for step in self._others if step.regex]
        self._regex = re.compile(b"|".join(regexes), re.DOTALL) if regexes else None

    def find(self, name: str) -> int:
        found = self._exact.get(name, self._any)
        extension = self._extensions.get(name[name.rfind(".") :], self._any)
        if extension > found:  # noqa: PLR1730  # max() takes as long as all the rest
            found = extension
        if not self._others:
            return found
        plain = name.endswith(self._tails) or name.startswith(self._heads)
        if plain or (self._regex and self._regex.fullmatch(name.encode(errors=ERRORS))):
            return next((step.index for step in self._others if step.index > found and step.matches(name)), found)
        return found


def _texts(steps: Sequence[Step], kind: int) -> dict[str, int]:
    """Return the texts of the steps of one kind, each with the highest index."""
    return {step.text: step.index for step in steps if step.kind == kind}
