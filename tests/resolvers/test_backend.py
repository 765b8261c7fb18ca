"""The in-tree backend, ``setup.py`` and hooks, on real files through the real context."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.plugin import Context, Env, File
from dyncachekeys.process.environ import Environment
from dyncachekeys.resolvers.backend import backend

if TYPE_CHECKING:
    from pathlib import Path

SYSTEM = {"build-backend": "build_backend.core", "backend-path": ["."]}


def resolve(
    root: Path, files: dict[str, str], pyproject: dict[str, Any]
) -> tuple[dict[str, File], list[tuple[str, str]]]:
    """Write a project and return what the resolver yields, by path, and what it warns of."""
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    context = Context(root, pyproject, Environment({}), Files(root, FileMemory()), "tool.dyncachekeys.keys.backend")
    results = [one for one in backend(context) if isinstance(one, File)]
    assert len(results) == len({result.path for result in results})
    return {r.path: r for r in results}, [(n.code, n.message) for n in context.notices]


def reasons(results: dict[str, File], *, entry: bool) -> dict[str, str]:
    """Return paths with reasons of those that ask for an entry, or of the others."""
    return {path: result.reason for path, result in results.items() if result.entry is entry}


def test_the_backend_and_what_it_imports(tmp_path: Path) -> None:
    """Cases 2, 3 and 9: through a literal `import_module` too, and with setuptools nowhere installed."""
    files = {
        "build_backend/__init__.py": "",
        "build_backend/core.py": "import no_setuptools.build_meta\n\nfrom . import helper\nimport importlib\n"
        "importlib.import_module('build_backend.late')\n",
        "build_backend/helper.py": "from .deep import x\n",
        "build_backend/deep/__init__.py": "x = 1\n",
        "build_backend/late.py": "",
        "build_backend/unused.py": "",
        "unrelated.py": "",
    }
    results, warnings = resolve(tmp_path, files, {"build-system": SYSTEM})
    assert reasons(results, entry=True) == {
        "build_backend/__init__.py": "package of build_backend/core.py",
        "build_backend/core.py": "build-system.build-backend",
        "build_backend/helper.py": "imported by build_backend/core.py:3",
        "build_backend/deep/__init__.py": "imported by build_backend/helper.py:1",
        "build_backend/late.py": "imported by build_backend/core.py:5",
    }
    shadow = "absent; would shadow no_setuptools imported by build_backend/core.py:1"
    absent = reasons(results, entry=False)
    assert absent["no_setuptools.py"] == absent["no_setuptools/__init__.py"] == shadow
    assert absent["build_backend/core/__init__.py"] == (
        "absent; would shadow build_backend.core build-system.build-backend"
    )
    assert warnings == []


def test_an_object_of_the_backend_may_be_a_submodule(tmp_path: Path) -> None:
    """Uv writes ``from build_backend import core as backend``."""
    files = {"build_backend/__init__.py": "", "build_backend/core.py": ""}
    system = {"build-backend": "build_backend:core.api", "backend-path": ["."]}
    results, _ = resolve(tmp_path, files, {"build-system": system})
    assert sorted(reasons(results, entry=True)) == sorted(files)


def test_backend_path_is_searched_in_order(tmp_path: Path) -> None:
    files = {"one/other.py": "", "two/be.py": "import helper", "two/helper.py": "", "helper.py": ""}
    system = {"build-backend": "be", "backend-path": ["one", "two/"]}
    results, _ = resolve(tmp_path, files, {"build-system": system})
    assert sorted(reasons(results, entry=True)) == ["two/be.py", "two/helper.py"]
    assert "one/be.py" in results


def test_a_backend_that_is_not_there(tmp_path: Path) -> None:
    results, warnings = resolve(tmp_path, {}, {"build-system": {"build-backend": "be", "backend-path": ["in_tree"]}})
    assert warnings == [("backend-not-followed", "build-system.build-backend: no module be in in_tree")]
    assert sorted(reasons(results, entry=False)) == ["in_tree/be.py", "in_tree/be/__init__.py"]
    assert reasons(results, entry=True) == {}


@pytest.mark.parametrize(
    "pyproject", [{}, {"build-system": {}}, {"build-system": {"build-backend": "hatchling.build"}}]
)
def test_no_backend_in_the_tree(tmp_path: Path, pyproject: dict[str, Any]) -> None:
    assert resolve(tmp_path, {"hatchling/build.py": "", "hatch_build.py": ""}, pyproject) == ({}, [])


def test_setup_py(tmp_path: Path) -> None:
    files = {
        "setup.py": "import setuptools\nimport versioneer\nfrom src.pkg import v",
        "versioneer.py": "",
        "src/pkg/v.py": "",
    }
    results, _ = resolve(tmp_path, files, {})
    assert reasons(results, entry=True) == {
        "setup.py": "setup.py runs at build time",
        "versioneer.py": "imported by setup.py:2",
        "src/pkg/v.py": "imported by setup.py:3",
    }


HATCH, PDM = {"build-backend": "hatchling.build"}, {"build-backend": "pdm.backend"}
POETRY, SKBUILD = {"build-backend": "poetry.core.masonry.api"}, {"build-backend": "scikit_build_core.build"}
SETUPTOOLS = {"build-backend": "setuptools.build_meta"}


@pytest.mark.parametrize(
    ("tool", "system", "path", "reason"),
    [
        (
            {"hatch": {"build": {"hooks": {"custom": {}}}}},
            HATCH,
            "hatch_build.py",
            "hatch.build.hooks.custom.path",
        ),
        (
            {"hatch": {"build": {"targets": {"wheel": {"hooks": {"custom": {"path": "ci/hook.py"}}}}}}},
            HATCH,
            "ci/hook.py",
            "hatch.build.targets.wheel.hooks.custom.path",
        ),
        (
            {"hatch": {"build": {"targets": {"custom": {"path": "./ci/hook.py"}}}}},
            HATCH,
            "ci/hook.py",
            "hatch.build.targets.custom.path",
        ),
        (
            {"hatch": {"metadata": {"hooks": {"custom": {}}}}},
            HATCH,
            "hatch_build.py",
            "hatch.metadata.hooks.custom.path",
        ),
        ({"hatch": {"version": {"source": "code", "path": "v.py"}}}, HATCH, "v.py", "hatch.version.path"),
        ({"pdm": {"build": {"custom-hook": "ci/hook.py"}}}, PDM, "ci/hook.py", "pdm.build.custom-hook"),
        ({"poetry": {"build": "build.py"}}, POETRY, "build.py", "poetry.build"),
        ({"poetry": {"build": {"script": "build.py"}}}, POETRY, "build.py", "poetry.build.script"),
    ],
)
def test_a_hook_and_the_helper_beside_it(
    tmp_path: Path, tool: dict[str, Any], system: dict[str, str], path: str, reason: str
) -> None:
    beside = f"{path.rpartition('/')[0]}/beside.py".lstrip("/")
    files = {
        path: "import beside\nimport at_root",
        beside: "",
        "at_root.py": "",
        "pdm_build.py": "",
        "unrelated.py": "",
    }
    results, warnings = resolve(tmp_path, files, {"tool": tool, "build-system": system})
    assert reasons(results, entry=True) == {
        path: f"tool.{reason}",
        beside: f"imported by {path}:1",
        "at_root.py": f"imported by {path}:2",
    }
    assert warnings == []


@pytest.mark.parametrize("version", [{"path": "v.py"}, {"source": "regex", "path": "v.py"}, {"source": "code"}])
def test_a_version_file_that_is_not_run(tmp_path: Path, version: dict[str, str]) -> None:
    assert resolve(tmp_path, {"v.py": ""}, {"tool": {"hatch": {"version": version}}}) == ({}, [])


def test_the_search_paths_of_hatch_come_first(tmp_path: Path) -> None:
    version = {"source": "code", "path": "pkg/v.py", "search-paths": ["src"]}
    files = {"pkg/v.py": "import h", "src/h.py": "", "pkg/h.py": ""}
    results, _ = resolve(tmp_path, files, {"tool": {"hatch": {"version": version}}, "build-system": HATCH})
    assert sorted(reasons(results, entry=True)) == ["pkg/v.py", "src/h.py"]


@pytest.mark.parametrize("exists", [True, False])
def test_pdm_runs_its_default_hook_if_it_is_there(tmp_path: Path, exists: bool) -> None:
    results, warnings = resolve(tmp_path, {"pdm_build.py": ""} if exists else {}, {"build-system": PDM})
    assert results["pdm_build.py"].entry is exists
    assert warnings == []


@pytest.mark.parametrize(
    ("pyproject", "message"),
    [
        ({"build-system": []}, "build-system is not a table"),
        ({"build-system": {"backend-path": "."}}, "build-system.backend-path is not a list"),
        (
            {"build-system": {"build-backend": "be", "backend-path": ["../x"]}},
            "build-system.backend-path: '../x' is not a directory of the tree",
        ),
        (
            {"build-system": {"build-backend": "be", "backend-path": [1]}},
            "build-system.backend-path: 1 is not a directory of the tree",
        ),
        (
            {"build-system": {"build-backend": "be", "backend-path": ["/x"]}},
            "build-system.backend-path: '/x' is not a directory of the tree",
        ),
        (
            {"build-system": {"build-backend": 3, "backend-path": ["."]}},
            "build-system.build-backend is not the name of a module",
        ),
        ({"build-system": {"backend-path": ["."]}}, "build-system.build-backend is not the name of a module"),
        (
            {"tool": {"poetry": {"build": 3}}, "build-system": POETRY},
            "tool.poetry.build is not the path of a file in the tree",
        ),
        (
            {"tool": {"poetry": {"build": "/x.py"}}, "build-system": POETRY},
            "tool.poetry.build is not the path of a file in the tree",
        ),
        (
            {"tool": {"hatch": {"build": {"hooks": {"custom": {}}}}}, "build-system": HATCH},
            "tool.hatch.build.hooks.custom.path: there is no hatch_build.py",
        ),
    ],
)
def test_what_cant_be_followed_is_said(tmp_path: Path, pyproject: dict[str, Any], message: str) -> None:
    results, warnings = resolve(tmp_path, {}, pyproject)
    assert warnings == [("backend-not-followed", message)]
    assert reasons(results, entry=True) == {}


@pytest.mark.parametrize(
    "pyproject",
    [{"tool": 1}, {"tool": {"hatch": {"build": {"targets": []}}}}, {"tool": {"pdm": {"build": ""}}}],
)
def test_tables_that_are_none_are_not_there(tmp_path: Path, pyproject: dict[str, Any]) -> None:
    assert resolve(tmp_path, {}, pyproject) == ({}, [])


@pytest.mark.parametrize(
    ("tool", "system", "files", "reason"),
    [
        pytest.param(
            {"setuptools": {"cmdclass": {"build_ext": "tools.ext.Build"}}},
            SETUPTOOLS,
            {"tools/__init__.py": "", "tools/ext.py": "from . import more", "tools/more.py": ""},
            {"tools/ext.py": "tool.setuptools.cmdclass.build_ext"},
            id="cmdclass",
        ),
        pytest.param(
            {"setuptools": {"cmdclass": {"build_ext": "tools.Build"}, "package-dir": {"": "lib"}}},
            SETUPTOOLS,
            {"lib/tools.py": ""},
            {"lib/tools.py": "tool.setuptools.cmdclass.build_ext"},
            id="cmdclass below a folder",
        ),
        pytest.param(
            {"scikit-build": {"metadata": {"version": {"provider": "find", "provider-path": "scripts"}}}},
            SKBUILD,
            {"scripts/find.py": "import more", "scripts/more.py": "", "find.py": ""},
            {"scripts/find.py": "tool.scikit-build.metadata.version.provider"},
            id="provider-path",
        ),
        pytest.param(
            {"dynamic-metadata": [{"provider": "find", "provider-path": "./scripts", "field": "version"}]},
            SKBUILD,
            {"scripts/find.py": ""},
            {"scripts/find.py": "tool.dynamic-metadata.provider"},
            id="dynamic-metadata",
        ),
        pytest.param(
            {"dynamic-metadata": {"version": {"provider": "find", "provider-path": "scripts"}}},
            SKBUILD,
            {"scripts/find.py": ""},
            {"scripts/find.py": "tool.dynamic-metadata.version.provider"},
            id="dynamic-metadata by field",
        ),
        pytest.param(
            {"hatch": {"build": {"hooks": {"jupyter-builder": {"build-function": "ci.js.build"}}}}},
            HATCH,
            {"ci/js.py": "from ci import npm", "ci/npm.py": ""},
            {"ci/js.py": "tool.hatch.build.hooks.jupyter-builder.build-function"},
            id="build-function",
        ),
        pytest.param(
            {"hatch": {"build": {"targets": {"wheel": {"hooks": {"x": {"build-function": "js.build"}}}}}}},
            HATCH,
            {"js.py": ""},
            {"js.py": "tool.hatch.build.targets.wheel.hooks.x.build-function"},
            id="build-function of a target",
        ),
    ],
)
def test_what_the_configuration_names_is_imported(
    tmp_path: Path, tool: dict[str, Any], system: dict[str, str], files: dict[str, str], reason: dict[str, str]
) -> None:
    results, warnings = resolve(tmp_path, files, {"tool": tool, "build-system": system})
    found = reasons(results, entry=True)
    assert found.items() >= reason.items()
    assert sorted(found) == sorted(files.keys() - {"find.py"})
    assert warnings == []


def test_commands_in_setup_cfg(tmp_path: Path) -> None:
    files = {"setup.cfg": "[options]\ncmdclass =\n    sdist = tools.Sdist\n    build_py = tools.Py\n", "tools.py": ""}
    results, _ = resolve(tmp_path, files, {"build-system": SETUPTOOLS})
    assert reasons(results, entry=True) == {"tools.py": "setup.cfg: options.cmdclass"}


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ("cffi_modules=['ffi/build_x.py:ffi']", ["ffi/build_x.py", "helper.py"]),
        ("cffi_modules=[*ALL]", ["ffi/build_x.py", "helper.py"]),
        ("cffi_modules=ALL", ["ffi/build_x.py", "helper.py"]),
        ("packages=['ffi/build_x.py:ffi']", []),
    ],
)
def test_cffi_modules_are_run(tmp_path: Path, call: str, found: list[str]) -> None:
    files = {
        "setup.py": f"from setuptools import setup\nALL = ['ffi/build_x.py:ffi']\nsetup({call})\n",
        "ffi/build_x.py": "import beside\nimport helper\n",
        "ffi/beside.py": "",
        "helper.py": "",
    }
    results, warnings = resolve(tmp_path, files, {"build-system": SETUPTOOLS})
    assert sorted(reasons(results, entry=True)) == sorted(["setup.py", *found])
    assert warnings == []


@pytest.mark.parametrize(
    ("tool", "system"),
    [
        ({"poetry": {"build": "build.py"}}, HATCH),
        ({"poetry": {"build": {"script": "build.py"}}}, SETUPTOOLS),
        ({"hatch": {"build": {"hooks": {"custom": {"path": "build.py"}}}}}, POETRY),
        ({"pdm": {"build": {"custom-hook": "build.py"}}}, HATCH),
        ({"setuptools": {"cmdclass": {"build": "build.Build"}}}, HATCH),
    ],
)
def test_what_another_backend_would_run_is_not(tmp_path: Path, tool: dict[str, Any], system: dict[str, str]) -> None:
    assert resolve(tmp_path, {"build.py": ""}, {"tool": tool, "build-system": system}) == ({}, [])


def test_a_backend_in_the_tree_may_wrap_any(tmp_path: Path) -> None:
    system = {"build-backend": "be", "backend-path": ["."], "requires": ["other"]}
    files = {"be.py": "", "hook.py": ""}
    results, _ = resolve(
        tmp_path, files, {"tool": {"pdm": {"build": {"custom-hook": "hook.py"}}}, "build-system": system}
    )
    assert sorted(reasons(results, entry=True)) == ["be.py", "hook.py"]


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ('[envs.default]\ndependencies = ["pytest"]\n', False),
        ('[build.targets.wheel]\npackages = ["p"]\n', True),
        ('[version]\npath = "v.py"\n', True),
        ("[metadata]\nallow-direct-references = true\n", True),
        ("broken", True),
    ],
)
def test_a_hatch_toml_counts_if_it_says_anything_of_the_build(tmp_path: Path, text: str, counts: bool) -> None:
    results, _ = resolve(tmp_path, {"hatch.toml": text}, {"build-system": HATCH})
    assert sorted(results) == (["hatch.toml"] if counts else [])


SETUP = """\
import os
from pathlib import Path
from setuptools import setup
requirements = open("requirements.txt").read()
data = [one.read_text() for one in Path("data").glob("*.csv")]
if os.environ.get("DEMO_FAST") and os.environ["API_TOKEN"] and os.getenv("HOME"):
    Path("made.txt").write_text("")
