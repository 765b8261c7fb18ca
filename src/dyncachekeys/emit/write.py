"""The only writer: atomic replacement, the lock, and the home of stamp and state."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import time
from typing import TYPE_CHECKING

from dyncachekeys.errors import Problem, WriteError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_IGNORE = b"# made by dyncachekeys\n*\n"
_RETRY_SECONDS = 0.02


def replace(path: Path, data: bytes, mode: int = 0o600, *, through_links: bool = True) -> None:
    """Write a file so that at any instant it is the old one or the new one; it keeps its mode.

    Args:
        path: The file.
        data: Its new content.
        mode: The mode of a file that did not exist.
        through_links: Write what a link leads to, as for the user's file; else replace the link.

    Raises:
        OSError: nothing was changed.
    """
    target = path.resolve() if through_links else path
    with contextlib.suppress(FileNotFoundError):
        mode = stat.S_IMODE(target.stat(follow_symlinks=through_links).st_mode)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(data)
            stream.flush()
            if hasattr(os, "fchmod"):
                os.fchmod(stream.fileno(), mode)
            os.fsync(stream.fileno())
        temporary.replace(target)
    except BaseException as error:
        temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = os.fspath(path)  # the temporary name tells nobody anything
        raise


def sweep(file: Path, home: Path) -> None:
    """Remove the temporary files of a run that was killed. Only under the lock: nobody else is writing.

    Args:
        file: ``pyproject.toml``, beside whose target ours would lie.
        home: The folder of stamp and state.
    """
    target = file.resolve()
    hexadecimal = "[0-9a-f]" * 8
    for stray in (
        *target.parent.glob(f".{target.name}.{hexadecimal}.tmp"),
        *home.glob(f".*.{hexadecimal}.tmp"),
        *home.glob(f"current.{hexadecimal}"),
    ):
        stray.unlink()


def hide(home: Path) -> None:
    """Give the folder of stamp and state its own ignore file, if it has none. Only under the lock.

    Raises:
        OSError: it can't be written.
    """
    ignore = home / ".gitignore"
    if not ignore.exists():
        replace(ignore, _IGNORE, 0o644, through_links=False)


def check_home(home: Path) -> None:
    """Refuse a home that is not a folder of its own: what is written or removed there would be elsewhere.

    Raises:
        WriteError: it is a link or a file.
    """
    for folder in (home, home / "stamps"):
        # os.path says no where another user may not look: then nothing is there that we could use.
        odd = "not a folder" if os.path.exists(folder) and not os.path.isdir(folder) else None
        what = "a link" if os.path.islink(folder) else odd
        if what:
            where = folder.relative_to(home.parent).as_posix()
            raise WriteError(Problem("not-a-folder", f"is {what}", where, f"remove `{where}`, and try again"))


@contextlib.contextmanager
def lock(home: Path) -> Iterator[None]:
    """Hold the project's lock; wait for it if another process does. Makes the folder that it lies in.

    The kernel lets go of it when the process ends, however that comes about.

    Raises:
        OSError: the folder or the lock file can't be made.
    """
    home.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0)
    with open(os.open(home / "lock", flags, 0o600), "r+b") as stream:
        if sys.platform == "win32":
            import msvcrt  # noqa: PLC0415

            while True:
                try:
                    stream.seek(0)
                    msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
                    break
                except OSError:
                    time.sleep(_RETRY_SECONDS)
        else:
            import fcntl  # noqa: PLC0415

            fcntl.flock(stream.fileno(), fcntl.LOCK_EX)
        yield
