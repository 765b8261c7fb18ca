"""Projects that nobody has tuned anything to: each is one that a user could have."""

from __future__ import annotations

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import IGNORED, NEVER, ONCE, needs


def pyproject(requires: str, backend: str, *, name: str = "demo", more: str = "", version: str = "") -> str:
    return f"""\
[project]
name = "{name}"
{version or 'version = "0.1"'}
requires-python = ">=3.10"

[build-system]
requires = [{requires}]
build-backend = "{backend}"
{more}"""


WORDS = {
    ".gitignore": IGNORED + "_words.py\n.pdm-build/\n",
    "demo/__init__.py": "",
    "data/words.txt": "one\n",
    "data/other.txt": "other\n",
}


@pytest.mark.thorough
def test_pdm_backend_with_a_build_script(stranger: StrangerMaker) -> None:
    someone = stranger(
        {
            **WORDS,
            "pyproject.toml": pyproject('"pdm-backend"', "pdm.backend"),
            "pdm_build.py": """\
                def pdm_build_initialize(context):
                    words = (context.root / "data/words.txt").read_text().split()
                    (context.root / "demo/_words.py").write_text(f"WORDS = {words!r}\\n")
                """,
        }
    )
    someone.settle()
    assert someone.edit("data/words.txt", "one", "two") == ONCE
    assert someone.says("demo._words.WORDS") == "['two']"
    assert someone.edit("pdm_build.py", ".split()", ".upper().split()") == ONCE
    assert someone.says("demo._words.WORDS") == "['TWO']"
    assert someone.remove("demo/_words.py") == ONCE
    assert someone.says("demo._words.WORDS") == "['TWO']"
    assert someone.edit("data/other.txt", "other", "more") == NEVER
    assert someone.add("data/more.txt") == NEVER
    assert someone.add("demo/core.py") == NEVER
    someone.assert_right("data/words.txt", "data/other.txt", "data/more.txt", "pdm_build.py", "demo/core.py")


@pytest.mark.thorough
def test_poetry_core_with_a_build_script(stranger: StrangerMaker) -> None:
    more = """
[tool.poetry.build]
script = "tools/make.py"
generate-setup-file = false
"""
    someone = stranger(
        {
            **WORDS,
            "pyproject.toml": pyproject('"poetry-core"', "poetry.core.masonry.api", more=more),
            "tools/make.py": """\
                import pathlib

                import spelling

                words = pathlib.Path("data/words.txt").read_text().split()
                pathlib.Path("demo/_words.py").write_text(f"WORDS = {spelling.spelled(words)!r}\\n")
                """,
            "tools/spelling.py": "def spelled(words):\n    return [word.lower() for word in words]\n",
            "tools/unused.py": "",
        }
    )
    someone.settle()
    assert someone.edit("data/words.txt", "one", "two") == ONCE
    assert someone.says("demo._words.WORDS") == "['two']"
    assert someone.edit("tools/spelling.py", "lower", "swapcase") == ONCE
    assert someone.says("demo._words.WORDS") == "['TWO']"
    assert someone.remove("demo/_words.py") == ONCE
    assert someone.says("demo._words.WORDS") == "['TWO']"
    assert someone.edit("tools/unused.py", "", "# more\n") == NEVER
    assert someone.edit("data/other.txt", "other", "more") == NEVER
    assert someone.add("demo/core.py") == NEVER
    someone.assert_right("data/words.txt", "data/other.txt", "tools/spelling.py", "tools/unused.py", "demo/core.py")


MANIFEST = {
    "pyproject.toml": pyproject('"setuptools"', "setuptools.build_meta", version='dynamic = ["version"]'),
    "setup.cfg": """\
        [metadata]
        version = file: VERSION

        [options]
        packages = demo
        include_package_data = true
        """,
    "MANIFEST.in": "include demo/*.txt\n",
    "VERSION": "1.0\n",
    "demo/__init__.py": "",
    "demo/data.txt": "1\n",
    "demo/data.csv": "1\n",
}


