"""The requirement files of a monorepo where only content counts, or where a name carries the digest."""

from __future__ import annotations

import sys

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import NEVER, ONCE, Stranger
from watched.test_hatchling import PYPROJECT
from watched.test_in_tree import BACKEND, FILES, METADATA_STEP


def settle(someone: Stranger, *options: str) -> None:
    someone.command(sys.executable, "-m", "dyncachekeys", "init", *options)
    assert someone.through() <= 1
    assert [someone.through(), someone.through()] == NEVER
    someone.commit()


def edit(someone: Stranger, name: str, old: str, new: str) -> list[int]:
    """Edit a file; return the builds of two `run -- uv sync`: plain uv sees nothing here."""
    someone.demo.tick()
    someone.demo.edit(name, old, new)
    return [someone.through(), someone.through()]


@pytest.mark.thorough
@pytest.mark.parametrize(
    "step",
    [pytest.param("", id="build alone"), pytest.param(METADATA_STEP, id="metadata step", marks=pytest.mark.thorough)],
)
@pytest.mark.parametrize(
    "options",
    [
        pytest.param(["--watch", "digest"], id="exact profile"),
        pytest.param(["--transport", "digest"], id="digest transport"),
    ],
)
def test_requirement_files_of_a_monorepo(stranger: StrangerMaker, options: list[str], step: str) -> None:
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND + step})
    settle(someone, *options)
    assert someone.metadata("Requires-Dist") == ["alpha"]
    assert edit(someone, "mono/one/requirements.txt", "alpha", "beta") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta"]
    assert someone.add("mono/three/requirements.txt", "gamma\n") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta", "gamma"]
    assert someone.remove("mono/three") == ONCE
    assert someone.remove("mono/two/requirements.txt") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta"]
    assert someone.export(SEED_GPU="1") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta", "gamma"]
    assert edit(someone, "build_tools/backend.py", 'add("gamma")', 'update(["alpha"])') == ONCE
    assert someone.metadata("Requires-Dist") == ["alpha", "beta"]
    changed = ["mono/one/requirements.txt", "mono/two/requirements.txt", "build_tools/backend.py"]
    someone.assert_right(*changed, "pyproject.toml")  # the name in there carries the digest


def test_in_the_exact_profile_a_time_is_nothing(stranger: StrangerMaker) -> None:
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND})
    settle(someone, "--watch", "digest")
    someone.demo.tick()
    for name in ("mono/one/requirements.txt", "build_tools/backend.py", "pyproject.toml"):
        (someone.root / name).touch()
    assert [someone.through(), someone.plain()] == NEVER
    assert someone.add("mono/four/README.md") == NEVER
    assert edit(someone, "mono/one/README.md", "One.", "Two.") == NEVER
    assert (
        edit(someone, "pyproject.toml", "[project]", "# a comment\n[tool.ruff]\nline-length = 100\n\n[project]")
        == NEVER
    )
    assert edit(someone, "pyproject.toml", "[project]", '[project]\ndescription = "What it is."') == ONCE
    someone.assert_right("mono/one/README.md", "mono/four/README.md", "pyproject.toml")


def test_a_name_is_everybodys_whoever_has_built(stranger: StrangerMaker) -> None:
    """A key that stands in for the record of a build counts in the name: on a fresh clone there is no record."""
    someone = stranger(
        {
            "pyproject.toml": PYPROJECT.replace("version =", 'readme = "README.md"\nversion ='),
            "README.md": "First.\n",
            "demo/__init__.py": "",
        }
    )
    settle(someone, "--transport", "digest")
    clone = someone.demo.beside / "clone"
    someone.demo.git("clone", "--quiet", str(someone.root), str(clone))
    someone.command(sys.executable, "-m", "dyncachekeys", "check", "--project", str(clone))
    assert edit(someone, "README.md", "First.", "Second.") == ONCE
    assert "Second." in someone.metadata("Description")
    someone.assert_right("README.md", "pyproject.toml")
