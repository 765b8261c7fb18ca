"""`doctor --build`: a backend that disagrees with itself (the second fault in ``docs/uv-facts.md``)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import Finding
from kit import Demo, DemoMaker, make_wheel

SETUPTOOLS = """
from setuptools import build_meta
from setuptools.build_meta import *

REQUIRES = ["one", "two"]


def _added(directory, name):
    path = f"{directory}/{name}/METADATA"
    with open(path, encoding="utf-8") as stream:
        head, _, body = stream.read().partition("\\n\\n")
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(head.rstrip() + "".join(f"\\nRequires-Dist: {one}" for one in REQUIRES) + "\\n\\n" + body)
    return name


def prepare_metadata_for_build_editable(directory, config_settings=None):
    return _added(directory, build_meta.prepare_metadata_for_build_editable(directory, config_settings))
"""
OF_SETUPTOOLS = """
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"
{more}

[build-system]
requires = ["setuptools"]
build-backend = "backend"
backend-path = ["."]

[tool.setuptools]
py-modules = []

[tool.uv]
cache-keys = [{{ file = "pyproject.toml" }}, {{ file = "backend.py" }}]
"""
HOOKS = """
def prepare_metadata_for_build_editable(directory, config_settings=None):
    {prepare}


def prepare_metadata_for_build_wheel(directory, config_settings=None):
    return _metadata(directory, "")


def _metadata(directory, more):
    info = Path(directory, "demo-0.1.dist-info")
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n{{more}}")
    return info.name
"""


def of_build(root: Path, environ: dict[str, str]) -> list[Finding]:
    return [one for one in examine(root, environ, build=True) if one.code.startswith("DCK07")]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Setuptools, which comes from the package registry, and two empty packages."""
    folder = tmp_path_factory.mktemp("wheels")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary=:all:",
        "--dest",
        str(folder),
    ]
    subprocess.run([*pip, "setuptools"], check=True)
    for name in ("one", "two"):
        make_wheel(folder, name, {f"{name}.py": ""})
    return folder


def of_setuptools(maker: DemoMaker, wheels: Path, backend: str, more: str = 'dynamic = ["dependencies"]') -> Demo:
    demo = maker(files={"pyproject.toml": OF_SETUPTOOLS.format(more=more), "backend.py": backend})
    demo.environ["UV_FIND_LINKS"] = str(wheels)
    return demo


def installed(demo: Demo) -> set[str]:
    found = (demo.root / ".venv").glob("lib/*/site-packages/*.dist-info")
    return {path.name.partition("-")[0] for path in found} & {"one", "two"}


@pytest.mark.thorough
def test_the_second_fault(demo_maker: DemoMaker, wheels: Path) -> None:
    """With uv itself: what it installs goes with the next sync, since the wheel says something else."""
    demo = of_setuptools(demo_maker, wheels, SETUPTOOLS)
    demo.uv("sync")
    assert installed(demo) == {"one", "two"}
    demo.edit("backend.py", '["one", "two"]', '["one"]')
    demo.uv("sync")
    assert installed(demo) == {"one"}
    demo.uv("sync")
    assert installed(demo) == set()  # nothing had changed
    found = [one for one in of_build(demo.root, demo.environ) if one.code == "DCK070"]
    assert [(one.level, one.where) for one in found] == [("error", "build-system.build-backend: build_editable")]
    assert "`prepare_metadata_for_build_editable` and the wheel that `build_editable` makes differ" in found[0].message
    assert "Requires-Dist only before the build: one" in found[0].message
    assert "let `build_editable` make what `prepare_metadata_for_build_editable` says" in found[0].remedy
    done = demo.cli("doctor", "--build", check=False)
    assert done.returncode == 1
    assert "error DCK070" in done.stdout


CORRECT = {
    "plain setuptools": (
        "from setuptools.build_meta import *\n",
        'dependencies = ["One>=0.5", "two ; python_version>\'3\'"]',
    ),
    "nothing overridden in it": ("from setuptools import build_meta\nfrom setuptools.build_meta import *\n", ""),
}


