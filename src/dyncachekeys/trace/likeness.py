"""Which names count now in the folders that a build listed, by the rules that it left (`rules`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join
from dyncachekeys.trace.entries import Entries, is_dir
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.rules import ALL, NAMES, OWN, WALKED, ending

_DEEPEST = 6
"""How many new folders, one in the other, are looked through."""


class Rules(NamedTuple):
    """The rules for one folder."""

    texts: frozenset[str]

    @property
    def questions(self) -> list[str]:
        """What is asked of folders: the paths in them."""
        return sorted(text[1:] for text in self.texts if text.startswith("/"))

    def takes(self, name: str) -> bool:
        """Tell whether a file counts by its name."""
        return bool(self.texts & {ALL, NAMES, ending(name)})


class Likeness:
    """The folders that one build listed, as they are now."""

    def __init__(self, trace: Trace, files: Files) -> None:
        self._trace, self._files = trace, files
        self._entries, self._ignored = Entries(trace, files), IgnoreRules(files)

    def names(self, folder: str, rules: Iterable[str]) -> list[str] | None:
        """Return what counts in a folder, sorted: names, and paths in folders that answer a question.

        Nothing where there is no such folder.
        """
        if not self._files.is_dir(folder):
            return None
        return sorted({*self._like(folder, Rules(frozenset(rules)), _DEEPEST)})

    def _like(self, folder: str, rules: Rules, depth: int) -> Iterator[str]:
        ignored, read = self._ignored, self._trace.read
        is_ignored = folder != "." and ignored.ignores(join(folder, "x"))
        for entry in self._entries.of(folder):
            path = entry.name if folder == "." else join(folder, entry.name)
            # What git ignores mostly comes from builds. It counts where the project's own code lists a folder of such
            # things, or reads something like it there.
            is_wanted = OWN in rules.texts and (is_ignored or ending(entry.name) in rules.texts)
            is_seen = is_wanted or path in read
            if not is_dir(entry):
                if rules.takes(entry.name) and (is_seen or not ignored.ignores(path)):
                    yield entry.name
                continue
            if NAMES in rules.texts and (is_seen or not ignored.ignores_all(path)):
                yield f"{entry.name}/"
            yield from (f"{entry.name}/{one}" for one in rules.questions if self._files.exists(join(path, one)))
            if depth > 0 and self._is_new(path, entry.name, rules):
                yield from (f"{entry.name}/{one}" for one in self._like(path, rules, depth - 1))

    def _is_new(self, path: str, name: str, rules: Rules) -> bool:
        """Tell whether a folder was not there before, and is gone into as others were."""
        is_new = WALKED in rules.texts and path not in self._trace.listed and f"!{name}" not in rules.texts
        return is_new and not self._ignored.ignores_all(path)
