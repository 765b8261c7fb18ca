"""The plan: which inputs become entries, and what moves the stamp. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dyncachekeys import repository, uv
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files import DIRECTORY, LINK, MISSING, SPECIAL
from dyncachekeys.inputs import Digests, digests_of
from dyncachekeys.model import Entry, Input
from dyncachekeys.project import HOME

if TYPE_CHECKING:
    from dyncachekeys.digest import Triple
    from dyncachekeys.files import Files
    from dyncachekeys.model import Watch
    from dyncachekeys.resolution import Resolution, ResolvedKey
    from dyncachekeys.selection import Selected

STAMP_ENTRIES = (Entry("dir", uv.CURRENT), Entry("file", uv.STAMP_FILE))
"""Always in the region: each platform feeds the one that works."""
_ENTRY_KINDS: dict[str, Literal["file", "dir", "env", "git"]] = {
    "file": "file",
    "directory": "dir",
    "env": "env",
    "git": "git",
}


@dataclass(frozen=True, slots=True)
class Naming:
    """What the name of an entry carries, under the transport `digest` (U7)."""

    digest: str
    """The tree digest."""
    inputs: frozenset[Input]
    selections: tuple[Selected, ...]

    @property
    def path(self) -> str:
        """The name: that of a directory that must not exist."""
        return f"{HOME}/{self.digest}"


@dataclass(frozen=True, slots=True)
class Plan:
    """What a resolution asks of uv's keys and of the stamp."""

    entries: tuple[Entry, ...]
    """The region's entries, in its order."""
    watched: frozenset[Input]
    """Inputs with an entry of their own: uv sees an edit of these by itself."""
    stamped: frozenset[Input]
    """Inputs whose state moves the stamp."""
    selections: tuple[Selected, ...]
    """All of whose files move the stamp as well."""
    digests: Digests
    """Over what moves the stamp."""
    naming: Naming | None = None
    """Nothing under the transport `stamp`."""
    has_stamp: bool = True
    """Whether uv watches a stamp."""

    @property
    def needs_no_stamp(self) -> bool:
        """Whether nothing moves it, so that there need not be one: what is absent is the same on every clone."""
        return self.naming is not None and not self.stamped

    def watcher_of(self, one: Input) -> Literal["entry", "stamp", "digest"]:
        """Return what tells uv of an input."""
        if one in self.watched:
            return "entry"
        return "stamp" if self.naming is None or one in self.stamped else "digest"

    @property
    def stamp_digest(self) -> str:
        """The digest over what moves the stamp."""
        return self.digests.digest


def plan(resolution: Resolution, files: Files) -> Plan:
    """Decide for each input who watches it.

    Args:
        resolution: All inputs.
        files: The project's files, where they were looked at.

    Raises:
        ConfigurationError: ``watch = "uv"`` on what uv can't see; all such inputs.
    """
    watched: dict[Input, None] = {}
    stamped: dict[Input, None] = {}
    problems: list[Problem] = []
    for key in resolution.keys:
        for one in sorted(key.inputs.single, key=_reading_order):
            hindrance = _hindrance(one)
            if not _wants_entry(one, key.watch):
                stamped[one] = None
            elif hindrance is None:
                watched[one] = None
                if one.kind == "git" and not repository.is_read_by_every_uv(files, one.subject):
                    stamped[one] = None  # so that it is seen whatever uv can read (U9)
            elif key.watch == "uv":
                problems.append(_not_expressible(one, key, hindrance))
            else:
                stamped[one] = None
    if problems:
        raise ConfigurationError(problems)
    entries = dict.fromkeys(Entry(_ENTRY_KINDS[one.kind], one.subject) for one in watched)
    selections = tuple(key.inputs.selected for key in resolution.keys if key.inputs.selected is not None)
    triples = [*map(_in_full, stamped), *map(_as_watched, watched)]
    digests = digests_of(triples, selections, files, resolution.digests)
    return Plan((*entries, *STAMP_ENTRIES), frozenset(watched), frozenset(stamped), selections, digests)


def _wants_entry(one: Input, watch: Watch) -> bool:
    if watch == "digest":
        return False
    if watch == "auto":
        return one.entry
    # An edit of what is not there can't happen; that it comes to be is the stamp's to tell.
    return one.entry or not (one.kind == "file" and one.state == MISSING)


def _hindrance(one: Input) -> str | None:
    """Return why uv can't watch an input by an entry of its own, or nothing."""
    if one.kind == "value":
        return "uv can't watch a value"
    if one.kind == "env":
        if uv.is_credential(one.subject):
            return "uv would store its value in plain text, and it looks like a credential"  # U8
        return None if one.entry else "a wildcard found it, and entries must be the same on every machine"
    if not uv.is_literal_path(one.subject):
        return "uv takes its name for a glob, or it can't be written in TOML"  # U12
    if one.kind == "file" and one.state.split(LINK)[0] in {DIRECTORY, SPECIAL}:
        return "it is no regular file, which is all that uv looks at"  # U4
    return None


def _not_expressible(one: Input, key: ResolvedKey, why: str) -> Problem:
    remedy = 'set `watch = "auto"`, and the stamp will watch it'
    return Problem("uv-cannot-watch", f'`watch = "uv"` on {one.kind} `{one.subject}`: {why}', key.where, remedy)


def _reading_order(one: Input) -> tuple[bool, str, str]:
    """Return what sorts the entries of one key: files first, as in uv's own defaults."""
    return (one.kind != "file", one.kind, one.subject)


def _in_full(one: Input) -> Triple:
    return (one.kind, one.subject, one.state)


def _as_watched(one: Input) -> Triple:
    """Return what uv does not see of an input that it watches: that it exists (U2), where a link leads."""
    if one.kind in {"env", "git"}:
        return (f"watched {one.kind}", one.subject, "")
    what, arrow, target = one.state.partition(LINK)
    return (f"watched {one.kind}", one.subject, what.split(" ")[0] + arrow + target)
