"""hatchling's hooks, and files that are packed under another name."""

from __future__ import annotations

import pytest

from kit import UV, UV_VERSION
from watched.conftest import StrangerMaker
from watched.stranger import IGNORED, NEVER, ONCE, needs

PYPROJECT = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
CUSTOM = PYPROJECT + "\n[tool.hatch.build.hooks.custom]\n"
GLOBS = """\
from pathlib import Path

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        root = Path(self.root)
        rows = {path.stem: path.read_text().split() for path in sorted(root.glob("data/*.csv"))}
        (root / "demo/_tables.py").write_text(f"TABLES = {rows!r}\\n")
        build_data["artifacts"].append("demo/_tables.py")
"""
DATA = {
    ".gitignore": IGNORED + "/demo/_tables.py\n",
    "demo/__init__.py": "",
    "data/cities.csv": "london\n",
    "data/README.md": "Tables.\n",
}


def test_a_hook_that_globs_and_writes(stranger: StrangerMaker) -> None:
    someone = stranger({**DATA, "pyproject.toml": CUSTOM, "hatch_build.py": GLOBS})
    someone.settle()
    assert someone.edit("data/cities.csv", "london", "paris") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'cities': ['paris']}"
    assert someone.add("data/rivers.csv", "seine\n") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'cities': ['paris'], 'rivers': ['seine']}"
    assert someone.remove("data/cities.csv") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'rivers': ['seine']}"
    assert someone.remove("demo/_tables.py") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'rivers': ['seine']}"
    assert someone.edit("data/README.md", "Tables.", "More.") == NEVER
    assert someone.add("data/notes.txt") == NEVER
    assert someone.add("demo/core.py", "SIZE = 1\n") == NEVER
    assert someone.edit("demo/core.py", "1", "2") == NEVER
    assert someone.edit("hatch_build.py", "TABLES =", "TABLES: dict =") == ONCE
    someone.assert_right(
        "data/cities.csv", "data/rivers.csv", "data/README.md", "data/notes.txt", "demo/core.py", "hatch_build.py"
    )


JUPYTER_BUILDER = """
[tool.hatch.build.hooks.jupyter-builder]
dependencies = ["hatch-jupyter-builder"]
build-function = "tools.assets.build"
ensured-targets = ["demo/static/app.js"]

[tool.hatch.build.hooks.jupyter-builder.build-kwargs]
source = "web/app.js"

[tool.hatch.build.hooks.jupyter-builder.editable-build-kwargs]
source = "web/app.js"
"""
ASSETS = """\
from pathlib import Path

from tools.text import shorter


def build(target_name, version, source):
    Path("demo/static").mkdir(exist_ok=True)
    Path("demo/static/app.js").write_text(shorter(Path(source).read_text()))
"""
OF_A_THIRD_PARTY = {
    ".gitignore": IGNORED + "/demo/static/\n",
    "pyproject.toml": PYPROJECT + JUPYTER_BUILDER,
    "demo/__init__.py": "",
    "tools/assets.py": ASSETS,
    "tools/text.py": "def shorter(text):\n    return text.strip()\n",
    "web/app.js": "one()\n",
    "web/other.js": "other()\n",
}


def test_a_hook_of_a_third_party_with_a_function_of_the_tree(stranger: StrangerMaker) -> None:
    someone = stranger(OF_A_THIRD_PARTY)
    product = someone.root / "demo/static/app.js"
    someone.settle()
    assert someone.edit("web/app.js", "one", "two") == ONCE
    assert product.read_text(encoding="utf-8") == "two()"
    assert someone.edit("tools/text.py", "strip()", "strip() + ';'") == ONCE
    assert product.read_text(encoding="utf-8") == "two();"
    assert someone.remove("demo/static/app.js") == ONCE
    assert product.read_text(encoding="utf-8") == "two();"
    assert someone.edit("web/other.js", "other", "more") == NEVER
    assert someone.add("web/more.js") == NEVER
    someone.assert_right("web/app.js", "web/other.js", "web/more.js", "tools/text.py")


BUILD_SCRIPTS = """
[tool.hatch.build.hooks.build-scripts]
dependencies = ["hatch-build-scripts"]

[[tool.hatch.build.hooks.build-scripts.scripts]]
out_dir = "demo"
commands = ["sh tools/gen.sh"]
artifacts = ["_places.py"]
"""
GEN = """\
city=$(cat data/city.txt)
echo "CITY = '$city'" > _places.py
"""
THAT_RUNS_A_SCRIPT = {
    ".gitignore": IGNORED + "_places.py\n",
    "pyproject.toml": PYPROJECT + BUILD_SCRIPTS,
    "demo/__init__.py": "",
    "tools/gen.sh": GEN,
    "tools/other.sh": "",
    "data/city.txt": "london\n",
    "data/river.txt": "thames\n",
}


@needs("sh")
@pytest.mark.thorough
def test_a_hook_of_a_third_party_that_runs_a_script(stranger: StrangerMaker) -> None:
    someone = stranger(THAT_RUNS_A_SCRIPT)
    someone.settle()
    assert someone.says("demo._places.CITY") == "london"
    assert someone.edit("data/city.txt", "london", "paris") == ONCE
    assert someone.says("demo._places.CITY") == "paris"
    assert someone.edit("tools/gen.sh", "$city", "$city!") == ONCE
    assert someone.says("demo._places.CITY") == "paris!"
    assert someone.remove("demo/_places.py") == ONCE
    assert someone.says("demo._places.CITY") == "paris!"
    assert someone.edit("data/river.txt", "thames", "seine") == NEVER
    assert someone.edit("tools/other.sh", "", "# more\n") == NEVER
    someone.assert_right("data/city.txt", "data/river.txt", "tools/gen.sh", "tools/other.sh")


