"""`doctor --uv`: uv itself says whether it would build, and that is what its record says.

Over the whole end-to-end suite, and on old versions of uv, this is asserted in ``nox -s uv_matrix``.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.doctor import ask_uv
from dyncachekeys.doctor.examine import examine
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.files.tree import Files
from dyncachekeys.uv.entries import LINKS
from dyncachekeys.uv.mtimes import newest
from kit import BACKEND_KEY, Demo, DemoMaker, assert_uv_agrees, every_second, sees_links

CONFIG = f"""{BACKEND_KEY}
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]

[tool.dyncachekeys.keys.toolchain]
resolver = "env"
names = ["CC", "MY_TOKEN"]

[tool.dyncachekeys.keys.commit]
resolver = "git"
commit = true
"""
FILES = {"csrc/a.c": "a\n", "csrc/b.c": "b\n"}
CHANGES: dict[str, Callable[[Demo], object]] = {
    "nothing": lambda demo: demo.tick(),
    "an entry": lambda demo: demo.append("build_backend/helper.py", "# more\n"),
    "a linked file": lambda demo: demo.append("csrc/a.c", "more\n"),
    "a new file": lambda demo: demo.write({"csrc/new.c": ""}),
    "a file less": lambda demo: (demo.root / "csrc/a.c").unlink(),
    "a folder": lambda demo: (demo.root / "src").mkdir(),
    "the stamp": lambda demo: shutil.rmtree(demo.root / ".dyncachekeys"),
    "a commit": lambda demo: demo.git("commit", "--quiet", "--allow-empty", "--message", "more"),
    "not installed": lambda demo: demo.uv("pip", "uninstall", "--python", ".venv", "demo"),
    "pyproject.toml": lambda demo: demo.append("pyproject.toml", "# more\n"),
}


def of_uv(root: Path, environ: dict[str, str]) -> list[Finding]:
    return [one for one in examine(root, environ, ask_uv=True) if one.code.startswith("DCK08")]


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    demo = demo_maker(CONFIG, FILES)
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "first")
    demo.settled()
    demo.tick()
    return demo


@pytest.mark.parametrize("case", every_second(CHANGES))
def test_uv_agrees_before_and_after_a_sync(case: str, demo: Demo) -> None:
    CHANGES[case](demo)
    assert_uv_agrees(demo.root, demo.environ)
    demo.sync()
    assert_uv_agrees(demo.root, demo.environ)
    demo.uv_sync()
    assert of_uv(demo.root, demo.environ) == []


@sees_links
def test_where_uv_says_something_else_both_records_are_told(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    environ = {"CC": "s3cr3t-clang", "MY_TOKEN": "s3cr3t-token"}
    demo.both(**environ)
    before = newest(Files(demo.root), [LINKS])
    monkeypatch.setattr(ask_uv, "newest", lambda *_: before)  # what uv sees through links is not taken in
    demo.append("csrc/a.c", "more\n")
    (found,) = of_uv(demo.root, {**demo.environ, **environ})
    assert (found.code, found.level) == ("DCK081", "error")
    assert found.message.startswith("uv would install it again, and by its record it should not: timestamp ")
    for fact in ("commit and tags equal", "variable CC equal", "folder src missing recorded, missing now"):
        assert fact in found.message
    assert "s3cr3t" not in found.message


def test_without_uv_or_a_lock(demo_maker: DemoMaker, tmp_path: Path) -> None:
    demo = demo_maker(BACKEND_KEY)
    done = demo.cli("doctor", "--uv", "--format", "json", check=True)
    (found,) = json.loads(done.stdout)["findings"]
    assert (found["code"], found["level"]) == ("DCK082", "note")
    assert "Unable to find lockfile" in found["message"]
    (tmp_path / "empty").mkdir()
    (other,) = of_uv(demo.root, {**demo.environ, "PATH": str(tmp_path / "empty")})
    assert other.message == "uv can't be asked: there is none on PATH"


def _evil(demo: Demo, path: str) -> None:
    """Put a program there that leaves a mark."""
    target = demo.root / path
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    target.write_text(f'#!/bin/sh\necho {path} >> {demo.beside}/ran\nexec {sys.executable} "$@"\n', encoding="utf-8")
    target.chmod(0o755)


def _pth(demo: Demo) -> None:
    (site,) = (demo.root / ".venv").glob("lib/python*/site-packages")
    (site / "evil.pth").write_text(f"import os; open('{demo.beside}/ran', 'a').write('pth')\n", encoding="utf-8")


def _home(demo: Demo) -> None:
    """Leave an environment without an interpreter, which says that its is in the tree."""
    _evil(demo, "tools/python")
    (demo.root / ".venv/bin/python").unlink()
    demo.edit(".venv/pyvenv.cfg", "home = ", f"home = {demo.root}/tools\nnot = ")


def _pin(demo: Demo) -> None:
    """Name an interpreter for uv to look for, where nothing else does."""
    _evil(demo, "py/python")
    demo.write({".python-version": "py/python"})
    del demo.environ["UV_PYTHON"]


PLANTED: dict[str, tuple[Callable[[Demo], object], bool]] = {
    "a .pth file": (_pth, True),
    "a program for its interpreter": (lambda demo: _evil(demo, ".venv/bin/python"), True),
    "an interpreter in the tree": (_home, False),
    "a .python-version": (_pin, True),
}
"""By name: what it does, and whether uv can be asked all the same."""


@pytest.mark.parametrize("case", PLANTED)
def test_nothing_of_the_tree_is_run(case: str, demo: Demo) -> None:
    plant, can_be_asked = PLANTED[case]
    plant(demo)
    found = of_uv(demo.root, demo.environ)
    assert [one.message for one in found if "lies in the tree" not in one.message] == []
    assert not (demo.beside / "ran").exists()
    assert bool(found) is not can_be_asked
    demo.uv("sync", "--check", "--frozen", check=False, UV_CACHE_DIR=str(demo.beside / "another"))
    assert (demo.beside / "ran").exists() or case == "an interpreter in the tree"
