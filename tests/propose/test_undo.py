"""`init --undo` gives back what was there before `init`, and says what it leaves."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import tomli

from dyncachekeys.cli.main import run
from kit import DemoMaker
from pyproject.test_formatters import FORMATTERS, formatted

BUILD = '[build-system]\nrequires = ["setuptools"]\nbuild-backend = "setuptools.build_meta"\n'
PROJECT = f'[project]\nname = "p"\nversion = "1"\n\n{BUILD}'
SHAPES = {
    "no tool.uv": PROJECT,
    "no newline at the end": PROJECT.rstrip(),
    "blank lines at the end": f"{PROJECT}\n\n",
    "own cache-keys": f'{PROJECT}[tool.uv]\n# mine\ncache-keys = [{{ file = "pyproject.toml" }}, "a.c"]\n',
    "an empty tool.uv": f"{PROJECT}\n[tool.uv]\n\n[tool.ruff]\n",
    "a PYTHONPATH": f'{PROJECT}[tool.uv]\nextra-build-variables = {{ p = {{ PYTHONPATH = "x" }}, q = {{ A = "1" }} }}\n',
    "other variables": f'{PROJECT}[tool.uv.extra-build-variables.p]\nA = "1"\n',
    "another package": f'{PROJECT}[tool.uv.extra-build-variables]\nq = {{ A = "1" }}\n',
    "windows": PROJECT.replace("\n", "\r\n"),
}
EXACT = [name for name in SHAPES if name not in {"no newline at the end", "blank lines at the end", "an empty tool.uv"}]
"""What is given back to the byte without anybody remembering it."""
OPTIONS: list[list[str]] = [[], ["--watch", "digest"], ["--transport", "digest"]]
SITUATIONS = [
    pytest.param(shape, options, id=f"{shape} {' '.join(options)}", marks=[pytest.mark.thorough] * bool(options))
    for shape in SHAPES
    for options in OPTIONS
]


def make(root: Path, files: Mapping[str, str | bytes]) -> Path:
    for name, text in {".git/HEAD": "ref: refs/heads/main\n", "a.c": "", "setup.py": "", **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(text.encode() if isinstance(text, str) else text)
    return root


def cli(root: Path, *arguments: str) -> int:
    return run([*arguments, "-q", "--project", os.fspath(root)])


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("shape", "options"), SITUATIONS)
def test_to_the_byte_where_nothing_was_edited_since(shape: str, options: list[str], tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": SHAPES[shape]})
    before = tree(tmp_path)
    assert cli(tmp_path, "init", *options) == 0
    assert cli(tmp_path, "sync") == 0
    (tmp_path / "generated.h").touch()  # `init` would write other patterns now
    assert cli(tmp_path, "init", "--undo") == 0
    (tmp_path / "generated.h").unlink()
    assert tree(tmp_path) == before


@pytest.mark.parametrize(("shape", "options"), SITUATIONS)
def test_on_a_clone_where_nobody_remembers(shape: str, options: list[str], tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": SHAPES[shape]})
    before = tree(tmp_path)
    assert cli(tmp_path, "init", *options) == 0
    assert cli(tmp_path, "sync") == 0
    shutil.rmtree(tmp_path / ".dyncachekeys")
    assert cli(tmp_path, "init", "--undo") == 0
    if shape in EXACT:
        assert tree(tmp_path) == before
    left, right = (tomli.loads(one["pyproject.toml"].decode()) for one in (tree(tmp_path), before))
    assert {**left, "tool": left.get("tool") or None} == {**right, "tool": _less_empty(right.get("tool", {})) or None}


def _less_empty(tool: Mapping[str, object]) -> dict[str, object]:
    return {name: table for name, table in tool.items() if table or name != "uv"}


def test_after_clean(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, {"pyproject.toml": SHAPES["own cache-keys"], ".gitignore": "dist/\n"})
    before = tree(tmp_path)
    assert cli(tmp_path, "init") == 0
    assert cli(tmp_path, "sync") == 0
    assert run(["clean", "--project", os.fspath(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "Cleaned pyproject.toml, .dyncachekeys\n"
        "Left: pyproject.toml: [tool.dyncachekeys]; pyproject.toml: extra-build-variables; .gitignore: .dyncachekeys/. "
        "`dyncachekeys init --undo` takes away what `init` wrote of that\n"
    )
    assert cli(tmp_path, "init", "--undo") == 0
    assert tree(tmp_path) == before
    assert run(["init", "--undo", "--project", os.fspath(tmp_path)]) == 0
    assert run(["clean", "--project", os.fspath(tmp_path)]) == 0
    assert capsys.readouterr().out == "Nothing to undo.\nNothing to clean\n"


def test_what_was_edited_since_is_left_and_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, {"pyproject.toml": PROJECT})
    assert cli(tmp_path, "init") == 0
    path = tmp_path / "pyproject.toml"
    own = '\n# mine\n[tool.dyncachekeys.keys.mine]\nresolver = "env"\nnames = ["X"]\n'
    edited = path.read_text(encoding="utf-8").replace('names = ["CC",', 'names = ["CUDA_HOME", "CC",') + own
    path.write_text(edited, encoding="utf-8")
    assert cli(tmp_path, "sync") == 0
    capsys.readouterr()
    assert run(["init", "--undo", "--format", "json", "--project", os.fspath(tmp_path)]) == 0
    (left,) = json.loads(capsys.readouterr().out)["left"]
    assert (left["code"], left["where"]) == ("left", "pyproject.toml: tool.dyncachekeys")
    assert left["message"].endswith(": keys.environment, keys.mine")
    keys = tomli.loads(path.read_text(encoding="utf-8"))["tool"]["dyncachekeys"]["keys"]
    assert keys.keys() == {"environment", "mine"}
    assert path.read_text(encoding="utf-8").endswith(own)
    assert cli(tmp_path, "sync") == 0
    assert cli(tmp_path, "check") == 0
    assert (tmp_path / ".gitignore").read_text(encoding="utf-8") == "/.dyncachekeys/\n"


def test_settings_of_others_that_came_since_stay(tmp_path: Path) -> None:
    make(tmp_path, {"pyproject.toml": PROJECT})
    assert cli(tmp_path, "init") == 0
    with (tmp_path / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write("\n# the linter\n[tool.ruff]\nline-length = 100\n")
    assert cli(tmp_path, "sync") == 0
    assert cli(tmp_path, "init", "--undo") == 0
    after = (tmp_path / "pyproject.toml").read_text(encoding="utf-8")
    assert after == f"{PROJECT}\n# the linter\n[tool.ruff]\nline-length = 100\n"


@pytest.mark.parametrize("name", FORMATTERS)
def test_behind_a_formatter(name: str, tmp_path: Path) -> None:
    """It may write tables as dotted keys, and sort what a key's list was made of."""
    dynamic = 'dynamic = ["optional-dependencies"]\n'
    extras = '[tool.setuptools.dynamic]\noptional-dependencies = { z = { file = "z.txt" }, a = { file = "a.txt" } }\n'
    root = make(
        tmp_path / "p",
        {
            "pyproject.toml": PROJECT.replace('version = "1"\n', f'version = "1"\n{dynamic}') + extras,
            "a.txt": "",
            "z.txt": "",
        },
    )
    alone = make(tmp_path / "alone", tree(root))
    formatted(name, [alone / "pyproject.toml"])
    assert cli(root, "init") == 0
    assert cli(root, "sync") == 0
    formatted(name, [root / "pyproject.toml"])
    assert cli(root, "init", "--undo") == 0
    formatted(name, [root / "pyproject.toml"])
    assert tree(root) == tree(alone)


