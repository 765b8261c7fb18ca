"""The stamp: what is moved exactly when something changed that uv can't see by itself.

``.dyncachekeys/current`` is a relative link to ``stamps/<id>/``, swapped by rename. uv compares the birth
time of the folder behind it, by equality (U6, U25); where there are no birth times, its inode.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tomli

from dyncachekeys.emit import write

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_LINKS_REFUSED = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
_NOT_ALLOWED_ON_WINDOWS = 1314
_TICK_SECONDS = 0.001


@dataclass(frozen=True, slots=True)
class Folder:
    """A stamp folder whose inode is the recorded one: it was made here, and not copied."""

    id: str
    digest: str
    """The stamp digest that it stands for."""
    birth: int
    """Nanoseconds: its modification time while it was still empty, since ``stat`` in Python has no birth time."""
    inode: int

    def is_named(self, by: int | None) -> bool:
        """Tell whether a birth time or inode, as uv recorded it, is this folder's."""
        return by is not None and by in {self.birth, self.inode}


class Stamps:
    """The stamp folders of one project.

    Args:
        home: ``.dyncachekeys``.
        birth_and_inode: How a new and empty folder is looked at.
    """

    def __init__(self, home: Path, birth_and_inode: Callable[[Path], tuple[int, int]] | None = None) -> None:
        self._home = home
        self._all = home / "stamps"
        self._link = home / "current"
        self._file = home / "stamp"
        self._look = birth_and_inode or _birth_and_inode

    def current(self) -> Folder | None:
        """Return the folder that the link leads to, if it can be believed."""
        try:
            target = os.readlink(self._link).replace(os.sep, "/")
        except OSError:
            return None
        folder, _, name = target.partition("/")
        return self._folder(name) if folder == "stamps" else None

    def digest(self) -> str | None:
        """Return the stamp digest that uv sees now; nothing if there is no stamp that can be believed."""
        folder = self.current()
        if folder is not None:
            return folder.digest
        return None if os.path.lexists(self._link) else self._file_digest()

    def former(self, digest: str, named: int | None) -> Folder | None:
        """Return the folder that stands for a digest and that the installed record still names."""
        return next((f for f in self._folders() if f.digest == digest and f.is_named(named)), None)

    def point_to(self, folder: Folder, named: int | None) -> None:
        """Swap the link, then remove every folder but this one and the one that the installed record names.

        Without a record, the one that the link led to before stays: uv may know it from elsewhere.

        Raises:
            OSError: the link can't be made.
        """
        before = self.current()
        temporary = self._home / f"current.{secrets.token_hex(4)}"
        os.symlink(f"stamps/{folder.id}", temporary, target_is_directory=True)
        os.replace(temporary, self._link)
        self._file.unlink(missing_ok=True)
        keep = {folder.id} | {f.id for f in self._folders() if f.is_named(named)}
        if named is None and before is not None:
            keep.add(before.id)
        for path in self._paths():
            if path.name not in keep:
                shutil.rmtree(path, ignore_errors=True)

    def move(self, digest: str, named: int | None) -> Folder | None:
        """Point to a new folder; where links can't be made, rewrite the stamp file and return nothing.

        Args:
            digest: The stamp digest.
            named: The birth time or inode in the installed record.

        Raises:
            OSError: neither can be written.
        """
        folder = self._new(digest, named)
        try:
            self.point_to(folder, named)
        except NotImplementedError:
            pass
        except OSError as error:
            if not _links_refused(error):
                raise
        else:
            return folder
        shutil.rmtree(self._all, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._link.unlink()
        return None

    def write_file(self, digest: str, above: int | None) -> None:
        """Rewrite the stamp file, its modification time above a time in nanoseconds (U22, for Windows).

        Raises:
            OSError: it can't be written.
        """
        write.replace(self._file, _as_toml(digest), 0o644, through_links=False)
        later = max(time.time_ns(), (above or 0) + 1_000_000)
        os.utime(self._file, ns=(later, later))

    def _new(self, digest: str, named: int | None) -> Folder:
        self._all.mkdir(mode=0o700, exist_ok=True)
        others = self._folders()
        taken = {number for other in others for number in (other.birth, other.inode)} | {named}
        rejected = []
        while True:
            path = self._all / secrets.token_hex(8)
            path.mkdir(mode=0o700)
            birth, inode = self._look(path)
            if birth not in taken and inode not in taken:
                break
            # Kept until one fits, or the file system would hand out the same inode again.
            rejected.append(path)
            time.sleep(_TICK_SECONDS)
        for one in rejected:
            one.rmdir()
        folder = Folder(path.name, digest, birth, inode)
        write.replace(path / "stamp", _as_toml(digest, birth=birth, inode=inode), 0o600)
        return folder

    def _paths(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            yield from sorted(self._all.iterdir())

    def _folders(self) -> list[Folder]:
        return [folder for path in self._paths() if (folder := self._folder(path.name)) is not None]

    def _folder(self, name: str) -> Folder | None:
        path = self._all / name
        try:
            info = path.lstat()
            data = _stamp_data(path / "stamp")
            folder = Folder(name, str(data["digest"]), int(data["birth"]), int(data["inode"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        mine = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
        return folder if stat.S_ISDIR(info.st_mode) and mine and folder.inode == info.st_ino else None

    def _file_digest(self) -> str | None:
        try:
            return str(_stamp_data(self._file)["digest"])
        except (OSError, ValueError, KeyError):
            return None


def _birth_and_inode(path: Path) -> tuple[int, int]:
    info = path.lstat()
    return info.st_mtime_ns, info.st_ino


def _links_refused(error: OSError) -> bool:
    return error.errno in _LINKS_REFUSED or getattr(error, "winerror", None) == _NOT_ALLOWED_ON_WINDOWS


def _stamp_data(path: Path) -> dict[str, Any]:
    return tomli.loads(path.read_text(encoding="utf-8"))


def _as_toml(digest: str, **numbers: int) -> bytes:
    lines = [
        "# Made by dyncachekeys. uv rebuilds when this changes; see .dyncachekeys in its documentation.",
        f'digest = "{digest}"',
        *(f"{name} = {number}" for name, number in numbers.items()),
    ]
    return ("\n".join(lines) + "\n").encode()
