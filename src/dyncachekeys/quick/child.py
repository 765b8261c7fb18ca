"""Another process of ours, for a part of the work: it works, sends what it found, and ends."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

_WHOLE = b"."
"""Ends what a child sends: without it, the child failed."""


def pays() -> bool:
    """Tell whether two processes can be faster than one here."""
    return hasattr(os, "fork") and (os.cpu_count() or 1) > 1


class Child:
    """A process that runs a function and sends the bytes that it returns."""

    __slots__ = ("_pid", "_source")

    def __init__(self, work: Callable[[], bytes]) -> None:
        self._source, target = os.pipe()
        self._pid = os.fork()
        if not self._pid:
            try:
                os.close(self._source)
                with open(target, "wb") as stream:
                    stream.write(work() + _WHOLE)
            finally:
                os._exit(0)
        os.close(target)

    def answer(self) -> bytes | None:
        """Wait for it, and return what it sent; nothing if it failed."""
        with open(self._source, "rb", closefd=False) as stream:
            sent = stream.read()
        self.end()
        return sent[: -len(_WHOLE)] if sent.endswith(_WHOLE) else None

    def end(self) -> None:
        """Have it end, whether it has answered or not: whoever still writes ends by that nobody reads."""
        if self._pid:
            os.close(self._source)
            os.waitpid(self._pid, 0)
            self._pid = 0
