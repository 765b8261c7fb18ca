"""Whether git tracks a name: told from its index where that is certain, and always as git tells."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.files import git

NAME = ".dyncachekeys"
Git = Callable[..., None]


def _git(folder: Path) -> Git:
    def run(*arguments: str) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@b")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
        subprocess.run(["git", *named, *arguments], cwd=folder, check=True, capture_output=True, env=environ)

    return run


def _nothing(_: Git) -> None:
    pass


def _version_4(run: Git) -> None:
    run("update-index", "--index-version", "4")


def _split(run: Git) -> None:
    run("update-index", "--split-index")


def _intent(run: Git) -> None:
    run("add", "--intent-to-add", "later")  # which makes it version 3


@pytest.mark.parametrize("change", [_nothing, _version_4, _split, _intent])
@pytest.mark.parametrize("below", ["", "packages/one"])
@pytest.mark.parametrize("tracked", [True, False])
def test_as_git_tells(tmp_path: Path, change: Callable[[Git], None], below: str, tracked: bool) -> None:
    run, root = _git(tmp_path), tmp_path / below
    run("init", "--quiet")
    for name in (f"{NAME}/state.json", ".dyncache/x", "a", "later"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    _git(root)("add", "a", ".dyncache", *([NAME] if tracked else []))
    change(_git(root))
    asked = bool(git.ask(root, "ls-files", "--", NAME))
    assert (git.tracks(root, NAME), asked) == (tracked, tracked)


def test_before_the_first_add_and_without_a_repository(tmp_path: Path) -> None:
    assert not git.tracks(tmp_path, NAME)
    _git(tmp_path)("init", "--quiet")
    assert not git.tracks(tmp_path, NAME)


def test_in_a_linked_worktree(tmp_path: Path) -> None:
    run = _git(tmp_path)
    run("init", "--quiet")
    (tmp_path / NAME).mkdir()
    (tmp_path / NAME / "state.json").touch()
    run("add", NAME)
    run("commit", "--quiet", "--message", "all")
    run("worktree", "add", "--quiet", "beside")
    assert git.tracks(tmp_path / "beside", NAME)
    assert not git.tracks(tmp_path / "beside", "another")


def test_git_is_not_asked_in_vain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = _git(tmp_path)
    run("init", "--quiet")
    (tmp_path / "a").touch()
    run("add", "a")
    monkeypatch.setenv("PATH", "")
    assert not git.tracks(tmp_path, NAME)
