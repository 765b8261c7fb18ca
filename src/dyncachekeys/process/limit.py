"""A bound in time for code of ours that data of others can make run for ever."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType


@contextlib.contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Bound the time of what is done meanwhile, such as a regular expression, which looks for signals as it goes on.

    There is no bound where there are no such signals: on Windows, and in other threads than the main one.

    Args:
        seconds: How long it may take.

    Raises:
        TimeoutError: it took longer.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, end)
    theirs, interval = signal.setitimer(signal.ITIMER_REAL, max(seconds, 1e-6))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if theirs:  # whoever called us has set one, which goes on
            signal.setitimer(signal.ITIMER_REAL, max(theirs - (time.monotonic() - began), 1e-6), interval)