@pytest.mark.thorough
def test_setuptools_with_a_version_file_and_a_manifest(stranger: StrangerMaker) -> None:
    someone = stranger(MANIFEST)
    someone.settle()
    assert someone.edit("VERSION", "1.0", "2.0") == ONCE
    assert someone.metadata("Version") == ["2.0"]
    assert someone.edit("MANIFEST.in", "*.txt", "*.csv") == NEVER, "nothing is packed"
    assert someone.edit("demo/data.txt", "1", "2") == NEVER
    assert someone.add("demo/more.txt") == NEVER
    someone.assert_right("VERSION", "MANIFEST.in", "demo/data.txt", "demo/more.txt")


@pytest.mark.thorough
def test_setuptools_with_a_manifest_that_decides_what_is_packed(stranger: StrangerMaker) -> None:
    someone = stranger(MANIFEST, options=("--no-editable",))
    someone.settle()
    (installed,) = someone.root.glob(".venv/lib/python*/site-packages/demo")
    assert someone.edit("VERSION", "1.0", "2.0") == ONCE
    assert someone.metadata("Version") == ["2.0"]
    assert someone.edit("demo/data.txt", "1", "2") == ONCE
    assert (installed / "data.txt").read_text(encoding="utf-8") == "2\n"
    assert someone.add("demo/more.txt", "1\n") == ONCE
    assert (installed / "more.txt").exists()
    assert someone.edit("demo/data.csv", "1", "2") == NEVER
    assert someone.edit("MANIFEST.in", "*.txt", "*.txt demo/*.csv") == ONCE
    assert (installed / "data.csv").read_text(encoding="utf-8") == "2\n"
    assert someone.edit("demo/data.csv", "2", "3") == ONCE
    assert (installed / "data.csv").read_text(encoding="utf-8") == "3\n"
    someone.assert_right("VERSION", "MANIFEST.in", "demo/data.txt", "demo/more.txt", "demo/data.csv")


@pytest.mark.thorough
@needs("sh", "cat")
def test_hatchling_with_a_hook_that_runs_a_shell_script(stranger: StrangerMaker) -> None:
    someone = stranger(
        {
            **WORDS,
            "pyproject.toml": pyproject('"hatchling"', "hatchling.build", more="\n[tool.hatch.build.hooks.custom]\n"),
            "hatch_build.py": """\
                import subprocess

                from hatchling.builders.hooks.plugin.interface import BuildHookInterface


                class Hook(BuildHookInterface):
                    def initialize(self, version, build_data):
                        subprocess.run(["sh", "tools/words.sh"], cwd=self.root, check=True)
                        build_data["artifacts"].append("demo/_words.py")
                """,
            "tools/words.sh": """\
                read -r first < data/words.txt
                echo "WORDS = ['$first', '$(cat data/second.txt)']" > demo/_words.py
                """,
            "data/second.txt": "second\n",
        }
    )
    someone.settle()
    assert someone.says("demo._words.WORDS") == "['one', 'second']"
    assert someone.edit("data/words.txt", "one", "two") == ONCE
    assert someone.edit("data/second.txt", "second", "last") == ONCE
    assert someone.says("demo._words.WORDS") == "['two', 'last']"
    assert someone.edit("tools/words.sh", "$first'", "$first!'") == ONCE
    assert someone.says("demo._words.WORDS") == "['two!', 'last']"
    assert someone.remove("demo/_words.py") == ONCE
    assert someone.edit("data/other.txt", "other", "more") == NEVER
    assert someone.add("data/more.txt") == NEVER
    someone.assert_right("data/words.txt", "data/second.txt", "data/other.txt", "data/more.txt", "tools/words.sh")


WHEEL = """\
import zipfile
from pathlib import Path


def write(directory, name, requires, modules):
    info = f"{name}-0.1.dist-info"
    files = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 0.1\\n"
        + "".join(f"Requires-Dist: {one}\\n" for one in requires),
        f"{info}/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        **modules,
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\\n" for path in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(Path(directory, f"{name}-0.1-py3-none-any.whl"), "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return f"{name}-0.1-py3-none-any.whl"
"""


