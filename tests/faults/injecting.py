"""Faults of system calls, injected by strace: which calls change something below a folder, and what one of them does."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from kit import Demo

STRACE = shutil.which("strace")
CALLS = (
    *(
        "openat",
        "creat",
        "write",
        "writev",
        "pwrite64",
        "ftruncate",
        "truncate",
        "fsync",
        "fdatasync",
        "sync_file_range",
    ),
    *("rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat", "unlink", "unlinkat"),
    *("mkdir", "mkdirat", "rmdir", "flock", "chmod", "fchmod", "fchmodat", "chown", "fchown", "lchown", "fchownat"),
    *("setxattr", "lsetxattr", "fsetxattr", "fremovexattr", "utimensat"),
)
"""Every call that writes, renames, links, removes, locks, or waits for the disk; of `openat` those that may write."""
FULL, KILL = "ENOSPC+", "SIGKILL"
"""From this call on none of its name succeeds; and the process is killed before it."""
FAULTS = ("ENOSPC", "EIO", "EINTR", "EROFS", FULL, KILL)
_WRITES = frozenset({"write", "writev", "pwrite64"})
_CALL = re.compile(r"(\w+)\(")
_HERE = re.compile(r"AT_FDCWD<[^>]*>, (?=\"/)")
_CHANGES = re.compile(r"O_(WRONLY|RDWR|CREAT|TRUNC)")


_OPEN = """\
import errno, os, signal, sys

root, last, fault = os.getcwd() + os.sep, int(sys.argv[1]), sys.argv[2]
seen = 0
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def hook(event, arguments):
    global seen
    if event != "open" or not isinstance(arguments[0], (str, os.PathLike)) or not arguments[2] & CHANGES:
        return
    path = os.path.abspath(os.fspath(arguments[0]))
    if path.startswith(root):
        seen += 1
        if seen == last or (seen > last and fault.endswith("+")):
            os.write(2, b"(INJECTED)")
            if fault == "SIGKILL":
                os.kill(os.getpid(), signal.SIGKILL)
            number = getattr(errno, fault.rstrip("+"))
            raise OSError(number, os.strerror(number), arguments[0])


from dyncachekeys.__main__ import main

sys.argv[:3] = ["dyncachekeys"]
sys.addaudithook(hook)
main()
"""
"""Lets one opening of a file fail that may write. Of strace's calls of this name, most read what Python imports, and
how many those are differs between runs."""


class Point(NamedTuple):
    """One call of one run."""

    call: str
    number: int
    """Which of all calls of this name; of `openat`, which of those that may write in the project."""


class Outcome(NamedTuple):
    """How a run with a fault ended."""

    injected: bool
    """Whether the fault came about."""
    code: int
    """The exit code; -9 if it was killed."""
    said: str
    """Standard error."""


def faults(point: Point) -> tuple[str, ...]:
    """Return what is done at a point. That no write succeeds any more is left out: then nothing could be said, either."""
    return tuple(fault for fault in FAULTS if fault != FULL or point.call not in _WRITES)


def command_line(*arguments: str) -> list[str]:
    """Return how dyncachekeys is started here: the same calls in each run, whatever the hash seed."""
    return [sys.executable, "-m", "dyncachekeys", *arguments]


def points(demo: Demo, *arguments: str) -> list[Point]:
    """Run a command without any fault, and return its calls that change something in the project."""
    lines, done = _traced(demo, [], arguments)
    assert done.returncode == 0, done.stderr
    seen: dict[str, int] = {}
    found = []
    for line in lines:
        call = _CALL.match(line)
        if call is None:
            continue
        name, is_ours = call[1], str(demo.root) in _HERE.sub("", line)
        if name == "openat" and not (is_ours and _CHANGES.search(line)):
            continue
        seen[name] = seen.get(name, 0) + 1
        if is_ours:
            found.append(Point(name, seen[name]))
    return found


def with_fault(demo: Demo, point: Point, fault: str, *arguments: str) -> Outcome:
    """Run a command of which one call fails, or in which the process is killed before it."""
    if point.call == "openat":
        code = [sys.executable, "-c", _OPEN, str(point.number), fault, *arguments]
        done = demo.run(*code, check=False, PYTHONDONTWRITEBYTECODE="1")
        said = done.stderr.replace("(INJECTED)", "")
        return Outcome(said != done.stderr, done.returncode, said)
    what = f"signal={KILL}" if fault == KILL else f"error={fault.rstrip('+')}"
    when = f"{point.number}+" if fault == FULL else point.number
    lines, done = _traced(demo, ["-e", f"inject={point.call}:{what}:when={when}"], arguments)
    injected = any("(INJECTED)" in line for line in lines) or (fault == KILL and done.returncode in {-9, 137})
    return Outcome(injected, -9 if done.returncode in {-9, 137} else done.returncode, done.stderr)


def _traced(
    demo: Demo, options: list[str], arguments: tuple[str, ...]
) -> tuple[list[str], subprocess.CompletedProcess[str]]:
    """Run a command below strace; its children run free, since none of them writes there."""
    assert STRACE is not None
    log = Path(demo.beside, "strace.log")
    done = demo.run(
        *(STRACE, "-qq", "-y", "-s", "0", "-o", str(log), "-e", f"trace={','.join(CALLS)}", *options),
        *command_line(*arguments),
        check=False,
        PYTHONHASHSEED="0",
        PYTHONDONTWRITEBYTECODE="1",
    )
    return log.read_text(encoding="utf-8", errors="replace").splitlines(), done
