"""Hard links to inputs: by these uv sees that a file goes, which no entry and no link of another kind tells it (U44).

uv goes by the change time of a file (U1), and that is raised when the file loses one of its names: when it is removed,
moved out, or another one is put in its place. So each input has a second name in the link folder, behind the same
entries. To make one raises the change time as well, so it is done only where uv is to build anyway.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b

from dyncachekeys.files.folder import changed_ns, stat_of
from dyncachekeys.files.ignore import IGNORE_FILE
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import flat, split
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.watch.coverage import Coverage
from dyncachekeys.watch.links import HARD, LinkFolder

_EDITED = frozenset({FILE, IGNORE_FILE, "uv.toml"})
"""Names of files that `sync` and `init` write: to replace one would cut it off from its other names."""
_FOLLOWS = os.link not in os.supports_follow_symlinks
"""What became a link in the meantime is not followed, where the system can be told so."""
MOST = 2_000
"""Each costs every uv command some microseconds (U30). Of more inputs than this, none has any."""


def wanted(coverage: Coverage, files: Files) -> dict[str, str]:
    """Return the hard links that there should be: by name, the regular file in the project that has it."""
    found = possible(coverage, files) if coverage.has_hard_links else {}
    return found if len(found) <= MOST else {}


def possible(coverage: Coverage, files: Files) -> dict[str, str]:
    """Return the hard links to all files that uv sees by entries and links of ours, as `wanted`."""
    own = (one.subject for one in coverage.watched if one.kind == "file")
    return named(path for path in (*flat(coverage.seen_through_links), *own) if _is_regular(files, path))


def named(paths: Iterable[str]) -> dict[str, str]:
    """Return files in the project by the names of their hard links."""
    inside = (path for path in paths if not path.startswith("../") and split(path)[1] not in _EDITED)
    return {f"{blake2b(os.fsencode(path), digest_size=16).hexdigest()}{HARD}": path for path in inside}


def _is_regular(files: Files, path: str) -> bool:
    folder, name = split(path)
    seen = files.folders.get(folder)
    return seen is not None and name in seen.names and name not in seen.non_regular


class HardLinks(LinkFolder):
    """The hard links in the link folder of one project."""

    def there(self) -> dict[str, int]:
        """Return those that are there, by name, each with its inode."""
        if self.stat is None:
            return {}
        with os.scandir(self._folder) as scan:
            return {entry.name: entry.inode() for entry in scan if entry.name.endswith(HARD)}

    def changed(self, names: Iterable[str]) -> Iterator[tuple[str, int]]:
        """Yield links, each with the change time of the file behind it, in nanoseconds."""
        for name in names:
            with contextlib.suppress(OSError):
                yield name, changed_ns(os.lstat(f"{self._folder}/{name}"))

    def others(self, links: Mapping[str, str], files: Files) -> dict[str, int]:
        """Return those behind which is what has lost the name that it had in the project, or is no input any more.

        Of all others uv sees the files themselves.

        Args:
            links: Those that there should be (`wanted`).
            files: The project's files.

        Returns:
            By name, the change time of what is behind, in nanoseconds.
        """
        there = self.there().items()
        return dict(self.changed(name for name, inode in there if inode != _inode(files, links.get(name, ""))))

    def renew(self, links: Mapping[str, str], files: Files) -> None:
        """Have exactly these links, where uv is to build anyway. What can't be linked is left out.

        Args:
            links: As `wanted`.
            files: The project's files: the change times of those that are linked now are taken over there.

        Raises:
            OSError: one that is not wanted any more can't be removed.
        """
        there = self.there()
        right = {name for name, inode in there.items() if inode == _inode(files, links.get(name, ""))}
        self.take_away(there.keys() - right)
        for name, path in links.items():
            if name not in right and not self._link(name, path, files):
                return

    def _link(self, name: str, path: str, files: Files) -> bool:
        """Link a file, if it is still as it was looked at; tell whether it is worth trying the next one."""
        folder, own = split(path)
        seen, full = files.folders[folder], files.full(path)
        try:
            if stat_of(os.lstat(full)) != seen.stat(own):
                return True  # somebody is writing: the next run sees that
            os.link(full, f"{self._folder}/{name}", follow_symlinks=_FOLLOWS)
            now = os.lstat(full)
        except FileNotFoundError:
            return True
        except (OSError, NotImplementedError):
            return False  # another file system, somebody else's file, or none are made here: the stamp does it
        before, after = seen.stat(own), stat_of(now)
        if (before[:2], before[3]) == (after[:2], after[3]):
            seen.replace(own, after, seen.content(own))
        return True


def _inode(files: Files, path: str) -> int | None:
    folder, name = split(path)
    seen = files.folders.get(folder)
    return seen.stat(name)[3] if seen is not None and name in seen.names else None
