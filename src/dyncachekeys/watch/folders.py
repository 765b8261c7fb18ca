"""Folder links: one link to a folder stands for all that patterns choose there, and for what will come (U40).

The entries follow from the configuration alone, so that the region is the same for everybody; the links behind them
are this machine's. A link is in force as long as uv's globs find nothing behind it that is not watched through a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.model import Entry
from dyncachekeys.paths import join
from dyncachekeys.pyproject.project import BUILD_RESOLVER
from dyncachekeys.quick.snapshot import FOLDER_LINKS
from dyncachekeys.uv.entries import is_glob

if TYPE_CHECKING:
    from dyncachekeys.resolving.engine import ResolvedKey

_FILES = "files"
_PLAIN_NAME = re.compile(r"[a-z0-9_][a-z0-9_-]*")
_OF_BUILDS = 4
"""How many of the folders that a build listed can have a link: each needs an entry, and entries are everybody's."""
_LISTED = "*"
"""What uv looks for in a folder that a build listed; no pattern has this glob (`_partitioned`)."""
_WILDCARD = re.compile(r"[*?\[\\]")
_SAME_FOR_UV = re.compile(r"\*\*|(?:[\w.+=@~,?-]|\*(?!\*)|\[(?:[a-z]-[a-z]|[A-Z]-[A-Z]|[0-9]-[0-9]|[a-zA-Z0-9_])+\])+")
"""The parts of a pattern that mean the same to git and to uv: of brackets those that just name letters and digits, no
braces, nothing that begins a comment."""


class FolderLink(NamedTuple):
    """A link that there may be, by the configuration."""

    name: str
    folder: str
    """Where it leads, relative to the project; empty for one that may lead to any folder that a build listed."""
    globs: tuple[str, ...]
    """What uv looks for behind it."""
    aside: bool = False
    """Whether the patterns only stand in for builds that were not watched yet: what these read counts, not the patterns."""

    @property
    def entries(self) -> Iterable[Entry]:
        """The entries of the region; one for the folder itself, so that another one in its place is seen (U6)."""
        folder = [Entry("dir", self.folder)] if self.folder else []
        return [*folder, *(Entry("file", f"{FOLDER_LINKS}/{self.name}/{glob}") for glob in self.globs)]

    def gone_through(self, folder: str) -> Iterator[str]:
        """Yield the folders that must be gone through to find files in a folder behind the link."""
        below = folder[len(self.folder) + 1 :].split("/") if folder != self.folder else []
        wild = {depth for glob in self.globs for depth, part in enumerate(glob.split("/")) if is_glob(part)}
        at_any = any("**" in glob for glob in self.globs)
        depths = (depth for depth in range(len(below) + 1) if at_any or depth in wild)
        yield from ("/".join([self.folder, *below[:depth]]) for depth in depths)


def links_of(key: ResolvedKey) -> Sequence[FolderLink]:
    """Return the folder links that a key may have, by the configuration alone."""
    name = _file_name(key.name)
    if key.watch == "digest":
        return ()
    if key.resolver == BUILD_RESOLVER:
        return [FolderLink(f"{name}-{number}", "", (_LISTED,)) for number in range(_OF_BUILDS)]
    chosen = key.inputs.selected if key.inputs.selected is not None else key.aside
    if key.resolver != _FILES or chosen is None:
        return ()
    globs: dict[str, dict[str, None]] = {}
    for folder, glob in filter(None, map(_partitioned, chosen.patterns)):
        globs.setdefault(folder, {})[glob] = None
    return [
        FolderLink(f"{name}-{number}", folder, tuple(of_folder), key.of_builds)
        for number, (folder, of_folder) in enumerate(globs.items())
    ]


def _file_name(key: str) -> str:
    """Return a key's name as a file's: a name of the like can be any file's, and differs in more than case from others."""
    if _PLAIN_NAME.fullmatch(key):
        return key
    plain = re.sub("[^a-z0-9_]+", "-", key.lower()).strip("-")
    return f"{plain}-{blake2b(key.encode(), digest_size=4).hexdigest()}"


def entries_of(keys: Iterable[ResolvedKey]) -> Iterable[Entry]:
    """Return the entries of all folder links that there may be."""
    return [entry for key in keys for link in links_of(key) for entry in link.entries]


def aside(keys: Iterable[ResolvedKey]) -> dict[str, str]:
    """Return the folders of the links whose patterns only stand in for builds, by the link's name."""
    return {link.name: link.folder for key in keys for link in links_of(key) if link.aside}


def of_builds(entries: Iterable[Mapping[str, object]], aside: Mapping[str, str]) -> list[FolderLink]:
    """Return the links that may lead to folders that a build listed, by the entries of a region.

    Args:
        entries: The entries.
        aside: The folders of those of them to which no other folder may be linked, by name (`aside`).
    """
    globs: dict[str, list[str]] = {}
    prefix = f"{FOLDER_LINKS}/"
    for path in (str(entry.get("file", "")) for entry in entries):
        if path.startswith(prefix):
            name, _, glob = path[len(prefix) :].partition("/")
            globs.setdefault(name, []).append(glob)
    named = ((name, tuple(found), aside.get(name, "")) for name, found in globs.items())
    return [
        FolderLink(name, folder, found, bool(folder)) for name, found, folder in named if folder or found == (_LISTED,)
    ]


def _partitioned(text: str) -> tuple[str, str] | None:
    """Return the fixed folder of a pattern, and the glob by which uv finds below it what the pattern chooses there.

    Nothing, if there is no such folder or no such glob.
    """
    pattern = files_pattern.parse(text)
    if not (pattern.base or pattern.anchored):
        return None
    parts = [*pattern.body.strip("/").split("/"), *(["**"] if pattern.body.endswith("/") else [])]
    fixed = list(takewhile(lambda part: part and not _WILDCARD.search(part), parts))
    rest = parts[len(fixed) :]
    if not fixed or not rest or not all(map(_SAME_FOR_UV.fullmatch, rest)):
        return None
    if rest[-1] == "*":  # it chooses folders as well, with all that they hold
        rest[-1] = "**"
    return join(pattern.base, "/".join(fixed)), "/".join(rest)


def hiding(globs: Iterable[str]) -> str | None:
    """Return the glob, if there is one, by which uv does not follow folder links: it begins above them (U13)."""
    above = {FOLDER_LINKS[:end] for end in (0, FOLDER_LINKS.index("/"), len(FOLDER_LINKS))}
    for glob in globs:
        fixed = takewhile(lambda part: not is_glob(part), glob.split("/")[:-1])
        if is_glob(glob) and "/".join(part for part in fixed if part not in {"", "."}) in above:
            return glob
    return None
