"""A day's work with plain uv and plain git hooks: after each step the environment holds what the tree says.

What is built for nothing is counted, and the reason stands beside it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit import BACKEND, Demo, DemoMaker, sees_links

CONFIG = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/", "../shared/*.h"]
"""
COLLECTING = """\
from pathlib import Path

VERSION = 1


def collected():
    here = Path(__file__).resolve().parent.parent
    found = sorted([*here.glob("csrc/**/*.c"), *here.parent.glob("shared/*.h")])
    return f"{VERSION} " + "".join(f"{path.name}={path.read_text()}" for path in found)


def dependencies():
    return []
"""
COLLECTING_BACKEND = BACKEND.replace(
    '        wheel.writestr("demo-0.1.dist-info/RECORD", "")',
    '        wheel.writestr("demo-0.1.dist-info/RECORD", "")\n        wheel.writestr("built.txt", helper.collected())',
)
HOOKS = ("post-checkout", "post-commit", "post-merge", "post-rewrite")


@dataclass
class Day:
    """The project and its clone of the tools; what plain uv does is counted."""

    demo: Demo

    def uv_builds(self) -> int:
        """Run plain ``uv sync`` until nothing is left to do; return how many builds that took."""
        builds = self.demo.uv_sync()
        assert self.demo.uv_sync() == 0, "a build without end"
        return builds

    def is_right(self) -> bool:
        """Tell whether what is installed is what a build would make of the tree as it is."""
        program = "import runpy; print(runpy.run_path('build_backend/helper.py')['collected'](), end='')"
        wanted = self.demo.run(sys.executable, "-c", program).stdout
        (built,) = (self.demo.root / ".venv").glob("lib/python*/site-packages/built.txt")
        return built.read_text(encoding="utf-8") == wanted

    def commit(self, message: str) -> None:
        self.demo.git("add", "--all")
        self.demo.git("commit", "--quiet", "--message", message)


def _edit(day: Day) -> None:
    day.demo.append("csrc/a.c", "edited\n")


def _edit_out_of_the_tree(day: Day) -> None:
    day.demo.append("../shared/one.h", "edited\n")


def _save_as_editors_do(day: Day) -> None:
    saved = day.demo.root / "csrc/.a.c.swp"
    saved.write_text("saved\n", encoding="utf-8")
    saved.replace(day.demo.root / "csrc/b.c")


def _add(day: Day) -> None:
    day.demo.write({"csrc/added.c": "added\n"})
    day.commit("add")


def _delete_what_is_not_the_newest(day: Day) -> None:
    (day.demo.root / "csrc/deep/old.c").unlink()
    day.commit("delete")


def _rename(day: Day) -> None:
    day.demo.git("mv", "csrc/added.c", "csrc/renamed.c")
    day.commit("rename")


def _go_to_a_branch(day: Day) -> None:
    day.demo.git("checkout", "--quiet", "-b", "other")
    day.demo.append("csrc/a.c", "on the branch\n")
    day.demo.write({"csrc/of_branch.c": "of the branch\n"})
    day.commit("branch")


def _go_back(day: Day) -> None:
    day.demo.git("checkout", "--quiet", "main")


def _go_there_and_back(day: Day) -> None:
    day.demo.git("checkout", "--quiet", "other")
    day.demo.git("checkout", "--quiet", "main")


def _merge(day: Day) -> None:
    day.demo.git("merge", "--quiet", "--no-edit", "other")


def _rebase(day: Day) -> None:
    day.demo.git("checkout", "--quiet", "-b", "topic", "HEAD~1")
    day.demo.append("csrc/b.c", "of the topic\n")
    day.commit("topic")
    day.demo.git("rebase", "--quiet", "main")


def _stash(day: Day) -> None:
    day.demo.append("csrc/b.c", "to be put away\n")
    assert day.uv_builds() == 1
    day.demo.git("stash", "--quiet")


