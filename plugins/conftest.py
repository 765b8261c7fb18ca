"""Fixtures for the tests of all plugins. Everything happens below a temporary folder."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, make_demo


@pytest.fixture
def demo_maker(tmp_path: Path) -> DemoMaker:
    """Return a function that makes a project from configuration and files."""

    def make(config: str = "", files: Mapping[str, str | bytes] | None = None) -> Demo:
        return make_demo(tmp_path, config, files)

    return make
