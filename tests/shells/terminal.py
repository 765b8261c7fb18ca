"""A shell at a terminal: what is typed into it, and what it does then."""

from __future__ import annotations

import contextlib
import os
import pty
import re
import select
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

SECONDS = 12
"""How long anything may take at most before a test gives up."""
CTRL_C = "\x03"
_CONTROL = re.compile(r"\x1b(\[[0-9;?<>=]*[a-zA-Z]|\][^\x07\x1b]*(\x07|\x1b\\)|[()][0-9A-B]|[=>78])|\x0f|\r")


def until(holds: Callable[[], object], what: str) -> None:
    """Wait until something holds."""
    end = time.monotonic() + SECONDS
    while not holds():
        assert time.monotonic() < end, f"it did not happen: {what}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    """Tell whether a process is there and has not ended."""
    try:
        os.kill(pid, 0)
        # One that nobody asks about stays in the table.
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


class Terminal:
    """A program that has a terminal of its own, as a session leader."""

    def __init__(self, command: Sequence[str], folder: Path, environ: Mapping[str, str]) -> None:
        self._own, theirs = pty.openpty()
        self.shown = ""
        self.process = subprocess.Popen(
            [sys.executable, "-c", _TAKE_TERMINAL, *command],
            cwd=folder,
            env=dict(environ),
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)

    def type(self, text: str) -> None:
        os.write(self._own, text.encode())

    def read(self) -> bool:
        """Take in what was printed; nothing more comes if the program has ended."""
        if not select.select([self._own], [], [], 0.02)[0]:
            return True
        try:
            data = os.read(self._own, 65_536)
        except OSError:
            return False
        self.shown += _CONTROL.sub("", data.decode(errors="replace"))
        return bool(data)

    def until(self, holds: Callable[[], object], what: str) -> None:
        """Wait until something holds, and take in meanwhile what is printed."""
        end = time.monotonic() + SECONDS
        while not holds():
            assert time.monotonic() < end, f"it did not happen: {what}\n{self.shown}"
            self.read()

    def expect(self, text: str) -> None:
        """Wait until something is printed behind what was expected before."""
        self.until(lambda: text in self.shown, text)
        self.shown = self.shown.partition(text)[2]

    def hang_up(self) -> None:
        """Close the window."""
        os.close(self._own)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        with contextlib.suppress(OSError):  # it was hung up
            os.close(self._own)


_TAKE_TERMINAL = """\
import fcntl, os, signal, sys, termios
signal.signal(signal.SIGHUP, signal.SIG_DFL)
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
fcntl.ioctl(0, termios.TIOCSWINSZ, b"\\x32\\x00\\xc8\\x00" + bytes(4))
os.execvp(sys.argv[1], sys.argv[1:])
"""
"""A session leader has to ask for its terminal; wide enough for no line to be broken. The tests may run below `nohup`."""
