"""What git tracks is not ignored, whatever rule matches it: selections and rules, with git as the judge."""

from __future__ import annotations

import os
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files
from dyncachekeys.quick import git_index
from kit import GIT_IDENTITY

Git = Callable[..., str]
TREE = ("a.rs", "src/bin/a.rs", "src/bin/deep/b.rs", "src/bin/new.rs", "src/lib.rs", "bin/x.rs", "made/m.rs")
TRACKED = ("a.rs", "src/bin/a.rs", "src/bin/deep/b.rs", "src/lib.rs")


def _git(folder: Path) -> Git:
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | GIT_IDENTITY
    always = ("git", "-c", "protocol.file.allow=always")

    def run(*arguments: str) -> str:
        done = subprocess.run([*always, *arguments], cwd=folder, check=True, capture_output=True, env=environ)
        return os.fsdecode(done.stdout)

    return run


def _make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def _repository(root: Path, ignore: str = "bin/\n/made/\n") -> Git:
    """Make a repository in which some files are tracked although a rule matches them."""
    _make(root, *TREE)
    (root / ".gitignore").write_text(ignore, encoding="utf-8")
    run = _git(root)
    run("init", "--quiet", "--initial-branch=main")
    run("add", "--force", *TRACKED)
    run("add", ".gitignore")
    run("commit", "--quiet", "--message=first")
    return run


def _chosen(root: Path, *patterns: str, exclude: tuple[str, ...] = ()) -> list[str]:
    return list(Selection(patterns or ("*.rs",), exclude).among(Files(root, FileMemory())))


def _plain(_: Git) -> None:
    pass


def _version_4(run: Git) -> None:
    run("update-index", "--index-version", "4")


def _split(run: Git) -> None:
    run("update-index", "--split-index")


@pytest.mark.parametrize("change", [_plain, _version_4, _split])
def test_tracked_files_are_chosen_and_new_ones_beside_them_are_not(
    tmp_path: Path, change: Callable[[Git], None]
) -> None:
    change(_repository(tmp_path))
    assert _chosen(tmp_path) == sorted(TRACKED)
    assert _chosen(tmp_path, "src/bin/", exclude=("deep/",)) == ["src/bin/a.rs"]
    rules = IgnoreRules(Files(tmp_path, FileMemory()))
    assert [path for path in TREE if rules.ignores(path)] == sorted(set(TREE) - set(TRACKED), key=TREE.index)
    assert [rules.ignores_all(path) for path in ("bin", "src/bin", "src/bin/deep", "src/bin/a.rs")] == [True] + [
        False
    ] * 3


@pytest.mark.parametrize("project", ["src", "src/bin/deep", "made/inside"])
def test_a_project_below_the_root(tmp_path: Path, project: str) -> None:
    """Also one that lies in a folder that a rule matches: no rule from above counts there."""
    run = _repository(tmp_path)
    _make(tmp_path, f"{project}/bin/t.rs", f"{project}/bin/u.rs")
    run("add", "--force", f"{project}/bin/t.rs")
    found = _chosen(tmp_path / project, "bin/*.rs")
    assert "bin/t.rs" in found
    assert ("bin/u.rs" in found) == (project != "src")
    up = "/".join([".."] * len(Path(project).parts))
    assert f"{up}/a.rs" in _chosen(tmp_path / project, f"{up}/**/*.rs")
    expected = {os.path.relpath(tmp_path / name, tmp_path / project) for name in (*TRACKED, f"{project}/bin/t.rs")}
    assert expected <= set(_chosen(tmp_path / project, f"{up}/**/*.rs"))


def test_a_linked_worktree(tmp_path: Path) -> None:
    run = _repository(tmp_path / "main")
    run("worktree", "add", "--quiet", str(tmp_path / "linked"))
    _make(tmp_path / "linked", "src/bin/other.rs")
    assert _chosen(tmp_path / "linked") == sorted(TRACKED)


