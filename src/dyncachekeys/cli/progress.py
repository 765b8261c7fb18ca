"""One line on a terminal that says what is waited for, as soon as that takes long; it goes when that has come.

Written by a signal of the clock, which asks for no thread: a process with one can't make another by `os.fork`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType
from typing import TextIO

from dyncachekeys.quick.output import duration, shown
from dyncachekeys.quick.table import columns, shortened

_SILENT, _STEP = 0.5, 1.0
"""Seconds before something is shown, and between two looks at the clock."""
_CLEAR = "\r\x1b[K"


def may_show(stream: TextIO) -> bool:
    """Tell whether a stream is a terminal on which a line can be taken back, and there is a clock that has signals."""
    return hasattr(signal, "setitimer") and stream.isatty() and os.environ.get("TERM") != "dumb"


@contextlib.contextmanager
def line(stream: TextIO | None = None) -> Iterator[Callable[[str], None]]:
    """Give what is called with each thing that begins, or with nothing when it has ended. At the end the line is gone."""
    on = _Line(sys.stderr if stream is None else stream)
    before = signal.signal(signal.SIGALRM, on.look)
    try:
        yield on.begin
    finally:
        on.begin("")
        signal.signal(signal.SIGALRM, before)


class _Line:
    """What is being done, and since when."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._what, self._since = "", 0.0
        self._is_shown = False

    def begin(self, what: str) -> None:
        """Begin something: what was shown before is taken back."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        self._what = ""  # a signal that has come already shows nothing from here on
        if self._is_shown:
            self._write(_CLEAR)
            self._is_shown = False
        self._what, self._since = shown(what), time.monotonic()
        if what:
            signal.setitimer(signal.ITIMER_REAL, _SILENT, _STEP)

    def look(self, _number: int, _frame: FrameType | None) -> None:
        """Show what takes so long."""
        if not self._what:
            return
        seconds = int(time.monotonic() - self._since)
        took = f" {duration(seconds).replace('.00', '')}" if seconds else ""
        width = (columns(self._stream) or 80) - len(f"...{took}") - 1
        self._write(f"{_CLEAR}{shortened(self._what, width)}...{took}")
        self._is_shown = True

    def _write(self, text: str) -> None:
        """Write past the stream's buffer, since the signal may come while that is written to."""
        with contextlib.suppress(OSError):
            os.write(self._stream.fileno(), text.encode(self._stream.encoding or "utf-8", "backslashreplace"))
