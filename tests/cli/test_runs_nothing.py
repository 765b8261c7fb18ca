"""Commands that promise to run nothing, in trees that would have them run something (docs/threat-model.md)."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

import hostile
from dyncachekeys.cli import options
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import BuildRecord, dump
from hostile import TRAPS, Hostile
from kit import PYPROJECT, Demo, DemoMaker, tree_of

COMMANDS = (
    "doctor",
    "doctor --uv",
    "check",
    "show",
    "explain",
    "digest",
    "trace",
    "init --dry-run",
    "allow",
    "clean",
    "sync",
)
"""The last three write, and run nothing either as long as all resolvers are built in."""
KEYS = """
[tool.dyncachekeys.keys.backend]
resolver = "backend"
[tool.dyncachekeys.keys.build]
resolver = "build"
[tool.dyncachekeys.keys.distribution]
resolver = "distribution"
names = ["demo"]
[tool.dyncachekeys.keys.env]
resolver = "env"
names = ["CC", "CUDA_*"]
[tool.dyncachekeys.keys.files]
resolver = "files"
patterns = ["*.bin", "build_backend/"]
[tool.dyncachekeys.keys.git]
resolver = "git"
commit = true
tags = true
describe = true
dirty = true
submodules = true
path = "build_backend"
[tool.dyncachekeys.keys.outputs]
resolver = "outputs"
patterns = ["*.so"]
[tool.dyncachekeys.keys.requirements]
resolver = "requirements"
files = ["requirements.txt"]
[tool.dyncachekeys.keys.table]
resolver = "table"
preset = "build"
"""
SHADOWS = ("json", "re", "sitecustomize", "subprocess", "tomli", "uv", "zipfile")
"""Modules that somebody may want to import, and that must not be those of the tree."""


def _all_at_once(one: Hostile) -> None:
    for trap in (hostile.filter_of_submodule, hostile.fsmonitor, hostile.hooks, hostile.textconv):
        trap(one)
    (one.root / ".git/info/attributes").write_text("* filter=evil diff=evil\n", encoding="utf-8")
    one.configure(
        {
            "filter.evil.clean": one.evil("clean", "cat"),
            "filter.evil.process": one.evil("process"),
            "diff.evil.command": one.evil("command"),
            "diff.external": one.evil("external"),
            "core.pager": one.evil("pager"),
            "core.editor": one.evil("editor"),
            "core.sshCommand": one.evil("ssh"),
            "core.askPass": one.evil("askpass"),
            "core.hooksPath": str(one.root / ".git/hooks"),
            "core.worktree": str(one.root),
            "credential.helper": one.evil("credential"),
            "core.alternateRefsCommand": one.evil("alternates"),
            "gpg.program": one.evil("gpg"),
            "log.showSignature": "true",
            "alias.status": f"!{one.evil('alias')}",
            "extensions.partialClone": "origin",
            "core.repositoryFormatVersion": "1",
            "remote.origin.url": f"ext::{one.evil('ext')}",
            "remote.origin.promisor": "true",
            "protocol.allow": "always",
        }
    )
    for path in one.root.rglob("*"):
        if path.is_file() and ".git" not in path.parts:
            hostile.touch(path)
    blob = one.git("rev-parse", "HEAD:pyproject.toml")
    (one.root / ".git/objects" / blob[:2] / blob[2:]).unlink()


def _planted(demo: Demo, one: Hostile) -> None:
    """Put code into the tree under each name that something may look for."""
    note = f"import os; open({str(one.log)!r}, 'a').write('{{}}\\n')\n"
    for name in SHADOWS:
        demo.write({f"{name}.py": note.format(f"module-{name}")})
    demo.write({"build_backend/core.py": note.format("backend"), "setup.py": note.format("setup.py")})
    for name in ("python", "python3", "git", "uv"):
        program = Path(one.evil(name))
        (demo.root / ".venv/bin").mkdir(parents=True, exist_ok=True)
        shutil.copy(program, demo.root / ".venv/bin" / name)
        program.rename(demo.root / name)
    site = demo.root / ".venv/lib/python3.11/site-packages"
    site.mkdir(parents=True)
    (site / "evil.pth").write_text(f"import os; open({str(one.log)!r}, 'a').write('pth')\n", encoding="utf-8")


def _recorded(demo: Demo, one: Hostile) -> None:
    """Leave the record of a build that asked git all that could start something, or write."""
    lines = [asked for _, asked in TRAPS.values()]
    lines += [f"diff --quiet --outp={one.log}", "--exec-path=. describe", "-p log", f"-c core.pager={one.log} log"]
    trace = Trace(git={"\x1f".join([".", *line.split()]): "setup.py:1" for line in lines})
    record = BuildRecord("1", step="build", kind="editable", trace=trace, salt="5a" * 16)
    (demo.root / ".dyncachekeys/builds").mkdir(parents=True, mode=0o700)
    (demo.root / ".dyncachekeys/builds/1.json").write_bytes(dump(record))


@pytest.fixture(params=["repository", "bare"])
def planted(request: pytest.FixtureRequest, demo_maker: DemoMaker) -> tuple[Demo, Hostile]:
    """Return a project in a repository that comes with a configuration, or in a folder that is a bare one."""
    demo = demo_maker(KEYS, {"requirements.txt": "x\n", "a.bin": "data\n"})
    one = Hostile(demo.root, demo.beside.parent / "started")
    one.git("init", "--quiet")
    one.git("add", ".")
    one.git("commit", "--quiet", "--message=one")
    if request.param == "bare":
        made = hostile.bare(demo.beside)
        for path in made.root.iterdir():
            if path.name != "a.bin":
                path.rename(demo.root / path.name)
        shutil.rmtree(demo.root / ".git")
        one.log = made.log
    else:
        _all_at_once(one)
    _planted(demo, one)
    _recorded(demo, one)
    one.started()
    return demo, one


@pytest.mark.parametrize("command", COMMANDS)
def test_nothing_of_the_tree_is_run(command: str, planted: tuple[Demo, Hostile]) -> None:
    demo, one = planted
    if command.startswith("init"):  # there must be something left to propose
        (demo.root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    before = tree_of(demo.root)
    # As a hook or a careless shell would have it: the current folder is searched for programs and for modules.
    done = demo.cli(*command.split(), "-v", check=False, PATH=f".{os.pathsep}{demo.environ['PATH']}{os.pathsep}")
    assert done.returncode in {0, 1}, done.stderr
    assert one.started() == set()
    if command not in {"sync", "clean", "allow"}:
        assert tree_of(demo.root) == before


def test_the_page_has_every_command() -> None:
    page = (Path(__file__).parents[2] / "docs/threat-model.md").read_text(encoding="utf-8")
    table = page.partition("## Promises and facts")[2].partition("\n\nBuilt-in")[0]
    firsts = {row.split("|")[1] for row in table.splitlines() if row.startswith("| `")}
    assert {name for name in options.COMMANDS if not any(f"`{name}" in first for first in firsts)} == set()


def test_the_tree_would_run_something(planted: tuple[Demo, Hostile]) -> None:
    demo, one = planted
    one.git("status", check=False)
    assert one.started() & {"fsmonitor", "fsmonitor-of-a-bare-repository"}
    demo.run("python", "-c", "import json", PATH=f".{os.pathsep}{demo.environ['PATH']}", check=False)
    assert one.started() == {"python"}
