"""Fixtures for all tests. Everything happens below a temporary folder."""

from __future__ import annotations

import signal
import tempfile
import zlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from dyncachekeys.quick import clock as file_clock
from kit import Demo, DemoMaker, make_demo

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Started in the background by a shell: what tests start would ignore it as well.
    signal.signal(signal.SIGINT, signal.default_int_handler)


_PROFILES = {"watch": {"auto", "digest"}, "config": {"auto", "exact"}, "profile": {"auto", "digest"}}
"""By parameter: the profiles of which a case runs in one, and in the other only in `nox -s thorough`."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have each case that runs in two profiles run in one of them; in which, alternates from case to case."""
    cases: dict[tuple[str, str], dict[str, pytest.Function]] = {}
    for item in items:
        if isinstance(item, pytest.Function) and hasattr(item, "callspec") and not item.get_closest_marker("thorough"):
            parts = item.callspec.id.split("-")
            for parameter, profiles in _PROFILES.items():
                if parameter in item.callspec.params and len(found := profiles.intersection(parts)) == 1:
                    (profile,) = found
                    others = "-".join(part for part in parts if part != profile)
                    cases.setdefault((item.nodeid.partition("[")[0], others), {})[profile] = item
    for (name, others), by_profile in cases.items():
        if len(by_profile) > 1:
            left_out = sorted(by_profile)[zlib.crc32(f"{name} {others}".encode()) % 2]
            by_profile[left_out].add_marker("thorough")


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
def everybodys() -> Iterator[Path]:
    """A folder that each user can enter and write to; below pytest's own, none can but who runs it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield folder


@pytest.fixture
def demo_maker(tmp_path: Path) -> DemoMaker:
    """Return a function that makes a project from configuration and files."""

    def make(config: str = "", files: Mapping[str, str | bytes] | None = None) -> Demo:
        return make_demo(tmp_path, config, files)

    return make
