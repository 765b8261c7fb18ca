"""The tutorial, each line typed as it is printed, in an empty folder with a home of its own: what it shows is what comes."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import Demo, make_wheel

PAGE = Path(__file__).parents[2] / "docs/tutorial.md"
BLOCK = re.compile(r'^```(\w+)(?: title="([^"\n]+)")?\n(.*?)^```$', re.MULTILINE | re.DOTALL)
SAME = (
    (re.compile(r"\b[\d.]+m?s\b"), "TIME"),
    (re.compile(r"\bof \d\d:\d\d\b"), "of HH:MM"),
    (re.compile(r"file:///\S+/greet\b"), "file:///greet"),
    (re.compile(r"^Using CPython .*\n", re.MULTILINE), ""),
    (re.compile(r"\b\d+ inputs\b"), "N inputs"),  # backends come in versions
)
"""What differs from one machine, or run, to the next."""


def blocks() -> Iterator[tuple[str, str, str]]:
    yield from BLOCK.findall(PAGE.read_text(encoding="utf-8"))


def steps(text: str) -> Iterator[tuple[str, str]]:
    """Yield each command of a block, with what it prints."""
    for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
        command, _, output = part.partition("\n")
        yield command, output


def same(text: str) -> str:
    for pattern, instead in SAME:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


@pytest.fixture
def shell(tmp_path: Path, wheels: Path) -> Demo:
    beside = tmp_path / "beside"
    (beside / "home").mkdir(parents=True)
    (tmp_path / "empty").mkdir()
    demo = Demo(tmp_path / "empty", beside)
    for name, version in (("six", "1.17.0"), ("idna", "3.10")):
        make_wheel(beside / "wheels", name, version=version)
    demo.environ["UV_FIND_LINKS"] = f"{wheels},{beside / 'wheels'}"
    return demo


def test_each_line_as_printed(shell: Demo) -> None:
    folder = shell.root
    for kind, title, text in blocks():
        if title:
            (folder / title).write_text(text, encoding="utf-8")
        for command, expected in steps(text) if kind == "console" else ():
            shell.tick()
            script = f"cd {shlex.quote(str(folder))}\n{command}\npwd > {shlex.quote(str(shell.beside / 'pwd'))}\n"
            done = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", script],
                check=False,
                env=shell.environ,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            folder = Path((shell.beside / "pwd").read_text(encoding="utf-8").strip())
            assert done.returncode == 0, done.stdout
            assert same(done.stdout) == same(expected), command
    assert folder.name == "greet"
