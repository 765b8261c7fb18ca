"""Fixtures for all tests. Everything happens below a temporary folder."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, make_demo

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what tests start would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How far the clock of this process is ahead, in nanoseconds: files look older to it, or it steps back."""
    ahead = [0]
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + ahead[0])
    return ahead


@pytest.fixture
def demo_maker(tmp_path: Path) -> DemoMaker:
    """Return a function that makes a project from configuration and files."""

    def make(config: str = "", files: Mapping[str, str | bytes] | None = None) -> Demo:
        return make_demo(tmp_path, config, files)

    return make
