"""Two worktrees of one repository with one environment between them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from kit import UV
from watched.conftest import StrangerMaker
from watched.stranger import Stranger, builds_in
from watched.test_in_tree import BACKEND, FILES, METADATA_STEP


def through(someone: Stranger) -> int:
    """Run `dyncachekeys run -- uv sync`, and demand that nothing is warned of; return the number of builds."""
    said = someone.command(sys.executable, "-m", "dyncachekeys", "run", "--", UV, "sync")
    assert "warning" not in said
    return builds_in(said)


def test_an_environment_for_both(stranger: StrangerMaker) -> None:
    one = stranger({**FILES, "build_tools/backend.py": BACKEND + METADATA_STEP})
    environment = one.demo.beside / "environment"
    one.exported["UV_PROJECT_ENVIRONMENT"] = str(environment)
    one.settle()
    other_root = one.demo.beside / "other"
    one.demo.git("worktree", "add", "--quiet", "-b", "other", str(other_root))
    demo = replace(one.demo, root=other_root)
    demo.environ = one.demo.environ
    other = replace(one, demo=demo)

    def requires() -> str:
        code = "import importlib.metadata as m; print(m.requires('demo'))"
        argv = [str(environment / "bin/python"), "-c", code]
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()

    assert through(other) == 1, "it was never built there"
    for _ in range(2):
        assert [through(one), through(one), through(other), through(other)] == [0, 0, 0, 0]
    one.demo.tick()
    one.demo.edit("mono/one/requirements.txt", "alpha", "beta")
    assert [through(one), through(one)] == [1, 0]
    assert requires() == "['beta']"
    assert [through(other), through(one), through(other)] == [0, 0, 0]
    assert requires() == "['alpha']"
    other.demo.tick()
    other.demo.write({"mono/three/requirements.txt": "gamma\n"})
    assert [through(other), through(other)] == [1, 0]
    assert requires() == "['alpha', 'gamma']"
    assert [through(one), through(other)] == [0, 0]
    other.demo.tick()
    other.demo.edit("mono/one/requirements.txt", "alpha", "beta")
    assert [other.plain(), through(other)] == [1, 0], "plain uv sees an edit in either"
    assert requires() == "['beta', 'gamma']"
