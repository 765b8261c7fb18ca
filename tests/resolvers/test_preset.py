"""`preset = "build"`: what each build backend reads in `pyproject.toml`, and nothing else of it."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

import dyncachekeys
from dyncachekeys.backends.tables import READ, build_tables
from kit import Demo, DemoMaker, refused, told

CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.build]
resolver = "table"
preset = "build"
"""
PROJECT = '[project]\nname = "demo"\nversion = "1"\n'
CORPUS = Path(__file__).parents[3] / "shared/corpus/pyproject"
FILES = sorted(CORPUS.glob("*.toml"))
REFUSED = {"047.toml"}  # its [tool.uv.cache-keys] is a table, which uv refuses as well


def system(backend: str | None, *requires: str) -> str:
    named = f'build-backend = "{backend}"\n' if backend else ""
    return f"[build-system]\nrequires = {list(requires)}\n{named}"


HATCHLING = system("hatchling.build", "hatchling>=1.26", "hatch-vcs")
SETUPTOOLS = system("setuptools.build_meta", "setuptools>=64", "setuptools-scm[toml] >= 8")
SCIKIT = system("scikit_build_core.build", "scikit-build-core", "pybind11")
MATURIN = system("maturin", "maturin>=1,<2")
MESON = system("mesonpy", "meson-python")
FLIT = system("flit_core.buildapi", "flit_core >=3.2,<4")
PDM = system("pdm.backend", "pdm-backend")
OLD_PDM = system("pdm.pep517.api", "pdm-pep517")
POETRY = system("poetry.core.masonry.api", "poetry-core")
UV = system("uv_build", "uv_build>=0.9,<0.10")
IN_TREE = 'backend-path = ["."]\n' + system("build_backend.core", "setuptools", "Foo.Bar_baz; python_version > '3'")
DYNAMIC = system("poetry_dynamic_versioning.backend", "poetry-core", "poetry-dynamic-versioning")
EXTRA = (
    '[tool.uv.extra-build-dependencies]\ndemo = ["one-plugin", { requirement = "two-plugin", match-runtime = true }]'
)
HOOK = '[tool.hatch.build.targets.wheel.hooks.mypyc]\ndependencies = ["hatch-mypyc", "mypy"]'

