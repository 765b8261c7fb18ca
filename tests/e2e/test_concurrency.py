"""Many at once, on one project and on a workspace, while somebody saves: nothing is lost, nothing torn, nobody waits for ever."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
import tomli

from dyncachekeys.pyproject.project import without_region
from kit import BACKEND, BACKEND_KEY, UV, Demo, DemoMaker

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a save between two instants is lost (docs)")
CLI = (sys.executable, "-m", "dyncachekeys")
FILES_KEY = '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/"]\n'
TELLS = BACKEND.replace(
    "    return name\n",
    """\
        wheel.writestr("demo-0.1.dist-info/sources.txt", Path("csrc/one.c").read_bytes())
    return name
""",
    1,
)
MEMBER = """\
[project]
name = "member{number}"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
"""
MEMBER_BACKEND = BACKEND.replace("from build_backend import helper\n", "").replace("helper.dependencies()", "[]")
PATIENCE_SECONDS = 120
SAVES = [
    pytest.param(40, id="some"),
    pytest.param(1_000, id="thousand", marks=pytest.mark.thorough),
]


class Editor(threading.Thread):
    """Somebody who saves a file every few milliseconds: what it holds, without what we generated, and a line more."""

    def __init__(self, path: Path, saves: int) -> None:
        super().__init__()
        self._path, self._saves = path, saves
        self.failed: list[str] = []

    def run(self) -> None:
        for number in range(self._saves):
            text = without_region(self._path.read_bytes()) + b"# save %d\n" % number
            if number % 2:
                self._path.write_bytes(text)
            else:
                beside = self._path.with_name(".saved-by-an-editor")
                beside.write_bytes(text)
                beside.replace(self._path)
            time.sleep(0.002 + 0.05 * (number % 3))

    def lost(self) -> list[int]:
        """Return the saves that are neither in the file nor in one that was kept, and named."""
        found = b"".join(path.read_bytes() for path in self._path.parent.glob(f"{self._path.name}*"))
        return sorted(set(range(self._saves)) - {int(one) for one in re.findall(rb"# save (\d+)\n", found)})


def _at_once(demo: Demo, editors: Sequence[Editor], acts: Sequence[Callable[[], Sequence[str]]]) -> list[str]:
    """Run commands, each again and again as long as somebody saves; return what was said by those that failed."""
    said: list[str] = []

    def repeat(command: Callable[[], Sequence[str]]) -> None:
        while any(one.is_alive() for one in editors):
            done = subprocess.run(
                command(),
                cwd=demo.root,
                env=demo.environ,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE_SECONDS,
            )
            if done.returncode:
                said.append(f"{done.args} {done.returncode}\n{done.stderr}")

    threads = [*editors, *(threading.Thread(target=repeat, args=(one,)) for one in acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def _assert_all_is_well(demo: Demo, editors: Sequence[Editor], said: Sequence[str]) -> None:
    # A build of uv's that fails since git is just about to write what it reads is not ours.
    assert not [text for text in said if "bug in dyncachekeys" in text or re.search(r'File ".*/dyncachekeys/', text)]
    assert [one.lost() for one in editors] == [[] for _ in editors]
    for path in demo.root.rglob("pyproject.toml"):
        tomli.loads(path.read_text(encoding="utf-8"))
    assert demo.cli("sync", check=False).returncode in {0, 2}  # 2: what a killed run has left was kept
    demo.cli("sync")
    assert demo.cli("check", "--stamp").returncode == 0
    left = [path.name for path in demo.root.rglob("*") if path.name.endswith((".swap", ".tmp"))]
    assert not left


@linux
@pytest.mark.parametrize("saves", SAVES)
def test_many_on_one_project(demo_maker: DemoMaker, saves: int) -> None:
    demo = demo_maker(BACKEND_KEY + FILES_KEY, {"csrc/one.c": "main\n", "build_backend/core.py": TELLS})
    demo.git("init", "--quiet", "-b", "main")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "-m", "main")
    demo.git("checkout", "--quiet", "-b", "other")
    demo.write({"csrc/one.c": "other\n"})
    demo.git("commit", "--quiet", "-am", "other")
    branches = iter(["main", "other"] * 10_000)
    editor = Editor(demo.root / "pyproject.toml", saves)
    said = _at_once(
        demo,
        [editor],
        [
            *[lambda: [*CLI, "sync"]] * 2,
            lambda: [*CLI, "check"],
            lambda: [*CLI, "run", "--", UV, "sync"],
            lambda: [*CLI, "clean"],
            lambda: [UV, "sync"],
            lambda: ["git", "checkout", "--quiet", next(branches)],
        ],
    )
    _assert_all_is_well(demo, [editor], said)
    demo.uv_sync()
    (installed,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/sources.txt")
    assert installed.read_bytes() == (demo.root / "csrc/one.c").read_bytes()
    assert demo.both() == 0


@linux
@pytest.mark.parametrize("saves", SAVES)
def test_many_on_a_workspace(demo_maker: DemoMaker, saves: int) -> None:
    demo = demo_maker(BACKEND_KEY + '\n[tool.uv.workspace]\nmembers = ["member*"]\n')
    demo.edit("pyproject.toml", 'version = "0.1"\n', 'version = "0.1"\ndependencies = ["member1", "member2"]\n')
    demo.append("pyproject.toml", "\n[tool.uv.sources]\nmember1.workspace = true\nmember2.workspace = true\n")
    for number in (1, 2):
        backend = MEMBER_BACKEND.replace("demo-0.1", f"member{number}-0.1").replace(
            "Name: demo", f"Name: member{number}"
        )
        demo.write({f"member{number}/pyproject.toml": MEMBER.format(number=number) + BACKEND_KEY})
        demo.write({f"member{number}/backend.py": backend})
    editors = [Editor(demo.root / folder / "pyproject.toml", saves // 2) for folder in (".", "member1")]
    said = _at_once(
        demo,
        editors,
        [
            *[lambda: [*CLI, "sync"]] * 2,
            lambda: [*CLI, "sync", "--project", "member1"],
            lambda: [*CLI, "check"],
            lambda: [*CLI, "run", "--", UV, "sync"],
            lambda: [UV, "sync"],
        ],
    )
    _assert_all_is_well(demo, editors, said)
    demo.uv_sync()
    demo.cli("sync")
    assert demo.uv_sync() == 0
