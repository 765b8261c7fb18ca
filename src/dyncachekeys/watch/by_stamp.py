"""The coverage under `transport = "stamp"`: entries, links, and what moves the stamp. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files import repository
from dyncachekeys.files.folder import Folder
from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import DIRECTORY, LINK, MISSING, SPECIAL, Files
from dyncachekeys.model import Entry, Input, Watch
from dyncachekeys.names import is_credential
from dyncachekeys.paths import join, split
from dyncachekeys.quick.digest import Triple, encoded, framed
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.resolving.engine import Resolution, ResolvedKey
from dyncachekeys.resolving.inputs import digests_of
from dyncachekeys.uv.entries import is_literal_path
from dyncachekeys.watch import folders, links
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage, own_entries
from dyncachekeys.watch.in_force import Basis, FolderLinks, in_force
from dyncachekeys.watch.linkable import NO_LINKS, Linkable


def cover(
    resolution: Resolution,
    files: Files,
    written: Collection[str] = (),
    former: Collection[str] = (),
    basis: Basis = Basis(),  # noqa: B008  it never changes
) -> Coverage:
    """Decide for each input who watches it.

    Args:
        resolution: All inputs.
        files: The project's files, where they were looked at.
        written: What builds were seen to write.
        former: Files that are no inputs any more, but to which the links are to stay.
        basis: Whether uv here sees files through links, and what decides about links to whole folders.

    Raises:
        ConfigurationError: ``watch = "uv"`` on what uv can't see; all such inputs.
    """
    products = [path for key in resolution.keys for one in key.outputs for path in (one.pattern, *one.there)]
    placed = _Placed(files, Linkable(files, products, written, works=basis.works), packed=basis.packed)
    for key in resolution.keys:
        placed.place_key(key)
    if placed.problems:
        raise ConfigurationError(placed.problems)
    folder_links = in_force(resolution.keys, placed.all_links(), {*products, *written}, files, basis)
    placed.keep(former)
    placed.add_consulted(resolution.keys)
    return placed.coverage(resolution, folder_links)


def _entries(watched: Iterable[Input], resolution: Resolution) -> tuple[Entry, ...]:
    # By the configuration alone, so that the region is the same for everybody, and does not come and go.
    of_links = links.ENTRIES if any(map(_may_have_links, resolution.keys)) else ()
    own = [*own_entries(watched)]
    found = (*own, *_folders_of(own), *of_links, *folders.entries_of(resolution.keys), *STAMP_ENTRIES)
    return tuple(dict.fromkeys(found))


def _may_have_links(key: ResolvedKey) -> bool:
    return _may_consult(key) or (key.may_link and key.watch != "digest")


def _may_consult(key: ResolvedKey) -> bool:
    return key.watch == "auto" and key.may_consult


def _folders_of(own: Iterable[Entry]) -> list[Entry]:
    """Return an entry for each folder that holds a file with one: another folder in its place is seen by that (U6)."""
    above = {split(str(one.value))[0] for one in own if one.kind == "file"}
    return [Entry("dir", folder) for folder in sorted(above - {"", "."}) if not folder.startswith("..")]


class _Placed:
    """The inputs, each put where it is watched."""

    def __init__(self, files: Files, linkable: Linkable, *, packed: bool) -> None:
        self._files, self._linkable, self._packed = files, linkable, packed
        self.watched: dict[Input, None] = {}
        self.linked: dict[str, set[str]] = {}
        self.walked: list[Selected] = []
        self.stamped: dict[Input, None] = {}
        self.selections: list[Selected] = []
        self.selections_of_builds: list[Selected] = []
        self.problems: list[Problem] = []
        self.of_builds: dict[Input, None] = {}
        self._linked_by_builds: dict[str, set[str]] = {}
        self.consulted: set[str] = set()
        self.seen_by_links: set[Input] = set()
        """Values of which uv sees each change, since it sees all that they are found by."""

    def place_key(self, key: ResolvedKey) -> None:
        """Decide who watches the inputs of a key."""
        for one in sorted(key.inputs.single, key=_reading_order):
            self._place(one, key)
        if key.inputs.selected is not None:
            self._place_all(key.inputs.selected, key)

    def coverage(self, resolution: Resolution, folder_links: FolderLinks) -> Coverage:
        """Return who watches what, when all is placed."""
        linked = {folder: sorted(names) for folder, names in sorted(self.all_links().items())}
        linked_digest, selections = _linked_digest(linked, self._files), (*self.selections, *self.selections_of_builds)
        non_regular, values = _non_regular(linked, self._files), {one.triple for one in self.seen_by_links}
        rest = [one for one in self._triples(_linked_digest(non_regular, self._files)) if one not in values]
        is_watched = any(key.of_builds for key in resolution.keys)
        return Coverage(
            entries=_entries(self.watched, resolution),
            watched=frozenset(self.watched),
            linked=linked,
            walked=tuple(self.walked),
            stamped=frozenset(self.stamped),
            selections=selections,
            digests=digests_of(self._triples(linked_digest), selections, self._files, resolution.digests),
            linked_digest=linked_digest,
            folder_links=folder_links,
            rest_digest=digests_of(rest, selections, self._files, resolution.digests).digest,
            of_builds=frozenset(self.of_builds),
            others_digest=self._others_digest(resolution) if is_watched else "",
            consulted=frozenset(self.consulted),
            hard_links=resolution.hard_links and self._linkable.works,
            may_consult=self._linkable.works and any(map(_may_consult, resolution.keys)),
        )

    def _place(self, one: Input, key: ResolvedKey) -> None:
        """Decide who watches an input."""
        if key.of_builds:
            self.of_builds[one] = None
        by_link = one.kind == "file" and not one.entry and key.may_link and key.watch != "digest"
        if by_link:
            blocker = self._linkable.blocker(one.subject, one.state, cautious=key.watch == "auto")
        elif _wants_entry(one, key.watch):
            blocker = _blocker(one)
        else:
            self.stamped[one] = None
            return
        if blocker is not None:
            self._place_blocked(one, key, blocker)
        elif by_link:
            folder, name = split(one.subject)
            linked = self._linked_by_builds if key.of_builds else self.linked
            linked.setdefault(folder, set()).add(name)
        else:
            self.watched[one] = None
            if one.kind == "git" and not repository.is_read_by_uv(self._files, one.subject, packed=self._packed):
                self.stamped[one] = None  # so that it is seen all the same (U9)

    def _place_all(self, selected: Selected, key: ResolvedKey) -> None:
        """Decide who watches the files of a selection."""
        if key.watch == "digest" or (key.watch == "auto" and not (key.may_link and self._linkable.works)):
            (self.selections_of_builds if key.of_builds else self.selections).append(selected)
            return
        if not self._linkable.works:
            self.problems.append(_not_expressible(Input("file", selected.patterns[0], ""), key, NO_LINKS))
            return
        self.walked.append(selected)
        for folder, names, others in self._linkable.divided(selected, cautious=key.watch == "auto"):
            if names:
                linked = self._linked_by_builds if key.of_builds else self.linked
                linked.setdefault(folder, set()).update(names)
            for name, why in others.items():
                path = join(folder, name)
                one = Input("file", path, self._files.state(path), f"matches {selected[path]}")
                if key.of_builds:
                    self.of_builds[one] = None
                self._place_blocked(one, key, why)

    def keep(self, former: Collection[str]) -> None:
        """Have links to files stay that are no inputs any more."""
        for path in former:
            folder, name = split(path)
            if self._files.state(path) != MISSING:
                self._linked_by_builds.setdefault(folder, set()).add(name)

    def add_consulted(self, keys: Iterable[ResolvedKey]) -> None:
        """Add the files by which keys found what they did, as far as they are no inputs and may be linked."""
        inputs = {one.subject for one in (*self.watched, *self.stamped) if one.kind == "file"}
        linked = self.all_links()
        selections = (*self.selections, *self.selections_of_builds)
        for key in keys:
            of_key = key.consulted - inputs if key.watch == "auto" else frozenset[str]()
            others = (path for path in of_key if split(path)[1] not in linked.get(split(path)[0], ()))
            free = (path for path in others if not any(path in selected for selected in selections))
            self.consulted |= {path for path in free if self._may_be_consulted(path)}
            if key.consulted and key.consulted <= self.consulted:
                self.seen_by_links.update(one for one in key.inputs.single if one.kind == "value" and one.tree)

    def _may_be_consulted(self, path: str) -> bool:
        is_ours = LEFT_OUT.isdisjoint(path.split("/")) and links.is_in_repository(self._files, path)
        if not is_ours or self._linkable.blocker(path, "file", cautious=True) is not None:
            return False
        self._files.note(path)
        folder, name = split(path)
        return name in self._files.folders[folder].names

    def all_links(self) -> dict[str, set[str]]:
        """Return all files that are to be linked, by folder."""
        linked = {folder: {*names} for folder, names in self.linked.items()}
        for folder, names in self._linked_by_builds.items():
            linked.setdefault(folder, set()).update(names)
        return linked

    def _others_digest(self, resolution: Resolution) -> str:
        return digests_of(self._without_builds(), self.selections, self._files, resolution.digests).digest

    def _without_builds(self) -> list[Triple]:
        """Return what moves the stamp besides the selections and what only builds were seen to depend on."""
        linked = {folder: sorted(names) for folder, names in sorted(self.linked.items())}
        found = [one.triple for one in self.stamped if one not in self.of_builds]
        return [*found, *map(_as_watched, self.watched), ("linked files", "", _linked_digest(linked, self._files))]

    def _triples(self, linked_digest: str) -> Iterator[Triple]:
        """Yield what moves the stamp, besides the selections."""
        yield from (one.triple for one in self.stamped)
        yield from map(_as_watched, self.watched)
        if linked_digest:
            yield ("linked files", "", linked_digest)

    def _place_blocked(self, one: Input, key: ResolvedKey, blocker: str) -> None:
        # A file that is not there can't be edited: where no links are made, the stamp moves when it comes to be.
        if key.watch == "uv" and not (blocker == NO_LINKS and one.state == MISSING):
            self.problems.append(_not_expressible(one, key, blocker))
        else:
            self.stamped[one] = None


def _wants_entry(one: Input, watch: Watch) -> bool:
    if watch != "uv":
        return one.entry and watch == "auto"
    return one.entry or not (one.kind == "file" and one.state == MISSING)


def _blocker(one: Input) -> str | None:
    """Return why uv can't watch an input by an entry of its own, or nothing."""
    if one.kind == "value":
        return "uv can't watch a value"
    if one.kind == "env":
        if is_credential(one.subject):
            return "uv would store its value in plain text, and it looks like a credential"  # U8
        return None if one.entry else "a wildcard found it, and entries must be the same on every machine"
    if not is_literal_path(one.subject):
        return "uv takes its name for a glob, or it can't be written in TOML"  # U12
    if one.kind == "file" and one.state.split(LINK)[0] in {DIRECTORY, SPECIAL}:
        return "it is not a regular file, which is all that uv looks at"  # U4
    return None


