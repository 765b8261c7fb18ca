"""The file system's clock, by which the times of files are to be judged.

It may be another than this process's: network mounts and virtual machines have their own. And it may be coarse: what
is as young as the look at it could have been written again afterwards with the same times. git calls that racy.
"""

from __future__ import annotations

import os
import time

from dyncachekeys.quick.atomic import temporary_name

RACY_NS = 2_000_000_000
"""How much older than the look at it a file must be to be believed: the coarsest clock of a file system."""
ELSEWHERE_NS = 3_600_000_000_000
"""The same for what lies on another file system than our state: nothing of ours is written there, so its clock is not
known. An hour is more than clocks differ that somebody keeps right; until then, such a file is read in each run."""


class Began:
    """When a look began, by the clock of the file system on which our state lies; rather before that than after.

    Args:
        home: The folder of stamp and state, in which a file is written and removed again.
        look: The same by `monotonic` of this process.

    Raises:
        OSError: it can't be written there.
    """

    __slots__ = ("at", "device")

    def __init__(self, home: str, look: int) -> None:
        now, device = probe(home)
        self.device: int = device
        self.at: int = now - (monotonic() - look)
        """In nanoseconds since the epoch."""

    def limit(self, device: int) -> int:
        """Return from which time on, in nanoseconds, what lies on a device may have been written again after the look."""
        return self.at - (RACY_NS if device == self.device else ELSEWHERE_NS)


def monotonic() -> int:
    """Return nanoseconds since some moment, by a clock that nobody sets."""
    return time.monotonic_ns()


def probe(folder: str) -> tuple[int, int]:
    """Return the time of a file that is written in a folder at this instant, in nanoseconds, and its device.

    Raises:
        OSError: none can be written there.
    """
    path = temporary_name(f"{folder}/.clock")
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, b".")
        info = os.fstat(descriptor)
        return min(info.st_mtime_ns, info.st_ctime_ns), info.st_dev
    finally:
        os.close(descriptor)
        os.unlink(path)
