"""What `init` and `trace --write` write, line by line, for each of the situations that watched builds are there for.

The files in `written/` were read by people, as one reads a change that somebody asks one to merge: nothing in them is
ignored by git, a product, of one machine, or a variable that can't change the wheel. NAME.init.toml is the
`pyproject.toml` after `init`; NAME.write.toml is what `trace --write` adds to it once uv has built the project. Where
they change on purpose, this writes them again, to be read again:

    DYNCACHEKEYS_WRITE=1 python -m pytest tests/watched/test_written.py -m "thorough or not thorough"
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from kit import UV
from watched import test_compiled, test_hatchling, test_in_tree, test_native, test_not_editable, test_setuptools
from watched.conftest import StrangerMaker
from watched.stranger import Stranger, needs

WRITTEN = Path(__file__).parent / "written"
NOTHING = "# Nothing: what the build depends on is watched for everybody.\n"
COMPILED = [pytest.mark.thorough, *test_compiled.pytestmark]
NATIVE = [pytest.mark.thorough, needs("cmake", "ninja", "gcc"), test_native.has_header]


class Situation(NamedTuple):
    """A project, how uv builds it, and what a test of it needs."""

    files: Mapping[str, str]
    marks: Sequence[pytest.MarkDecorator] = ()
    options: tuple[str, ...] = ()
    before: tuple[str, ...] = ()
    """A command that was run in it before anybody knew of dyncachekeys."""


SEED = {**test_in_tree.FILES, "build_tools/backend.py": test_in_tree.BACKEND + test_in_tree.METADATA_STEP}
REQUIREMENT_FILE = {
    "pyproject.toml": """\
        [project]
        name = "demo"
        requires-python = ">=3.10"
        dynamic = ["version", "dependencies"]

        [build-system]
        requires = ["setuptools"]
        build-backend = "setuptools.build_meta"

        [tool.setuptools.dynamic]
        version = { attr = "demo.__version__" }
        dependencies = { file = ["requirements.txt"] }
        """,
    "requirements.txt": "alpha\n",
    "demo/__init__.py": '__version__ = "0.1"\n',
}
DATA, HOOK = test_hatchling.DATA, test_hatchling.CUSTOM
SITUATIONS = {
    "01-setup-py": Situation(test_setuptools.READS),
    "01-requirement-file": Situation(REQUIREMENT_FILE, [pytest.mark.thorough]),
    "02-in-tree-backend": Situation(SEED),
    "03-hook": Situation({**DATA, "pyproject.toml": HOOK, "hatch_build.py": test_hatchling.GLOBS}),
    "03-hook-of-a-third-party": Situation(test_hatchling.OF_A_THIRD_PARTY, [pytest.mark.thorough]),
    "03-hook-that-runs-a-script": Situation(test_hatchling.THAT_RUNS_A_SCRIPT, [pytest.mark.thorough, needs("sh")]),
    "04-force-include": Situation(test_hatchling.PACKED, [pytest.mark.thorough]),
    "04-uv-build": Situation(test_hatchling.UV_BUILD, [pytest.mark.thorough]),
    "05-extension": Situation(test_compiled.SPEED, COMPILED),
    "05-cython": Situation(test_compiled.FAST, COMPILED),
    "05-cffi": Situation(test_compiled.CFFI, COMPILED),
    "06-scikit-build-core": Situation(test_native.CMAKE, NATIVE),
    "06-scikit-build-core-build-folder": Situation(test_native.WITH_BUILD_FOLDER, NATIVE, before=(UV, "sync")),
    "06-meson-python": Situation(test_native.MESON, NATIVE),
    "06-maturin": Situation(
        test_native.CARGO, [pytest.mark.thorough, needs("cargo", "gcc")], before=("cargo", "generate-lockfile")
    ),
    "07-no-editable": Situation(
        test_not_editable.files("hatchling"), [pytest.mark.thorough], options=("--no-editable",)
    ),
    "08-packages": Situation(
        {**test_setuptools.FOUND["setup.py"], "acme_a/__init__.py": "", "acme_b/__init__.py": ""},
        [pytest.mark.thorough],
    ),
    "10-hook-that-returns-early": Situation(
        {**DATA, "pyproject.toml": HOOK, "hatch_build.py": test_hatchling.INCREMENTAL},
        [pytest.mark.thorough],
        before=(UV, "sync"),
    ),
}
"""By the number that each has in the tests; 9, two worktrees, is the project of 2."""


@pytest.mark.parametrize("name", [pytest.param(name, marks=one.marks) for name, one in SITUATIONS.items()])
def test_as_reviewed(stranger: StrangerMaker, name: str) -> None:
    situation = SITUATIONS[name]
    someone = stranger(situation.files, options=situation.options)
    if situation.before:
        someone.command(*situation.before)
        someone.commit()
    someone.init()
    after_init = (someone.root / "pyproject.toml").read_text(encoding="utf-8")
    added = added_by_write(someone)
    compare(f"{name}.init.toml", after_init)
    compare(f"{name}.write.toml", added or NOTHING)
    someone.assert_right("pyproject.toml", ".gitignore", "Cargo.lock")


def added_by_write(someone: Stranger) -> str:
    """Build, run `trace --write`, and return what it has added: all else is as it was."""
    someone.sync()
    someone.plain()
    path = someone.root / "pyproject.toml"
    before = path.read_text(encoding="utf-8")
    done = someone.demo.cli("trace", "--write", check=False, **someone.exported)
    if done.returncode:
        assert "there is nothing to watch" in done.stderr
    after = path.read_text(encoding="utf-8")
    assert after.startswith(before)
    return after.removeprefix(before).lstrip("\n")


def compare(name: str, text: str) -> None:
    path = WRITTEN / name
    if os.environ.get("DYNCACHEKEYS_WRITE"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
