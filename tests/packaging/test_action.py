"""The composite action: its steps, run as GitHub runs them, on a project of ours. Only `uvx` is one that has us at hand."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from kit import BACKEND_KEY, Demo, DemoMaker

ACTION = Path(__file__).parents[2] / "action.yml"
EXPRESSION = re.compile(r"\$\{\{ (.+?) \}\}")


class Run:
    """One run of the action in a checkout."""

    def __init__(self, demo: Demo, project: Path) -> None:
        self._action: Any = yaml.safe_load(ACTION.read_text(encoding="utf-8"))
        self._demo, self._temp = demo, demo.beside / f"runner-{project.name}"
        self._temp.mkdir()
        given = {"project": str(project), "version": "", "python": sys.executable}
        assert given.keys() == self._action["inputs"].keys()
        self.known = {f"inputs.{name}": value for name, value in given.items()}
        self.known |= {"runner.os": "Linux", "runner.arch": "X64"}

    def step(self, number: int) -> None:
        step = self._action["runs"]["steps"][number]
        bin_folder = self._temp / "bin"
        bin_folder.mkdir(exist_ok=True)
        uvx = bin_folder / "uvx"
        uvx.write_text(
            f'#!/bin/sh\ntest "$1 $2 $3" = "--from dyncachekeys dyncachekeys" || exit 9\nshift 3\n'
            f'exec "{sys.executable}" -m dyncachekeys "$@"\n',
            encoding="utf-8",
        )
        uvx.chmod(0o755)
        output = self._temp / "output"
        output.write_text("", encoding="utf-8")
        environ = {
            **self._demo.environ,
            "PATH": f"{bin_folder}{os.pathsep}{self._demo.environ['PATH']}",
            "GITHUB_OUTPUT": str(output),
            "RUNNER_TEMP": str(self._temp),
            **{name: self.filled(value) for name, value in step["env"].items()},
        }
        subprocess.run(["bash", "-euo", "pipefail", "-c", step["run"]], check=True, env=environ, cwd=self._temp)
        lines = (line.partition("=") for line in output.read_text(encoding="utf-8").splitlines())
        self.known |= {f"steps.{step['id']}.outputs.{name}": value for name, _, value in lines}

    def filled(self, text: str) -> str:
        return EXPRESSION.sub(lambda found: self.known[found[1]], text)

    @property
    def key(self) -> str:
        return self.filled(self._action["runs"]["steps"][1]["with"]["key"])

    @property
    def wheels(self) -> list[str]:
        folder = Path(self.filled(self._action["runs"]["steps"][1]["with"]["path"]))
        return sorted(path.name for path in folder.glob("*.whl"))


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_the_wheel_of_a_fresh_clone_has_the_same_key(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    clone = demo.beside / "clone"
    shutil.copytree(demo.root, clone)
    first, second = Run(demo, demo.root), Run(demo, clone)
    for run in (first, second):
        run.step(0)
    assert first.key == second.key
    assert first.key.startswith("dyncachekeys-Linux-X64-")
    second.step(2)
    (wheel,) = second.wheels
    assert wheel.endswith(".whl")
    (clone / "build_backend/helper.py").write_text("EDITED = True\n", encoding="utf-8")
    shutil.rmtree(demo.beside / "runner-clone")
    edited = Run(demo, clone)
    edited.step(0)
    assert edited.key != first.key
