"""The link folder: one link for each input that has no entry of its own, so that plain uv sees an edit of it.

Two constant entries stand for all of them (U27 to U33). The folder is changed link by link: emptied and
filled again, it would cost a build each time (U32).
"""

from __future__ import annotations

import os
import posixpath
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from typing import Any

from dyncachekeys.files import refs, state_file
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Entry
from dyncachekeys.paths import join, split
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.quick import atomic
from dyncachekeys.quick.snapshot import LINK_FOLDER
from dyncachekeys.quick.stamp import NEWEST
from dyncachekeys.uv.entries import LINKS
from dyncachekeys.uv.mtimes import newest

ENTRIES = (Entry("file", LINKS), Entry("dir", LINK_FOLDER))
"""The second one tells uv when the folder comes to be: one that is not there is unwatched in silence (U31)."""

REFUSED = f"{HOME}/no-links"
"""The file that says that no links can be made here, and why; if it is empty, somebody does not want any."""
HARD = ".hard"
"""How the names of hard links end, which stand beside (`hard_links`)."""
Stat = tuple[int, int, int]
"""mtime_ns, ctime_ns, inode"""


def wanted(files: Files, linked: Mapping[str, Sequence[str]], *, with_stamp: bool = False) -> dict[str, str]:
    """Return the links by name, each with its text, to inputs that are given by folder.

    One more leads to the stamp, where inputs may be found that a build has read long ago (`stamp.NEWEST`).
    """
    depth = _depth_in_repository(files)
    texts = [_text(files, depth, folder, name) for folder, names in linked.items() for name in names]
    texts += [f"../current/{NEWEST}"] if with_stamp else []
    return {blake2b(os.fsencode(text), digest_size=16).hexdigest(): text for text in texts}


def of_stamp(files: Files) -> int | None:
    """Return the time of what that link leads to, in nanoseconds; nothing if it is not there."""
    return newest(files, [f"{HOME}/current/{NEWEST}"])


def to_folders(files: Files, folders: Mapping[str, str]) -> dict[str, str]:
    """Return the folder links by name, each with its text; given by name, each with the folder to which it leads."""
    return {name: text(files, folder) for name, folder in folders.items()}


def _depth_in_repository(files: Files) -> int:
    """Return how many folders the project lies below the root of its repository."""
    root = refs.work_tree(files)
    return len(files.root.relative_to(root).parts) if root is not None else 0


def text(files: Files, path: str) -> str:
    """Return the text of the link to an input, as `wanted` has it."""
    return _text(files, _depth_in_repository(files), *split(path))


def path_of(text: str) -> str:
    """Return the path, relative to the project, to which a link with a text leads."""
    return posixpath.normpath(posixpath.join(LINK_FOLDER, text))


def _text(files: Files, depth: int, folder: str, name: str) -> str:
    """Return the text of a link: to survive a move, relative inside the repository, else absolute (U33)."""
    path = join(folder, name)
    return posixpath.join("../..", path) if _ups(path) <= depth else os.path.normpath(files.full(path))


def _ups(path: str) -> int:
    """Return by how many folders a path leads up, out of the project."""
    return path.split("/").count("..") if path.startswith("../") else 0


def is_in_repository(files: Files, path: str) -> bool:
    """Tell whether a path lies in the project's repository; where there is none, in the project."""
    return _ups(path) <= _depth_in_repository(files)


def mark(files: Files, digest: str, folders: Mapping[str, str], consulted: Iterable[str]) -> str:
    """Return what the folder has to stand for, in a word.

    Args:
        files: The project's files.
        digest: Over all linked files (`Coverage.linked_digest`).
        folders: The folder links, behind which some of these are.
        consulted: The files that are linked although they are no inputs.
    """
    others = blake2b(os.fsencode("\0".join(sorted(consulted))), digest_size=16).hexdigest()
    named = (f"{name}={folder}" for name, folder in sorted(folders.items()))
    return " ".join([digest, others, str(_depth_in_repository(files)), *named])


