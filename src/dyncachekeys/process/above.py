"""The processes above this one: by which command lines they were started."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

from dyncachekeys.process import run

_MOST = 64
_LONGEST = 10
"""Seconds that `ps` may take."""
_STATUS = re.compile(rb"^PPid:\s*(\d+)", re.MULTILINE)


def commands_above() -> Iterator[str]:
    """Yield the command lines of the processes above this one, the nearest first, as far as that can be told."""
    look = _of_proc if os.path.isdir("/proc/self") else _of_ps
    number = os.getppid()
    for _ in range(_MOST):
        if number <= 1:
            return
        try:
            command, number = look(number)
        except (OSError, ValueError, AttributeError, TypeError):
            return
        yield command


def _of_proc(number: int) -> tuple[str, int]:
    with open(f"/proc/{number}/cmdline", "rb") as stream:
        command = os.fsdecode(stream.read()).replace("\0", " ")
    with open(f"/proc/{number}/status", "rb") as stream:
        return command, int(_STATUS.search(stream.read())[1])  # type: ignore[index]  # an error ends it


def _of_ps(number: int) -> tuple[str, int]:
    from pathlib import Path  # noqa: PLC0415  not on Linux

    argv = ["ps", "-o", "ppid=", "-o", "command=", "-p", str(number)]
    done = run.run(argv, folder=Path("/"), environ=os.environ, timeout=_LONGEST, max_output=1 << 20)
    parent, _, command = done.output.decode("utf-8", "replace").strip().partition(" ")
    return command, int(parent)