def _pop(day: Day) -> None:
    day.demo.git("stash", "pop", "--quiet")


def _edit_the_backend(day: Day) -> None:
    day.demo.edit("build_backend/helper.py", "VERSION = 1", "VERSION = 2")


def _nothing(_: Day) -> None:
    pass


def _format_the_readme(day: Day) -> None:
    day.demo.write({"README.md": "# nothing that a build reads\n"})
    day.commit("readme")


@dataclass(frozen=True)
class Step:
    do: Callable[[Day], None]
    builds: int
    """Under ``watch = "auto"``."""
    needless: str = ""
    """Why one of them is for nothing."""


STEPS = [
    Step(_edit, 1),
    Step(_edit_out_of_the_tree, 1),
    Step(_save_as_editors_do, 1),
    Step(_nothing, 0),
    Step(_add, 1),
    Step(_delete_what_is_not_the_newest, 1),
    Step(_rename, 1),
    Step(_go_to_a_branch, 1),
    Step(_go_back, 1),
    Step(_go_there_and_back, 1, "git writes the files of both branches anew, and uv goes by times (U3)"),
    Step(_merge, 1),
    Step(_rebase, 1),
    Step(_stash, 1),
    Step(_pop, 1),
    Step(_edit_the_backend, 1),
    Step(_format_the_readme, 0),
    Step(_nothing, 0),
]


def _hooked(demo: Demo, folder: Path) -> Day:
    """Make a repository whose hooks sync, as the recipe for plain git hooks says."""
    demo.write({".gitignore": "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n"})
    demo.git("init", "--quiet", "--initial-branch", "main")
    folder.mkdir()
    for name in HOOKS:
        hook = folder / name
        hook.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m dyncachekeys sync --quiet\n', encoding="utf-8")
        hook.chmod(0o755)
    demo.git("config", "core.hooksPath", str(folder))
    return Day(demo)


@pytest.fixture
def day(demo_maker: DemoMaker, tmp_path: Path) -> Day:
    files = {
        "build_backend/core.py": COLLECTING_BACKEND,
        "build_backend/helper.py": COLLECTING,
        "csrc/a.c": "a\n",
        "csrc/b.c": "b\n",
        "csrc/deep/old.c": "old\n",
        "../shared/one.h": "one\n",
    }
    demo = demo_maker(CONFIG.format(watch="auto"), files)
    day = _hooked(demo, tmp_path / "hooks")
    demo.sync()
    day.commit("first")
    assert day.uv_builds() == 1
    assert day.is_right()
    return day


@pytest.mark.skipif(sys.platform == "win32", reason="hooks are shell scripts")
@sees_links
def test_plain_uv_and_git_hooks_are_enough(day: Day) -> None:
    region = (day.demo.root / "pyproject.toml").read_bytes()
    needless = 0
    for step in STEPS:
        day.demo.tick()
        step.do(day)
        assert (step.do.__name__, day.uv_builds()) == (step.do.__name__, step.builds)
        assert day.is_right(), f"stale after {step.do.__name__}"
        needless += bool(step.needless)
    assert needless == 1
    assert (day.demo.root / "pyproject.toml").read_bytes() == region


@pytest.mark.skipif(sys.platform == "win32", reason="hooks are shell scripts")
@sees_links
def test_new_worktree_is_ready_for_plain_uv(day: Day, tmp_path: Path) -> None:
    day.demo.git("worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "elsewhere")
    there = Demo(tmp_path / "tree", day.demo.beside)
    there.environ |= day.demo.environ
    (tmp_path / "shared").mkdir(exist_ok=True)
    tree = Day(there)
    assert (there.root / ".dyncachekeys/current").is_symlink()
    assert tree.uv_builds() == 1
    assert tree.is_right()
    there.tick()
    there.append("csrc/a.c", "in the worktree\n")
    assert tree.uv_builds() == 1
    assert tree.is_right()
    assert day.uv_builds() == 0
