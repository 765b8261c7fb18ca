"""Where modules are copied they count; where they are not, they don't."""

from __future__ import annotations

import sys

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import NEVER, ONCE, Stranger

SYSTEMS = {
    "setuptools": ("setuptools", "setuptools.build_meta"),
    "hatchling": ("hatchling", "hatchling.build"),
    "uv_build": ("uv_build", "uv_build"),
    "pdm-backend": ("pdm-backend", "pdm.backend"),
}
CASES = [
    pytest.param("setuptools", marks=pytest.mark.thorough),
    "hatchling",
    "uv_build",
    pytest.param("pdm-backend", marks=pytest.mark.thorough),
]


def pyproject(system: str, name: str = "demo", dependencies: str = "") -> str:
    requires, backend = SYSTEMS[system]
    return f"""\
[project]
name = "{name}"
version = "0.1"
requires-python = ">=3.10"
dependencies = [{dependencies}]

[build-system]
requires = ["{requires}"]
build-backend = "{backend}"
"""


def files(system: str) -> dict[str, str]:
    return {
        "pyproject.toml": pyproject(system),
        "src/demo/__init__.py": "",
        "src/demo/core.py": "SIZE = 1\n",
        "src/demo/old.py": "",
        "tests/test_core.py": "",
        "notes.txt": "None.\n",
    }


@pytest.mark.parametrize("system", CASES)
def test_no_editable(stranger: StrangerMaker, system: str) -> None:
    someone = stranger(files(system), options=("--no-editable",))
    someone.settle()
    assert someone.edit("src/demo/core.py", "1", "2") == ONCE
    assert someone.says("demo.core.SIZE") == "2"
    assert someone.add("src/demo/more.py", "SIZE = 3\n") == ONCE
    assert someone.says("demo.more.SIZE") == "3"
    assert someone.add("src/demo/deep/__init__.py") == ONCE
    assert someone.remove("src/demo/old.py") == ONCE
    if system != "setuptools":  # which packs what a build before has left in build/lib
        assert list(someone.root.glob(".venv/lib/python*/site-packages/demo/old.py")) == []
    assert someone.edit("notes.txt", "None.", "One.") == NEVER
    assert someone.edit("tests/test_core.py", "", "# more\n") == NEVER
    assert someone.add("more.txt") == NEVER
    someone.assert_right(
        "src/demo/core.py",
        "src/demo/more.py",
        "src/demo/deep/__init__.py",
        "src/demo/old.py",
        "notes.txt",
        "tests/test_core.py",
        "more.txt",
    )


@pytest.mark.parametrize("system", CASES)
def test_editable(stranger: StrangerMaker, system: str) -> None:
    someone = stranger(files(system))
    someone.settle()
    assert someone.edit("src/demo/core.py", "1", "2") == NEVER
    assert someone.says("demo.core.SIZE") == "2"
    assert someone.add("src/demo/more.py", "SIZE = 3\n") == NEVER
    assert someone.says("demo.more.SIZE") == "3"
    assert someone.remove("src/demo/old.py") == NEVER
    assert someone.edit("pyproject.toml", '"0.1"', '"0.2"') == ONCE
    assert someone.metadata("Version") == ["0.2"]
    someone.assert_right("src/demo/core.py", "src/demo/more.py", "src/demo/old.py", "pyproject.toml")


@pytest.mark.thorough
@pytest.mark.parametrize("system", ["hatchling", "pdm-backend"])
def test_editable_after_a_copy(stranger: StrangerMaker, system: str) -> None:
    someone = stranger(files(system), options=("--no-editable",))
    someone.settle()
    someone.options = ()
    assert [someone.through(), someone.through()] == ONCE
    assert someone.edit("src/demo/core.py", "1", "2") == NEVER
    assert someone.add("src/demo/more.py", "SIZE = 3\n") == NEVER
    assert someone.edit("pyproject.toml", '"0.1"', '"0.2"') == ONCE
    someone.assert_right("src/demo/core.py", "src/demo/more.py", "pyproject.toml")


@pytest.fixture(params=["false", "true"], ids=["copied", "editable"])
def consumer(stranger: StrangerMaker, request: pytest.FixtureRequest) -> tuple[Stranger, bool]:
    """Return a project `app` that has `demo`, beside it, as a path source; and whether that is editable."""
    editable = request.param == "true"
    source = '{ path = "../demo", editable = true }' if editable else '{ path = "../demo" }'
    app = pyproject("hatchling", "app", '"demo"') + f"\n[tool.uv.sources]\ndemo = {source}\n"
    library = {f"demo/{name}": text for name, text in files("hatchling").items()}
    return stranger({**library, "app/pyproject.toml": app, "app/src/app/__init__.py": ""}, folder="app"), editable


def test_a_path_source(consumer: tuple[Stranger, bool]) -> None:
    someone, editable = consumer
    someone.command(sys.executable, "-m", "dyncachekeys", "init", "--project", "../demo")
    someone.settle()
    counts = NEVER if editable else ONCE
    assert someone.edit("demo/src/demo/core.py", "1", "2") == counts
    assert someone.says("demo.core.SIZE") == "2"
    assert someone.add("demo/src/demo/more.py", "SIZE = 3\n") == counts
    assert someone.says("demo.more.SIZE") == "3"
    assert someone.edit("demo/pyproject.toml", '"0.1"', '"0.2"') == ONCE
    assert someone.metadata("Version") == ["0.2"]
    assert someone.edit("demo/notes.txt", "None.", "One.") == NEVER
    assert someone.edit("app/src/app/__init__.py", "", "SIZE = 1\n") == NEVER
    someone.assert_right(
        "demo/src/demo/core.py",
        "demo/src/demo/more.py",
        "demo/pyproject.toml",
        "demo/notes.txt",
        "app/src/app/__init__.py",
    )
