"""The project's lock: who waits, for how long, what is said; and file systems that have none."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from dyncachekeys.errors import WriteError
from dyncachekeys.quick import atomic, waiting
from dyncachekeys.quick.atomic import Lock
from kit import BACKEND_KEY, Demo, DemoMaker

unix = pytest.mark.skipif(sys.platform == "win32", reason="there the lock is another one")
_HOLDER = """
import sys
from dyncachekeys.quick.atomic import Lock

sys.argv = ["/usr/bin/dyncachekeys", "sync", "--secret"]
with Lock(".dyncachekeys"):
    print("holds", flush=True)
    sys.stdin.read()
"""


@contextmanager
def _held(demo: Demo) -> Iterator[subprocess.Popen[str]]:
    """Hold the lock in another process."""
    code = [sys.executable, "-c", _HOLDER]
    with subprocess.Popen(
        code, cwd=demo.root, env=demo.environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        try:
            yield holder
        finally:
            holder.kill()


@unix
@pytest.mark.parametrize("command", [["sync"], ["clean"], ["run", "--", "echo", "ran"], ["init"]], ids=" ".join)
def test_a_lock_that_is_held_ends_in_an_error_that_says_who(demo_maker: DemoMaker, command: list[str]) -> None:
    demo = demo_maker("" if command == ["init"] else BACKEND_KEY)
    before = (demo.root / "pyproject.toml").read_bytes()
    with _held(demo) as holder:
        done = demo.cli(*command, check=False, DYNCACHEKEYS_LOCK_TIMEOUT="1.2")
    assert done.returncode == 2, done.stderr
    who = f"process {holder.pid} (dyncachekeys sync), since "
    assert f"waiting for {who}" in done.stderr
    assert f"error: {demo.root}/.dyncachekeys/lock: {who}" in done.stderr
    assert "has not ended for 1.2 seconds" in done.stderr
    assert "--secret" not in done.stderr
    assert "ran" not in done.stdout
    assert (demo.root / "pyproject.toml").read_bytes() == before


@unix
def test_run_goes_on_under_a_held_lock_if_it_was_told_to(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    with _held(demo):
        done = demo.cli("run", "--no-fail", "--", "echo", "ran", DYNCACHEKEYS_LOCK_TIMEOUT="0")
    assert done.stdout == "ran\n"
    assert "warning: " in done.stderr


@unix
def test_who_has_nothing_to_write_waits_for_nobody(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    demo.settled()
    with _held(demo):
        done = demo.cli("sync", DYNCACHEKEYS_LOCK_TIMEOUT="0")
        (demo.root / ".dyncachekeys/snapshot").unlink()
        again = demo.cli("sync", DYNCACHEKEYS_LOCK_TIMEOUT="0")
    assert "in sync" in done.stdout
    assert "in sync" in again.stdout


@unix
def test_a_lock_file_that_was_taken_away_is_no_lock(demo_maker: DemoMaker) -> None:
    """Who waited until `clean` had ended holds what nobody else can find."""
    demo = demo_maker(BACKEND_KEY)
    home = demo.root / ".dyncachekeys"
    with _held(demo) as holder:
        waits = subprocess.Popen(
            [sys.executable, "-m", "dyncachekeys", "sync"], cwd=demo.root, env=demo.environ, stderr=subprocess.PIPE
        )
        assert waits.stderr is not None
        assert waits.stderr.readline()  # it waits
        shutil.rmtree(home)
        holder.kill()
        waits.communicate()
    assert waits.returncode == 0
    assert (home / "current/stamp").is_file()
    with Lock(home, wait=False):
        assert (home / "lock").read_text().startswith(f"{os.getpid()} ")


_WITHOUT_LOCKS = """
import errno, fcntl, os, sys

real, number = fcntl.flock, int(sys.argv[1])


def flock(descriptor, operation):
    if "/.dyncachekeys/" in os.readlink(f"/proc/self/fd/{descriptor}"):
        raise OSError(number, os.strerror(number))
    real(descriptor, operation)


fcntl.flock = flock
from dyncachekeys.__main__ import main
sys.argv[:2] = ["dyncachekeys"]
main()
"""
"""A file system on which nothing can be locked."""


def _without_locks(demo: Demo, number: int, *command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return demo.run(sys.executable, "-c", _WITHOUT_LOCKS, str(number), *command, check=False, **environ)


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file it is")
@pytest.mark.parametrize(
    "number",
    [
        errno.ENOLCK,
        *(pytest.param(one, marks=pytest.mark.thorough) for one in (errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)),
    ],
)
def test_a_file_system_without_locks(demo_maker: DemoMaker, number: int) -> None:
    demo = demo_maker(BACKEND_KEY)
    temporary = {"TMPDIR": str(demo.beside)}
    done = _without_locks(demo, number, "run", "--", "echo", "ran", **temporary)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
    assert (demo.root / ".dyncachekeys/current/stamp").is_file()
    demo.append("build_backend/helper.py", "\n")
    assert _without_locks(demo, number, "sync", **temporary).returncode == 0
    assert _without_locks(demo, number, "clean", **temporary).returncode == 0
    assert not (demo.root / ".dyncachekeys").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="asks /proc which file it is")
def test_nothing_can_be_locked_at_all(demo_maker: DemoMaker) -> None:
    """The folder for temporary files belongs to somebody else: what is wrong is said, and nothing is written."""
    demo = demo_maker(BACKEND_KEY)
    (demo.beside / f"dyncachekeys-{os.geteuid()}").symlink_to(demo.root)
    temporary = {"TMPDIR": str(demo.beside)}
    done = _without_locks(demo, errno.ENOLCK, "run", "--", "echo", "ran", **temporary)
    assert (done.returncode, done.stdout) == (2, "")
    assert "can't be locked: No locks available; nothing was written" in done.stderr
    assert "make it writable" not in done.stderr
    done = _without_locks(demo, errno.ENOLCK, "run", "--no-fail", "--", "echo", "ran", **temporary)
    assert (done.returncode, done.stdout) == (0, "ran\n")
    assert "warning: " in done.stderr


@unix
def test_where_there_are_no_locks_one_waits_all_the_same(
    demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = demo_maker()
    home = demo.root / ".dyncachekeys"
    real = atomic.take
    told: list[str] = []

    def no_locks(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), (home / "lock").stat()):
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))
        real(descriptor)

    monkeypatch.setattr(atomic, "take", no_locks)
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(demo.beside))
    monkeypatch.setenv(waiting.TIMEOUT, "1.1")
    with Lock(home):
        with pytest.raises(BlockingIOError), Lock(home, wait=False):
            pass
        with pytest.raises(WriteError, match=f"process {os.getpid()}"), Lock(home, tell=told.append):
            pass
    with Lock(home):
        pass
    assert len(told) == 1


@pytest.mark.parametrize("text", ["", "soon", "-1", "nan"])
def test_an_odd_timeout(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """What is not a number is not there; and no wait is endless."""
    demo = demo_maker()
    monkeypatch.setenv(waiting.TIMEOUT, text)
    began = []

    def sleep(seconds: float) -> None:
        began.append(seconds)
        clock[0] += seconds

    clock = [0.0]
    monkeypatch.setattr(time, "sleep", sleep)
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    home = demo.root / ".dyncachekeys"
    with Lock(home), pytest.raises(WriteError), Lock(home):
        pass
    assert sum(began) < 61