CASES = [
    # All backends.
    ("project", HATCHLING, "[project.scripts]\na = 'b:c'", True),
    ("build-system", HATCHLING, None, True),
    ("ruff", HATCHLING, "[tool.ruff]\nline-length = 80", False),
    ("groups", HATCHLING, "[dependency-groups]\ndev = ['pytest']", False),
    ("uv's lists", HATCHLING, "[tool.uv]\ndev-dependencies = ['pytest']\ncache-keys = [{ file = 'x' }]", False),
    # hatchling
    ("hatch build", HATCHLING, "[tool.hatch.build.targets.wheel]\npackages = ['src/demo']", True),
    ("hatch version", HATCHLING, "[tool.hatch.version]\nsource = 'vcs'", True),
    ("hatch metadata", HATCHLING, "[tool.hatch.metadata.hooks.fancy-pypi-readme]\nfragments = []", True),
    ("hatch requirements", HATCHLING, "[tool.hatch.metadata.hooks.requirements_txt]\nfiles = ['r.txt']", True),
    ("hatch envs", HATCHLING, "[tool.hatch.envs.default]\ndependencies = ['pytest']", False),
    ("hatch publish", HATCHLING, "[tool.hatch.publish.index]\ndisable = true", False),
    ("hatch, not setuptools", HATCHLING, "[tool.setuptools]\npackages = ['demo']", False),
    ("hatchling itself", HATCHLING.replace(".build", ".ouroboros"), "[tool.hatch.version]\npath = 'a'", True),
    ("hook asks for mypyc", f"{HOOK}\n{HATCHLING}", "[tool.mypy]\nstrict = true", True),
    ("mypy without mypyc", HATCHLING, "[tool.mypy]\nstrict = true", False),
    # setuptools
    ("setuptools", SETUPTOOLS, "[tool.setuptools.dynamic]\nversion = { attr = 'demo.v' }", True),
    ("distutils", SETUPTOOLS, "[tool.distutils.bdist_wheel]\nuniversal = true", True),
    ("setuptools_scm", SETUPTOOLS, "[tool.setuptools_scm]\nversion_file = 'v.py'", True),
    ("setuptools_scm's new table", SETUPTOOLS, "[tool.vcs-versioning]\nversion_file = 'v.py'", True),
    ("towncrier's directory", SETUPTOOLS, "[tool.towncrier]\ndirectory = 'news'", True),
    ("the rest of towncrier", SETUPTOOLS, "[tool.towncrier]\nname = 'demo'", False),
    ("setuptools, not scm", system("setuptools.build_meta", "setuptools"), "[tool.setuptools_scm]", False),
    ("no backend named", system(None, "setuptools"), "[tool.setuptools]\npackages = ['a']", True),
    ("no build system", "", "[tool.setuptools]\npackages = ['a']", True),
    ("legacy", system("setuptools.build_meta:__legacy__"), "[tool.setuptools]\npackages = ['a']", True),
    ("mypyc", system("setuptools.build_meta", "mypy>=1"), "[tool.mypy]\nstrict = true", True),
    ("setuptools-rust", system("setuptools.build_meta", "setuptools-rust"), "[tool.setuptools-rust]\na = 1", True),
    ("pbr", system("pbr.build", "pbr"), "[tool.setuptools]\npackages = ['a']", True),
    # The others.
    ("scikit-build", SCIKIT, "[tool.scikit-build.cmake]\nbuild-type = 'Debug'", True),
    ("scikit-build's provider", SCIKIT, "[tool.setuptools_scm]\na = 1", True),
    ("scikit-build's readme", SCIKIT, "[tool.hatch.metadata.hooks.fancy-pypi-readme]\na = 1", True),
    ("scikit-build, not hatch", SCIKIT, "[tool.hatch.build]\na = 1", False),
    ("dynamic-metadata", SCIKIT, "[[tool.dynamic-metadata]]\nprovider = 'x'", True),
    ("cibuildwheel", SCIKIT, "[tool.cibuildwheel]\nbuild = 'cp312-*'", False),
    ("maturin", MATURIN, "[tool.maturin]\nmodule-name = 'demo._demo'", True),
    ("maturin, not setuptools", MATURIN, "[tool.setuptools]\na = 1", False),
    ("meson", MESON, "[tool.meson-python.args]\nsetup = ['-Da=b']", True),
    ("flit", FLIT, "[tool.flit.module]\nname = 'demo'", True),
    ("pdm build", PDM, "[tool.pdm.build]\nincludes = ['a']", True),
    ("pdm version", PDM, "[tool.pdm.version]\nsource = 'scm'", True),
    ("pdm scripts", PDM, "[tool.pdm.scripts]\na = 'b'", False),
    ("pdm-pep517", OLD_PDM, "[tool.pdm]\nincludes = ['a']", True),
    ("poetry", POETRY, "[tool.poetry]\npackages = [{ include = 'demo' }]", True),
    ("poetry dependencies", POETRY, "[tool.poetry.dependencies]\nrequests = '*'", True),
    ("poetry groups", POETRY, "[tool.poetry.group.dev.dependencies]\npytest = '*'", False),
    ("poetry's former groups", POETRY, "[tool.poetry.dev-dependencies]\npytest = '*'", False),
    ("poetry versioning", DYNAMIC, "[tool.poetry-dynamic-versioning]\nenable = true", True),
    ("poetry behind it", DYNAMIC, "[tool.poetry]\npackages = [{ include = 'demo' }]", True),
    ("uv", UV, "[tool.uv.build-backend]\nmodule-root = ''", True),
    ("uv's index", UV, "[[tool.uv.index]]\nurl = 'https://example.org'", False),
    ("sip", system("sipbuild.api", "sip"), "[tool.sip.project]\na = 1", True),
    ("pyqt", system("sipbuild.api", "PyQt-builder"), "[tool.sip.project]\na = 1", True),
    # By name.
    ("plugin", system("hatchling.build", "uv-dynamic-versioning"), "[tool.uv-dynamic-versioning]\nvcs = 'git'", True),
    ("plugin, other spelling", system("hatchling.build", "Versioning_It"), "[tool.versioning-it]\na = 1", True),
    ("unknown backend", system("py_build_cmake.build"), "[tool.py-build-cmake.cmake]\na = 1", True),
    ("in-tree backend", IN_TREE, "[tool.build-backend]\na = 1", True),
    ("in-tree backend's base", IN_TREE, "[tool.setuptools]\na = 1", True),
    ("in-tree backend's requirement", IN_TREE, "[tool.foo-bar_baz]\na = 1", True),
    ("in-tree backend, not ruff", IN_TREE, "[tool.ruff]\na = 1", False),
    ("in-tree backend that asks for us", system("b", "dyncachekeys", "uv"), "[tool.uv]\na = 1", False),
    ("reference by URL", system("b", "plug @ git+https://example.org/p"), "[tool.plug]\na = 1", True),
    # What uv makes the build's environment from.
    ("source of a requirement", HATCHLING, "[tool.uv.sources]\nHatch_VCS = { path = '../hatch-vcs' }", True),
    ("source of a dependency", HATCHLING, "[tool.uv.sources]\nrequests = { path = '../requests' }", False),
    ("constraints", HATCHLING, "[tool.uv]\nbuild-constraint-dependencies = ['hatchling<2']", True),
    ("settings", SETUPTOOLS, "[tool.uv]\nconfig-settings = { a = 'b' }", True),
    ("extra requirements", HATCHLING, "[tool.uv.extra-build-dependencies]\nDemo = ['a']", True),
    ("another's extra requirements", HATCHLING, "[tool.uv.extra-build-dependencies]\nother = ['a']", False),
    ("table of an extra requirement", f"{EXTRA}\n{HATCHLING}", "[tool.one-plugin]\na = 1", True),
    ("table of another extra requirement", f"{EXTRA}\n{HATCHLING}", "[tool.two-plugin]\na = 1", True),
]


