"""What `activate` prints; `tests/shells` has shells read it."""

from __future__ import annotations

import json
import shutil
import subprocess

import pytest

from kit import DemoMaker

SHELLS = ["bash", "zsh", "fish"]


@pytest.mark.parametrize("shell", SHELLS)
def test_it_needs_no_project_and_writes_nothing(demo_maker: DemoMaker, shell: str) -> None:
    demo = demo_maker()
    (demo.root / "pyproject.toml").unlink()
    before = sorted(demo.root.rglob("*"))
    script = demo.cli("activate", shell).stdout
    assert "command dyncachekeys run --no-fail -- uv" in script
    assert sorted(demo.root.rglob("*")) == before
    assert json.loads(demo.cli("activate", shell, "--format", "json").stdout) == {
        "version": 1,
        "shell": shell,
        "script": script,
    }
    assert "--no-fail" not in demo.cli("activate", shell, "--fail").stdout.partition("Made by")[0]


@pytest.mark.parametrize("shell", SHELLS)
def test_the_shell_can_read_it(demo_maker: DemoMaker, shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"there is no {shell} here")
    script = demo_maker().cli("activate", shell).stdout
    done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
