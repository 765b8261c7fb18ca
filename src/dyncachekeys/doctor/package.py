"""The package that `doctor` looks at."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv.entries import DEFAULTS, is_glob
from dyncachekeys.uv.mtimes import matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.files.ignore import IgnoreRules
    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.uv.record import Record

WHERE = "tool.uv.cache-keys"
MOST = 20_000
"""From how many files on a glob is said to be slow."""


@dataclass(frozen=True, slots=True)
class Glob:
    """A glob among the entries, and what it matches."""

    place: int
    """The entry's place in the list."""
    text: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Subject:
    """A package, read and not run."""

    project: Project
    files: Files
    rules: IgnoreRules
    entries: tuple[Any, ...]
    """The whole list ``tool.uv.cache-keys``, ours and the user's; not uv's defaults."""
    listed: bool
    """Whether there is a list."""
    globs: tuple[Glob, ...]
    keyed: Mapping[str, str]
    """What our own keys watch, as far as that can be told without running the project's code: path and key."""
    unknown_keys: tuple[str, ...]
    """Keys of which that can't be told."""
    record: Record | None
    environ: Mapping[str, str]
    is_package: bool
    """Whether uv builds it."""
    is_root_of_workspace: bool

    def value(self, *names: str) -> Any:
        """Return what stands in ``pyproject.toml`` under some keys; nothing if it is not there."""
        return at(self.project.pyproject, names)

    @property
    def effective(self) -> tuple[Any, ...]:
        """What uv watches: the list, or its defaults."""
        return self.entries if self.listed else DEFAULTS

    def watches(self, path: str) -> bool:
        """Tell whether an edit of a file is seen, by an entry or by a key of ours."""
        plain = {file_of(entry) for entry in self.effective}
        return path in plain or path in self.keyed or any(path in one.paths for one in self.globs)


def file_of(entry: Any) -> str | None:
    """Return the path or glob of a ``file`` entry, without ``./``; nothing of another one."""
    text = entry.get("file") if isinstance(entry, dict) else entry
    if not isinstance(text, str):
        return None
    while text.startswith("./"):
        text = text[2:]
    return text


def globs_of(files: Files, entries: Sequence[Any]) -> tuple[Glob, ...]:
    """Return the globs among entries, each with what it matches; of very many files only the first."""
    texts = ((place, file_of(entry)) for place, entry in enumerate(entries))
    return tuple(
        Glob(place, text, tuple(itertools.islice(matches(files, text), MOST + 1)))
        for place, text in texts
        if text is not None and is_glob(text) and not text.startswith((".dyncachekeys/", "!"))
    )
