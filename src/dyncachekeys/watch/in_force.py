"""Which links to whole folders are in force here: those behind which uv finds nothing that is not watched (U40)."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import by_folder, flat, join, split
from dyncachekeys.uv.mtimes import finds_below, found_below
from dyncachekeys.watch import links
from dyncachekeys.watch.behind import Behind, is_crowded
from dyncachekeys.watch.folders import FolderLink, hiding, links_of

if TYPE_CHECKING:
    from dyncachekeys.resolving.engine import ResolvedKey

_LISTED = "names in "
"""How the value begins that is the names in a folder which a build listed."""
_Linked = Mapping[str, Collection[str]]


class Basis(NamedTuple):
    """What decides, besides the tree, who watches what: which folder links are in force, and what uv reads of git."""

    works: bool = False
    """Whether uv here sees files through links."""
    built: bool = False
    """Whether a build was made here: what builds leave in the tree is there, and is seen."""
    new_build: int = 0
    """When the build ended that was made since the last run, in nanoseconds; zero if there was none."""
    there: Mapping[str, str] = {}
    """The folder links that are there, by name, each with its text."""
    strays: Mapping[str, tuple[str, ...]] = {}
    """Those of the last run (`FolderLinks.strays`)."""
    globs: Sequence[str] = ()
    """The user's own."""
    packed: bool = False
    """Whether uv reads packed refs and linked worktrees (U9)."""


class FolderLinks(NamedTuple):
    """The folder links that are in force."""

    folders: Mapping[str, str] = {}
    """By the name of a link, the folder to which it leads."""
    behind: Mapping[str, Collection[str]] = {}
    """By folder, the files that uv finds there: these need no links of their own."""
    strays: Mapping[str, tuple[str, ...]] = {}
    """By the name of a link that is not in force: what uv would find behind it that is not watched, and by which
    selection it is not. It is remembered, so that a link does not come and go with what a build makes."""


def in_force(
    keys: Iterable[ResolvedKey], linked: _Linked, made: Collection[str], files: Files, basis: Basis
) -> FolderLinks:
    """Return the folder links that are in force.

    Args:
        keys: All keys.
        linked: By folder, all files that uv is to see through links.
        made: What builds make.
        files: The project's files, where the keys looked.
        basis: What else decides.
    """
    found = _InForce(linked, made, files, basis)
    if basis.works and hiding(basis.globs) is None:
        of_keys = [(key, links_of(key)) for key in keys]
        singles = (one.subject for key, _ in of_keys for one in key.inputs.single)
        listed = {subject.removeprefix(_LISTED) for subject in singles if subject.startswith(_LISTED)}
        for key, of_key in of_keys:
            for link in of_key:
                if link.folder and key.inputs.selected is not None:
                    found.add_selected(link, key.inputs.selected)
        found.add_of_builds([link for key, of_key in of_keys if key.inputs.selected is None for link in of_key], listed)
    return FolderLinks(found.folders, found.behind, found.strays)


def to_listed(  # noqa: PLR0913
    of_builds: Sequence[FolderLink],
    listed: Collection[str],
    linked: _Linked,
    made: Collection[str],
    files: Files,
    basis: Basis,
) -> Mapping[str, str]:
    """Return the links to folders that a build listed which may be made now: to those that hold nothing but inputs.

    Args:
        of_builds: Those that there may be (`folders.of_builds`).
        listed: The folders, relative to the project.
        linked: As in `in_force`, as are the next three.
        made: What builds make.
        files: The project's files.
        basis: What else decides.
    """
    found = _InForce(linked, made, files, basis)
    if basis.works and hiding(basis.globs) is None:
        found.add_of_builds([link for link in of_builds if link.name not in basis.strays], listed)
    return found.folders


