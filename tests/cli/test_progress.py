"""What takes long is named on a terminal, on one line that goes again; nowhere else."""

from __future__ import annotations

import os
import select
import signal
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import pytest

from dyncachekeys.cli import progress, render
from kit import DemoMaker
from shells.terminal import Terminal

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="there is no clock that has signals")
SLOW = """\
import time
from pathlib import Path


def wait(context):
    for _ in range(1_000):
        if Path("go").exists():
            break
        time.sleep(0.01)
    return []
"""
KEYS = '[tool.dyncachekeys.keys.slow]\nresolver = "slow:wait"\n'


class Screen:
    """Both ends of a terminal."""

    def __init__(self) -> None:
        self._own, theirs = os.openpty()
        self.stream = os.fdopen(theirs, "w", encoding="utf-8")

    def shown(self, seconds: float = 0) -> str:
        found = b""
        while select.select([self._own], [], [], seconds)[0]:
            found += os.read(self._own, 4096)
            seconds = 0
        return found.decode()

    def close(self) -> None:
        self.stream.close()
        os.close(self._own)


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Iterator[Screen]:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(progress, "_SILENT", 0.02)
    one = Screen()
    yield one
    one.close()


def test_what_takes_long_is_shown_and_goes(screen: Screen) -> None:
    before = signal.getsignal(signal.SIGALRM)
    with progress.line(screen.stream) as doing:
        doing("Resolving demo: slow (slow:wait), 1 of 2")
        first = screen.shown(5)
        doing("Resolving demo: fast (files), 2 of 2")
        assert screen.shown() == "\r\x1b[K"
        doing("")
        time.sleep(0.05)
        assert screen.shown() == ""
        doing("again")
        assert "again..." in screen.shown(5)
    assert first.startswith("\r\x1b[KResolving d")
    assert first.endswith("1 of 2...")
    assert len(first.removeprefix("\r\x1b[K")) < 40
    assert screen.shown() == "\r\x1b[K"
    assert signal.getsignal(signal.SIGALRM) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_signal_that_comes_too_late(screen: Screen) -> None:
    with progress.line(screen.stream) as doing:
        doing("long")
        doing("")
        signal.raise_signal(signal.SIGALRM)
    assert screen.shown() == ""


def test_it_goes_for_ctrl_c_as_well(screen: Screen) -> None:
    def stopped() -> None:
        with progress.line(screen.stream) as doing:
            doing("long")
            screen.shown(5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped()
    assert screen.shown() == "\r\x1b[K"


@pytest.mark.parametrize(
    ("terminal", "environ", "quiet", "expected"),
    [
        (True, {"TERM": "xterm"}, False, True),
        (True, {"TERM": "xterm", "NO_COLOR": "1"}, False, True),
        (True, {"TERM": "dumb"}, False, False),
        (True, {"TERM": "xterm"}, True, False),
        (False, {"TERM": "xterm"}, False, False),
    ],
)
def test_where_it_is_shown(
    terminal: bool, environ: dict[str, str], quiet: bool, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal, raising=False)
    with render.progress(Namespace(quiet=quiet)) as doing:
        assert (doing is not None) is expected


@pytest.mark.skipif(sys.platform != "linux", reason="terminals as on Linux")
def test_a_slow_resolver_at_a_terminal(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, {"slow.py": SLOW})
    environ = {**demo.environ, "TERM": "xterm", "NO_COLOR": "1"}
    terminal = Terminal([sys.executable, "-m", "dyncachekeys", "sync"], demo.root, environ)
    terminal.expect("Resolving demo: slow (slow:wait), 2 of 2...")
    Path(demo.root, "go").touch()
    terminal.expect("Stamped demo")
    terminal.until(lambda: terminal.process.poll() == 0, "it ends")
    terminal.close()
    piped = demo.cli("sync")
    assert "Resolving" not in piped.stderr + piped.stdout
