"""The only writer: atomic replacement, the lock, and the home of stamp and state."""

from __future__ import annotations

import os
import stat
import sys
import time

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command: nothing heavy is imported
if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

_IGNORE = b"# made by dyncachekeys\n*\n"
_RETRY_SECONDS = 0.02


def replace(path: str | os.PathLike[str], data: bytes, mode: int = 0o600, *, ours: bool = True) -> None:
    """Write a file so that at any instant it is the old one or the new one; it keeps its mode.

    Args:
        path: The file.
        data: Its new content.
        mode: The mode of a file that did not exist.
        ours: It is not the user's. Then a link is replaced, not followed, and nobody waits for the disk: if
            the machine itself stops, an unreadable stamp or state costs one rebuild.

    Raises:
        OSError: nothing was changed.
    """
    path = os.fspath(path)
    target = path if ours else os.path.realpath(path)
    if os.path.isfile(target) and not os.path.islink(target):
        mode = stat.S_IMODE(os.stat(target).st_mode)
    folder, name = os.path.split(target)
    temporary = os.path.join(folder, f".{name}.{os.urandom(4).hex()}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(stream.fileno(), mode)
            if not ours:
                os.fsync(stream.fileno())
        place(temporary, target) if ours else os.replace(temporary, target)
    except BaseException as error:
        if os.path.lexists(temporary):
            os.unlink(temporary)
        if isinstance(error, OSError):
            error.filename = path  # the temporary name tells nobody anything
        raise


def place(temporary: str, target: str) -> None:
    """Give a temporary file of ours its name; a folder that stands there makes way.

    Raises:
        OSError: it can't be done.
    """
    try:
        os.replace(temporary, target)
    except OSError:
        if not os.path.isdir(target) or os.path.islink(target):
            raise
        from dyncachekeys.quick.clear import remove  # noqa: PLC0415

        remove(target)
        os.replace(temporary, target)


def opened_to_write(path: str, flags: int) -> int:
    """Open a file of ours to be written in place, and return its descriptor; it is made if it is not there.

    What is not a regular file of ours, or has another name (what is written there would be written elsewhere),
    makes way.

    Raises:
        OSError: it can't be opened.
    """
    flags |= os.O_CREAT | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags, 0o600)
        if _is_own(os.fstat(descriptor)):
            return descriptor
        os.close(descriptor)
    except OSError:
        if not os.path.lexists(path) or _is_own(os.lstat(path)):
            raise
    from dyncachekeys.quick.clear import remove  # noqa: PLC0415

    if not _is_own(os.lstat(path)):  # else another run was here at the same time
        remove(path)
    return os.open(path, flags, 0o600)


def _is_own(info: os.stat_result) -> bool:
    """Tell whether something is a regular file of ours without another name."""
    mine = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
    return stat.S_ISREG(info.st_mode) and mine and info.st_nlink <= 1


def sweep(file: Path, home: Path) -> None:
    """Remove the temporary files of a run that was killed. Only under the lock: nobody else is writing.

    Args:
        file: ``pyproject.toml``, beside whose target ours would lie.
        home: The folder of stamp and state.
    """
    from dyncachekeys.quick.clear import remove  # noqa: PLC0415

    target = file.resolve()
    hexadecimal = "[0-9a-f]" * 8
    for stray in (
        *target.parent.glob(f".{target.name}.{hexadecimal}.tmp"),
        *home.glob(f".*.{hexadecimal}.tmp"),
        *home.glob(f"current.{hexadecimal}"),
        *home.glob(f"link.{hexadecimal}"),
        *home.glob(f"inputs.{hexadecimal}"),
    ):
        remove(os.fspath(stray))


def hide(home: Path) -> None:
    """Give the folder of stamp and state its own ignore file, if it has none. Only under the lock.

    Raises:
        OSError: it can't be written.
    """
    ignore = home / ".gitignore"
    if not ignore.is_file() or ignore.is_symlink():
        replace(ignore, _IGNORE, 0o644)


def check_home(home: Path) -> None:
    """Refuse a home that is not a folder of its own: what is written or removed there would be elsewhere.

    Raises:
        WriteError: it is a link or a file.
    """
    from dyncachekeys.errors import Problem, WriteError  # noqa: PLC0415

    for folder in (home, home / "stamps"):
        # os.path says no where another user may not look: then nothing is there that we could use.
        is_file = os.path.exists(folder) and not os.path.isdir(folder)
        if is_file or os.path.islink(folder):
            what = "a link" if os.path.islink(folder) else "not a folder"
            where = folder.relative_to(home.parent).as_posix()
            raise WriteError(Problem("not-a-folder", f"is {what}", where, f"remove `{where}`, and try again"))


class Lock:
    """The project's lock, a context manager: waits if another process holds it.

    The kernel lets go of it when the process ends, however that comes about. Makes the folder that it lies in.

    Args:
        home: The folder of stamp and state.

    Raises:
        OSError: the folder or the lock file can't be made.
    """

    def __init__(self, home: str | os.PathLike[str]) -> None:
        self._home = os.fspath(home)
        self._descriptor = -1

    def __enter__(self) -> None:
        if not os.path.isdir(self._home):
            os.makedirs(self._home, mode=0o700, exist_ok=True)
        self._descriptor = opened_to_write(f"{self._home}/lock", os.O_RDWR)
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            while True:
                try:
                    os.lseek(self._descriptor, 0, os.SEEK_SET)
                    msvcrt.locking(self._descriptor, msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    time.sleep(_RETRY_SECONDS)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._descriptor)