def test_dry_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    make(tmp_path, {"pyproject.toml": PROJECT})
    assert cli(tmp_path, "init") == 0
    before = tree(tmp_path)
    assert run(["init", "--undo", "--dry-run", "--project", os.fspath(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "\n-[tool.dyncachekeys.keys.build]\n" in told
    assert told.endswith("\nNothing was written; `dyncachekeys init --undo` writes this.\n")
    assert tree(tmp_path) == before


def test_a_workspace_with_uv_toml(tmp_path: Path) -> None:
    make(
        tmp_path,
        {
            "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
            "uv.toml": "offline = true\n",
            **{f"packages/{name}/pyproject.toml": PROJECT.replace('"p"', f'"{name}"') for name in "ab"},
            "packages/a/setup.py": "",
            "packages/b/c.c": "",
        },
    )
    before = tree(tmp_path)
    for remembered in (True, False):
        assert cli(tmp_path, "init") == 0
        assert cli(tmp_path, "sync") == 0
        if not remembered:
            for home in tmp_path.rglob(".dyncachekeys"):
                shutil.rmtree(home)
        assert cli(tmp_path, "init", "--undo") == 0
        assert tree(tmp_path) == before


def test_one_member_leaves_what_others_need(tmp_path: Path) -> None:
    members = {f"packages/{name}/pyproject.toml": PROJECT.replace('"p"', f'"{name}"') for name in "ab"}
    make(tmp_path, {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n', **members})
    for name in "ab":
        (tmp_path / f"packages/{name}/{name}.c").touch()
        assert cli(tmp_path / f"packages/{name}", "init") == 0
    assert cli(tmp_path, "sync") == 0
    assert cli(tmp_path, "init", "--undo", "--package", "a") == 0
    settings = tomli.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]
    assert settings["extra-build-variables"].keys() == {"b"}
    assert (tmp_path / "packages/a/pyproject.toml").read_text(encoding="utf-8") == members["packages/a/pyproject.toml"]
    assert (tmp_path / ".gitignore").is_file()
    assert cli(tmp_path, "check") == 0


def test_after_a_watched_build_git_sees_no_change(demo_maker: DemoMaker) -> None:
    demo = demo_maker("")
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "before")
    demo.cli("init")
    demo.settled()
    assert demo.git("status", "--porcelain") == "M pyproject.toml"
    demo.cli("init", "--undo")
    assert demo.git("status", "--porcelain") == ""
    assert not (demo.root / ".dyncachekeys").exists()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]  # other settings, other record
