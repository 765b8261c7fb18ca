"""How builds are counted here, held against a backend that counts its own."""

from __future__ import annotations

import pytest

from kit import BACKEND, HELPER, PYPROJECT, UV
from watched.conftest import StrangerMaker
from watched.stranger import builds_in

METADATA_STEP = """

def prepare_metadata_for_build_editable(directory, config_settings=None):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n", encoding="utf-8")
    return info.name
"""


@pytest.mark.parametrize(
    "version", ['version = "0.1"', 'dynamic = ["version", "dependencies"]'], ids=["static", "dynamic"]
)
@pytest.mark.parametrize(
    "step",
    [pytest.param("", id="build alone"), pytest.param(METADATA_STEP, id="metadata step", marks=pytest.mark.thorough)],
)
def test_what_uv_says_is_what_the_backend_says(stranger: StrangerMaker, step: str, version: str) -> None:
    files = {
        "pyproject.toml": PYPROJECT.replace('version = "0.1"', version),
        "build_backend/__init__.py": "",
        "build_backend/core.py": BACKEND + step,
        "build_backend/helper.py": HELPER,
    }
    someone = stranger(files)
    seen = []
    for command in ("lock", "sync", "sync", "sync --no-editable", "sync", "sync --reinstall"):
        before = someone.demo.builds
        told = builds_in(someone.command(UV, *command.split()))
        assert told == someone.demo.builds - before, command
        seen.append(told)
    assert sum(seen) == 3
