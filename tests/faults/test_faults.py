"""Some of the faults that `nox -s faults` injects into each system call: the same code, a point here and there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from faults.injecting import FAULTS, KILL, STRACE, faults
from faults.scenarios import TRANSPORTS, disturb, enumerated, project, scenarios

pytestmark = pytest.mark.skipif(sys.platform != "linux" or STRACE is None, reason="needs strace")


@pytest.mark.parametrize(
    "name", ["edit", *(pytest.param(name, marks=pytest.mark.thorough) for name in ("first sync", "clean"))]
)
def test_some_faults(tmp_path: Path, name: str) -> None:
    scenario, demo = scenarios("stamp")[name], project(tmp_path, "stamp")
    found = enumerated(demo, scenario)
    assert {"flock", "openat"} <= {point.call for point in found}
    assert len(found) > 5
    writes = [point for point in found if point.call not in {"flock", "ftruncate"}]
    chosen = [(writes[-1], KILL), (writes[len(writes) // 2], "ENOSPC")]
    for number, (point, fault) in enumerate(chosen, 1):
        assert disturb(demo, scenario, number, point, fault).injected, (point, fault)


@pytest.mark.thorough
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("name", scenarios("stamp"))
def test_a_fault_at_each_point(tmp_path: Path, transport: str, name: str) -> None:
    """Each in one way, one after the other."""
    scenario, demo = scenarios(transport)[name], project(tmp_path, transport)
    found = enumerated(demo, scenario)
    assert bool(found) == (name != "quiet"), "a run with nothing to do writes"
    for number, point in enumerate(found, 1):
        disturb(demo, scenario, number, point, faults(point)[number % len(faults(point))])


def test_all_that_is_done_at_a_point_is_known() -> None:
    assert {"ENOSPC", "EIO", "EINTR", "EROFS", KILL} < set(FAULTS)
