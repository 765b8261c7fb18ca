"""Lines that another process writes into a pipe: waited for as long as they may take, and no longer than it lives."""

from __future__ import annotations

import contextlib
import os
import queue
import selectors
import sys
import threading
import time
from subprocess import Popen
from typing import IO

from dyncachekeys.process.run import GRACE, has_ended

_CHUNK = 65_536
_LONGEST = 1 << 29
"""Bytes that a line may have."""
_PAUSE = 0.05
"""Seconds between asking whether the process has ended, though somebody else may still hold the pipe."""


class Answers:
    """What a process writes, line by line.

    Whoever the process leaves behind may hold the pipe for ever, so its end is not waited for.

    Args:
        process: The process.
        pipe: Where it writes to.
    """

    def __init__(self, process: Popen[bytes], pipe: IO[bytes]) -> None:
        self._process, self._pipe = process, pipe
        self._read = bytearray()
        self._chunks: queue.Queue[bytes] = queue.Queue()
        if sys.platform == "win32":  # pipes can't be selected from
            threading.Thread(target=self._listen, daemon=True).start()

    def line(self, seconds: float) -> bytes:
        """Return the next line; empty if there is none any more.

        Raises:
            TimeoutError: it takes longer than that.
            ValueError: it is longer than any answer.
        """
        deadline, ended = time.monotonic() + seconds, False
        while (end := self._read.find(b"\n", max(len(self._read) - _CHUNK, 0))) < 0:
            if not ended and has_ended(self._process):
                ended, deadline = True, min(deadline, time.monotonic() + GRACE)
            chunk = self._chunk(min(_PAUSE, deadline - time.monotonic()))
            if chunk == b"" or (chunk is None and ended):
                return b""
            if chunk is None and time.monotonic() >= deadline:
                raise TimeoutError
            self._read += chunk or b""
            if len(self._read) > _LONGEST:
                raise ValueError
        found = bytes(self._read[: end + 1])
        del self._read[: end + 1]
        return found

    def close(self) -> None:
        """Read no more."""
        if sys.platform != "win32":  # there, a thread may be reading
            self._pipe.close()

    def _chunk(self, seconds: float) -> bytes | None:
        """Return what can be read soon; empty at the end, nothing if there is nothing yet."""
        if sys.platform == "win32":
            with contextlib.suppress(queue.Empty):
                return self._chunks.get(timeout=max(seconds, 0))
            return None
        with selectors.DefaultSelector() as pipes:
            pipes.register(self._pipe, selectors.EVENT_READ)
            return os.read(self._pipe.fileno(), _CHUNK) if pipes.select(max(seconds, 0)) else None

    def _listen(self) -> None:
        while chunk := os.read(self._pipe.fileno(), _CHUNK):
            self._chunks.put(chunk)
        self._chunks.put(b"")
