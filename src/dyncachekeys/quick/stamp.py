"""The stamp: what is moved exactly when something changed that uv can't see by itself.

``.dyncachekeys/current`` is a relative link to ``stamps/<id>/``, swapped by rename. uv compares the birth
time of the folder behind it, by equality (U6, U25); where there are no birth times, its inode.
"""

from __future__ import annotations

import errno
import os
import stat
import time

from dyncachekeys.quick import atomic
from dyncachekeys.quick.snapshot import opened

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command: nothing heavy is imported
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LINKS_REFUSED = frozenset({errno.EPERM, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP})
_NOT_ALLOWED_ON_WINDOWS = 1314
_TICK_SECONDS = 0.001
_MOST = 1 << 12
"""Bytes of a stamp file: more can't be ours."""
NEWEST = "newest"
"""A file in each stamp folder that is as old as the folder, and written once. Where a link leads to it, uv's maximum
over the files of a build is no less: what was there before can be linked later, at no build (U29)."""


class StampFolder:
    """A stamp folder whose inode is the recorded one: it was made here, and not copied."""

    __slots__ = ("birth", "digest", "id", "inode")

    def __init__(self, id: str, digest: str, birth: int, inode: int) -> None:  # noqa: A002
        self.id: str = id
        self.digest: str = digest
        """The stamp digest that it stands for."""
        self.birth: int = birth
        """Nanoseconds: its modification time while it was still empty, since ``stat`` in Python has no birth time."""
        self.inode: int = inode

    def __eq__(self, other: object) -> bool:
        return isinstance(other, StampFolder) and (self.id, self.inode) == (other.id, other.inode)

    def __hash__(self) -> int:
        return hash((self.id, self.inode))

    def is_named(self, by: int | None) -> bool:
        """Tell whether a birth time or inode, as uv recorded it, is this folder's."""
        return by is not None and by in {self.birth, self.inode}


