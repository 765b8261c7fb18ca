"""What the import guard asks first: is what is installed built from all as it is now?

It runs in a process of its own, which an import waits for (`guard.in_python.ask`). Where it is not certain, one process
of a project at a time looks closer (`syncing.guarded`): the others wait for what comes of it, and take that over.
"""

from __future__ import annotations

import os
import stat
import time

from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot, opened

FOLDER = f"{check.HOME}/guard"
"""What processes that ask at the same time leave for each other, below the project's folder."""
END = "\0end"
_MOST = 1 << 24
"""Bytes of an answer: what is larger can't be one."""
_STEP, _LONGEST_STEP = 0.005, 0.1
"""Seconds between asking for the lock."""


class Turn:
    """The turn of this process to look closer, and if needed to have uv build."""

    __slots__ = ("consumer", "environ", "mode", "root", "seconds", "started", "until")

    def __init__(self, root: str, consumer: str, mode: str, seconds: float) -> None:
        self.root: str = root
        """The project's folder, absolute."""
        self.consumer: str = consumer
        """The project whose environment it is, if it is another one."""
        self.mode: str = mode
        """What was to be done about a package that is out of date, at the last sync."""
        self.seconds: float = seconds
        self.until: float = time.monotonic() + seconds
        """When all has to be over."""
        self.started: int = 0
        """When the look began, in nanoseconds since the epoch."""
        self.environ: dict[str, str] = dict(os.environ)

    def answer(self, kind: str, text: str = "", changed: tuple[str, ...] = ()) -> None:
        """Leave the answer for those who wait, and give it: ``fresh``, ``built``, ``warn`` or ``error``."""
        from dyncachekeys.quick.atomic import replace  # noqa: PLC0415  a quick answer is for nobody else

        fields = "\0".join([kind, text, *changed])
        try:  # noqa: SIM105  contextlib takes 2 ms to import
            replace(f"{self.root}/{FOLDER}/answer", encoded(f"{self.started}\0{fields}"))
        except OSError:
            pass  # they look for themselves
        give(fields)


def turn(root: str, consumer: str, mode: str, seconds: str) -> Turn | None:
    """Answer at once if that is certain, or once another process has found the answer; else it is our turn.

    Args:
        root: The project's folder, absolute.
        consumer: The project whose environment it is, if it is another one; else empty.
        mode: What to do about a package that is out of date, as the last sync has written it down.
        seconds: How long all may take.
    """
    asked, ours = time.time_ns(), Turn(root, consumer, mode, float(seconds))
    if is_fresh(root):
        give("fresh\0")
        return None
    before = _identity(root)
    try:
        if mode == "build":  # without a state, one has to build all the same
            os.makedirs(f"{root}/{check.HOME}", mode=0o700, exist_ok=True)
        waited = _wait(root, ours.until)
    except TimeoutError:
        text = f"dyncachekeys: another process has been building the package in {root} for {seconds} seconds"
        give(f"{'warn' if mode == 'warn' else 'error'}\0{text}")
        return None
    except OSError:  # nothing can be written there, so nobody builds
        waited = False
    fields = _answer_of_another(root, before, asked) if waited else None
    if fields is not None:
        give(fields)
        return None
    ours.started = time.time_ns()
    return ours


def is_fresh(root: str) -> bool:
    """Tell whether what is installed is certainly built from all as it is now."""
    known = Snapshot.load(f"{root}/{check.HOME}")
    if known is None or not known.fresh:
        return False
    try:
        return not check.differences(root, known, os.environ)
    except (check.NotQuick, OSError):
        return False


def give(fields: str) -> None:
    """Write an answer to whoever has asked."""
    data = encoded(fields + END)
    try:
        while data:
            data = data[os.write(1, data) :]
    except OSError:  # whoever has asked is gone
        pass


def encoded(text: str) -> bytes:
    """Return text as the operating system has it."""
    return os.fsencode(text) if os.name != "nt" else text.encode("utf-8", "surrogatepass")


def _wait(root: str, until: float) -> bool:
    """Wait until no other process is at it; tell whether there was one. The kernel holds the lock until we end.

    Raises:
        TimeoutError: it takes too long.
        OSError: nothing can be written there.
    """
    info = os.lstat(f"{root}/{check.HOME}")
    if not stat.S_ISDIR(info.st_mode) or (hasattr(os, "geteuid") and info.st_uid != os.geteuid()):
        raise NotADirectoryError
    folder, step, waited = f"{root}/{FOLDER}", _STEP, False
    os.makedirs(folder, mode=0o700, exist_ok=True)
    if os.path.islink(folder):
        raise NotADirectoryError
    from dyncachekeys.quick import atomic, waiting  # noqa: PLC0415  a quick answer needs no lock

    descriptor = atomic.opened_to_write(f"{folder}/lock", os.O_RDWR)
    while not waiting.is_taken(descriptor):
        waited = True
        if time.monotonic() > until:
            raise TimeoutError
        time.sleep(step)
        step = min(step * 1.5, _LONGEST_STEP)
    return waited


def _identity(root: str) -> tuple[int, int] | None:
    try:
        info = os.lstat(f"{root}/{FOLDER}/answer")
    except OSError:
        return None
    return info.st_ino, info.st_mtime_ns


def _answer_of_another(root: str, before: tuple[int, int] | None, asked: int) -> str | None:
    """Return the answer that another process gave while we waited, if it answers what we ask, too.

    It does if the project knows no variable by which the two differ, and its look began after we had asked; or if all
    is fresh by now; or if it failed, and nothing has changed since.
    """
    if _identity(root) in {before, None}:
        return "fresh\0" if is_fresh(root) else None
    try:
        with opened(f"{root}/{FOLDER}/answer", _MOST) as stream:
            started, _, fields = os.fsdecode(stream.read()).partition("\0")
        known = Snapshot.load(f"{root}/{check.HOME}")
        if known is None or not check.environment_holds(known, os.environ):
            return None
        if int(started) >= asked or (fields.startswith("error\0") and _is_as_it_was(root, known)):
            return fields
    except (OSError, ValueError):
        return None
    # After a build, what this process has looked up before has to be looked up again.
    return (fields if fields.startswith("built\0") else "fresh\0") if is_fresh(root) else None


def _is_as_it_was(root: str, known: Snapshot) -> bool:
    """Tell whether all is as another process saw it just now; what is racy counts as that: a failure is told once more."""
    try:
        check.differences(root, known, os.environ)
        return not check.in_folders(root, known)
    except (check.NotQuick, OSError):
        return False
