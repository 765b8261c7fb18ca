"""The tutorial, each line typed as it is printed, in an empty folder with a home of its own: what it shows is what comes."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks import Shell
from kit import Demo, make_wheel

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"


@pytest.fixture
def shell(tmp_path: Path, wheels: Path) -> Shell:
    beside = tmp_path / "beside"
    (beside / "home").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    demo = Demo(tmp_path / "empty", beside)
    for name, version in (("six", "1.17.0"), ("idna", "3.10")):
        make_wheel(beside / "wheels", name, version=version)
    demo.environ["UV_FIND_LINKS"] = f"{wheels},{beside / 'wheels'}"
    return Shell(demo)


def test_each_line_as_printed(shell: Shell) -> None:
    shell.follow(PAGE)
    assert shell.folder.name == "greet"