def _not_expressible(one: Input, key: ResolvedKey, why: str) -> Problem:
    remedy = 'set `watch = "auto"`, and the stamp will watch it'
    return Problem("uv-cannot-watch", f'`watch = "uv"` on {one.kind} `{one.subject}`: {why}', key.where, remedy)


def _linked_digest(linked: Mapping[str, Sequence[str]], files: Files) -> str:
    """Return a digest of what uv does not see of linked files: which there are, that each exists, where a link leads.

    U28; empty without any.
    """
    rows = (
        framed([encoded(folder), encoded("\0".join(_marked(files.folders[folder], name) for name in names))])
        for folder, names in linked.items()
    )
    return hashlib.sha256(framed(rows)).hexdigest() if linked else ""


def _non_regular(linked: Mapping[str, Sequence[str]], files: Files) -> dict[str, list[str]]:
    """Return those of the linked files that are not regular files."""
    found = {
        path: [name for name in names if name in files.folders[path].non_regular] for path, names in linked.items()
    }
    return {folder: names for folder, names in found.items() if names}


def _marked(folder: Folder, name: str) -> str:
    state = folder.non_regular.get(name)
    return name if state is None else f"{name}\0{_seen_as(state)}"


def _reading_order(one: Input) -> tuple[bool, str, str]:
    """Return what sorts the entries of one key: files first, as in uv's own defaults."""
    return (one.kind != "file", one.kind, one.subject)


def _as_watched(one: Input) -> Triple:
    """Return what uv does not see of an input that it watches: that it exists (U2), where a link leads."""
    if one.kind in {"env", "git"}:
        return (f"watched {one.kind}", one.subject, "")
    return (f"watched {one.kind}", one.subject, _seen_as(one.state))


def _seen_as(state: str) -> str:
    what, arrow, target = state.partition(LINK)
    return what.split(" ")[0] + arrow + target