def test_a_submodule_goes_by_its_own_rules_and_index(tmp_path: Path) -> None:
    """Also where a rule of the repository around it matches the submodule itself, or what lies in it."""
    _repository(tmp_path / "other")
    run = _repository(tmp_path / "whole", "bin/\nthird/\nlib.rs\n")
    run("submodule", "--quiet", "add", "--force", str(tmp_path / "other"), "third/other")
    _make(tmp_path / "whole", "third/new.rs", "third/other/made/m.rs", "third/other/src/bin/new.rs")
    found = [path for path in _chosen(tmp_path / "whole") if path.startswith("third/")]
    assert found == sorted(f"third/other/{name}" for name in TRACKED)
    rules = IgnoreRules(Files(tmp_path / "whole", FileMemory()))
    assert not rules.ignores("third/other/src/lib.rs")
    assert rules.ignores("third/other/src/bin/new.rs")
    assert rules.ignores("third/new.rs")


def test_without_git_its_index_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _repository(tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    assert _chosen(tmp_path) == sorted(TRACKED)


def test_without_a_repository_or_an_index_the_rules_count(tmp_path: Path) -> None:
    _make(tmp_path, *TREE)
    (tmp_path / ".gitignore").write_text("bin/\n", encoding="utf-8")
    expected = ["a.rs", "made/m.rs", "src/lib.rs"]
    assert _chosen(tmp_path) == expected
    _git(tmp_path)("init", "--quiet")
    assert _chosen(tmp_path) == expected


@pytest.mark.parametrize("seed", range(12))
def test_git_agrees_on_random_trees_with_tracked_files(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ["a", "b", "c.c", "d.txt", "e e.c", "build", "x.log"]
    for _ in range(40):
        path = tmp_path / "/".join(chance.choices(names, k=chance.randint(1, 4)))
        if not path.is_dir() and not any(above.is_file() for above in path.parents):
            _make(tmp_path, path.relative_to(tmp_path).as_posix())
    lines = ["*.log", "build/", "/a/b", "!keep.log", "**/c.c", "a/**/d.txt", "b/*", "!b/c.c", "e\\ e.c", "!x.log"]
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    for folder in chance.sample(folders, min(3, len(folders))):
        (folder / ".gitignore").write_text("\n".join(chance.sample(lines, 4)) + "\n", encoding="utf-8")
    run = _git(tmp_path)
    run("init", "--quiet")
    everything = sorted(path for path in tmp_path.rglob("*") if path.is_file() and ".git" not in path.parts)
    run("add", "--force", "--", *map(str, chance.sample(everything, len(everything) // 3)))
    expected = sorted(filter(None, run("ls-files", "-co", "--exclude-per-directory=.gitignore", "-z").split("\0")))
    assert _chosen(tmp_path, "*") == expected
    rules = IgnoreRules(Files(tmp_path, FileMemory()))
    assert sorted(path for path in _chosen(tmp_path, "*") if not rules.ignores(path)) == expected


@pytest.mark.parametrize("length", [46, 47, 48, 302, 303])
def test_the_length_in_front_of_a_path_may_look_like_a_slash(tmp_path: Path, length: int) -> None:
    """An index says no only where that is certain; a longer path that ends the same is mostly told apart."""
    folder = "b" * 200 if length > 300 else "bin"
    name = f"{folder}/{'x' * (length - len(folder) - 1)}"
    _make(tmp_path, name, "other/only")
    run = _git(tmp_path)
    run("init", "--quiet")
    run("add", name, "other/only")
    index = (tmp_path / ".git/index").read_bytes()
    assert git_index.names_in_full(index)
    assert git_index.may_hold(index, name.encode())
    assert git_index.may_hold(index, folder.encode())
    assert not git_index.may_hold(index, b"only")
    assert not git_index.may_hold(index, b"bi")
    assert not git_index.may_hold(index, b"othe")


def test_a_state_that_git_tracks_is_matched_all_the_same(tmp_path: Path) -> None:
    run = _repository(tmp_path, "/.dyncachekeys/\n")
    _make(tmp_path, ".dyncachekeys/state.json")
    run("add", "--force", ".dyncachekeys")
    rules = IgnoreRules(Files(tmp_path, FileMemory()))
    assert (rules.ignores_all_in(".dyncachekeys"), rules.ignores(".dyncachekeys/state.json")) == (True, False)
