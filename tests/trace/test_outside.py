"""What a build depends on outside of the tree: programs, git's answers, the names of all variables."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

import hostile
from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.outside import runs_each_time, values
from hostile import TRAPS
from kit import GIT_IDENTITY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "demo").mkdir()
    return tmp_path / "demo"


def found(root: Path, trace: Trace, **environ: str) -> dict[str, object]:
    return {one.name: one.data for one in values(trace, Files(root), Environment(environ), {}, "in the build of 14:02")}


def program(folder: Path, name: str = "tool", text: str = "#!/bin/sh\n") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text, encoding="utf-8")
    (folder / name).chmod(0o755)
    return folder / name


def started(path: Path) -> Trace:
    return Trace(programs={str(path): "backend.py:6"})


def test_a_small_program_is_known_by_what_it_holds(root: Path) -> None:
    tool = program(root.parent / "bin")
    before = found(root, started(tool))
    assert list(before) == ["program tool"]
    os.utime(tool, (1, 1))
    tool.rename(tool.with_name("old"))
    program(tool.parent)
    assert found(root, started(tool)) == before
    program(tool.parent, text="#!/bin/sh\nexit 1\n")
    assert found(root, started(tool)) != before


def test_a_large_one_by_its_size_and_time(root: Path) -> None:
    tool = program(root.parent / "bin", text="x" * 70_000)
    before = found(root, started(tool))
    os.utime(tool, (1, 1))
    assert found(root, started(tool)) != before


def test_one_that_is_gone(root: Path) -> None:
    tool = program(root.parent / "bin")
    before = found(root, started(tool))
    tool.unlink()
    assert found(root, started(tool)) == {"program tool": [str(tool)]} != before


def test_one_that_comes_earlier_on_path_takes_its_place(root: Path) -> None:
    tool, first = program(root.parent / "bin"), root.parent / "first"
    path = os.pathsep.join([str(first), str(tool.parent)])
    before = found(root, started(tool), PATH=path)
    earlier = program(first)
    assert found(root, started(tool), PATH=path)["program tool"] == [str(earlier), *_rest(before)]


def _rest(before: dict[str, object]) -> list[object]:
    data = before["program tool"]
    assert isinstance(data, list)
    return data[1:]


def test_not_if_it_was_not_found_there(root: Path) -> None:
    """It was started by its path: another one of that name is another one."""
    tool, first = program(root.parent / "bin"), program(root.parent / "first")
    before = found(root, started(tool))
    assert found(root, started(tool), PATH=str(first.parent)) == before


@pytest.mark.parametrize("how", ["not executable", "a folder", "relative"])
def test_nor_what_can_not_be_started(root: Path, how: str) -> None:
    tool, first = program(root.parent / "bin"), root.parent / "first"
    before = found(root, started(tool), PATH=str(tool.parent))
    if how == "a folder":
        (first / "tool").mkdir(parents=True)
    else:
        program(first).chmod(0o644 if how == "not executable" else 0o755)
    name = os.path.relpath(first) if how == "relative" else str(first)
    assert found(root, started(tool), PATH=f"{name}{os.pathsep}{tool.parent}") == before


def git(root: Path, *arguments: str) -> None:
    subprocess.run(["git", *arguments], cwd=root, env={**os.environ, **GIT_IDENTITY}, check=True, capture_output=True)


def asking(line: str, folder: str = ".") -> Trace:
    return Trace(git={"\x1f".join([folder, *line.split()]): "backend.py:6"})


def test_what_git_answers(root: Path) -> None:
    trace = asking("describe --tags --always")
    assert found(root, trace) == {"git describe --tags --always": None}
    git(root, "init", "--quiet")
    git(root, "commit", "--quiet", "--allow-empty", "--message", "one")
    git(root, "tag", "v1")
    assert found(root, trace) == {"git describe --tags --always": "v1"}
    git(root, "branch", "other")
    assert found(root, trace) == {"git describe --tags --always": "v1"}


def test_git_is_asked_where_the_build_asked_it(root: Path) -> None:
    (root / "sub").mkdir()
    for folder, name in ((root, "outer"), (root / "sub", "inner")):
        git(folder, "init", "--quiet", "--initial-branch", name)
    assert found(root, asking("branch --show-current", "sub")) == {"git branch --show-current": "inner"}
    assert found(root, asking("-C .. branch --show-current", "sub")) == {"git -C .. branch --show-current": "outer"}


def test_what_is_not_asked_again_is_no_value(root: Path) -> None:
    assert found(root, asking("tag v1")) == {}


@pytest.mark.parametrize(("line", "expected"), [("status", True), ("describe --dirty", True), ("describe", False)])
def test_only_questions_about_the_work_tree_are_asked_each_time(line: str, expected: bool) -> None:
    assert runs_each_time(asking(line)) is expected


def test_which_variables_there_are(root: Path) -> None:
    """Where the project's own code goes through all of them; but for those of the session."""
    trace = Trace(looped="backend.py:9")
    before = found(root, trace, DEMO_A="1", TERM="x", SSH_AUTH_SOCK="x")
    assert before == {"names of variables": ["DEMO_A"]}
    assert found(root, trace, DEMO_A="2", SHLVL="3") == before
    assert found(root, trace, DEMO_A="1", DEMO_B="") == {"names of variables": ["DEMO_A", "DEMO_B"]}
    assert found(root, Trace(environment="backend.py:9"), DEMO_A="1") == {}


def test_the_reason_names_who_asked(root: Path) -> None:
    (one,) = values(started(program(root.parent / "bin")), Files(root), Environment({}), {}, "in the build of 14:02")
    assert one.reason == "started by backend.py:6 in the build of 14:02"


def test_a_record_can_not_lead_git_to_another_repository(root: Path, tmp_path: Path) -> None:
    """What is named by `--git-dir` git believes, whoever owns it."""
    git(root, "init", "--quiet", "--initial-branch", "own")
    hostile.make(tmp_path, "other")
    line = "--git-dir={} rev-parse --abbrev-ref HEAD".format
    for own in (str(root / ".git"), ".git", "../demo/.git"):
        git(root, "commit", "--quiet", "--allow-empty", "--message", "one")
        assert set(found(root, asking(line(own))).values()) == {"own"}
    for other in (str(tmp_path / "other/.git"), "../other/.git"):
        assert set(found(root, asking(line(other))).values()) == {None}
    assert set(found(root, asking("--git-dir ../other/.git describe")).values()) == {None}
    assert set(found(root, asking("-C .. --git-dir=other/.git describe")).values()) == {None}


@pytest.mark.parametrize("name", TRAPS)
def test_a_question_of_a_record_starts_nothing(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap, asked = TRAPS[name]
    repository = hostile.make(tmp_path)
    trap(repository)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    repository.started()
    found(repository.root, asking(asked))
    assert repository.started() == set()