@pytest.mark.thorough
def test_a_backend_that_imports_from_beside_the_project(stranger: StrangerMaker) -> None:
    someone = stranger(
        {
            "project/pyproject.toml": pyproject("", "backend", more='backend-path = ["."]\n'),
            "project/wheels.py": WHEEL,
            "project/backend.py": """\
                import sys
                from pathlib import Path

                import wheels

                sys.path.insert(0, str(Path(__file__).parent.parent))
                from shared import gen


                def build_wheel(directory, config_settings=None, metadata_directory=None):
                    return wheels.write(directory, "demo", [], {"demo_pages.py": f"PAGES = {gen.pages()!r}\\n"})


                build_editable = build_wheel
                """,
            "shared/__init__.py": "",
            "shared/gen.py": """\
                from pathlib import Path


                def pages():
                    found = sorted(Path(__file__).parent.glob("templates/*.tmpl"))
                    return {path.stem: path.read_text().strip() for path in found}
                """,
            "shared/unused.py": "",
            "shared/templates/index.tmpl": "one\n",
            "shared/templates/README.md": "",
        },
        folder="project",
    )
    someone.settle()
    assert someone.edit("shared/templates/index.tmpl", "one", "two") == ONCE
    assert someone.says("demo_pages.PAGES") == "{'index': 'two'}"
    assert someone.add("shared/templates/about.tmpl", "us\n") == ONCE
    assert someone.says("demo_pages.PAGES") == "{'about': 'us', 'index': 'two'}"
    assert someone.remove("shared/templates/index.tmpl") == ONCE
    assert someone.says("demo_pages.PAGES") == "{'about': 'us'}"
    assert someone.edit("shared/gen.py", ".strip()", ".strip().upper()") == ONCE
    assert someone.says("demo_pages.PAGES") == "{'about': 'US'}"
    assert someone.edit("shared/unused.py", "", "# more\n") == NEVER
    assert someone.edit("shared/templates/README.md", "", "More.\n") == NEVER
    assert someone.add("shared/templates/notes.txt") == NEVER
    assert someone.add("other/x.tmpl") == NEVER
    someone.assert_right(
        "shared/templates/index.tmpl",
        "shared/templates/about.tmpl",
        "shared/templates/README.md",
        "shared/templates/notes.txt",
        "shared/gen.py",
        "shared/unused.py",
        "other/x.tmpl",
    )


@pytest.mark.thorough
def test_a_workspace_with_a_file_for_all(stranger: StrangerMaker) -> None:
    backend = """\
        import re

        import wheels


        def build_wheel(directory, config_settings=None, metadata_directory=None):
            return wheels.write(directory, "NAME", REQUIRES, {})


        build_editable = build_wheel
        """
    reads = """[
                f"{name}=={version}"
                for name, version in re.findall(r'^(\\w+) = "(.+)"', open("../common/versions.toml").read(), re.M)
            ]"""
    members: dict[str, str] = {}
    for name, requires in (("demo", reads), ("other", "[]")):
        table = pyproject("", "backend", name=name, version='version = "0.1"', more='backend-path = ["."]\n')
        if name == "demo":
            table = table.replace("requires-python", 'dynamic = ["dependencies"]\nrequires-python')
        members |= {
            f"packages/{name}/pyproject.toml": table,
            f"packages/{name}/wheels.py": WHEEL,
            f"packages/{name}/backend.py": backend.replace("NAME", name).replace("REQUIRES", requires),
        }
    someone = stranger(
        {
            **members,
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/demo", "packages/other"]\n',
            "packages/common/versions.toml": 'alpha = "1.0"\n',
            "packages/common/other.toml": "",
        },
        options=("--all-packages",),
    )
    someone.settle()
    assert someone.metadata("Requires-Dist") == ["alpha==1.0"]
    assert someone.edit("packages/common/versions.toml", "alpha", "beta") == ONCE
    assert someone.metadata("Requires-Dist") == ["beta==1.0"]
    assert someone.edit("packages/other/backend.py", "import re\n", "import re  # more\n") == ONCE
    assert someone.edit("packages/demo/wheels.py", "import zipfile\n", "import zipfile  # more\n") == ONCE
    assert someone.edit("packages/common/other.toml", "", "# more\n") == NEVER
    assert someone.add("packages/common/more.toml") == NEVER
    assert someone.add("packages/demo/notes.txt") == NEVER
    someone.assert_right(
        "packages/common/versions.toml",
        "packages/common/other.toml",
        "packages/common/more.toml",
        "packages/demo/notes.txt",
        "packages/demo/wheels.py",
        "packages/other/backend.py",
    )
