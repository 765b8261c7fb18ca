"""The package that `doctor` looks at."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dyncachekeys.files.tree import Files
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
    keyed: Mapping[str, str]
    """The files that our own keys watch, each with the key, as far as that is known without running code."""
    unknown_keys: tuple[str, ...]
    """Keys whose files are not known without running code."""
    record: Record | None
    environ: Mapping[str, str]

    @property
    def effective(self) -> tuple[Any, ...]:
        """What uv watches: the list, or its defaults."""
        return self.entries if self.listed else DEFAULTS

    def watches(self, path: str) -> bool:
        """Tell whether an edit of a file is seen, by an entry or by a key of ours."""
        plain = {file_of(entry) for entry in self.effective}
        return path in plain or path in self.keyed or any(path in one.paths for one in self.globs)


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
