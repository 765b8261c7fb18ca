"""What is done where output can't be written, and where a standard stream is closed. Imported only then."""

from __future__ import annotations

import errno
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn, TextIO

USER_ERROR = 2
_STANDARD = 3
"""How many streams there are that everybody has."""


class UnwrittenOutputError(Exception):
    """Standard output can't be written: what was asked for is done, but nobody can read the answer."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why: str = why


class _Closed(io.TextIOBase):
    """A standard output that is closed."""

    encoding = "utf-8"

    def write(self, _: str) -> NoReturn:
        raise OSError(errno.EBADF, "it is closed")


def fill() -> None:
    """Put something in the place of standard streams that are closed.

    Else what is opened next would get their number: who writes to standard output would write there. What is put
    there is closed again in a program that this process becomes or starts.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) < _STANDARD:  # the lowest one that is free
        pass
    os.close(number)
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115  as long as the process
    sys.stdout = sys.stdout or _Closed()
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115


def failed(stream: TextIO, error: OSError) -> None:
    """Go on after an error of a stream: where nobody reads any more, and where only warnings are lost.

    Raises:
        UnwrittenOutputError: it is standard output, and somebody may wait for it.
    """
    if not isinstance(stream, _Closed):  # what is still in its buffer goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    if not isinstance(error, BrokenPipeError) and stream is not sys.stderr:
        raise UnwrittenOutputError(error.strerror or str(error)) from error


def flush() -> None:
    """Write what is still to be written. Errors as `failed`."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:  # noqa: PERF203
            failed(stream, error)


def end(stream: TextIO, error: OSError, code: int) -> int:
    """Return the exit code of a run that would have ended with one, had a stream not had an error at the end."""
    try:
        failed(stream, error)
    except UnwrittenOutputError as unwritten:
        return max(code, report(unwritten))
    return code


def report(error: UnwrittenOutputError) -> int:
    """Say that standard output can't be written, and return the exit code."""
    lines = (
        f"error: standard output: can't be written: {error.why}\n"
        "  do: send it where it can be written, or use `-q`; all but the output was done\n"
    )
    try:
        sys.stderr.write(lines)
        sys.stderr.flush()
    except OSError:  # nobody is left to be told
        pass
    return USER_ERROR
