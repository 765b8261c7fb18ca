"""Workspaces, path sources, watched builds, finders of editable installations, and what doctor says of the guard."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from dyncachekeys.doctor.examine import examine
from dyncachekeys.guard.pth import FILE, parse
from dyncachekeys.uv.program import SINCE
from guarded import BACKEND, KEYS, guarded, import_it, python
from kit import PYPROJECT, UV_VERSION, Demo, make_demo

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the environment has its Python elsewhere")
watches = pytest.mark.skipif(UV_VERSION < SINCE, reason="this uv can't have its builds watched (U36)")
FINDER = """\
import sys
from importlib.machinery import PathFinder

MAPPING = {names!r}


class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return PathFinder.find_spec(name, [MAPPING[name]]) if name in MAPPING else None


def install():
    sys.meta_path.append(Finder)
"""
WITH_FINDER = f"""\
    finder = {FINDER!r}
    names = {{path.name: os.path.abspath("src") for path in Path("src").iterdir()}}
    files = {{
        "demo_built.py": f"READ = {{''.join(read)!r}}\\n",
        "__editable__.demo.pth": "import _demo_finder; _demo_finder.install()\\n",
        "_demo_finder.py": finder.replace("{{names!r}}", repr(names)),
    }}
"""


def projects_in(demo: Demo) -> set[str]:
    """Return the folders of the projects that are guarded in the project's environment."""
    (file,) = (demo.root / ".venv").glob(f"lib/python*/site-packages/{FILE}")
    return {Path(folder).name for folder in parse(file.parent, file.read_bytes())}


def codes(demo: Demo) -> set[str]:
    found = examine(demo.root, demo.environ)
    return {one.code for one in found if one.code.startswith("DCK06")}


@pytest.mark.thorough
def test_a_finder_that_was_loaded_at_the_start(tmp_path: Path) -> None:
    """A package that came is imported in the process that has it built, though its finder knew nothing of it."""
    keys = "[tool.dyncachekeys.keys.names]\nresolver = 'files'\npatterns = ['src/*/__init__.py']"
    demo = guarded(tmp_path, more=keys, built=False)
    start, _, rest = BACKEND.partition("    files = {")
    demo.write({"build_backend/core.py": start + WITH_FINDER + "    if not editable:" + rest.partition("    else:")[2]})
    demo.settled()
    demo.sync()
    demo.tick()
    demo.write({"src/newer/__init__.py": "import demo\n"})
    assert (
        import_it(demo, "import demo; import newer; print(newer.__file__)")
        .stdout.strip()
        .endswith("src/newer/__init__.py")
    )
    count = "import demo, sys; print(sum(getattr(one, '__module__', '') == '_demo_finder' for one in sys.meta_path))"
    demo.write({"src/third/__init__.py": ""})
    assert import_it(demo, count).stdout == "1\n"


