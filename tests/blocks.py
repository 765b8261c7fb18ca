"""Pages whose blocks are followed as a reader follows them: files are written, commands are typed, output is compared.

What a page may hold, beside other blocks, which are passed over:

- a block with a title (```` ```toml title="pyproject.toml" ````) is a file in the folder where the reader now is;
- a block ``console`` holds commands and what they print: ``$ command``, its further lines behind ``> ``, then the
  output. A line ``...`` in the output stands for any number of lines;
- ``<!-- exits with 1 -->`` on the line above a block says so of its last command;
- ``<!-- not run: WHY -->`` there says that a block ``console`` is to be read alone.
"""

from __future__ import annotations

import difflib
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from kit import Demo

BLOCK = re.compile(
    r'(?:^<!-- (?P<note>[^\n]*) -->\n)?^```(?P<kind>\w+)(?: title="(?P<title>[^"\n]+)")?\n(?P<text>.*?)^```$',
    re.MULTILINE | re.DOTALL,
)
EXITS = re.compile(r"exits with (\d+)")
NOT_RUN = re.compile(r"not run: \S")
SAME = (
    (re.compile(r"\b[\d.]+m?s\b"), "TIME"),
    (re.compile(r"\bof (?:\d{4}-\d\d-\d\d )?\d\d:\d\d\b"), "of HH:MM"),
    (re.compile(r"file:///\S+/(?=[\w.-]+)"), "file:///"),
    (re.compile(r"^Using CPython .*\n", re.MULTILINE), ""),
    (re.compile(r"\b[\d,]+ inputs\b"), "N inputs"),  # backends come in versions
    (re.compile(r"\band \d+ more\b"), "and N more"),
)
"""What differs from one machine, or run, to the next."""


class Block(NamedTuple):
    """A fenced block of a page."""

    kind: str
    title: str
    text: str
    exit_code: int
    """What its last command exits with."""
    run: bool
    is_tried: bool
    """Whether another test writes it into a file and has it used, as ``<!-- try: FILE -->`` says."""

    @property
    def is_typed(self) -> bool:
        """Whether it holds commands that are to be typed."""
        return self.kind == "console" and self.run

    def steps(self) -> Iterator[tuple[str, str, int]]:
        """Yield each command, with what it prints and its exit code."""
        parts = re.split(r"^\$ ", self.text, flags=re.MULTILINE)[1:]
        for number, part in enumerate(parts, 1):
            first, *rest = part.splitlines()
            more = next((count for count, line in enumerate(rest) if not line.startswith("> ")), len(rest))
            command = "\n".join([first, *(line.removeprefix("> ") for line in rest[:more])])
            yield command, "".join(f"{line}\n" for line in rest[more:]), self.exit_code * (number == len(parts))


def blocks(page: Path) -> Iterator[Block]:
    """Yield the blocks of a page, in their order."""
    for found in BLOCK.finditer(page.read_text(encoding="utf-8")):
        note = found["note"] or ""
        exits = EXITS.fullmatch(note)
        code = int(exits[1]) if exits else 0
        run, is_tried = not NOT_RUN.match(note), note.startswith("try: ")
        yield Block(found["kind"], found["title"] or "", found["text"], code, run, is_tried)


def same(text: str) -> str:
    """Return output without what differs each time."""
    for pattern, instead in SAME:
        text = pattern.sub(instead, text)
    return "".join(f"{line.rstrip()}\n" for line in text.splitlines())


def fits(printed: str, expected: str) -> bool:
    """Tell whether output is what a page shows; ``...`` there stands for any number of lines."""
    shown = [re.escape(part) for part in re.split(r"^\.\.\.\n", same(expected), flags=re.MULTILINE)]
    return re.fullmatch("(?:.*\n)*".join(shown), same(printed)) is not None


class Shell:
    """The terminal of a reader: remembers the folder, and what was exported."""

    def __init__(self, demo: Demo) -> None:
        """Take the environment of a demo, with `dyncachekeys` on its PATH, and begin in its folder."""
        self.demo = demo
        self.folder = demo.root
        programs = os.pathsep.join([demo.environ["PATH"].split(os.pathsep)[0], str(Path(sys.executable).parent)])
        self.environ = {**demo.environ, "PATH": f"{programs}{os.pathsep}{demo.environ['PATH']}"}
        # A reader takes more than a second to edit a module; else Python takes its bytecode for that of the old one.
        self.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        self._state = demo.beside / "shell"
        self._state.write_text(f"cd {shlex.quote(str(self.folder))}\n", encoding="utf-8")

    def type(self, command: str) -> tuple[str, int]:
        """Run a command; return what it prints, and its exit code."""
        self.demo.tick()
        state = shlex.quote(str(self._state))
        remember = f"""trap 'code=$?; {{ export -p; printf "cd %q\\n" "$PWD"; }} > {state}; exit $code' EXIT"""
        script = f"source {state}\n{remember}\n{command}\n"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            check=False,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        *_, last = self._state.read_text(encoding="utf-8").splitlines()
        self.folder = Path(shlex.split(last)[1])
        return done.stdout, done.returncode

    def follow(self, page: Path) -> None:
        """Do what a page says, block by block; demand that it shows what comes."""
        for block in blocks(page):
            self.do(block)

    def do(self, block: Block) -> None:
        """Do what a block says. Where it shows commands alone, what they print is not compared."""
        if block.title:
            (self.folder / block.title).write_text(block.text, encoding="utf-8")
        steps = [*block.steps()] if block.is_typed else []
        shows = any(expected.strip() for _, expected, _ in steps)
        for command, expected, code in steps:
            printed, exit_code = self.type(command)
            assert exit_code == code, f"$ {command}\n{printed}"
            if shows and not fits(printed, expected):
                shown, came = (same(text).splitlines(keepends=True) for text in (expected, printed))
                difference = "".join(difflib.unified_diff(shown, came, "on the page", "printed", n=100))
                pytest.fail(f"$ {command}\n{difference}", pytrace=False)