def digest(demo: Demo) -> str:
    return dyncachekeys.resolve(demo.root, demo.environ).digest


@pytest.mark.parametrize(("before", "added", "counts"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_counts(demo_maker: DemoMaker, before: str, added: str | None, counts: bool) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": f"{PROJECT}{before}{CONFIG}"})
    first = digest(demo)
    if added is None:
        demo.edit("pyproject.toml", "requires = [", "requires = ['one-more', ")
    else:
        demo.append("pyproject.toml", f"\n{added}\n")
    assert (digest(demo) != first) is counts


def test_reasons_name_the_reader(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    tables = "[tool.hatch.version]\nsource = 'vcs'\n[tool.\"a.b\"]\nx = 1\n[tool.uv]\nconfig-settings = { a = 'b' }\n"
    text = PROJECT + system("hatchling.build", "hatchling", "a.b") + tables + CONFIG
    demo.write({"pyproject.toml": text})
    (key,) = dyncachekeys.resolve(demo.root, demo.environ).keys
    assert {one.subject: one.reason for one in key.inputs.single} == {
        "pyproject.toml:build-system": "preset `build`: read by uv",
        "pyproject.toml:project": "preset `build`: read by every backend",
        'pyproject.toml:tool."a.b"': "preset `build`: read by a-b",
        "pyproject.toml:tool.hatch.version": "preset `build`: read by hatchling",
        "pyproject.toml:tool.uv.config-settings": "preset `build`: read by uv",
    }


@pytest.mark.parametrize(
    ("options", "added", "counts"),
    [
        ('tables = ["tool.mine"]', "[tool.mine]\nx = 1", True),
        ('tables = ["tool.mine"]', "[tool.hatch.version]\nx = 1", True),
        ('tables = ["tool.mine"]', "[tool.other]\nx = 1", False),
        ("tables = []", "[tool.hatch.version]\nx = 1", True),
        ('exclude = ["project.urls"]', "[project.urls]\nx = 'y'", False),
        ('exclude = ["project.urls"]', "[project.scripts]\nx = 'y:z'", True),
        ('exclude = ["tool"]', "[tool.hatch.version]\nx = 1", False),
        ('tables = ["tool"]\nexclude = ["tool.mine", "tool.dyncachekeys"]', "[tool.mine]\nx = 1", False),
        ('file = "./pyproject.toml"', "[tool.hatch.version]\nx = 1", True),
    ],
)
def test_with_other_options(demo_maker: DemoMaker, options: str, added: str, counts: bool) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": f"{PROJECT}{HATCHLING}{CONFIG}{options}\n"})
    first = digest(demo)
    demo.append("pyproject.toml", f"\n{added}\n")
    assert (digest(demo) != first) is counts


@pytest.mark.parametrize("options", ["", 'tables = ["project"]\n'])
def test_another_file_is_an_error(demo_maker: DemoMaker, options: str) -> None:
    demo = demo_maker(f'{CONFIG}file = "data.toml"\n{options}', {"data.toml": "a = 1\n"})
    assert told(refused(demo.root, demo.environ)) == (
        "[invalid-option] tool.dyncachekeys.keys.build.preset\n"
        "  is about `pyproject.toml`, not `data.toml`\n"
        "  do: leave `file` out, or take `tables` instead, or write a key for each\n"
    )


def test_unknown_preset_is_an_error(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG.replace('preset = "build"', 'preset = "bulid"'))
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("wrong-type", "tool.dyncachekeys.keys.build.preset")
    assert '"build"' in problem.message + problem.remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "project = 1\nbuild-system = 2\ntool = 3\n",
        "[build-system]\nrequires = 'setuptools'\nbuild-backend = 7\n[project]\nname = 3\n",
        "[build-system]\nrequires = [1, '', '   ', '#', 'git+https://example.org/x', '-r x']\nbuild-backend = ''\n",
        "[tool]\nhatch = 1\nuv = 2\npoetry = 3\n[build-system]\nrequires = ['hatchling', 'poetry-core', 'uv-build']\n",
        "[tool.uv]\nsources = 1\nextra-build-dependencies = { demo = [1, {}, { requirement = 2 }] }\n" + PROJECT,
        "[tool.hatch.build]\ndependencies = 'x'\nhooks = [1]\n",
    ],
)
def test_what_is_of_the_wrong_type_is_passed_over(text: str) -> None:
    assert {("project",), ("build-system",)} <= set(build_tables(tomli.loads(text)))


def test_no_table_stands_inside_another() -> None:
    pyproject = tomli.loads(f"{SCIKIT}\n[tool.hatch.metadata.hooks.fancy-pypi-readme]\n[tool.hatch.build]\n")
    assert ("tool", "hatch", "metadata", "hooks", "fancy-pypi-readme") in build_tables(pyproject)
    both = SCIKIT.replace("'pybind11'", "'hatchling'") + "[tool.hatch.metadata.hooks.fancy-pypi-readme]\n"
    assert list(build_tables(tomli.loads(both))) == [("build-system",), ("project",), ("tool", "hatch", "metadata")]


def test_names_in_the_data_are_normalised() -> None:
    assert all(name == name.lower() and "_" not in name and "." not in name for name in READ)


@pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")
@pytest.mark.parametrize("name", [path.name for path in FILES if path.name not in REFUSED])
def test_real_project(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker()
    demo.write({"pyproject.toml": (CORPUS / name).read_bytes() + CONFIG.encode()})
    (key,) = dyncachekeys.resolve(demo.root, demo.environ).keys
    subjects = {one.subject.partition(":")[2] for one in key.inputs.single}
    assert {"project", "build-system"} <= subjects
    never = ("tool.ruff", "tool.pytest", "tool.coverage", "tool.dyncachekeys", "dependency-groups", "tool.uv.index")
    assert not [one for one in subjects if one.startswith(never)]
