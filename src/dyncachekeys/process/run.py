"""Running a program, bounded in time and in output; when it is over, its whole process group is gone."""

from __future__ import annotations

import contextlib
import errno
import os
import selectors
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen, TimeoutExpired
from typing import IO, cast

from dyncachekeys.model import Completed, OutputTooLargeError
from dyncachekeys.names import Mask

LARGEST_ERROR = 65_536
"""So many bytes are kept of what a program writes to its standard error: the last ones."""
_PAUSE, _SHORT_PAUSE = 0.05, 0.001
"""Seconds between asking whether a program has ended: with open pipes, which tell it by themselves; without."""
GRACE = 1.0
"""Seconds for what a program left behind to close its pipes: ``exec > >(sed ...)`` in a script is late."""


def run(  # noqa: PLR0913  all of it bounds the program
    argv: Sequence[str],
    *,
    folder: Path,
    environ: Mapping[str, str],
    timeout: float,
    max_output: int | None,
    own_group: bool = True,
) -> Completed:
    """Run a program without a shell and with nothing to read, and return what it wrote; its errors without credentials.

    What it leaves behind is killed with it, except for what made a session of its own.

    Args:
        argv: The program and its arguments. A name is looked up by ``PATH``; with a slash, it is a path.
        folder: Where it runs, and what relative paths start from, also those in ``PATH``.
        environ: Its environment.
        timeout: Seconds that it may take.
        max_output: Bytes that it may write to its standard output; nothing if only the end of it is wanted, as of its
            errors: also without credentials.
        own_group: Make a process group for it. Not where the caller's own group is to be ended with all in it:
            then only the program itself is killed here.

    Raises:
        FileNotFoundError: there is no such program.
        TimeoutError: it took too long.
        OutputTooLargeError: it wrote too much.
        OSError: it can't be started.
    """
    captured = _Captured(max_output)
    with _started(argv, _located(argv[0], folder, environ), folder, environ, own_group=own_group) as process:
        try:
            _capture(process, captured, timeout)
        except TimeoutExpired:
            message = f"it did not end within the {timeout:.3g} seconds that it had"
            raise TimeoutError(message) from None
        finally:
            _end(process, own_group=own_group)
    mask = Mask(environ)
    error = os.fsencode(mask(os.fsdecode(bytes(captured.error))))
    output = bytes(captured.output)
    return Completed(
        process.returncode, os.fsencode(mask(os.fsdecode(output))) if max_output is None else output, error
    )


def _located(name: str, folder: Path, environ: Mapping[str, str]) -> str:
    is_path = "/" in name or os.sep in name
    search = os.pathsep.join(str(folder / place) for place in environ.get("PATH", os.defpath).split(os.pathsep))
    found = shutil.which(str(folder / name) if is_path else name, path=search)
    if found:
        return found
    if is_path and (folder / name).exists():
        raise PermissionError(errno.EACCES, "it is not an executable file", name)
    raise FileNotFoundError(errno.ENOENT, "there is no such program", name)


def _started(
    argv: Sequence[str], path: str, folder: Path, environ: Mapping[str, str], *, own_group: bool
) -> Popen[bytes]:
    try:
        return Popen(  # noqa: S603
            argv,
            executable=path,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
            cwd=folder,
            env=environ,
            start_new_session=own_group,
        )
    except FileNotFoundError as error:  # the file was found, so it is what its first line names
        raise OSError(errno.ENOEXEC, "the interpreter that it names is missing", argv[0]) from error


class _Captured:
    """What a process has written so far: all of its output, the end of its errors."""

    def __init__(self, max_output: int | None) -> None:
        self.output, self.error = bytearray(), bytearray()
        self._max = max_output

    def take(self, written: bytes, *, is_error: bool) -> None:
        stream = self.error if is_error else self.output
        stream += written
        del self.error[:-LARGEST_ERROR]
        if self._max is None:
            del self.output[:-LARGEST_ERROR]
        elif len(self.output) > self._max:
            raise OutputTooLargeError(errno.EFBIG, f"it wrote more than {self._max} bytes")


def _capture(process: Popen[bytes], captured: _Captured, timeout: float) -> None:
    """Read what a process writes until it has ended and nobody holds its pipes, or a little longer than it runs."""
    if sys.platform == "win32":  # pipes can't be selected from: best effort
        for stream, written in enumerate(process.communicate(timeout=timeout)):
            captured.take(written, is_error=stream == 1)
        return
    deadline, ended = time.monotonic() + timeout, False
    with selectors.DefaultSelector() as pipes:
        pipes.register(cast("IO[bytes]", process.stdout), selectors.EVENT_READ)
        pipes.register(cast("IO[bytes]", process.stderr), selectors.EVENT_READ)
        while pipes.get_map() or not ended:
            if not ended and has_ended(process):
                ended, deadline = True, min(deadline, time.monotonic() + GRACE)
            left = deadline - time.monotonic()
            if left <= 0:
                break
            for chunk, pipe in _chunks(pipes, left):
                captured.take(chunk, is_error=pipe is process.stderr)
    if not ended:
        raise TimeoutExpired([], timeout)


def _chunks(pipes: selectors.BaseSelector, seconds: float) -> Iterator[tuple[bytes, object]]:
    """Yield what can be read from pipes soon, each chunk with its pipe; one that its writers have closed is dropped."""
    for key, _ in pipes.select(min(seconds, _PAUSE if pipes.get_map() else _SHORT_PAUSE)):
        chunk = os.read(key.fd, LARGEST_ERROR)
        if not chunk:
            pipes.unregister(key.fileobj)
        yield chunk, key.fileobj


def has_ended(process: Popen[bytes]) -> bool:
    """Tell whether a process has ended; where possible, it keeps its number, so that killing its group hits nobody else."""
    if not hasattr(os, "waitid"):  # macOS before Python 3.13
        return process.poll() is not None
    return os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def _end(process: Popen[bytes], *, own_group: bool) -> None:
    if own_group and hasattr(os, "killpg"):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.kill()
