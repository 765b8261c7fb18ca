"""Patterns for the files that a build was seen to read: one for all that are alike, where a person would write one."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.pattern import check, exactly, matches
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files
from dyncachekeys.propose import source_patterns
from dyncachekeys.propose.watched import folder_of
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.model import METADATA, Trace, is_like
from dyncachekeys.trace.rules import ALL, NAMES, WALKED, that_choose

_MANY = 4
"""From so many files of one ending on, a person writes a pattern instead of their names."""
_TOO_MANY = 20
"""So many names nobody writes, although the pattern then matches files that the build does not read."""
_SHORTEST = 3
"""How long what several names begin with has to be to say something."""


class Alike:
    """Finds patterns for files, by how the build came to them.

    Args:
        rules: Which names count in the folders that the project's own code listed (`trace.likeness`).
        trace: The build's. A pattern that matches more than it reads would have it build for nothing.
        files: The project's files.
    """

    def __init__(self, rules: Mapping[str, Sequence[str]], trace: Trace, files: Files) -> None:
        self._rules, self._files = rules, files
        self._there = trace.there.keys() - trace.read.keys()
        self._read = frozenset((*trace.read, *trace.written))
        self._asked = frozenset((*trace.read, *trace.there, *trace.missing))

    def patterns(self, paths: Iterable[str]) -> list[str]:
        """Return patterns that match these files, and those like them that come later where the build would read them."""
        left = sorted(paths)
        found: list[str] = []
        for candidate in self._candidates(left):
            taken = {path for path in left if matches(candidate, path)}
            if taken and self._fits(candidate):
                found.append(candidate)
                left = [path for path in left if path not in taken]
        for (top, ending), some in _alike(left).items():
            if len(some) >= _TOO_MANY and top != ".":
                start = f"{exactly(top)}/"
                found = [one for one in found if not (one.startswith(start) and one.endswith(ending))]
                found.append(f"{start}**/*{ending}")
                left = [path for path in left if path not in some]
        return found + [pattern for pattern in map(exactly, left) if check(pattern) is None]

    def questions(self, folder: str, rules: Iterable[str]) -> Iterator[str]:
        """Yield patterns for what a build asks of each folder in one, where nothing but whether it is there counts."""
        for rule in sorted(rule for rule in rules if rule.startswith("/")):
            pattern = f"{'' if folder == '.' else exactly(folder)}/*{rule}"
            has_answer = any(matches(pattern, path) for path in self._there)
            is_asked_twice = sum(matches(pattern, path) for path in self._asked) > 1  # of one it may just know the name
            if has_answer and is_asked_twice and check(pattern) is None and self._is_of_each(folder, rule):
                yield pattern

    def sources(self, paths: Sequence[str]) -> list[str]:
        """Return patterns for what is compiled: what lies beside it may be included by the next edit."""
        found = source_patterns.patterns(paths)
        selected = Selection(found).among(self._files) if found else ()
        if len(selected) <= 2 * len(paths) and all(any(matches(one, path) for one in found) for path in paths):
            return found
        return self.patterns(paths)

    def _candidates(self, paths: Sequence[str]) -> Iterator[str]:
        """Yield patterns: first by the questions that the build put to folders, then for what merely is alike."""
        for folder in sorted(self._rules, key=lambda folder: (folder.count("/"), folder)):
            rules = self._rules[folder]
            for rule in sorted(that_choose(rules) - {NAMES}, key=lambda rule: (rule != ALL, rule)):
                if not rule.startswith("/") or self._is_of_each(folder, rule):
                    yield from _of_rule(folder, rule, paths, walked=WALKED in rules)
        for (top, ending), some in _alike(paths).items():
            if len(some) >= _MANY and ending and top != ".":
                shared = posixpath.commonpath(map(folder_of, some))
                is_flat = all(folder_of(path) == shared for path in some)
                yield f"{exactly(shared)}/{'' if is_flat else '**/'}*{ending}"

    def _is_of_each(self, folder: str, question: str) -> bool:
        """Tell whether a question was put to each folder in a folder: else those that it was put to have fixed names."""
        place = "" if folder == "." else f"{folder}/"
        ignored = IgnoreRules(self._files)
        entries = self._files.listing(place.rstrip("/"))
        names = [one.name for one in entries if one.is_dir() and one.name[:1] != "." and one.name not in LEFT_OUT]
        paths = [f"{place}{name}" for name in names if not is_like(name, METADATA)]
        asked = (f"{path}{question}" in self._asked for path in paths if not ignored.ignores_all(path))
        return all(asked)

    def _fits(self, pattern: str) -> bool:
        """Tell whether a pattern can be written, and matches nothing now that the build does not read."""
        return check(pattern) is None and self._read.issuperset(Selection([pattern]).among(self._files))


def _alike(paths: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    """Return paths by the first folder that they lie in and by their ending."""
    groups: dict[tuple[str, str], list[str]] = {}
    for path in paths:
        top = path.partition("/")[0] if "/" in path and not path.startswith("../") else folder_of(path)
        groups.setdefault((top, posixpath.splitext(path)[1]), []).append(path)
    return groups


def _of_rule(folder: str, rule: str, paths: Sequence[str], *, walked: bool) -> Iterator[str]:
    """Yield the patterns that say what a rule of a folder says, the widest first."""
    base = "" if folder == "." else exactly(folder)
    if rule == ALL:
        if folder != ".":
            yield f"{base}/" if walked else f"{base}/*"
        return
    if rule.startswith("/"):
        yield f"{base}/*{rule}"
        return
    if walked:
        yield f"{base}/**/*{rule}"
    yield f"{base}/*{rule}"
    names = [posixpath.basename(path) for path in paths if folder_of(path) == folder and path.endswith(rule)]
    start = os.path.commonprefix([name.removesuffix(rule) for name in names])  # noqa: RUF071  letters, not folders
    if len(names) > 1 and len(start) >= _SHORTEST:
        yield f"{base}/{start}*{rule}"
