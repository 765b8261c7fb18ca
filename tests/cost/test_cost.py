"""No run gets heavier unnoticed: what `limits.toml` allows is held against what is counted."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from cost.counting import CASES, PYTHON, count, limits, prepare, project

ALLOWED = limits()


@pytest.mark.skipif(sys.platform != "linux", reason="the standard library imports other modules elsewhere")
@pytest.mark.skipif(PYTHON not in ALLOWED["quiet"], reason="nothing was counted with this Python")
@pytest.mark.skipif("COVERAGE_RUN" in os.environ, reason="coverage traces as well")
def test_no_run_takes_more_than_is_allowed(tmp_path: Path) -> None:
    demo = project(tmp_path)
    over = []
    for case in CASES:
        prepare(demo, case)
        counted, allowed = count(demo, case), ALLOWED[case][PYTHON]
        if counted.modules > allowed["modules"] or counted.opcodes > allowed["opcodes"]:
            over.append((case, counted, allowed))
    assert not over, "if it has to be: `nox -s instructions -- --write`"


def test_each_case_has_limits_for_the_same_versions() -> None:
    assert ALLOWED.keys() == CASES.keys()
    assert len({tuple(versions) for versions in ALLOWED.values()}) == 1
