"""`resolver = "package"` with `whole`: what a wheel takes in, where the settings of its backend say that."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.errors import DyncachekeysError

HATCHLING = 'requires = ["hatchling"]\nbuild-backend = "hatchling.build"'
UV = 'requires = ["uv_build"]\nbuild-backend = "uv_build"'
SETUPTOOLS = 'requires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"'
FILES = {
    "src/core/__init__.py": "",
    "src/core/data.csv": "1",
    "src/core/notes.txt": "",
    "src/core/made.js": "",
    "tests/test_core.py": "",
    "README.md": "",
    "hatch_build.py": "",
    ".gitignore": "*.js\n",
}
PACKED = {"src/core/__init__.py", "src/core/data.csv", "src/core/notes.txt"}
ALL = FILES.keys() - {"src/core/made.js"} | {"pyproject.toml"}
KEYS = '[tool.dyncachekeys]\ndefaults = false\n[tool.dyncachekeys.keys.readme]\nresolver = "files"\npatterns = ["/README.md"]'


def project(folder: Path, name: str, system: str, more: str, files: Mapping[str, str]) -> None:
    folder.mkdir()
    head = f'[project]\nname = "{name}"\nversion = "1"\n[build-system]\n{system}\n'
    for path, text in {**files, "pyproject.toml": f"{head}{more}\n"}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")


def using(path: str, whole: str = "true") -> str:
    key = f'[tool.dyncachekeys.keys.uses]\nresolver = "package"\npath = "{path}"\nwhole = {whole}\n'
    return f"[tool.dyncachekeys]\ndefaults = false\n{key}"


CASES = {
    "hatchling": (HATCHLING, "", PACKED | {"pyproject.toml"}),
    "hatchling, some of it": (
        HATCHLING,
        '[tool.hatch.build]\nexclude = ["*.txt"]\nartifacts = ["*.js"]',
        PACKED - {"src/core/notes.txt"} | {"src/core/made.js", "pyproject.toml"},
    ),
    "hatchling, with more": (
        HATCHLING,
        '[tool.hatch.build.targets.wheel.force-include]\n"tests" = "core/tests"',
        PACKED | {"tests/test_core.py", "pyproject.toml"},
    ),
    "hatchling with a hook": (HATCHLING, "[tool.hatch.build.hooks.custom]", ALL),
    "hatchling with a hook, and keys": (HATCHLING, f"[tool.hatch.build.hooks.custom]\n{KEYS}", PACKED | {"README.md"}),
    "hatchling, with keys": (HATCHLING, KEYS, PACKED | {"README.md"}),
    "hatchling, with what it refuses": (HATCHLING, '[tool.hatch.build]\nexclude = ["!"]', ALL),
    "uv": (UV, "", PACKED | {"src/core/made.js", "pyproject.toml"}),
    "uv, some of it": (
        UV,
        '[tool.uv.build-backend]\nwheel-exclude = ["*.txt", "*.js"]\n[tool.uv.build-backend.data]\nscripts = "tests"',
        PACKED - {"src/core/notes.txt"} | {"tests/test_core.py", "pyproject.toml"},
    ),
    "setuptools": (SETUPTOOLS, "", ALL),
    "setuptools, with keys": (SETUPTOOLS, KEYS, ALL),
}


@pytest.mark.parametrize("case", CASES)
def test_another_package_as_a_whole(case: str, tmp_path: Path) -> None:
    system, settings, wanted = CASES[case]
    project(tmp_path / "core", "core", system, settings, FILES)
    project(tmp_path / "app", "app", SETUPTOOLS, using("../core"), {})
    (key,) = dyncachekeys.sync(tmp_path / "app", {}).keys
    assert {one.subject.removeprefix("../core/") for one in key.inputs} == wanted


def test_hatch_toml_counts(tmp_path: Path) -> None:
    project(tmp_path / "core", "core", HATCHLING, "", {**FILES, "hatch.toml": '[build]\nexclude = ["*.txt"]\n'})
    project(tmp_path / "app", "app", SETUPTOOLS, using("../core"), {})
    (key,) = dyncachekeys.sync(tmp_path / "app", {}).keys
    found = {one.subject.removeprefix("../core/") for one in key.inputs}
    assert found == PACKED - {"src/core/notes.txt"} | {"pyproject.toml", "hatch.toml"}


def test_the_package_itself_as_a_whole(tmp_path: Path) -> None:
    """What the wheel holds that is installed when it is not editable; all else is a matter of the other keys."""
    project(tmp_path / "core", "core", HATCHLING, using("."), FILES)
    report = dyncachekeys.sync(tmp_path / "core", {})
    (key,) = report.keys
    assert {one.subject: one.reason for one in key.inputs} == dict.fromkeys(sorted(PACKED), "in the wheel")
    (tmp_path / "core/src/core/more.py").write_text("", encoding="utf-8")
    (key,) = dyncachekeys.sync(tmp_path / "core", {}).keys
    assert "src/core/more.py" in {one.subject for one in key.inputs}


def test_the_package_itself_and_not_as_a_whole(tmp_path: Path) -> None:
    project(tmp_path / "core", "core", HATCHLING, using(".", "false"), FILES)
    with pytest.raises(DyncachekeysError) as error:
        dyncachekeys.sync(tmp_path / "core", {})
    (problem,) = error.value.problems
    assert problem.message == "packages use each other: core -> core"
    assert problem.remedy == (
        "set `whole = true`, which counts what the wheel of this package takes in, or leave the key out"
    )
