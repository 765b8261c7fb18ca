"""Selection of files, with git as the judge on random trees."""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import pytest

from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files


def chosen(root: Path, *patterns: str, exclude: tuple[str, ...] = (), gitignore: bool = True) -> list[str]:
    return list(Selection(patterns, exclude, gitignore=gitignore).among(Files(root, FileMemory())))


def make(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x", encoding="utf-8")


@pytest.mark.parametrize(
    ("patterns", "exclude", "expected"),
    [
        (["src/**/*.c"], [], ["src/a.c", "src/deep/b.c"]),
        (["*.c"], [], ["src/a.c", "src/deep/b.c", "top.c"]),
        (["/*.c"], [], ["top.c"]),
        (["src/"], [], ["src/a.c", "src/deep/b.c", "src/notes.txt"]),
        (["src"], ["src/deep/"], ["src/a.c", "src/notes.txt"]),
        (["*.c"], ["deep/"], ["src/a.c", "top.c"]),
        (["#odd.c", "[ab].c"], [], ["#odd.c", "src/a.c", "src/deep/b.c"]),
        (["../other/*.c"], [], ["../other/o.c"]),
        (["../**/*.c"], ["/src/"], ["#odd.c", "../other/o.c", "top.c"]),
        (["../**/*.c"], ["*.c"], []),
        (["top.c", "/top.c", "../demo/top.c"], [], ["top.c"]),
    ],
)
def test_patterns(tmp_path: Path, patterns: list[str], exclude: list[str], expected: list[str]) -> None:
    make(tmp_path, "demo/top.c", "demo/src/a.c", "demo/src/deep/b.c", "demo/src/notes.txt", "other/o.c", "demo/#odd.c")
    found = chosen(tmp_path / "demo", *patterns, exclude=tuple(exclude))
    if patterns == ["*.c"]:
        expected = sorted(["#odd.c", *expected])
    if patterns == ["/*.c"]:
        expected = ["#odd.c", *expected]
    assert found == sorted(expected)


def test_what_is_always_left_out_unless_named(tmp_path: Path) -> None:
    make(tmp_path, "a.py", "__pycache__/a.py", ".git/x.py", ".dyncachekeys/x.py", "env/lib/x.py", "env/pyvenv.cfg")
    assert chosen(tmp_path, "*.py") == ["a.py"]
    named = ["__pycache__/a.py", ".dyncachekeys/x.py", ".git/x.py", "env/lib/x.py"]
    assert chosen(tmp_path, *named) == sorted(named)


def test_ignored_files_are_left_out_unless_named_or_asked_for(tmp_path: Path) -> None:
    make(tmp_path, "a.c", "gen/b.c", "gen/keep.c", "sub/c.c")
    (tmp_path / ".gitignore").write_text("gen/\n", encoding="utf-8")
    (tmp_path / "sub/.gitignore").write_text("*.c\n", encoding="utf-8")
    assert chosen(tmp_path, "*.c") == ["a.c"]
    assert chosen(tmp_path, "*.c", "gen/keep.c") == ["a.c", "gen/keep.c"]
    assert chosen(tmp_path, "*.c", gitignore=False) == ["a.c", "gen/b.c", "gen/keep.c", "sub/c.c"]


def test_ignore_files_count_from_the_repository_root_down(tmp_path: Path) -> None:
    make(tmp_path, "project/a.c", "project/b.c")
    (tmp_path / ".gitignore").write_text("/project/b.c\n", encoding="utf-8")
    assert chosen(tmp_path / "project", "*.c") == ["a.c", "b.c"]
    (tmp_path / ".git").mkdir()
    assert chosen(tmp_path / "project", "*.c") == ["a.c"]


def test_a_project_that_is_itself_ignored_is_still_looked_at(tmp_path: Path) -> None:
    make(tmp_path, "scratch/project/a.c")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("scratch/\n", encoding="utf-8")
    assert chosen(tmp_path / "scratch/project", "*.c") == ["a.c"]


def test_a_link_to_a_directory_is_chosen_and_not_walked(tmp_path: Path) -> None:
    make(tmp_path, "real/a.c")
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    assert chosen(tmp_path, "*") == ["link", "real/a.c"]


def test_each_path_comes_with_its_pattern_and_unmatched_ones_are_told(tmp_path: Path) -> None:
    make(tmp_path, "a.c", "b.h")
    selection = Selection(["a.*", "*.c", "*.h", "*.rs"])
    found = selection.among(Files(tmp_path, FileMemory()))
    assert found == {"a.c": "*.c", "b.h": "*.h"}
    assert selection.unmatched(found, tmp_path.parts) == ["*.rs"]


@pytest.mark.parametrize("seed", range(25))
def test_git_agrees_on_random_trees(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    names = ["a", "b", "c.c", "d.txt", "e e.c", "build", "x.log"]
    for _ in range(40):
        make_safely(tmp_path, "/".join(chance.choices(names, k=chance.randint(1, 4))))
    lines = ["*.log", "build/", "/a/b", "!keep.log", "**/c.c", "a/**/d.txt", "b/*", "!b/c.c", "e\\ e.c", "!x.log"]
    folders = [tmp_path, *(path for path in tmp_path.rglob("*") if path.is_dir())]
    for folder in chance.sample(folders, min(3, len(folders))):
        (folder / ".gitignore").write_text("\n".join(chance.sample(lines, 4)) + "\n", encoding="utf-8")
    environ = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    subprocess.run(["git", "init", "-q", tmp_path], check=True, env=environ)
    listed = ["git", "-C", str(tmp_path), "ls-files", "-co", "--exclude-standard", "-z"]
    out = subprocess.run(listed, check=True, env=environ, capture_output=True).stdout.decode()
    assert chosen(tmp_path, "*") == sorted(filter(None, out.split("\0")))


def make_safely(root: Path, name: str) -> None:
    if not any((root / part).is_file() for part in Path(name).parents) and not (root / name).is_dir():
        make(root, name)
