"""The recipes of docs/recipes.md, as they stand there, each with its real tool where that is installed."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from kit import Demo, DemoMaker

PAGE = Path(__file__).parents[1] / "docs/recipes.md"
KEYS = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["csrc/"]
"""
HERE = Path(sys.executable).parent
COMMANDS = {
    "Makefile": ("make", "sync"),
    "justfile": ("just", "sync"),
    "noxfile.py": ("nox", "-s", "sync"),
    "tox.ini": ("dyncachekeys", "run", "--", "tox", "-e", "py"),
    ".envrc": ("direnv", "exec", ".", "uv", "sync"),
}

ELSEWHERE = {"Dockerfile", ".devcontainer/devcontainer.json", ".gitlab-ci.yml"}
"""What `packaging/test_ready_to_copy.py` tries."""


def recipes() -> dict[str, str]:
    """Return the recipes that are to be tried, by the files in which they go."""
    found = re.findall(r"<!-- try: (.*?) -->\n```\w*\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return {file: text for files, text in found for file in files.split()}


def with_tools(demo: Demo) -> Demo:
    demo.environ["PATH"] = f"{HERE}:{Path(find_uv_bin()).parent}:{demo.environ['PATH']}"
    return demo


def test_all_recipes_are_tried() -> None:
    hooks = {f".git/hooks/{name}" for name in ("post-checkout", "post-merge", "post-rewrite", "pre-commit")}
    assert recipes().keys() == COMMANDS.keys() | hooks | ELSEWHERE


@pytest.mark.parametrize("file", COMMANDS)
def test_recipe(file: str, demo_maker: DemoMaker) -> None:
    program = "tox" if file == "tox.ini" else COMMANDS[file][0]
    demo = with_tools(demo_maker(KEYS, {"csrc/a.c": "int a;\n", "csrc/b.c": "int b;\n"}))
    demo.environ |= {"NO_COLOR": "1", "TOX_OVERRIDE": "testenv.pass_env=BUILD_LOG"}
    if shutil.which(program, path=demo.environ["PATH"]) is None:
        pytest.skip(f"there is no {program} here")
    if program == "tox":
        pytest.importorskip("tox_uv")
    (demo.root / file).write_text(recipes()[file], encoding="utf-8")
    demo.uv("lock")
    if program == "direnv":
        demo.run("direnv", "allow")
    demo.run(*COMMANDS[file])
    assert demo.builds == 1
    demo.write({"csrc/a.c": "int edited;\n"})
    demo.run(*COMMANDS[file])
    assert demo.builds == 2
