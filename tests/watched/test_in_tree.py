"""The case that began it all: a backend in the tree that collates requirement files."""

from __future__ import annotations

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import NEVER, ONCE, needs

BACKEND = """\
import os
import zipfile
from pathlib import Path

root = Path(__file__).parent.parent


def requirements(path):
    for line in path.read_text().splitlines():
        if line.startswith("-r "):
            yield from requirements(path.parent / line[3:])
        elif line:
            yield line


def metadata():
    found = set()
    for folder in (root / "mono").iterdir():
        if (folder / "requirements.txt").is_file():
            found.update(requirements(folder / "requirements.txt"))
    if os.environ.get("SEED_GPU"):
        found.add("gamma")
    lines = ["Metadata-Version: 2.1", "Name: demo", "Version: 0.1", *(f"Requires-Dist: {one}" for one in sorted(found))]
    return "".join(f"{line}\\n" for line in lines)


def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "demo-0.1-py3-none-any.whl"
    with zipfile.ZipFile(Path(directory, name), "w") as wheel:
        wheel.writestr("demo-0.1.dist-info/METADATA", metadata())
        wheel.writestr("demo-0.1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("demo-0.1.dist-info/RECORD", "")
    return name


build_editable = build_wheel
"""
METADATA_STEP = """

def prepare_metadata_for_build_editable(directory, config_settings=None):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(metadata())
    return info.name
"""
FILES = {
    "pyproject.toml": """\
        [project]
        name = "demo"
        requires-python = ">=3.10"
        dynamic = ["version", "dependencies"]

        [build-system]
        requires = []
        build-backend = "backend"
        backend-path = ["build_tools"]
        """,
    "mono/one/requirements.txt": "alpha\n-r ../../shared/base.txt\n",
    "mono/one/README.md": "One.\n",
    "mono/two/requirements.txt": "",
    "shared/base.txt": "",
    "shared/other.txt": "",
}


@pytest.mark.parametrize("step", ["", METADATA_STEP], ids=["build alone", "metadata step"])
def test_requirement_files_of_a_monorepo(stranger: StrangerMaker, step: str) -> None:
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND + step})
    someone.settle()
    assert someone.metadata("Requires-Dist") == ["alpha"]
    assert someone.edit("mono/one/requirements.txt", "alpha", "beta") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta"]
    assert someone.add("mono/three/requirements.txt", "gamma\n") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta", "gamma"]
    assert someone.remove("mono/three") == ONCE
    assert someone.remove("mono/two/requirements.txt") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta"]
    assert someone.export(SEED_GPU="1") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta", "gamma"]
    assert someone.edit("build_tools/backend.py", 'add("gamma")', 'update(["alpha"])') == ONCE
    assert someone.metadata("Requires-Dist") == ["alpha", "beta"]
    someone.assert_right("mono/one/requirements.txt", "mono/two/requirements.txt", "build_tools/backend.py")


def test_a_file_that_another_one_includes(stranger: StrangerMaker) -> None:
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND})
    someone.settle()
    someone.demo.tick()
    someone.demo.append("shared/base.txt", "gamma\n")
    assert [someone.plain(), someone.through()] == ONCE
    assert someone.metadata("Requires-Dist") == ["alpha", "gamma"]
    assert someone.edit("shared/base.txt", "gamma", "-r other.txt") == ONCE
    someone.demo.tick()
    someone.demo.append("shared/other.txt", "beta\n")
    assert [someone.plain(), someone.through()] == ONCE
    assert someone.metadata("Requires-Dist") == ["alpha", "beta"]
    someone.assert_right("shared/base.txt", "shared/other.txt")


def test_what_nobody_reads(stranger: StrangerMaker) -> None:
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND})
    someone.settle()
    assert someone.edit("mono/one/README.md", "One.", "Two.") == NEVER
    assert someone.add("mono/one/pyproject.toml") == NEVER
    assert someone.add("mono/four/README.md") == NEVER
    assert someone.add("mono/notes.txt") == NEVER
    assert someone.add("shared/more.txt") == NEVER
    assert someone.add("README.md") == NEVER
    assert someone.export(SEED_CPU="1") == NEVER
    someone.assert_right(
        "mono/one/README.md",
        "mono/one/pyproject.toml",
        "mono/four/README.md",
        "mono/notes.txt",
        "shared/more.txt",
        "README.md",
    )


LOG_OF_SHARED = """
import subprocess
subprocess.run(["git", "log", "-1", "--format=%H", "--", "shared"], check=True, capture_output=True)
"""


@needs("git")
def test_a_commit_counts_where_it_changes_what_git_is_asked(stranger: StrangerMaker) -> None:
    """A key for whoever has no record names all commits; the record knows the question, and takes its place."""
    someone = stranger({**FILES, "build_tools/backend.py": BACKEND + LOG_OF_SHARED})
    someone.settle()
    someone.demo.write({"mono/one/README.md": "More.\n"})
    someone.commit()
    assert [someone.plain(), someone.through()] == NEVER
    someone.demo.tick()
    someone.demo.write({"shared/other.txt": "more\n"})
    someone.commit()
    assert [someone.through(), someone.through()] == ONCE
    someone.assert_right("mono/one/README.md", "shared/other.txt")
