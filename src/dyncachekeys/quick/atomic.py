"""The writer of our own files: atomic replacement, the lock, and what a killed run has left."""

from __future__ import annotations

import os
import stat
import sys

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command: nothing heavy is imported
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

_ROUNDS = 100
"""Of taking a lock that is taken away again."""
_HEXADECIMAL = frozenset("0123456789abcdef")


def replace(path: str | os.PathLike[str], data: bytes, mode: int = 0o600, *, home: str | None = None) -> None:
    """Write a file of ours so that at any instant it is the old one or the new one; it keeps its mode.

    A link is replaced, not followed. Nobody waits for the disk: if the machine itself stops, an unreadable stamp or
    state costs one rebuild. A user's file is replaced by `rewrite.replace`.

    Args:
        path: The file.
        data: Its new content.
        mode: The mode of a file that did not exist.
        home: The folder of stamp and state, where the temporary file lies, and the next run removes one that a killed
            run has left (`sweep`). Not for those who hold no lock: theirs lies beside the file.

    Raises:
        OSError: nothing was changed.
    """
    path = os.fspath(path)
    if os.path.isfile(path) and not os.path.islink(path):
        mode = stat.S_IMODE(os.stat(path).st_mode)
    folder, name = os.path.split(path)
    temporary = temporary_name(f"{home or folder}/{name}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(stream.fileno(), mode)
        place(temporary, path)
    except BaseException as error:
        remove(temporary)
        if isinstance(error, OSError):
            error.filename = path  # the temporary name tells nobody anything
        raise


def temporary_name(path: str) -> str:
    """Return a name by which `sweep` knows what a killed run has left."""
    return f"{path}.{os.urandom(4).hex()}.tmp"


def is_temporary(name: str) -> bool:
    """Tell whether a name is one of `temporary_name`."""
    return name[-4:] == ".tmp" and name[-13:-12] == "." and _HEXADECIMAL.issuperset(name[-12:-4])


def remove(path: str, *, quietly: bool = True) -> None:
    """Remove whatever stands at a path, if anything does.

    Args:
        path: A link is removed, and not followed.
        quietly: As far as that is possible: what can't be removed harms nobody.

    Raises:
        OSError: it can't be removed; not if that is to be quiet.
    """
    try:
        os.unlink(path)
    except OSError:
        from dyncachekeys.quick import clear  # noqa: PLC0415

        clear.remove(path, quietly=quietly)


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
        from dyncachekeys.quick import clear  # noqa: PLC0415

        clear.remove(target)
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
    from dyncachekeys.quick import clear  # noqa: PLC0415

    if not _is_own(os.lstat(path)):  # else another run was here at the same time
        clear.remove(path)
    return os.open(path, flags, 0o600)


def _is_own(info: os.stat_result) -> bool:
    """Tell whether something is a regular file of ours without another name."""
    mine = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
    return stat.S_ISREG(info.st_mode) and mine and info.st_nlink <= 1


def sweep(folder: str, age: float = 0) -> None:
    """Remove what killed runs have left in a folder of ours.

    Args:
        folder: The folder of stamp and state, under the lock: nobody else writes there.
        age: Of what is written without the lock: only what is older, in seconds.
    """
    for name in os.listdir(folder):
        if is_temporary(name) and (not age or _is_older(f"{folder}/{name}", age)):
            remove(f"{folder}/{name}")


def _is_older(path: str, seconds: float) -> bool:
    import time  # noqa: PLC0415

    try:
        return os.lstat(path).st_mtime < time.time() - seconds
    except OSError:
        return False


class Lock:
    """The project's lock, a context manager.

    The kernel lets go of it when the process ends, however that comes about. Makes the folder that it lies in, and
    notes in the lock file who holds it.

    Args:
        home: The folder of stamp and state.
        wait: Whether to wait if another process holds it.
        tell: Is called with who holds it, if that takes longer than a moment.

    Raises:
        BlockingIOError: another process holds it, and nobody is to wait.
        WriteError: another process holds it for too long, or there are no locks here (`quick.waiting`).
        OSError: the folder or the lock file can't be made.
    """

    def __init__(
        self, home: str | os.PathLike[str], *, wait: bool = True, tell: Callable[[str], None] | None = None
    ) -> None:
        self._home, self._wait, self._tell = os.fspath(home), wait, tell
        self._descriptor = self._substitute = -1

    def __enter__(self) -> None:
        path = f"{self._home}/lock"
        for rounds in range(_ROUNDS, 0, -1):
            if not os.path.isdir(self._home):
                os.makedirs(self._home, mode=0o700, exist_ok=True)
            try:
                self._descriptor = opened_to_write(path, os.O_RDWR)
                self._substitute = take_or_wait(self._descriptor, path, wait=self._wait, tell=self._tell)
                # Else `clean` has taken the folder away meanwhile, and with it the file that this one has locked.
                if os.fstat(self._descriptor).st_ino == os.stat(path).st_ino or rounds == 1:
                    break
                self._let_go()
            except BaseException as error:
                self._let_go()
                if rounds == 1 or not isinstance(error, FileNotFoundError):
                    raise
        self._note()

    def _note(self) -> None:
        # Of others that call us, arguments could be secrets.
        command = " ".join(["dyncachekeys", *sys.argv[1:2]]) if "dyncachekeys" in sys.argv[0] else sys.argv[0]
        try:
            os.ftruncate(self._descriptor, 0)
            os.write(self._descriptor, f"{os.getpid()} {command}".encode(errors="replace"))
        except OSError:  # then nobody can say who it is
            pass

    def _let_go(self) -> None:
        for descriptor in (self._descriptor, self._substitute):
            if descriptor >= 0:
                os.close(descriptor)
        self._descriptor = self._substitute = -1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._let_go()


def take_or_wait(descriptor: int, path: str, *, wait: bool = True, tell: Callable[[str], None] | None = None) -> int:
    """Lock a file. Arguments, result and errors as `waiting.lock`."""
    try:
        take(descriptor)
    except OSError as error:
        from dyncachekeys.quick import waiting  # noqa: PLC0415

        return waiting.lock(descriptor, path, error, wait=wait, tell=tell)
    return -1


def take(descriptor: int) -> None:
    """Lock a file, or fail at once.

    Raises:
        BlockingIOError: another process holds the lock. On Windows it is another `OSError`.
        OSError: the file can't be locked.
    """
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415

        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
    else:
        import fcntl  # noqa: PLC0415

        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
