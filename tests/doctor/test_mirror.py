"""`doctor` is the mirror of `init`: what the one would add, the other reports; once it is added, nothing is left."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
import tomli

from dyncachekeys import sync
from dyncachekeys.doctor.examine import examine
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.write import write

UNWATCHED = {f"DCK02{number}" for number in range(10)}


class Sample(NamedTuple):
    system: str
    files: dict[str, str]
    found: set[tuple[str, str]]
    """Codes, each with a part of its message."""


def system(backend: str, *requires: str, more: str = "") -> str:
    names = ", ".join(f'"{name}"' for name in requires)
    return f'[build-system]\nrequires = [{names}]\nbuild-backend = "{backend}"\n{more}'


SETUPTOOLS = system("setuptools.build_meta", "setuptools")
LISTED = '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "setup.py" }, %s]\n'
SAMPLES = {
    "pure": Sample(SETUPTOOLS, {"p/__init__.py": "", "tests/data.c": ""}, set()),
    "pure hatchling": Sample(system("hatchling.build", "hatchling"), {"p/__init__.py": "", "p/x.c": ""}, set()),
    "cython": Sample(
        system("setuptools.build_meta", "setuptools", "cython"),
        {"setup.py": "", "p/a.pyx": "", "p/a.h": ""},
        {("DCK023", "p/a.h, p/a.pyx"), ("DCK027", "CC, CFLAGS")},
    ),
    "cython, listed": Sample(
        system(
            "setuptools.build_meta",
            "setuptools",
            "cython",
            more=LISTED % '"p/**/*.pyx", { env = "CC" }, { env = "CXX" }, { env = "CFLAGS" }, { env = "LDFLAGS" }',
        ),
        {"setup.py": "", "p/a.pyx": ""},
        {("DCK027", "CXXFLAGS")},
    ),
    "scikit-build-core": Sample(
        system("scikit_build_core.build", "scikit-build-core"),
        {"CMakeLists.txt": "", "src/a.cpp": ""},
        {("DCK023", "CMakeLists.txt, src/a.cpp"), ("DCK027", "CMAKE_ARGS")},
    ),
    "meson-python": Sample(
        system("mesonpy", "meson-python"),
        {"meson.build": "", "a.c": ""},
        {("DCK023", "a.c, meson.build"), ("DCK027", "CC")},
    ),
    "maturin": Sample(
        system("maturin", "maturin"),
        {"Cargo.toml": "", "src/lib.rs": ""},
        {("DCK023", "Cargo.toml"), ("DCK027", "RUSTFLAGS")},
    ),
    "readme and licence": Sample(
        system("hatchling.build", "hatchling", more="[tool.setuptools]\n"),
        {"README.md": "", "LICENSE.txt": ""},
        {("DCK025", "LICENSE.txt, README.md")},
    ),
    "git": Sample(
        system("hatchling.build", "hatchling", "hatch-vcs", more='[tool.hatch.version]\nsource = "vcs"\n'),
        {},
        {("DCK026", "the commit and the tags of git"), ("DCK027", "SETUPTOOLS_SCM_PRETEND_VERSION")},
    ),
    "git, only the commit": Sample(
        system(
            "hatchling.build",
            "hatchling",
            "hatch-vcs",
            more='[tool.hatch.version]\nsource = "vcs"\n'
            + LISTED % '{ git = true }, { env = "SETUPTOOLS_SCM_PRETEND_VERSION" }',
        ),
        {"setup.py": ""},
        {("DCK026", "the tags of git"), ("DCK027", "SETUPTOOLS_SCM_PRETEND_VERSION_FOR_P")},
    ),
    "setup.cfg, lost": Sample(
        SETUPTOOLS + LISTED % '"x"', {"setup.py": "", "setup.cfg": "", "x": ""}, {("DCK029", "setup.cfg")}
    ),
    "uv_build": Sample(
        system("uv_build", "uv_build"),
        {"README.md": "", "LICENSE.txt": "", "src/p/__init__.py": ""},
        {("DCK025", "README.md")},
    ),
    "mypyc": Sample(
        system("hatchling.build", "hatchling", "hatch-mypyc", more="[tool.hatch.build.targets.wheel.hooks.mypyc]\n"),
        {"src/p/a.py": ""},
        {("DCK023", "src/p/a.py")},
    ),
}


def plant(root: Path, sample: Sample) -> None:
    named = 'readme = "README.md"\nlicense-files = ["LICENSE.txt"]\n' if "README.md" in sample.files else ""
    dynamic = "" if '"p"' in sample.system else 'dynamic = ["version"]\n'
    text = f'[project]\nname = "p"\n{dynamic}{named}\n{sample.system}'
    for name, content in {"pyproject.toml": text, **sample.files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content, encoding="utf-8")


@pytest.mark.parametrize("case", SAMPLES)
def test_what_init_would_add_is_reported_until_it_is_there(case: str, tmp_path: Path) -> None:
    sample = SAMPLES[case]
    plant(tmp_path, sample)
    found = [one for one in examine(tmp_path, {}) if one.code in UNWATCHED]
    assert {
        (code, text) for code, text in sample.found for one in found if one.code == code and text in one.message
    } == sample.found
    assert {one.code for one in found} == {code for code, _ in sample.found}
    assert all("dyncachekeys init" in one.remedy for one in found)
    list(write(propose([tmp_path], {}), []))
    assert [one for one in examine(tmp_path, {}) if one.code in UNWATCHED] == []


ENDINGS = {
    "natives": ("csrc", {"csrc/a.c": "", "csrc/b.c": "", "csrc/a.h": ""}, ["csrc/**/*.c", "csrc/**/*.h"]),
    "no ending": ("data", {"data/LIST": ""}, ["data/**/LIST"]),
    "ignored": (
        "data",
        {".git/HEAD": "", ".gitignore": "*.log\n", "data/a.csv": "", "data/b.log": ""},
        ["data/**/*.csv"],
    ),
    "only Python": ("python", {"python/p/__init__.py": "", "python/p/py.typed": ""}, []),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_a_folder_is_told_by_the_endings_that_are_there(case: str, tmp_path: Path) -> None:
    folder, files, globs = ENDINGS[case]
    plant(tmp_path, Sample(SETUPTOOLS + LISTED % f'{{ dir = "{folder}" }}', {"setup.py": "", **files}, set()))
    found = [one.remedy for one in examine(tmp_path, {}) if one.code == "DCK005"]
    wanted = ", ".join(f'`{{ file = "{glob}" }}`' for glob in globs)
    assert found == ([f"write {wanted}, as far as they count"] if globs else [])


COPIES = {
    "a path source": ('{ path = "../p" }', True),
    "one that is editable": ('{ path = "../p", editable = true }', False),
    "for one system": ('[{ path = "../p", marker = "sys_platform == \'linux\'" }]', True),
    "a member": ("{ workspace = true }", False),
    "a member that is copied": ("{ workspace = true, editable = false }", True),
}


@pytest.mark.parametrize("case", COPIES)
def test_the_modules_of_a_copy_count(case: str, tmp_path: Path) -> None:
    source, is_copied = COPIES[case]
    files = {"src/p/__init__.py": "", "src/p/data.json": "", "tests/test_p.py": ""}
    plant(tmp_path / "p", Sample(SETUPTOOLS, files, set()))
    members = '[tool.uv.workspace]\nmembers = ["../p"]\n' if "workspace" in source else ""
    plant(tmp_path / "app", Sample(SETUPTOOLS + f"[tool.uv.sources]\np = {source}\n{members}", {}, set()))
    (tmp_path / "app/pyproject.toml").write_text(
        (tmp_path / "app/pyproject.toml").read_text(encoding="utf-8").replace('"p"', '"app"', 1), encoding="utf-8"
    )
    found = [(one.code, one.files) for one in examine(tmp_path / "p", {}, consumer=tmp_path / "app")]
    assert found == ([("DCK024", ("src/p/__init__.py", "src/p/data.json"))] if is_copied else [])
    list(write(propose([tmp_path / "p"], {}, consumer=tmp_path / "app"), []))
    found = [(one.code, one.files) for one in examine(tmp_path / "p", {}, consumer=tmp_path / "app")]
    assert [code for code, _ in found if code in UNWATCHED] == []


def test_of_hatchling_what_its_patterns_choose(tmp_path: Path) -> None:
    """The wheel is what counts, and not what merely lies in the folders of the package."""
    hatch = '[tool.hatch.build.targets.wheel]\nexclude = ["*.md"]\nforce-include = { "data/a.csv" = "p/a.csv" }\n'
    files = {"p/__init__.py": "", "p/notes.md": "", "data/a.csv": "", "data/b.csv": ""}
    plant(tmp_path / "p", Sample(system("hatchling.build", "hatchling", more=hatch), files, set()))
    plant(tmp_path / "app", Sample(SETUPTOOLS + '[tool.uv.sources]\np = { path = "../p" }\n', {}, set()))
    found = [one for one in examine(tmp_path / "p", {}, consumer=tmp_path / "app") if one.code in UNWATCHED]
    assert [(one.code, one.files) for one in found] == [("DCK024", ("data/a.csv", "p/__init__.py"))]
    list(write(propose([tmp_path / "p"], {}, consumer=tmp_path / "app"), []))
    keys = tomli.loads((tmp_path / "p/pyproject.toml").read_text(encoding="utf-8"))["tool"]["dyncachekeys"]["keys"]
    assert keys["modules"] == {"resolver": "package", "path": ".", "whole": True, "fallback": True}
    assert [one.code for one in examine(tmp_path / "p", {}, consumer=tmp_path / "app") if one.code in UNWATCHED] == []
    sync(tmp_path / "p", {})


def test_who_has_keys_is_told_the_one_that_is_missing(tmp_path: Path) -> None:
    keys = '[tool.dyncachekeys.keys.env]\nresolver = "env"\nnames = ["C*", "LDFLAGS"]\n'
    plant(tmp_path, Sample(system("mesonpy", "meson-python", more=keys), {"meson.build": "", "a.c": ""}, set()))
    (found,) = [one for one in examine(tmp_path, {}) if one.code in UNWATCHED]
    assert found.remedy == (
        "add to [tool.dyncachekeys.keys]: "
        'sources = { resolver = "files", patterns = ["/meson.build", "/*.[ch]"], fallback = true }'
        ', or add `{ file = "..." }` to tool.uv.cache-keys'
    )