made = Path("made.txt").read_text()
gone = open("gone.txt"), open("../outside.txt"), open("/etc/hosts"), open("ignored.txt"), open("pyproject.toml")
setup()
"""


def test_what_the_code_reads_under_a_name(tmp_path: Path) -> None:
    root = tmp_path / "project"
    (tmp_path / "outside.txt").touch()
    files = {
        "setup.py": SETUP,
        **dict.fromkeys(["requirements.txt", "data/a.csv", "data/b.csv", "data/c.txt", "data/deep/d.csv"], ""),
        **dict.fromkeys(["made.txt", "ignored.txt", "data/ignored.csv", "pyproject.toml", ".git/HEAD"], ""),
        ".gitignore": "*ignored.*\n",
    }
    results, warnings = resolve(root, files, {"build-system": SETUPTOOLS})
    assert reasons(results, entry=True) == {
        "setup.py": "setup.py runs at build time",
        "requirements.txt": "read by setup.py:4",
    }
    assert warnings == []
    context = Context(root, {"build-system": SETUPTOOLS}, Environment({}), Files(root, FileMemory()), "key")
    found = [(one.name, one.reason) for one in backend(context) if isinstance(one, Env)]
    assert found == [("DEMO_FAST", "read by setup.py:6")]


@pytest.mark.parametrize(
    ("key", "counts"),
    [
        ({"resolver": "table", "file": "settings.json", "tables": ["build"]}, False),
        ({"resolver": "files", "patterns": ["/settings.json"]}, False),
        ({"resolver": "build", "exclude": ["settings.json"]}, False),
        ({"resolver": "keys:own", "file": "./settings.json"}, False),
        ({"resolver": "files", "patterns": ["/settings.json"], "fallback": True}, True),
        ({"resolver": "table", "file": "other.json", "tables": ["build"]}, True),
        ({"resolver": "files", "patterns": 3}, True),
    ],
)
@pytest.mark.parametrize("table", ["keys", "workspace"])
def test_what_another_key_names_is_its_matter(
    tmp_path: Path, key: dict[str, object], table: str, *, counts: bool
) -> None:
    keys = {"keys": {"one": key}} if table == "keys" else {"workspace": {"keys": {"one": key}}}
    files = {"setup.py": "open('settings.json')\nopen('.gitignore')\n", "settings.json": "{}", ".gitignore": ""}
    results, _ = resolve(tmp_path, files, {"build-system": SETUPTOOLS, "tool": {"dyncachekeys": keys}})
    assert ("settings.json" in results) is counts
    assert ".gitignore" not in results, "what it selects counts"
