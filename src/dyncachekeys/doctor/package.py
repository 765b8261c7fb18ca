"""The package that `doctor` looks at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from dyncachekeys.config.model import Key
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.source import as_entry
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv.entries import DEFAULTS, is_glob
from dyncachekeys.uv.mtimes import matches
from dyncachekeys.uv.record import Record

WHERE = "tool.uv.cache-keys"
SLOW = 20_000
"""How many files a glob may match before it is reported as slow."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A glob among the entries, and what it matches."""

    place: int
    """The entry's place in the list."""
    text: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Package:
    """A package whose files were read; none of its code was run."""

    project: Project
    files: Files
    entries: tuple[Any, ...]
    """The whole list ``tool.uv.cache-keys``, ours and the user's; not uv's defaults."""
    listed: bool
    """Whether there is a list."""
    globs: tuple[Glob, ...]
    keys: Mapping[str, Key]
    """Our own."""
    watched: frozenset[tuple[str, str]]
    """What is watched, by an entry or by a key of ours, as kind and subject, as far as that is known without running code."""
    unknown_keys: tuple[str, ...]
    """Keys whose files are not known without running code."""
    record: Record | None
    environ: Mapping[str, str]
    consumer: Path | None = None
    """The project that we are in, which may have the package as a path source."""

    @property
    def effective(self) -> tuple[Any, ...]:
        """What uv watches: the list, or its defaults."""
        return self.entries if self.listed else DEFAULTS

    @property
    def has_keys(self) -> bool:
        """Whether there are keys of ours, or a table for them."""
        return self.project.table is not None or bool(self.project.inherited)

    def watches(self, kind: str, subject: str) -> bool:
        """Tell whether a change of an input is seen, by an entry or by a key of ours."""
        return (kind, subject) in self.watched or (kind == "env" and self._matches_wildcard(subject))

    def declares(self, key: Declaration) -> bool:
        """Tell whether a key of ours is the same but for its name, whatever it finds."""
        return any((one.resolver, dict(one.options)) == (key.resolver, dict(key.options)) for one in self.keys.values())

    def _matches_wildcard(self, name: str) -> bool:
        lists = (key.options.get("names") for key in self.keys.values() if key.resolver == "env")
        return any(fnmatchcase(name, one) for some in lists if isinstance(some, list) for one in some)


def watched_by(entries: Sequence[Any], globs: Sequence[Glob]) -> set[tuple[str, str]]:
    """Return what entries watch, by kind and subject."""
    found = {("file", path) for one in globs for path in one.paths}
    for entry in entries:
        table = as_entry(entry)
        path, variable, git = file_of(entry), at(table, "env"), at(table, "git")
        found |= {("file", path)} if path else set()
        found |= {("env", variable)} if isinstance(variable, str) else set()
        asked = {"commit": git is True, "tags": False, **(git if isinstance(git, dict) else {})}
        found |= {("git", name) for name, wanted in asked.items() if wanted}
    return found


def file_of(entry: Any) -> str | None:
    """Return the path or glob of a ``file`` entry, without ``./``; nothing for another kind."""
    text = at(as_entry(entry), "file")
    if not isinstance(text, str):
        return None
    while text.startswith("./"):
        text = text[2:]
    return text


def globs_of(files: Files, entries: Sequence[Any]) -> tuple[Glob, ...]:
    """Return the globs among entries, each with what it matches; if that is very many files, only the first."""
    texts = ((place, file_of(entry)) for place, entry in enumerate(entries))
    return tuple(
        Glob(place, text, tuple(itertools.islice(matches(files, text), SLOW + 1)))
        for place, text in texts
        if text is not None and is_glob(text) and not text.startswith((".dyncachekeys/", "!"))
    )