class LinkFolder:
    """A folder of links of one project.

    Args:
        home: ``.dyncachekeys``.
        path: Which one, relative to the project.
    """

    def __init__(self, home: str | os.PathLike[str], path: str = LINK_FOLDER) -> None:
        self._home = os.fspath(home)
        self._folder = f"{self._home}/{path.rpartition('/')[2]}"
        self._refused = f"{self._home}/{REFUSED.rpartition('/')[2]}"

    @property
    def stat(self) -> Stat | None:
        """By what the folder is recognised: whoever makes, removes or replaces a link in it changes that."""
        try:
            info = os.lstat(self._folder)
        except OSError:
            return None
        return (info.st_mtime_ns, info.st_ctime_ns, info.st_ino) if stat.S_ISDIR(info.st_mode) else None

    @property
    def is_there(self) -> bool:
        """Whether anything stands in its place."""
        return os.path.lexists(self._folder)

    def known_as(self, mark: str) -> list[Any] | None:
        """Return by what it is remembered that the folder stands for something; nothing if it is not there."""
        found = self.stat
        return [mark, *found] if found is not None else None

    def holds(self, links: Mapping[str, str]) -> bool:
        """Tell whether exactly these links are there. Takes a `readlink` for each."""
        return self.stat is not None and self.texts() == links

    def texts(self) -> dict[str, str]:
        """Return the links that are there by name, each with its text."""
        return dict(self._there()) if self.stat is not None else {}

    def targets(self) -> frozenset[str]:
        """Return the texts of the links that are there."""
        return frozenset(self.texts().values())

    @property
    def works(self) -> bool:
        """Whether links can be made here, as far as is known; on Windows they are not tried."""
        refused = os.path.isfile(self._refused) and not os.path.islink(self._refused)
        return sys.platform != "win32" and not refused

    @property
    def refusal(self) -> str:
        """Why none can be made here; empty if that is not known."""
        try:
            return state_file.content(self._refused).decode("utf-8", "replace").strip()
        except OSError:
            return ""

    def give_up(self, why: str) -> None:
        """Remember that no links can be made here.

        Raises:
            OSError: not even that can be written.
        """
        atomic.replace(self._refused, f"{why}\n".encode(), home=self._home)

    def are_back(self) -> bool:
        """Tell whether links were refused and no longer are; then they are used again.

        Raises:
            OSError: that can't be remembered.
        """
        if not self.refusal or not self.can_link():
            return False
        os.unlink(self._refused)
        return True

    def can_link(self) -> bool:
        """Tell whether a link can be made here now."""
        temporary = atomic.temporary_name(f"{self._home}/link")
        try:
            os.symlink("nowhere", temporary)
            os.unlink(temporary)
        except (OSError, NotImplementedError):
            return False
        return True

    def fill(self, links: Mapping[str, str]) -> None:
        """Make the folder hold exactly these links.

        Raises:
            OSError: it can't be written, or no links can be made here.
        """
        if self.stat is None:
            self._make(links)
            return
        there = dict(self._there())
        self.take_away(there.keys() - links.keys())
        self._add(links, there, self._home)

    def add(self, links: Mapping[str, str], staging: str) -> None:
        """Add links, and take none away; make the folder, if it is not there.

        Args:
            links: By name.
            staging: Where they are made: without the lock not in the folder of stamp and state, where a sync would
                take them for leftovers.

        Raises:
            OSError: as `fill`.
        """
        if self.stat is None:
            self._make(links)
        else:
            self._add(links, dict(self._there()), staging)

    def take_away(self, names: Iterable[str]) -> None:
        """Remove links.

        Raises:
            OSError: one can't be removed.
        """
        for name in names:
            atomic.remove(f"{self._folder}/{name}", quietly=False)

    def _add(self, links: Mapping[str, str], there: Mapping[str, str], staging: str) -> None:
        for name, text in links.items():
            if there.get(name) == text:
                continue
            if there.get(name) == "":
                atomic.remove(f"{self._folder}/{name}", quietly=False)
            temporary = atomic.temporary_name(f"{staging}/link")
            try:
                os.symlink(text, temporary)
                os.replace(temporary, f"{self._folder}/{name}")
            except BaseException:
                atomic.remove(temporary)
                raise

    def remove(self) -> None:
        """Take the folder away, if it is there."""
        atomic.remove(self._folder, quietly=False)

    def _there(self) -> Iterator[tuple[str, str]]:
        """Yield what is there besides hard links, each with its text; what is not a link has none."""
        with os.scandir(self._folder) as scan:
            for entry in scan:
                if not entry.name.endswith(HARD):
                    yield entry.name, os.readlink(entry.path) if entry.is_symlink() else ""

    def _make(self, links: Mapping[str, str]) -> None:
        """Make the folder elsewhere, and give it its name when it is whole."""
        self.remove()
        temporary = atomic.temporary_name(self._folder)
        os.mkdir(temporary, mode=0o700)
        try:
            for name, text in links.items():
                os.symlink(text, f"{temporary}/{name}")
            os.rename(temporary, self._folder)
        except BaseException:
            atomic.remove(temporary)
            raise
