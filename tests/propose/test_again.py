"""`init` again: what it writes beside the keys is made again where it is missing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import tomli

from dyncachekeys.cli.main import run

PROJECT = """\
[project]
name = "p"
version = "1"

[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git/HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return tmp_path


def cli(root: Path, *more: str) -> int:
    return run([*more, "--project", os.fspath(root)])


def text(root: Path, name: str) -> str:
    return (root / name).read_text(encoding="utf-8")


def test_after_git_checkout(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The ignore file of our own folder hides it from git, but not from build backends (U26)."""
    assert cli(root, "init", "-q") == 0
    (root / ".gitignore").write_text("dist/\n", encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    assert (root / ".dyncachekeys/.gitignore").is_file()
    assert cli(root, "init", "-q") == 0
    assert text(root, ".gitignore") == "dist/\n/.dyncachekeys/\n"
    assert cli(root, "sync", "-q") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    "ignored", [".dyncachekeys", "/.dyncachekeys/", ".dyncachekeys/*", ".*", "**/.dyncachekeys/**"]
)
def test_what_git_ignores_anyway_is_not_named_again(ignored: str, root: Path) -> None:
    (root / ".gitignore").write_text(f"{ignored}\n", encoding="utf-8")
    assert cli(root, "init", "-q") == 0
    assert text(root, ".gitignore") == f"{ignored}\n"


def test_only_the_ignore_file_was_lost(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli(root, "init", "-q") == 0
    before = text(root, "pyproject.toml")
    (root / ".gitignore").unlink()
    assert cli(root, "init", "--dry-run") == 0
    told = capsys.readouterr().out
    assert "\n+/.dyncachekeys/\n" in told
    assert told.endswith("Nothing was written; `dyncachekeys init` writes this\n")
    assert cli(root, "init") == 0
    assert text(root, ".gitignore") == "/.dyncachekeys/\n"
    assert text(root, "pyproject.toml") == before
    assert "\nWrote what was missing to .gitignore; the keys are there already\n" in capsys.readouterr().out
    assert cli(root, "init") == 2


@pytest.mark.parametrize("name", ["pyproject.toml", "uv.toml"])
def test_only_the_line_for_watched_builds_was_lost(name: str, root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    if name == "uv.toml":
        (root / name).write_text("offline = true\n", encoding="utf-8")
    assert cli(root, "init", "-q") == 0
    lines = text(root, name).splitlines(keepends=True)
    (root / name).write_text("".join(line for line in lines if "extra-build" not in line), encoding="utf-8")
    assert cli(root, "init") == 0
    uv = tomli.loads(text(root, name)) if name == "uv.toml" else tomli.loads(text(root, name))["tool"]["uv"]
    assert uv["extra-build-variables"] == {"p": {"PYTHONPATH": ".dyncachekeys/watch"}}
    assert f"Wrote what was missing to {name}; the keys are there already\n" in capsys.readouterr().out
    assert cli(root, "init") == 2


def test_keys_of_ones_own_ask_for_no_line(root: Path) -> None:
    """Without the key `build`, nobody wants builds to be watched."""
    (root / ".gitignore").write_text(".dyncachekeys/\n", encoding="utf-8")
    own = PROJECT + '[tool.dyncachekeys.keys.machine]\nresolver = "env"\nnames = ["CC"]\n'
    (root / "pyproject.toml").write_text(own, encoding="utf-8")
    assert cli(root, "init") == 2
    assert text(root, "pyproject.toml") == own
