"""Starts programs below strace, where that works, so that they run as they would without.

Facts: strace 6.1. With ``-D`` strace is no parent: the program itself is the child of who starts it, with its number,
its group, its streams and its code. ``--seccomp-bpf`` (from 5.3 on, with ``-f``) stops it only at the calls that count.
Loaded into the build's own interpreter. Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dyncachekeys.trace.in_build import quiet  # noqa: TC004  `install` gives it

_CALLS = (
    "open openat openat2 creat stat lstat newfstatat statx stat64 lstat64 fstatat64 access faccessat faccessat2 "
    "readlink readlinkat getdents getdents64 rename renameat renameat2 unlink unlinkat rmdir mkdir mkdirat symlink "
    "symlinkat link linkat truncate chmod fchmodat utimensat chdir fchdir execve execveat clone clone3 fork vfork"
)
_OPTIONS = ("-qq", "-y", "-s", "2000", "-e", "signal=none", "-e", "trace=?" + _CALLS.replace(" ", ",?"))
"""Not what is read and written, nor variables. ``?``: one that the machine does not have is left out."""
FOLLOW, ALONE = ["-f", "--seccomp-bpf"], ["-a", "1"]
"""How strace goes along: with all that the program starts; or with it alone, which can't be done by seccomp."""
_WORKS = "strace-works"
_LONGEST_WAIT, _STEP = 2.0, 0.01


class Below:
    """What is started below strace.

    Args:
        strace: Its path; empty if it is not to be used.
        folder: Where its output goes, as files ``strace-*``.
    """

    def __init__(self, strace: str, folder: str) -> None:
        self._strace, self._folder = strace, folder
        self._works: bool | None = None

    def words(self, options: Sequence[str], output: str, words: Sequence[str]) -> list[str]:
        """Return the words to start a program with in place of its own."""
        return [self._strace, "-D", *options, *_OPTIONS, "-o", output, "--", *words]

    def is_seen(self) -> bool:
        """Tell whether this process is below one of our straces, which follows all that it starts."""
        number = quiet.status_of("self", b"TracerPid:")
        if number in {b"", b"0"}:
            return False
        ours = os.fsencode(os.path.join(self._folder, "strace-"))
        return ours in quiet.content(f"/proc/{os.fsdecode(number)}/cmdline")

    def works(self) -> bool:
        """Tell whether strace can be used here: it may be too old, forbidden, or this process be traced already."""
        if not self._strace:
            return False
        kept = os.path.join(self._folder, _WORKS)
        if self._works is None and quiet.exists(kept):
            self._works = quiet.content(kept) == b"1"
        if self._works is None:
            self._works = quiet.status_of("self", b"TracerPid:") == b"0" and self._tried()
            quiet.write(kept, b"1" if self._works else b"0")
        return self._works

    def _tried(self) -> bool:
        words = self.words(FOLLOW, os.devnull, ["/bin/sh", "-c", ":"])
        nowhere = [(os.POSIX_SPAWN_OPEN, number, os.devnull, os.O_RDWR, 0o600) for number in (0, 1, 2)]
        number = quiet.system.posix_spawn(self._strace, words, quiet.system.environ, file_actions=nowhere)
        return bool(quiet.system.waitpid(number, 0)[1] == 0)

    def wait(self, outputs: Sequence[str]) -> None:
        """Wait, not for long, until all is written: strace ends just after what it follows."""
        waited = 0.0
        while outputs and waited < _LONGEST_WAIT and self._is_running(outputs):
            sys.modules["time"].sleep(_STEP)
            waited += _STEP

    def _is_running(self, outputs: Sequence[str]) -> bool:
        ends = {os.fsencode(output) for output in outputs}
        numbers = [name for name in quiet.system.listdir("/proc") if name.isdigit()]
        return any(not ends.isdisjoint(quiet.content(f"/proc/{number}/cmdline").split(b"\0")) for number in numbers)