@pytest.mark.thorough
def test_members_of_a_workspace(tmp_path: Path) -> None:
    root = make_demo(
        tmp_path,
        '[tool.dyncachekeys]\nguard = "build"\n\n[tool.dyncachekeys.workspace]\nguard = "build"\n'
        '[tool.uv.workspace]\nmembers = ["pkgs/*"]\n[tool.uv.sources]\nsecond = { workspace = true }\n' + KEYS,
        {
            "build_backend/core.py": BACKEND,
            "src/demo/__init__.py": "from demo_built import READ\n",
            "needs": "second\n",
        },
    )
    root.edit("pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndependencies = ["second"]')
    root.write({"csrc/a.c": "one"})
    as_second = BACKEND.replace("demo", "second").replace("_second.pth", "_second.pth")
    root.write(
        {
            "pkgs/second/pyproject.toml": PYPROJECT.replace("demo", "second") + "\n[tool.dyncachekeys]\n" + KEYS,
            "pkgs/second/build_backend/core.py": as_second,
            "pkgs/second/src/second/__init__.py": "from second_built import READ\n",
            "pkgs/second/csrc/a.c": "two",
            "pkgs/second/needs": "",
        }
    )
    for _ in range(3):
        root.cli("sync")
        root.uv("sync")
    root.cli("sync")
    assert projects_in(root) == {"demo", "second"}
    both = "import demo, second; print(demo.READ, second.READ)"
    before = root.builds
    root.tick()
    root.edit("pkgs/second/csrc/a.c", "two", "new")
    assert import_it(root, "import demo; print(demo.READ)").stdout == "one\n"
    assert root.builds == before, "what is not imported is not built"
    assert import_it(root, both).stdout == "one new\n"
    assert root.builds == before + 1
    root.uv("sync")
    assert root.builds == before + 1
    root.cli("clean", "--package", "second")
    assert projects_in(root) == {"demo"}


@pytest.mark.thorough
def test_a_path_source(tmp_path: Path) -> None:
    """It is in the environment of the project that uses it, and asked for there."""
    demo = guarded(tmp_path, built=False)
    user = Demo(demo.root.parent / "user", demo.beside)
    (demo.root.parent / "user").mkdir()
    user.write(
        {
            "pyproject.toml": '[project]\nname = "user"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["demo"]\n'
            '[tool.uv.sources]\ndemo = { path = "../demo", editable = true }\n'
        }
    )
    for _ in range(2):
        user.cli("sync")
        user.uv("sync")
    user.cli("sync")
    assert projects_in(user) == {"demo"}
    builds = user.builds
    user.tick()
    demo.edit("csrc/a.c", "one", "two")
    assert user.run(python(user), "-c", "import demo; print(demo.READ)").stdout == "twoold\n"
    assert user.builds == builds + 1
    assert user.uv_sync() == 0


@watches
@pytest.mark.thorough
def test_builds_are_watched(tmp_path: Path) -> None:
    """What the guard has uv build is watched as what `uv sync` builds, and is no other build to uv."""
    demo = make_demo(
        tmp_path,
        '[tool.dyncachekeys]\nguard = "build"\n[tool.dyncachekeys.keys.build]\nresolver = "build"\n'
        '[tool.uv]\nextra-build-variables = { demo = { PYTHONPATH = ".dyncachekeys/watch" } }\n',
        {
            "build_backend/core.py": BACKEND,
            "src/demo/__init__.py": "from demo_built import READ\n",
            "csrc/a.c": "one",
            "csrc/b.c": "old",
            "needs": "",
        },
    )
    demo.settled()
    demo.tick()
    demo.write({"csrc/c.c": "new"})
    before = demo.builds
    assert import_it(demo).stdout == "oneoldnew\n"
    (demo.root / "csrc/b.c").unlink()
    assert import_it(demo).stdout == "onenew\n"
    assert demo.builds == before + 2
    assert demo.uv_sync() == 0
    assert demo.both() == 0
    assert demo.both() == 0


@watches
@pytest.mark.thorough
def test_there_after_the_first_watched_build(tmp_path: Path) -> None:
    """The environment is made by the command that the sync stood in front of."""
    demo = make_demo(
        tmp_path,
        '[tool.dyncachekeys]\nguard = "warn"\n[tool.dyncachekeys.keys.build]\nresolver = "build"\n'
        '[tool.uv]\nextra-build-variables = { demo = { PYTHONPATH = ".dyncachekeys/watch" } }\n',
        {"build_backend/core.py": BACKEND, "src/demo/__init__.py": "from demo_built import READ\n", "needs": ""},
    )
    demo.cli("run", "--", "uv", "sync")
    assert projects_in(demo) == {"demo"}


def test_what_doctor_finds(tmp_path: Path) -> None:
    demo = guarded(tmp_path, mode="", built=False)
    assert codes(demo) == set()
    demo.edit("pyproject.toml", "[tool.dyncachekeys]\n", '[tool.dyncachekeys]\nguard = "warn"\n')
    demo.cli("sync")
    assert codes(demo) == {"DCK060"}
    demo.uv("sync")
    assert codes(demo) == {"DCK061"}
    demo.cli("sync")
    assert codes(demo) == set()
    (site,) = (demo.root / ".venv").glob("lib/python*/site-packages")
    demo.edit("pyproject.toml", '"warn"', '"error"')
    assert codes(demo) == {"DCK061"}
    if hasattr(os, "geteuid") and not os.geteuid():
        os.chown(site, 12345, 12345)
        assert codes(demo) == {"DCK062"}
    shutil.rmtree(demo.root / ".venv")