class Stamps:
    """The stamp folders of one project.

    Args:
        home: ``.dyncachekeys``.
        birth_and_inode: How a new and empty folder is looked at.
    """

    def __init__(
        self, home: str | os.PathLike[str], birth_and_inode: Callable[[str], tuple[int, int]] | None = None
    ) -> None:
        self._home = os.fspath(home)
        self._all = f"{self._home}/stamps"
        self._link = f"{self._home}/current"
        self._file = f"{self._home}/stamp"
        self._look = birth_and_inode or _birth_and_inode

    def current(self) -> StampFolder | None:
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

    def former(self, digest: str, named: int | None) -> StampFolder | None:
        """Return the folder that stands for a digest and that the installed record still names."""
        return next((f for f in self._folders() if f.digest == digest and f.is_named(named)), None)

    def point_to(self, folder: StampFolder, named: int | None) -> None:
        """Swap the link, then remove every folder but this one and the one that the installed record names.

        Without a record, the one that the link led to before stays: uv may know it from elsewhere.

        Raises:
            OSError: the link can't be made.
        """
        before = self.current()
        temporary = atomic.temporary_name(self._link)
        try:
            os.symlink(f"stamps/{folder.id}", temporary, target_is_directory=True)
            os.replace(temporary, self._link)
        except BaseException:
            atomic.remove(temporary)
            raise
        _remove(self._file)
        self._keep({folder.id} | ({before.id} if named is None and before is not None else set()), named)

    def tidy(self, named: int | None) -> None:
        """Remove the folders that a killed run has left, where the stamp stays as it is and there is a record."""
        folder = self.current()
        if folder is not None and named is not None:
            self._keep({folder.id}, named)

    def _keep(self, keep: set[str], named: int | None) -> None:
        keep |= {folder.id for folder in self._folders() if folder.is_named(named)}
        for name in self._names():
            if name not in keep:
                _remove(f"{self._all}/{name}")

    def move(self, digest: str, named: int | None) -> StampFolder | None:
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
            if not links_refused(error):
                raise
        else:
            return folder
        _remove(self._all)
        _unlink(self._link)
        return None

    def relabel(self, digest: str) -> None:
        """Have the folder to which the link leads stand for another digest: to uv nothing changes.

        Raises:
            OSError: it can't be written.
        """
        folder = self.current()
        if folder is not None:
            numbers = {"birth": folder.birth, "inode": folder.inode}
            atomic.replace(f"{self._all}/{folder.id}/stamp", _as_toml(digest, **numbers), home=self._home)

    def write_file(self, digest: str, above: int | None) -> None:
        """Rewrite the stamp file, its modification time above a time in nanoseconds (U22, for Windows).

        Raises:
            OSError: it can't be written.
        """
        atomic.replace(self._file, _as_toml(digest), 0o644, home=self._home)
        later = max(time.time_ns(), (above or 0) + 1_000_000)
        os.utime(self._file, ns=(later, later))

    def remove(self) -> None:
        """Take the stamp and all folders away, where no stamp is watched any more."""
        _unlink(self._link)
        _remove(self._file)
        _remove(self._all)

    def _new(self, digest: str, named: int | None) -> StampFolder:
        os.makedirs(self._all, mode=0o700, exist_ok=True)
        taken = {number for other in self._folders() for number in (other.birth, other.inode)} | {named}
        rejected = []
        while True:
            name = os.urandom(8).hex()
            path = f"{self._all}/{name}"
            os.mkdir(path, mode=0o700)
            birth, inode = self._look(path)
            if birth not in taken and inode not in taken:
                break
            # Kept until one fits, or the file system would hand out the same inode again.
            rejected.append(path)
            time.sleep(_TICK_SECONDS)
        for one in rejected:
            os.rmdir(one)
        folder = StampFolder(name, digest, birth, inode)
        atomic.replace(f"{path}/stamp", _as_toml(digest, birth=birth, inode=inode), home=self._home)
        with open(f"{path}/{NEWEST}", "wb"):
            pass
        return folder

    def _names(self) -> list[str]:
        try:
            return sorted(os.listdir(self._all))
        except OSError:
            return []

    def _folders(self) -> Iterator[StampFolder]:
        found = map(self._folder, self._names())
        return (folder for folder in found if folder is not None)

    def _folder(self, name: str) -> StampFolder | None:
        path = f"{self._all}/{name}"
        try:
            info = os.lstat(path)
            data = _stamp_data(f"{path}/stamp")
            folder = StampFolder(name, str(data["digest"]), int(data["birth"]), int(data["inode"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None
        mine = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
        return folder if stat.S_ISDIR(info.st_mode) and mine and folder.inode == info.st_ino else None

    def _file_digest(self) -> str | None:
        try:
            return str(_stamp_data(self._file)["digest"])
        except (OSError, ValueError, KeyError):
            return None


def _birth_and_inode(path: str) -> tuple[int, int]:
    info = os.lstat(path)
    return info.st_mtime_ns, info.st_ino


def links_refused(error: OSError) -> bool:
    """Tell whether an error says that no links can be made here."""
    return error.errno in _LINKS_REFUSED or getattr(error, "winerror", None) == _NOT_ALLOWED_ON_WINDOWS


def _unlink(path: str) -> None:
    if os.path.lexists(path):
        os.unlink(path)


def _remove(folder: str) -> None:
    """Remove a stamp folder, or all of them, and whatever else may lie there."""
    try:
        for name in (NEWEST, "stamp"):
            _unlink(f"{folder}/{name}")
        os.rmdir(folder)
    except FileNotFoundError:
        pass
    except OSError:
        atomic.remove(folder)


def _stamp_data(path: str) -> dict[str, str]:
    """Return what `_as_toml` has written.

    Raises:
        ValueError: somebody else has written.
    """
    with opened(path, _MOST) as stream:
        lines = [line.strip().partition(" = ") for line in stream.read().decode().splitlines() if line[:1] != "#"]
    return {name: value.strip('"') for name, _, value in lines}


def _as_toml(digest: str, **numbers: int) -> bytes:
    lines = [
        "# Made by dyncachekeys. uv rebuilds when this changes; see .dyncachekeys in its documentation.",
        f'digest = "{digest}"',
        *(f"{name} = {number}" for name, number in numbers.items()),
    ]
    return ("\n".join(lines) + "\n").encode()