FORCE_INCLUDE = """
[tool.hatch.build.targets.wheel.force-include]
"extra/config.json" = "demo/config.json"
"assets" = "demo/assets"

[tool.hatch.build.targets.wheel.shared-data]
"share/demo.conf" = "etc/demo.conf"
"""
PACKED = {
    "pyproject.toml": PYPROJECT + FORCE_INCLUDE,
    "demo/__init__.py": "",
    "extra/config.json": "1\n",
    "extra/other.json": "1\n",
    "assets/one.txt": "1\n",
    "share/demo.conf": "1\n",
    "share/other.conf": "1\n",
}


def test_files_that_are_packed_under_another_name(stranger: StrangerMaker) -> None:
    someone = stranger(PACKED)
    someone.settle()
    (installed,) = someone.root.glob(".venv/lib/python*/site-packages/demo")
    assert someone.edit("extra/config.json", "1", "2") == ONCE
    assert (installed / "config.json").read_text(encoding="utf-8") == "2\n"
    assert someone.edit("assets/one.txt", "1", "2") == ONCE
    assert (installed / "assets/one.txt").read_text(encoding="utf-8") == "2\n"
    assert someone.add("assets/deep/two.txt", "2\n") == ONCE
    assert (installed / "assets/deep/two.txt").exists()
    assert someone.remove("assets/deep") == ONCE
    assert not (installed / "assets/deep").exists()
    assert someone.edit("share/demo.conf", "1", "2") == ONCE
    assert (someone.root / ".venv/etc/demo.conf").read_text(encoding="utf-8") == "2\n"
    assert someone.edit("extra/other.json", "1", "2") == NEVER
    assert someone.edit("share/other.conf", "1", "2") == NEVER
    assert someone.add("extra/more.json") == NEVER
    someone.assert_right(
        "extra/config.json",
        "extra/other.json",
        "extra/more.json",
        "assets/one.txt",
        "share/demo.conf",
        "share/other.conf",
    )


UV_BUILD = {
    "pyproject.toml": """\
        [project]
        name = "demo"
        version = "0.1"
        requires-python = ">=3.10"

        [build-system]
        requires = ["uv_build"]
        build-backend = "uv_build"

        [tool.uv.build-backend]
        data = { data = "share" }
        """,
    "src/demo/__init__.py": "SIZE = 1\n",
    "share/etc/demo.conf": "1\n",
    "other/demo.conf": "1\n",
}


@pytest.mark.skipif(
    (0, 10) < UV_VERSION < (0, 11, 33), reason="this uv leaves data out of an editable wheel that it builds itself"
)
def test_data_of_uv_build(stranger: StrangerMaker) -> None:
    someone = stranger(UV_BUILD)
    someone.settle()
    installed = someone.root / ".venv/etc/demo.conf"
    assert installed.read_text(encoding="utf-8") == "1\n"
    assert someone.edit("share/etc/demo.conf", "1", "2") == ONCE
    assert installed.read_text(encoding="utf-8") == "2\n"
    assert someone.add("share/etc/more.conf", "1\n") == ONCE
    assert someone.remove("share/etc/more.conf") == ONCE
    assert someone.edit("other/demo.conf", "1", "2") == NEVER
    assert someone.edit("src/demo/__init__.py", "1", "2") == NEVER
    assert someone.add("src/demo/core.py") == NEVER
    someone.assert_right("share/etc/demo.conf", "other/demo.conf", "src/demo/__init__.py", "src/demo/core.py")


INCREMENTAL = GLOBS.replace(
    "        rows =",
    """\
        product, sources = root / "demo/_tables.py", [*root.glob("data/*.csv")]
        if product.exists() and all(one.stat().st_mtime < product.stat().st_mtime for one in sources):
            build_data["artifacts"].append("demo/_tables.py")
            return
        rows =""",
)


@pytest.mark.parametrize(
    "before",
    [
        pytest.param(False, id="products of watched builds", marks=pytest.mark.thorough),
        pytest.param(True, id="products of earlier builds"),
    ],
)
def test_a_hook_that_returns_early(stranger: StrangerMaker, before: bool) -> None:
    someone = stranger({**DATA, "pyproject.toml": CUSTOM, "hatch_build.py": INCREMENTAL})
    if before:
        someone.command(UV, "sync")
        assert (someone.root / "demo/_tables.py").exists()
    someone.settle()
    assert someone.edit("pyproject.toml", 'version = "0.1"', 'version = "0.2"') == ONCE
    assert someone.edit("data/cities.csv", "london", "paris") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'cities': ['paris']}"
    assert someone.edit("pyproject.toml", 'version = "0.2"', 'version = "0.3"') == ONCE
    assert someone.add("data/rivers.csv", "seine\n") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'cities': ['paris'], 'rivers': ['seine']}"
    assert someone.remove("demo/_tables.py") == ONCE
    assert someone.edit("data/rivers.csv", "seine", "loire") == ONCE
    assert someone.says("demo._tables.TABLES") == "{'cities': ['paris'], 'rivers': ['loire']}"
    assert someone.edit("data/README.md", "Tables.", "More.") == NEVER
    someone.assert_right("pyproject.toml", "data/cities.csv", "data/rivers.csv", "data/README.md")
