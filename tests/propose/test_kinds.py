"""The keys that `init` writes for one kind of project or another."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import tomli

import dyncachekeys
from dyncachekeys.propose.decide import InitOptions
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.write import write

SCM = "SETUPTOOLS_SCM_PRETEND_VERSION"
PRETEND = [
    SCM,
    f"{SCM}_FOR_P",
    "SETUPTOOLS_SCM_OVERRIDES_FOR_P",
    "SETUPTOOLS_SCM_PRETEND_METADATA",
    "SETUPTOOLS_SCM_PRETEND_METADATA_FOR_P",
]
COMPILER = ["CC", "CFLAGS", "CXX", "CXXFLAGS", "LDFLAGS"]
CMAKE = ["CMAKE_ARGS", "CMAKE_GENERATOR"]
CMAKE += [
    f"SKBUILD_{name}"
    for name in (
        "BUILD_TARGETS",
        "CMAKE_ARGS",
        "CMAKE_BUILD_TYPE",
        "CMAKE_DEFINE",
        "EDITABLE_MODE",
        "INSTALL_COMPONENTS",
        "WHEEL_CMAKE",
        "WHEEL_PY_API",
    )
]
BUILD = {"resolver": "build"}
PRESET = {"resolver": "table", "preset": "build"}
GIT = {"resolver": "git", "commit": True, "tags": True}


def files(*patterns: str, **more: Any) -> dict[str, Any]:
    return {"resolver": "files", "patterns": list(patterns), **more, "fallback": True}


def env(*names: str) -> dict[str, Any]:
    return {"resolver": "env", "names": list(names)}


KINDS: dict[str, tuple[str, list[str], dict[str, Any]]] = {
    "maturin": (
        '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"',
        ["Cargo.toml", "Cargo.lock", "src/lib.rs", "src/deep/a.rs", "python/x.py", ".cargo/config.toml", "benches/b.rs"],
        {
            "sources": files("/Cargo.*", "/.cargo/config.toml", "/src/**/*.rs"),
            "environment": env("MATURIN_PEP517_ARGS", "RUSTFLAGS"),
        },
    ),
    "scikit-build-core": (
        ('[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
        '[tool.scikit-build.metadata.version]\ninput = "src/p/__init__.py"'),
        ["CMakeLists.txt", "src/CMakeLists.txt", "src/a.cpp", "src/a.hpp", "src/tests/t.cpp", "src/p/__init__.py"],
        {
            "version": files("/src/p/__init__.py"),
            "sources": files("/CMakeLists.txt", "/src/CMakeLists.txt", "/src/**/*.[ch]pp", exclude=["tests/"]),
            "environment": env(*COMPILER, *CMAKE),
        },
    ),
    "meson-python": (
        '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"',
        ["meson.build", "a.c", "a/x.c", "b/x.c", "c/x.h", "docs/y.c"],
        {"sources": files("/meson.build", "*.[ch]", exclude=["docs/"]), "environment": env(*COMPILER)},
    ),
    "setuptools-with-setup-py": (
        '[build-system]\nrequires = ["setuptools", "cython"]\nbuild-backend = "setuptools.build_meta"',
        ["setup.py", "p/a.pyx", "p/b.pxd", "p/__init__.py"],
        {"backend": {"resolver": "backend"}, "sources": files("/p/**/*.p[xy][dx]"), "environment": env(*COMPILER)},
    ),
    "setuptools-rust": (
        '[build-system]\nrequires = ["setuptools", "setuptools-rust"]\nbuild-backend = "setuptools.build_meta"',
        ["Cargo.toml", "rust/lib.rs"],
        {"sources": files("/Cargo.*", "/rust/**/*.rs"), "environment": env(*COMPILER)},
    ),
    "setuptools-dynamic": (
        ('[build-system]\nrequires = ["setuptools", "setuptools-scm"]\nbuild-backend = "setuptools.build_meta"\n'
        '[tool.setuptools_scm]\nversion_file = "p/_version.py"\n'
        '[tool.setuptools.dynamic]\ndependencies = { file = ["reqs/base.txt"] }\nreadme = { file = "READ.md" }'),
        ["reqs/base.txt", "READ.md", "csrc/not-compiled.c"],
        {
            "git": GIT,
            "requirements": {"resolver": "requirements", "files": ["/reqs/base.txt"], "fallback": True},
            "metadata": files("/READ.md"),
            "environment": env(*PRETEND),
        },
    ),
    "setup-cfg": (
        '[build-system]\nrequires = ["setuptools"]',
        ["setup.cfg", "VERSION", "src/p/__init__.py"],
        {"version": files("/VERSION")},
    ),
    "hatchling": (
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.version]\npath = "src/p/about.py"\n[tool.hatch.build.hooks.custom]'),
        ["hatch_build.py", "src/p/about.py", "native/a.c"],
        {"backend": {"resolver": "backend"}, "version": files("/src/p/about.py"), "sources": files("/native/**/*.[ch]")},
    ),
    "hatchling-runs-code": (
        ('[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.version]\nsource = "code"\npath = "scripts/version.py"'),
        ["scripts/version.py"],
        {"backend": {"resolver": "backend"}},
    ),
    "hatch-vcs": (
        ('[build-system]\nrequires = ["hatchling", "hatch-vcs"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.version]\nsource = "vcs"'),
        ["csrc/unused.c"],
        {"git": GIT, "environment": env(*PRETEND)},
    ),
    "uv-dynamic-versioning": (
        ('[build-system]\nrequires = ["hatchling", "uv-dynamic-versioning"]\nbuild-backend = "hatchling.build"\n'
        '[tool.hatch.version]\nsource = "uv-dynamic-versioning"'),
        [],
        {"git": GIT, "environment": env("UV_DYNAMIC_VERSIONING_BYPASS")},
    ),
    "versioningit": (
        '[build-system]\nrequires = ["setuptools", "versioningit"]\nbuild-backend = "setuptools.build_meta"',
        [],
        {"git": GIT},
    ),
    "poetry-dynamic-versioning": (
        ('[build-system]\nrequires = ["poetry-core", "poetry-dynamic-versioning"]\n'
        'build-backend = "poetry_dynamic_versioning.backend"\n[tool.poetry]\nversion = "0"'),
        [],
        {"pyproject": PRESET, "git": GIT, "environment": env("POETRY_DYNAMIC_VERSIONING_BYPASS")},
    ),
    "pdm": (
        '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n[tool.pdm.version]\nsource = "scm"',
        [],
        {"git": GIT, "environment": env("PDM_BUILD_SCM_VERSION")},
    ),
    "pdm-that-writes-below-src": (
        '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n[tool.pdm.version]\nsource = "scm"\nwrite_to = "p/_version.py"',
        ["src/p/__init__.py"],
        {
            "git": GIT,
            "environment": env("PDM_BUILD_SCM_VERSION"),
        },
    ),
    "flit": (
        '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"',
        ["src/p/__init__.py"],
        {"version": files("/src/p/__init__.py")},
    ),
    "uv-build": (
        '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"',
        ["src/p/__init__.py", "src/p/a.c"],
        {},
    ),
}  # fmt: skip


def plant(root: Path, text: str, paths: list[str]) -> None:
    root.mkdir(parents=True, exist_ok=True)
    head = '[project]\nname = "p"\ndynamic = ["version"]\n'
    (root / "pyproject.toml").write_text(f"{head}{text}\n", encoding="utf-8")
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        said = "[metadata]\nversion = file: VERSION\n" if path == "setup.cfg" else ""
        (root / path).write_text(said, encoding="utf-8")


def keys_of(root: Path, init_options: InitOptions = InitOptions()) -> dict[str, Any]:  # noqa: B008  frozen
    one = next(one for one in propose([root], {}, init_options) if one.root == root)
    table = tomli.loads(one.after.decode())["tool"]["dyncachekeys"]
    keys: dict[str, Any] = table["keys"]
    assert table == one.table.as_table()
    return keys


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_project_gets_its_keys(kind: str, tmp_path: Path) -> None:
    text, paths, expected = KINDS[kind]
    plant(tmp_path, text, paths)
    assert keys_of(tmp_path) == {"build": BUILD, **expected}
    list(write(propose([tmp_path], {}), []))
    report = dyncachekeys.sync(tmp_path, {})
    # What is not there yet is named by no pattern, so there is nothing to mend.
    assert [one.message for one in report.warnings if one.code == "pattern-matches-nothing"] == []
    assert not dyncachekeys.check(tmp_path, {}).region_differs


SETUPTOOLS = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
FLIT = '[build-system]\nrequires = ["flit_core"]\nbuild-backend = "flit_core.buildapi"\n'
HATCH = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
PDM = '[build-system]\nrequires = ["pdm-backend"]\nbuild-backend = "pdm.backend"\n'
ATTR = SETUPTOOLS + '[tool.setuptools.dynamic]\nversion = { attr = "p.__version__" }\n'
_NOT_READ = {"hatch.toml of environments": {"hatch.toml", "native/a.c"}}
ORIGINS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "imported": (
        ATTR,
        {"src/p/__init__.py": "from p._v import __version__\n", "src/p/_v.py": "__version__ = '1'\n"},
        {"version": files("/src/p/__init__.py", "/src/p/_v.py")},
    ),
    "imported, relative": (
        ATTR,
        {"p/__init__.py": "from ._v import __version__\n", "p/_v.py": "__version__ = '1'\n", "p/other.py": ""},
        {"version": files("/p/__init__.py", "/p/_v.py")},
    ),
    "a literal": (
        ATTR,
        {"p/__init__.py": "from . import other\n__version__ = '1'\n", "p/other.py": ""},
        {"version": files("/p/__init__.py")},
    ),
    "searched in the text": (
        HATCH + '[tool.hatch.version]\npath = "p/__init__.py"\n',
        {"p/__init__.py": "from . import other\n__version__ = f()\n", "p/other.py": ""},
        {"version": files("/p/__init__.py")},
    ),
    "setup.cfg, imported": (
        SETUPTOOLS,
        {
            "setup.cfg": "[metadata]\nversion = attr: p.V\n",
            "p/__init__.py": "from ._v import V\n",
            "p/_v.py": "V = '1'\n",
        },
        {"version": files("/p/__init__.py", "/p/_v.py")},
    ),
    "find": (
        ATTR + '[tool.setuptools.packages.find]\nwhere = ["lib"]\n',
        {"lib/p/__init__.py": "__version__ = '1'\n"},
        {"version": files("/lib/p/__init__.py")},
    ),
    "package-dir": (
        ATTR + '[tool.setuptools]\npackage-dir = { p = "py" }\n',
        {"py/__init__.py": "__version__ = '1'\n"},
        {"version": files("/py/__init__.py")},
    ),
    "setup.cfg": (
        SETUPTOOLS,
        {
            "setup.cfg": "[metadata]\nversion = attr: p.__version__\nclassifiers = file: c.txt\n"
            "[options]\npackage_dir =\n    = lib\n[options.extras_require]\nx = file: x.txt\n",
            "lib/p/__init__.py": "__version__ = '1'\n",
            "c.txt": "",
            "x.txt": "",
        },
        {
            "version": files("/lib/p/__init__.py"),
            "requirements": {"resolver": "requirements", "files": ["/x.txt"], "fallback": True},
            "metadata": files("/c.txt"),
        },
    ),
    "setuptools, other files": (
        SETUPTOOLS
        + '[tool.setuptools.dynamic]\nclassifiers = { file = "c.txt" }\nentry-points = { file = ["e.txt"] }\n',
        {"c.txt": "", "e.txt": ""},
        {"metadata": files("/c.txt", "/e.txt")},
    ),
    "flit, capitals": (FLIT, {"P/__init__.py": ""}, {"version": files("/P/__init__.py")}),
    "flit, of a namespace": (
        FLIT + '[tool.flit.module]\nname = "ns.pkg"\n',
        {"ns/pkg/__init__.py": ""},
        {"version": files("/ns/pkg/__init__.py")},
    ),
    "hatch.toml": (
        HATCH,
        {
            "hatch.toml": '[version]\npath = "src/p/about.py"\n[build.hooks.custom]\npath = "hook.py"\n',
            "src/p/about.py": "",
            "hook.py": "import helper\n",
            "helper.py": "",
        },
        {
            "backend": {"resolver": "backend"},
            "version": files("/src/p/about.py"),
            "metadata": files("/hatch.toml"),
        },
    ),
    "hatchling, a variable": (
        HATCH + '[tool.hatch.version]\nsource = "env"\nvariable = "MY_VERSION"\n',
        {},
        {"environment": env("MY_VERSION")},
    ),
    "pdm, a function": (
        PDM + '[tool.pdm.version]\nsource = "call"\ngetter = "ver.get:version"\n',
        {"ver/__init__.py": "", "ver/get.py": "from . import num\n", "ver/num.py": ""},
        {"backend": {"resolver": "backend"}},
    ),
    "licences": (
        "[project.urls]\n" + HATCH,
        {"LICENSES/a.txt": ""},
        {"metadata": files("/LICENSES/*.txt")},
    ),
    "package_dir of setup.py": (
        ATTR,
        {
            "setup.py": "from setuptools import setup\nsetup(package_dir={'': 'lib'})\n",
            "lib/p/__init__.py": "__version__ = '1'\n",
        },
        {"backend": {"resolver": "backend"}, "version": files("/lib/p/__init__.py")},
    ),
    "package_dir of setup.py, setup.cfg": (
        SETUPTOOLS,
        {
            "setup.cfg": "[metadata]\nversion = attr: p.__version__\n",
            "setup.py": "import setuptools\nDIRS = {'p': 'python'}\nsetuptools.setup(package_dir=DIRS)\n",
            "python/__init__.py": "__version__ = '1'\n",
        },
        {"backend": {"resolver": "backend"}, "version": files("/python/__init__.py")},
    ),
    "licences of setuptools": (
        SETUPTOOLS + '[tool.setuptools]\nlicense-files = ["LICENSE.txt", "legal/*.txt"]\n',
        {"LICENSE.txt": "", "legal/a.txt": ""},
        {"metadata": files("/LICENSE.txt", "/legal/*.txt")},
    ),
    "licences of setup.cfg": (
        SETUPTOOLS,
        {"setup.cfg": "[metadata]\nlicense_files =\n    COPYING\n    legal/*.txt\n", "COPYING": "", "legal/a.txt": ""},
        {"metadata": files("/COPYING", "/legal/*.txt")},
    ),
    "a provider in the tree": (
        (
            '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
            '[[tool.dynamic-metadata]]\nprovider = "find"\nprovider-path = "scripts"\n'
            '[[tool.dynamic-metadata]]\nprovider = "dynamic_metadata.regex"\nfield = "version"\ninput = "VERSION"\n'
        ),
        {"scripts/find.py": "", "VERSION": ""},
        {"backend": {"resolver": "backend"}, "version": files("/VERSION")},
    ),
    "hatch.toml of environments": (
        HATCH,
        {"hatch.toml": "[envs.default]\n", "native/a.c": ""},
        {},
    ),
    "package.json": (
        HATCH + '[tool.hatch.version]\nsource = "nodejs"\n',
        {"package.json": "{}"},
        {"version": files("/package.json")},
    ),
    "globs in code": (
        HATCH + "[tool.hatch.build.hooks.custom]\n",
        {
            "hatch_build.py": "from pathlib import Path\nHERE = Path(__file__).parent\n"
            "[*HERE.glob('data/*.csv'), *HERE.glob('none/*.csv'), *HERE.glob('**/*.py'), *HERE.glob('data/*')]\n",
            "data/a.csv": "",
        },
        {"backend": {"resolver": "backend"}, "data": files("/data/*.csv")},
    ),
    "what a module depends on": (
        SETUPTOOLS + '[[tool.setuptools.ext-modules]]\nname = "p"\nsources = ["c/a.c"]\ndepends = ["c/t.inc"]\n',
        {"c/a.c": "", "c/t.inc": ""},
        {"sources": files("/c/**/*.[ch]", "/c/*.inc"), "environment": env(*COMPILER)},
    ),
}


@pytest.mark.parametrize("case", ORIGINS)
def test_where_metadata_come_from(case: str, tmp_path: Path) -> None:
    text, held, expected = ORIGINS[case]
    plant(tmp_path, text, [])
    for path, content in held.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    head = tmp_path / "pyproject.toml"
    said = {"flit, capitals": 'name = "P"\n', "licences": 'name = "p"\nlicense-files = ["LICENSES/*.txt"]\n'}
    head.write_text(head.read_text(encoding="utf-8").replace('name = "p"\n', said.get(case, 'name = "p"\n'), 1))
    assert keys_of(tmp_path) == {"build": BUILD, **expected}
    list(write(propose([tmp_path], {}), []))
    report = dyncachekeys.sync(tmp_path, {})
    assert [one.message for one in report.warnings if one.code != "sdist-takes-in-state"] == []
    watched = {one.subject for key in report.keys for one in key.inputs}
    assert held.keys() - {"p/other.py", *_NOT_READ.get(case, ())} <= watched


@pytest.mark.parametrize("kind", KINDS)
def test_in_the_exact_profile_the_tables_count_that_the_build_reads(kind: str, tmp_path: Path) -> None:
    text, paths, expected = KINDS[kind]
    plant(tmp_path, text, paths)
    (one,) = propose([tmp_path], {}, InitOptions(watch="digest"))
    table = tomli.loads(one.after.decode())["tool"]["dyncachekeys"]
    assert (table["watch"], table["defaults"]) == ("digest", False)
    more = {"setup-cfg"} if "setup.cfg" in paths else set()
    assert table["keys"].keys() == {"build", "pyproject", *expected, *more}
    assert table["keys"]["pyproject"] == PRESET
    list(write([one], []))
    dyncachekeys.sync(tmp_path, {})
    assert not dyncachekeys.check(tmp_path, {}).region_differs


@pytest.mark.parametrize("name", ["hatch-mypyc", "poetry-dynamic-versioning"])
def test_of_what_rewrites_pyproject_toml_in_each_build_the_content_counts(name: str, tmp_path: Path) -> None:
    build = f'[build-system]\nrequires = ["hatchling", "{name}"]\nbuild-backend = "hatchling.build"'
    plant(tmp_path, build, [])
    (one,) = propose([tmp_path], {})
    assert not one.table.defaults
    assert one.table.as_table()["keys"]["pyproject"] == PRESET
    assert f"# {name} rewrites the file in each build, so that its times say nothing." in one.after.decode()


def test_what_uv_builds_by_its_settings_needs_no_other_key(tmp_path: Path) -> None:
    text = '[project]\nname = "p"\nversion = "1"\nreadme = "README.md"\nlicense-files = ["LIC*"]\n'
    system = '[build-system]\nrequires = ["uv_build"]\nbuild-backend = "uv_build"\n'
    (tmp_path / "pyproject.toml").write_text(text + system, encoding="utf-8")
    (tmp_path / "README.md").touch()
    (tmp_path / "LICENSE").touch()
    assert keys_of(tmp_path) == {"build": BUILD}
    list(write(propose([tmp_path], {}), []))
    (key,) = [key for key in dyncachekeys.sync(tmp_path, {}).keys if key.name == "build"]
    assert {one.subject for one in key.inputs} == {"README.md", "LICENSE"}


def test_a_build_requirement_with_dots_in_its_name(tmp_path: Path) -> None:
    build = '[build-system]\nrequires = ["acme_core>=1", "acme-far", "hatchling"]\nbuild-backend = "hatchling.build"\n'
    sources = '[tool.uv.sources]\nacme-core = { workspace = true }\nacme_far = [{ path = "../far" }]\nhatchling = { git = "x" }\n'
    (tmp_path / "pyproject.toml").write_text('[tool.uv.workspace]\nmembers = ["p", "core"]\n', encoding="utf-8")
    plant(tmp_path / "p", build + sources, [])
    for folder, name in (("core", "Acme.Core"), ("far", "acme.far")):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\n', encoding="utf-8")
    assert keys_of(tmp_path / "p") == {
        "build": BUILD,
        "uses-acme-core": {"resolver": "package", "name": "Acme.Core", "whole": True},
        "uses-acme-far": {"resolver": "package", "name": "acme.far", "whole": True},
    }
    list(write(propose([tmp_path / "p"], {}), []))
    dyncachekeys.sync(tmp_path / "p", {})


ENTRIES = [
    '{ file = "pyproject.toml" }, { file = "setup.py" }, { dir = "src" }',
    '"./pyproject.toml", { file = "csrc/*.c" }, { file = "!csrc/gen.c" }, "csrc/**/*.{c,h,cpp}", "csrc", { dir = "csrc" }',
    '"*.toml", { env = "CC" }, { git = { tags = true } }, { fil = "x" }, { file = "." }, { file = "/etc/hosts" }',
    '{ env = "CC" }, { git = true }',
]


@pytest.mark.parametrize("listed", ENTRIES)
def test_entries_of_the_users_own_stay(listed: str, tmp_path: Path) -> None:
    entries = f"[tool.uv]\ncache-keys = [{listed}]  # theirs\n"
    plant(tmp_path, HATCH + entries, ["csrc/a.c"])
    (one,) = propose([tmp_path], {})
    assert entries in one.after.decode()
    assert one.table.as_table() == {"keys": {"build": BUILD}}


def test_a_list_without_pyproject_gets_the_tables_that_the_build_reads(tmp_path: Path) -> None:
    text = '[build-system]\nrequires = ["hatchling"]\n[tool.uv]\ncache-keys = [{ file = "csrc/**/*.c" }]'
    plant(tmp_path, text, ["csrc/a.c", "setup.cfg", "setup.py"])
    (one,) = propose([tmp_path], {})
    assert one.table.as_table() == {
        "defaults": False,
        "keys": {
            "build": BUILD,
            "pyproject": PRESET,
            "backend": {"resolver": "backend"},
            "sources": files("/csrc/**/*.[ch]"),
            "environment": env(*COMPILER),
            "setup-cfg": files("/setup.cfg"),
        },
    }


@pytest.mark.parametrize(
    ("options", "noted"), [(InitOptions(), 0), (InitOptions(watch="digest"), 1), (InitOptions(transport="digest"), 1)]
)
def test_times_that_spoil_a_profile_by_content_are_named(options: InitOptions, noted: int, tmp_path: Path) -> None:
    plant(tmp_path, HATCH + '[tool.uv]\ncache-keys = ["pyproject.toml", { file = "a.c" }, { env = "CC" }]\n', ["a.c"])
    (one,) = propose([tmp_path], {}, options)
    assert [note.code for note in one.notes] == ["entry-spoils-digest"] * noted
    assert all(note.message.endswith(": pyproject.toml, a.c") for note in one.notes)
    by_table = options.watch == "digest"
    assert all(note.remedy.startswith("remove `pyproject.toml`, of which the key") == by_table for note in one.notes)
    assert all('give the others to a key with `resolver = "files"`' in note.remedy for note in one.notes)


def test_the_entry_that_makes_the_exact_profile_build_for_a_comment_is_named_alone(tmp_path: Path) -> None:
    plant(tmp_path, HATCH + '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { git = { commit = true } }]\n', [])
    (one,) = propose([tmp_path], {}, InitOptions(watch="digest"))
    assert (one.table.settings["defaults"], one.table.as_table()["keys"]["pyproject"]) == (False, PRESET)
    assert [note.remedy for note in one.notes] == [
        "remove `pyproject.toml`, of which the key `pyproject` has what the build reads"
    ]


def test_sources_that_git_tracks_although_a_rule_matches_them(tmp_path: Path) -> None:
    plant(tmp_path, MATURIN, ["src/bin/a.rs", "python/x.py", "tools/bin/made.rs"])
    (tmp_path / ".gitignore").write_text("/**/bin\n", encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    assert "sources" not in keys_of(tmp_path)
    subprocess.run(["git", "-C", tmp_path, "add", "--force", "src/bin/a.rs"], check=True)
    assert keys_of(tmp_path)["sources"] == files("/src/**/*.rs")


OF_TESTS = ["test-crates/t/src/lib.rs", "benchmark/b.rs", "unittests/u.rs", "src/integration_tests/i.rs"]


def test_folders_of_tests_by_their_less_common_names(tmp_path: Path) -> None:
    plant(tmp_path, MATURIN, ["Cargo.toml", "src/lib.rs", *OF_TESTS])
    assert keys_of(tmp_path)["sources"] == files("/Cargo.*", "/src/**/*.rs", exclude=["integration_tests/"])


MEMBER = '[tool.uv.workspace]\nmembers = ["packages/*"]'


@pytest.mark.parametrize(
    ("cargo", "sources"),
    [
        ("", files("/Cargo.*", "/src/**/*.rs")),
        ('[workspace]\nmembers = ["packages/*"]', files("/Cargo.*", "/packages/a/Cargo.toml", "/packages/**/*.rs", "/src/**/*.rs")),
    ],
)  # fmt: skip
def test_the_tree_of_a_member_counts_only_if_the_root_names_it(
    tmp_path: Path, cargo: str, sources: dict[str, Any]
) -> None:
    plant(tmp_path, f"{MATURIN}\n{MEMBER}", ["Cargo.toml", "src/lib.rs"])
    plant(tmp_path / "packages/a", MATURIN.replace('"p"', '"a"'), ["Cargo.toml", "src/lib.rs"])
    (tmp_path / "Cargo.toml").write_text(cargo, encoding="utf-8")
    assert keys_of(tmp_path)["sources"] == sources


def test_where_patterns_reach_everywhere_members_are_left_out(tmp_path: Path) -> None:
    plant(tmp_path, f"{MESON}\n{MEMBER}", ["meson.build", "a/x.c", "b/x.c", "c/x.c", "d/x.c"])
    plant(tmp_path / "packages/a", MESON, ["meson.build", "y.c"])
    assert keys_of(tmp_path)["sources"] == files("/meson.build", "*.[ch]", exclude=["/packages/a/"])


def test_submodules_that_no_pattern_reaches(tmp_path: Path) -> None:
    plant(tmp_path, '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"', ["src/lib.rs"])
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitmodules").write_text('[submodule "x"]\n\tpath = vendor/x\n\turl = ../x\n', encoding="utf-8")
    assert keys_of(tmp_path)["git"] == {"resolver": "git", "submodules": True}


MATURIN = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"'
MESON = '[build-system]\nrequires = ["meson-python"]\nbuild-backend = "mesonpy"'
DIGEST = InitOptions(transport="digest")


def install_plugin(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    info = folder / f"dyncachekeys_{name}-0.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(
        f"Metadata-Version: 2.1\nName: dyncachekeys-{name}\nVersion: 0.1\n", encoding="utf-8"
    )
    (info / "entry_points.txt").write_text(
        f"[dyncachekeys.resolvers]\n{name} = dyncachekeys_{name}:{name}\n", encoding="utf-8"
    )
    monkeypatch.syspath_prepend(folder)


@pytest.mark.parametrize(
    ("name", "table", "paths", "right"),
    [
        pytest.param(
            "cargo",
            MATURIN,
            ["Cargo.toml", "src/lib.rs", "csrc/a.c", ".cargo/config.toml"],
            {"rust": {"resolver": "cargo", "fallback": True}, "sources": files("/csrc/**/*.[ch]")},
            id="maturin",
        ),
        pytest.param(
            "cmake",
            MESON,
            ["meson.build", "src/a.c", "src/tests/t.c"],
            {
                "sources": {
                    "resolver": "cmake",
                    "sources": ["/meson.build", "/src/**/*.[ch]"],
                    "exclude": ["tests/"],
                    "fallback": True,
                }
            },
            id="meson-python",
        ),
    ],
)
def test_a_plugin_stands_in_where_there_are_no_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, table: str, paths: list[str], right: dict[str, Any]
) -> None:
    root = tmp_path / "project"
    root.mkdir()
    plant(root, table, paths)
    (one,) = propose([root], {}, DIGEST)
    assert f'# The plugin dyncachekeys-{name} finds more; with it: `resolver = "{name}"`.\n' in one.after.decode()
    install_plugin(tmp_path / "installed", name, monkeypatch)
    keys = propose([root], {}, DIGEST)[0].table.as_table()["keys"]
    assert {key: keys[key] for key in keys if key not in {"build", "environment"}} == right
    old = plant_uv(tmp_path / "bin", "0.8.4")
    assert propose([root], {"PATH": str(old)})[0].table.as_table()["keys"].keys() == keys.keys()
    (watched,) = propose([root], {})
    assert watched.table.as_table()["keys"]["sources"]["resolver"] == "files", "the record of a build knows better"


def plant_uv(folder: Path, version: str) -> Path:
    """Put a program that says that it is a version of uv into a folder, and return the folder."""
    folder.mkdir()
    (folder / "uv").write_text(f"#!/bin/sh\necho 'uv {version}'\n", encoding="utf-8")
    (folder / "uv").chmod(0o755)
    return folder


SETUP_PY = "from setuptools import setup\nsetup({})\n"
SKBUILD = '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
BACKEND = {"resolver": "backend"}
OF_GIT: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "a provider of scikit-build-core": (
        SKBUILD + '[tool.scikit-build.metadata]\nversion.provider = "scikit_build_core.metadata.setuptools_scm"\n',
        {},
        {"git": GIT, "environment": env(*PRETEND)},
    ),
    "a provider of dynamic-metadata": (
        SKBUILD + '[[tool.dynamic-metadata]]\nprovider = "dynamic_metadata.setuptools_scm"\n',
        {},
        {"git": GIT, "environment": env(*PRETEND)},
    ),
    "a backend in the tree that requires it": (
        '[build-system]\nrequires = ["setuptools-scm"]\nbuild-backend = "be"\nbackend-path = ["."]\n',
        {"be.py": ""},
        {"backend": BACKEND, "git": GIT, "environment": env(*PRETEND)},
    ),
    "another provider": (
        SKBUILD + '[tool.scikit-build.metadata]\nversion.provider = "scikit_build_core.metadata.regex"\n',
        {},
        {},
    ),
    "use_scm_version": (
        SETUPTOOLS,
        {"setup.py": SETUP_PY.format("use_scm_version=True, setup_requires=['setuptools_scm']")},
        {"backend": BACKEND, "git": GIT, "environment": env(*PRETEND)},
    ),
    "use_scm_version, without the requirement": (
        SETUPTOOLS,
        {"setup.py": SETUP_PY.format("use_scm_version={'write_to': 'p.txt'}")},
        {"backend": BACKEND, "git": GIT, "environment": env(*PRETEND)},
    ),
    "setup_requires": (
        SETUPTOOLS,
        {"setup.cfg": "[options]\nsetup_requires =\n    pbr>=2\n"},
        {"git": GIT, "environment": env("PBR_VERSION")},
    ),
    "a table of what is not installed": (SETUPTOOLS + "[tool.setuptools_scm]\n", {}, {}),
    "pdm's table beside another backend": (HATCH + '[tool.pdm.version]\nsource = "scm"\n', {}, {}),
    "hatchling, versioningit": (HATCH + '[tool.hatch.version]\nsource = "versioningit"\n', {}, {"git": GIT}),
    "versioneer in the tree": (
        SETUPTOOLS,
        {
            "setup.py": "import versioneer\n" + SETUP_PY.format("version=versioneer.get_version()"),
            "versioneer.py": "",
            "setup.cfg": "[versioneer]\nVCS = git\n",
        },
        {"backend": BACKEND, "git": GIT},
    ),
    "build.rs": (
        MATURIN,
        {
            "Cargo.toml": "",
            "src/lib.rs": "",
            "build.rs": 'fn main() { println!("cargo:rerun-if-changed=.git/HEAD"); }\n',
        },
        {
            "git": {**GIT, "watch": "digest", "fallback": True},
            "sources": files("/Cargo.*", "/*.rs", "/src/**/*.rs"),
            "environment": env("MATURIN_PEP517_ARGS", "RUSTFLAGS"),
        },
    ),
    "build.rs, a URL": (
        MATURIN,
        {"Cargo.toml": "", "build.rs": "// https://example.org/demo.git\n"},
        {"sources": files("/Cargo.*", "/*.rs"), "environment": env("MATURIN_PEP517_ARGS", "RUSTFLAGS")},
    ),
    "meson": (
        MESON,
        {"meson.build": "vcs_tag(input: 'v.in', output: 'v')\n"},
        {
            "git": {**GIT, "watch": "digest", "fallback": True},
            "sources": files("/meson.build"),
            "environment": env(*COMPILER),
        },
    ),
    "a hook that asks git": (
        HATCH + "[tool.hatch.build.hooks.custom]\n",
        {"hatch_build.py": "import subprocess\nsubprocess.run(['git', 'describe'])\n"},
        {"backend": BACKEND, "git": {**GIT, "watch": "digest", "fallback": True}},
    ),
    "a hook that is off": (
        HATCH + "[tool.hatch.build.targets.wheel.hooks.my-hook]\nenable-by-default = false\n",
        {},
        {"environment": env("HATCH_BUILD_HOOKS_ENABLE", "HATCH_BUILD_HOOK_ENABLE_MY_HOOK")},
    ),
    "what scikit-build-core takes": (
        SKBUILD,
        {"CMakeLists.txt": ""},
        {"sources": files("/CMakeLists.txt"), "environment": env(*COMPILER, *CMAKE)},
    ),
}


@pytest.mark.parametrize("case", OF_GIT)
def test_commit_tags_and_variables(case: str, tmp_path: Path) -> None:
    text, held, expected = OF_GIT[case]
    plant(tmp_path, text, [])
    for path, content in held.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content, encoding="utf-8")
    assert keys_of(tmp_path) == {"build": BUILD, **expected}
