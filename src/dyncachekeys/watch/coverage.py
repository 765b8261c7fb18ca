"""What a resolution asks of uv's keys, of the link folder and of the stamp: values, under either transport."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Entry, Input
from dyncachekeys.paths import by_folder, split
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.resolving.inputs import Digests
from dyncachekeys.uv.entries import CURRENT, STAMP_FILE
from dyncachekeys.watch import links
from dyncachekeys.watch.in_force import FolderLinks

Watcher = Literal["entry", "link", "folder link", "stamp", "digest"]
STAMP_ENTRIES = (Entry("dir", CURRENT), Entry("file", STAMP_FILE))
"""Always in the region: each platform feeds the one that works."""
_ENTRY_KINDS: dict[str, Literal["file", "dir", "env", "git"]] = {
    "directory": "dir",
    "file": "file",
    "env": "env",
    "git": "git",
}


class Naming(NamedTuple):
    """What the name of an entry carries, under the transport `digest` (U7)."""

    digest: str
    """The tree digest."""
    inputs: frozenset[Input]
    selections: tuple[Selected, ...]

    @property
    def path(self) -> str:
        """The name: that of a directory that must not exist."""
        return f"{HOME}/{self.digest}"


class Coverage(NamedTuple):
    """What a resolution asks of uv's keys, of the link folder and of the stamp."""

    entries: tuple[Entry, ...]
    """The region's entries, in its order."""
    watched: frozenset[Input]
    """Inputs with an entry of their own: uv sees an edit of these by itself."""
    linked: Mapping[str, Sequence[str]]
    """Files with a link instead, their own or to a folder, by folder: uv sees an edit of these, too. Names are sorted."""
    walked: tuple[Selected, ...]
    """The selections that chose some of these."""
    stamped: frozenset[Input]
    """Inputs whose state moves the stamp."""
    selections: tuple[Selected, ...]
    """All of whose files move the stamp as well."""
    digests: Digests
    """Over what moves the stamp."""
    linked_digest: str = ""
    """Over which files are linked; empty without any."""
    naming: Naming | None = None
    """Nothing under the transport `stamp`."""
    has_stamp: bool = True
    """Whether uv watches a stamp."""
    of_builds: frozenset[Input] = frozenset()
    """Those of the inputs that builds were seen to depend on."""
    others_digest: str = ""
    """As `stamp_digest`, but without these."""
    folder_links: FolderLinks = FolderLinks()
    """Behind which some of the linked files are."""
    rest_digest: str = ""
    """As `stamp_digest`, but without which regular files are linked, and without values of which uv sees each change."""
    consulted: frozenset[str] = frozenset()
    """Files that have a link although they are no inputs: by what they hold, keys found the inputs or their values."""
    may_consult: bool = False
    """Whether there may be such files, by the configuration alone."""
    hard_links: bool = True
    """Whether the user wants any."""
    awaits_build: bool = False
    """Whether builds are watched, and nothing is known yet of what they depend on: the stamp will stand for that."""

    @property
    def needs_no_stamp(self) -> bool:
        """Whether nothing moves it, so that there need not be one: what is absent is the same on every clone."""
        return self.naming is not None and not self.stamped and not self.awaits_build

    @property
    def by_content(self) -> tuple[frozenset[Input], tuple[Selected, ...]]:
        """Inputs and selections whose states move the stamp or change the name."""
        if self.naming is None:
            return self.stamped, self.selections
        return self.stamped | self.naming.inputs, (*self.selections, *self.naming.selections)

    @property
    def stamp_digest(self) -> str:
        """The digest over what moves the stamp."""
        return self.digests.digest

    def watcher_of(self, one: Input) -> Watcher:
        """Return by what uv sees a change of an input."""
        if one in self.watched:
            return "entry"
        if self.naming is not None:
            return "stamp" if one in self.stamped else "digest"
        folder, name = split(one.subject) if one.kind == "file" else ("", "")
        if one in self.stamped or not name or not self._is_linked(folder, name):
            return "stamp"
        return "folder link" if name in self.folder_links.behind.get(folder, ()) else "link"

    def _is_linked(self, folder: str, name: str) -> bool:
        names = self.linked.get(folder, ())
        place = bisect.bisect_left(names, name)
        return place < len(names) and names[place] == name

    @property
    def single_links(self) -> Mapping[str, Sequence[str]]:
        """The files to which a link of their own leads, by folder."""
        behind, linked = self.folder_links.behind, self.seen_through_links
        if not behind:
            return linked
        single = (
            (folder, [one for one in names if one not in behind.get(folder, ())]) for folder, names in linked.items()
        )
        return {folder: names for folder, names in single if names}

    @property
    def seen_through_links(self) -> Mapping[str, Sequence[str]]:
        """All files of which uv sees an edit through a link, inputs or not, by folder. Names are sorted."""
        found = dict(self.linked)
        for folder, names in by_folder(sorted(self.consulted)).items():
            found[folder] = sorted({*found.get(folder, ()), *names})
        return found

    def mark(self, files: Files) -> str:
        """Return for what the link folder stands (`links.mark`)."""
        return links.mark(files, self.linked_digest, self.folder_links.folders, self.consulted)

    @property
    def links_stamp(self) -> bool:
        """Whether a link leads to the stamp: where what is linked comes and goes without a build."""
        return self.has_links and (self.may_consult or bool(self.others_digest))

    @property
    def has_hard_links(self) -> bool:
        """Whether there are hard links to inputs beside the others: making some must not be the newest that uv sees."""
        return self.hard_links and self.links_stamp

    @property
    def has_links(self) -> bool:
        """Whether the region has the entries of the link folder."""
        return links.ENTRIES[0] in self.entries


def own_entries(watched: Iterable[Input]) -> Iterable[Entry]:
    """Return the entries of inputs that have their own, each once."""
    return dict.fromkeys(Entry(_ENTRY_KINDS[one.kind], one.subject) for one in watched)