class _InForce:
    """The links that are in force, as they are found."""

    def __init__(self, linked: _Linked, made: Collection[str], files: Files, basis: Basis) -> None:
        self._linked, self._made, self._files, self._basis = linked, made, files, basis
        self.folders: dict[str, str] = {}
        self.behind: dict[str, set[str]] = {}
        self.strays: dict[str, tuple[str, ...]] = {}

    def add_selected(self, link: FolderLink, selected: Selected) -> None:
        """Add the link to a folder in which patterns select files, if uv finds there just these."""
        found = Behind(link, selected, self._linked, self._files)
        stray = self._stray(link, selected, found)
        if stray is not None:
            self.strays[link.name] = (selected.signature, stray)
        elif self._may_lead_there(link, selected, found):
            self.folders[link.name] = link.folder
            found.add_to(self.behind)

    def _stray(self, link: FolderLink, selected: Selected, found: Behind) -> str | None:
        """Return a file that uv would find although it is not watched: also one of before that builds may make again."""
        signature, before = self._basis.strays.get(link.name, ("", ""))
        if signature == selected.signature and found.is_left_out(before) and self._may_come(before):
            return before
        strays = found.strays(self._made)
        if link.name in self._basis.there:  # the link goes, and only the newest has counted for uv (U1)
            return max(strays, key=self._files.changed_at, default=None)
        return next(strays, None)

    def _may_come(self, path: str) -> bool:
        """Tell whether a file is there, or no build was made since its folder lost it."""
        is_there = os.path.lexists(self._files.full(path))
        return is_there or self._files.changed_at(split(path)[0]) > self._basis.new_build

    def _may_lead_there(self, link: FolderLink, selected: Selected, found: Behind) -> bool:
        """Tell whether the link may be made. One that is there stays. The folder need not be there."""
        if link.folder not in selected.walked and os.path.lexists(self._files.full(link.folder)):
            return False  # reached through a link, say, or left out whole
        if self._basis.there.get(link.name) == links.text(self._files, link.folder):
            return True
        return self._basis.built and not is_crowded(self._files, link.folder, found.count)

    def add_of_builds(self, of_builds: Sequence[FolderLink], listed: Collection[str]) -> None:
        """Add links to folders that a build listed, as far as uv finds there nothing but what builds depend on."""
        for link in of_builds:
            if link.aside:
                self._add_aside(link, listed)
        self._add_listed([link.name for link in of_builds if not link.folder], listed)

    def _add_aside(self, link: FolderLink, listed: Collection[str]) -> None:
        """Add the link for patterns that stand aside, if builds list where they match, and depend on all that does."""
        if link.folder not in listed or not self._files.is_real_folder(link.folder):
            return
        found = by_folder(found_below(self._files, link.folder, link.globs))
        # What builds make comes again, though it is gone now.
        made = filter(finds_below(link.folder, link.globs), self._made)
        strays = [path for path in (*flat(found), *made) if split(path)[1] not in self._linked.get(split(path)[0], ())]
        is_there = self._basis.there.get(link.name) == links.text(self._files, link.folder)
        if strays:
            if is_there:
                self.strays[link.name] = ("", max(strays, key=self._files.changed_at))
        elif {one for folder in found for one in link.gone_through(folder)} <= {*listed} and (
            is_there or self._may_be_made(link.folder, sum(map(len, found.values())))
        ):
            self.folders[link.name] = link.folder
            for folder, names in found.items():
                self.behind.setdefault(folder, set()).update(names)

    def _may_be_made(self, folder: str, count: int) -> bool:
        """Tell whether a link to a folder may be made in which uv finds so many files."""
        return self._basis.built and count > 0 and not is_crowded(self._files, folder, count)

    def _add_listed(self, names: Sequence[str], listed: Collection[str]) -> None:
        """Add links to folders that a build listed, if they hold nothing but inputs. A link that is there keeps its name."""
        if not names:
            return
        there = {links.text(self._files, folder): folder for folder in sorted(listed)}
        taken = {name: there[text] for name in names if (text := self._basis.there.get(name)) in there}
        fit = {folder: held for folder in sorted(listed) if (held := self._only_inputs(folder, taken))}
        taken = {name: folder for name, folder in taken.items() if folder in fit}
        others = sorted(fit.keys() - taken.values(), key=lambda folder: (-len(fit[folder]), folder))
        taken |= dict(zip((name for name in names if name not in taken), others, strict=False))
        for name, folder in taken.items():
            self.folders[name] = folder
            self.behind.setdefault(folder, set()).update(fit[folder])

    def _only_inputs(self, folder: str, linked: Mapping[str, str]) -> Sequence[str]:
        """Return the files that a folder holds; none, if one is not watched through a link, or all are behind another."""
        if folder in {"", "."} or folder not in self._linked or not self._files.is_real_folder(folder):
            return ()
        entries = self._files.listing(folder)
        names = [entry.name for entry in entries if not entry.is_dir(follow_symlinks=False)]
        # What builds make comes again, though it is gone now.
        made = (name for above, name in map(split, self._made) if above == folder)
        strays = [join(folder, name) for name in (*names, *made) if name not in self._linked[folder]]
        if strays:
            of_it = (name for name, other in linked.items() if other == folder)
            self.strays |= {name: ("", max(strays, key=self._files.changed_at)) for name in of_it}
        return () if strays or {*names} <= {*self.behind.get(folder, ())} else names
