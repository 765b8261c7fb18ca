"""Fixtures for all tests. Everything happens below a temporary folder."""

from __future__ import annotations

import signal
from collections.abc import Mapping
from pathlib import Path

import pytest

from dyncachekeys.quick import clock as file_clock
from kit import Demo, DemoMaker, make_demo

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what tests start would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How far the file system's clock is ahead of what files say, in nanoseconds: they look older, or it stepped back."""
    ahead = [0]
    real = file_clock.probe

    def probe(folder: str) -> tuple[int, int]:
        now, device = real(folder)
        return now + ahead[0], device

    monkeypatch.setattr(file_clock, "probe", probe)
    return ahead


@pytest.fixture
def demo_maker(tmp_path: Path) -> DemoMaker:
    """Return a function that makes a project from configuration and files."""

    def make(config: str = "", files: Mapping[str, str | bytes] | None = None) -> Demo:
        return make_demo(tmp_path, config, files)

    return make
