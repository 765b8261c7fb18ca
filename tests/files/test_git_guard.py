"""Nothing that a repository's configuration names is started by a question of ours to git."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import hostile
from dyncachekeys.files import git
from hostile import TRAPS


@pytest.mark.parametrize("name", TRAPS)
def test_nothing_is_started(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trap, asked = TRAPS[name]
    repository = hostile.make(tmp_path)
    trap(repository)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    repository.started()
    index = (repository.root / ".git/index").read_bytes()
    git.ask(repository.root, *asked.split())
    assert repository.started() == set()
    assert (repository.root / ".git/index").read_bytes() == index
    # The same question by itself does start something: else nothing was shown.
    repository.git(*asked.split(), check=False, PATH=os.environ["PATH"])
    assert repository.started()


@pytest.mark.parametrize("below", [".", "objects"])
def test_a_bare_repository_that_comes_with_a_tree_is_not_believed(below: str, tmp_path: Path) -> None:
    planted = hostile.bare(tmp_path)
    assert git.ask(planted.root / below, "status") is None
    assert git.ask(tmp_path, "-C", f"repository/{below}", "status") is None
    assert "bare" in (git.refusal(planted.root / below) or "")
    assert planted.started() == set()
    planted.git("status")
    assert planted.started()


def test_answers_stay_what_they_are(tmp_path: Path) -> None:
    one = hostile.make(tmp_path)
    for asked in ("status --porcelain", "describe --always --dirty", "log -1 --format=%s", "show HEAD:a.bin", "diff"):
        assert git.ask(one.root, *asked.split()) == one.git(*asked.split())
    hostile.touch(one.root / "a.bin")
    assert git.ask(one.root, "describe", "--always", "--dirty") == one.git("describe", "--always", "--dirty")
    (one.root / "a.bin").write_text("other\n", encoding="utf-8")
    assert git.ask(one.root, "describe", "--always", "--dirty") == one.git("describe", "--always", "--dirty")
    one.git("checkout", "--quiet", ".")
    hostile.filter_of_submodule(one)
    (one.root / "sub/new").touch()
    assert git.ask(one.root, "describe", "--always", "--dirty") == one.git("describe", "--always")
    assert git.ask(one.root, "status", "--porcelain") == " M sub"


def test_git_of_the_current_folder_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hostile.make(tmp_path)
    Path(one.evil("git")).rename(one.root / "git")
    monkeypatch.chdir(one.root)
    monkeypatch.setenv("PATH", f".{os.pathsep}{os.pathsep}{os.environ['PATH']}")
    assert git.ask(one.root, "rev-parse", "--abbrev-ref", "HEAD") == "main"
    assert one.started() == set()


def test_a_question_that_does_not_end_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = hostile.make(tmp_path)
    os.mkfifo(tmp_path / "fifo")
    one.configure({"include.path": str(tmp_path / "fifo")})
    monkeypatch.setattr(git, "LONGEST", 0.2)
    assert git.ask(one.root, "rev-parse", "HEAD") is None


def test_nothing_is_read_from_our_standard_input(tmp_path: Path) -> None:
    one = hostile.make(tmp_path)
    code = f"from pathlib import Path; from dyncachekeys.files import git; print(git.ask(Path({str(one.root)!r}), 'rev-list', '--stdin', 'HEAD'))"
    done = subprocess.run([sys.executable, "-c", code], input=b"^HEAD\n", capture_output=True, check=True, timeout=20)
    assert len(done.stdout.split()) == 2