@pytest.mark.parametrize("case", CORRECT)
def test_correct_setuptools(case: str, demo_maker: DemoMaker, wheels: Path) -> None:
    backend, more = CORRECT[case]
    assert of_build(of_setuptools(demo_maker, wheels, backend, more).root, demo_environ(wheels)) == []


def demo_environ(wheels: Path) -> dict[str, str]:
    import os  # noqa: PLC0415

    return {"PATH": os.environ["PATH"], "UV_FIND_LINKS": str(wheels), "UV_OFFLINE": "1", "UV_NO_INDEX": "1"}


STDLIB = {
    "no metadata hooks": ("", []),
    "equal in other words": (
        HOOKS.format(prepare='return _metadata(directory, "")').replace("Name: demo", "Name: Demo"),
        [],
    ),
    "another version": (
        HOOKS.format(prepare='return _metadata(directory, "Summary: more\\\\n")'),
        [("DCK070", "Summary only before the build: more")],
    ),
    "fails": (HOOKS.format(prepare='raise SystemExit("no compiler")'), [("DCK072", "no compiler")]),
}


@pytest.mark.parametrize("case", STDLIB)
def test_backend_of_the_standard_library(case: str, demo_maker: DemoMaker) -> None:
    hooks, expected = STDLIB[case]
    demo = demo_maker()
    demo.append("build_backend/core.py", hooks)
    found = of_build(demo.root, demo.environ)
    assert [one.code for one in found] == [code for code, _ in expected]
    assert all(part in one.message for one, (_, part) in zip(found, expected, strict=True))
    assert "build_backend" not in {path.name for path in demo.root.iterdir() if path.suffix == ".whl"}


def test_what_is_equal_in_meaning_is_equal(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    one = "Requires-Python: >=3.10,<4\\nProject-URL: b, 2\\nProject-URL: a, 1\\nRequires-Dist: X[Foo_Bar]>=1,<2\\n"
    other = "Requires-Python: <4, >=3.10\\nProject-URL: a, 1\\nProject-URL: b, 2\\nRequires-Dist: x[foo-bar]<2, >=1\\n"
    demo.edit("build_backend/core.py", "Version: 0.1\\n{requires}", f"Version: 0.1\\n{other}")
    hooks = HOOKS.format(prepare=f'return _metadata(directory, "{one}")').replace(
        'directory, "")', f'directory, "{one}")'
    )
    demo.append("build_backend/core.py", hooks)
    assert of_build(demo.root, demo.environ) == []


def test_failing_hook_hides_no_other(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.append("build_backend/core.py", HOOKS.format(prepare='return _metadata(directory, "Summary: more\\n")'))
    demo.append("build_backend/core.py", "\n\ndef build_wheel(*_):\n    raise SystemExit('no compiler')\n")
    assert [one.code for one in of_build(demo.root, demo.environ)] == ["DCK070", "DCK072"]


def test_editable_wheel_that_says_less(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.edit("build_backend/helper.py", "return []", "return LESS")
    demo.edit("build_backend/helper.py", "def dep", 'LESS = ["one"]\n\ndef dep')
    demo.edit(
        "build_backend/core.py",
        "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):\n",
        "def build_editable(wheel_directory, config_settings=None, metadata_directory=None):\n    helper.LESS.clear()\n",
    )
    (found,) = of_build(demo.root, demo.environ)
    assert (found.code, found.level) == ("DCK071", "warning")
    assert "the editable wheel lacks Requires-Dist: one" in found.message


def test_environment_that_can_not_be_made(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.edit("pyproject.toml", "requires = []", 'requires = ["not-there"]')
    (found,) = of_build(demo.root, demo.environ)
    assert found.code == "DCK072"
    assert "not-there" in found.message


def test_no_package_is_not_built(demo_maker: DemoMaker) -> None:
    demo = demo_maker("[tool.uv]\npackage = false\n")
    assert of_build(demo.root, demo.environ) == []
    assert demo.builds == 0
