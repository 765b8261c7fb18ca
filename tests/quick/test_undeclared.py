"""`run` where nothing can have keys: it becomes its command, and the full path is not loaded."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.quick.become import is_undeclared

PROJECT = '[project]\nname = "demo"\nversion = "1"\n'
posix = pytest.mark.skipif(sys.platform == "win32", reason="there is no exec")


def _plant(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root / "here"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"here/pyproject.toml": PROJECT}, id="project"),
        pytest.param({"here/pyproject.toml": ""}, id="empty"),
        pytest.param({"here/pyproject.toml": PROJECT, "pyproject.toml": "[tool.ruff]\n"}, id="project above"),
        pytest.param({"here/pyproject.toml": "\N{BYTE ORDER MARK}" + PROJECT}, id="byte order mark"),
        pytest.param({"here/pyproject.toml": f'{PROJECT}readme = "path/to/workspace.md"\n'}, id="words elsewhere"),
    ],
)
def test_nothing_is_declared(files: dict[str, str], tmp_path: Path) -> None:
    assert is_undeclared(str(_plant(tmp_path, files)))


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({"here/pyproject.toml": f"{PROJECT}[tool.dyncachekeys]\n"}, id="table"),
        pytest.param({"here/pyproject.toml": f'{PROJECT}[tool."dyncache\\u006beys"]\n'}, id="escaped table"),
        pytest.param({"here/pyproject.toml": f"{PROJECT}# >>> dyncachekeys: generated\n"}, id="region"),
        pytest.param({"here/pyproject.toml": f'{PROJECT}[tool.uv.workspace]\nmembers = ["*"]\n'}, id="workspace"),
        pytest.param({"here/pyproject.toml": f'{PROJECT}[tool.uv.sources]\na = {{ path = "../a" }}\n'}, id="path"),
        pytest.param(
            {"here/pyproject.toml": f"{PROJECT}[tool.uv]\nsources.a.workspace = true\n"}, id="member's source"
        ),
        pytest.param({"here/pyproject.toml": PROJECT, "pyproject.toml": "[tool.uv.workspace]\n"}, id="workspace above"),
        pytest.param({"here/pyproject.toml": "tool = 1\n"}, id="not a table"),
        pytest.param({"here/pyproject.toml": "tool.uv = 1\n"}, id="not a table either"),
        pytest.param({"here/pyproject.toml": "[project\n"}, id="not TOML"),
    ],
)
def test_it_is_for_the_full_path(files: dict[str, str], tmp_path: Path) -> None:
    assert not is_undeclared(str(_plant(tmp_path, files)))


@posix
@pytest.mark.parametrize("files", [{"here/other.txt": ""}, {"here/pyproject.toml": PROJECT}], ids=["none", "no keys"])
def test_run_becomes_its_command_at_once(files: dict[str, str], tmp_path: Path) -> None:
    """The program is the last that is printed: nothing of the full path was imported until then."""
    folder = _plant(tmp_path, files)
    code = (
        "import sys, os\n"
        "def become(program, argv): print(program, *sorted(m for m in sys.modules if m.startswith('dyncachekeys.')))\n"
        "os.execvp = become\n"
        "from dyncachekeys.quick.answer import answer\n"
        "answer(['run', '--', 'echo', 'x'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=dict(os.environ), capture_output=True, text=True, check=True
    )
    program, *modules = done.stdout.split()
    assert program == "echo"
    assert all(name.startswith("dyncachekeys.quick") for name in modules)


@posix
def test_run_in_a_folder_that_is_gone(tmp_path: Path) -> None:
    command = f"mkdir gone; cd gone; rmdir ../gone; {sys.executable} -m dyncachekeys run -- echo ran"
    done = subprocess.run(["sh", "-c", command], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ran\n"), done.stderr
