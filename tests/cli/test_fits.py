"""What people read fits their terminal, and what comes in dozens is one line unless it is asked for."""

from __future__ import annotations

import fcntl
import io
import os
import sys
import termios
from argparse import Namespace
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.cli import main
from dyncachekeys.cli.sync import print_synced
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.output import Printer, warnings
from dyncachekeys.quick.table import columns
from dyncachekeys.syncing.report import ProjectReport
from kit import BACKEND_KEY, DemoMaker

KEYS = f"""{BACKEND_KEY}
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
DEEP = f"csrc/{'kernels_of_a_long_name/' * 5}radix_4_for_avx512.c"


class Screen(io.StringIO):
    """A stream that is a terminal, or none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


def printed(monkeypatch: pytest.MonkeyPatch, root: Path, *arguments: str, terminal: bool = True) -> list[str]:
    screen = Screen(is_terminal=terminal)
    monkeypatch.setattr(sys, "stdout", screen)
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("TERM", "dumb")
    assert main.run([*arguments, "--project", str(root)]) in {0, 1}
    return screen.getvalue().splitlines()


def test_tables(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = demo_maker(KEYS, {DEEP: "int a;\n", "csrc/b.c": "int b;\n"})
    demo.sync()
    rows = [line for line in printed(monkeypatch, demo.root, "show", "sources") if line.startswith("  file  ")]
    assert [len(row) <= 60 for row in rows] == [True, True]
    assert rows[1].split() == ["file", "link", "csrc/ker...x_4_for_avx512.c", "matches", "csrc/"]
    assert rows[0].index("matches") == rows[1].index("matches")
    for more in ({"terminal": False}, {}):
        arguments = ["show", "sources", *([] if more else ["-v"])]
        assert any(DEEP in line for line in printed(monkeypatch, demo.root, *arguments, **more))
    demo.write({DEEP: "int edited;\n"})
    changed = [line for line in printed(monkeypatch, demo.root, "explain") if line.startswith(" ~ ")]
    assert changed == [" ~ sources   csrc/ke...for_avx512.c changed  (matches csrc/)"]
    assert len(changed[0]) <= 60
    piped = printed(monkeypatch, demo.root, "explain", terminal=False)
    assert f" ~ sources   {DEEP} changed  (matches csrc/)" in piped


def test_what_would_shadow_is_one_line(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = demo_maker(KEYS, {"csrc/b.c": "int b;\n"})
    said = printed(monkeypatch, demo.root, "show", "backend", terminal=False)
    assert not any("would shadow" in line for line in said)
    (folded,) = (line for line in said if "-v lists them" in line)
    count = int(folded.split()[1])
    assert folded == f"  and {count} that are not there, and count when they come (-v lists them)"
    loud = printed(monkeypatch, demo.root, "show", "backend", "-v", terminal=False)
    assert sum("would shadow" in line for line in loud) == count
    assert any(line.split()[2:3] == ["setup.py"] for line in printed(monkeypatch, demo.root, "show", "defaults"))


def test_what_a_build_has_shown_is_counted(demo_maker: DemoMaker, capsys: pytest.CaptureFixture[str]) -> None:
    """After the first build that was watched nothing is to be done, and its dozens of inputs are all new."""
    report = dyncachekeys.check(demo_maker(KEYS, {"csrc/b.c": "int b;\n"}).root, {})
    new = tuple(Change("added", "env", f"NAME_{number}", "new-input", "") for number in range(12))
    gone = (Change("removed", "file", "a.txt", "gone", ""),)
    changed = {"backend": new, "sources": gone}
    keys = tuple(key._replace(changes=changed.get(key.name, ())) for key in report.keys)
    built = report._replace(is_built=True, region_differs=False, keys=keys)

    def said(report: ProjectReport, *, verbose: bool) -> list[str]:
        options = Namespace(verbose=verbose, quiet=False, color="never")
        print_synced([report], 0.01, options, sys.stdout)
        return [line for line in capsys.readouterr().out.splitlines() if line.startswith((" +", " -"))]

    assert said(built, verbose=False) == [
        " + backend  12 inputs (-v lists them)",
        " - sources  1 input (-v lists them)",
    ]
    assert len(said(built, verbose=True)) == 13
    assert len(said(built._replace(is_built=False), verbose=False)) == 11


def test_warnings_that_come_in_dozens(capsys: pytest.CaptureFixture[str]) -> None:
    told = [f"core.py:{number}: imports a computed name" for number in range(14)]
    warnings(Printer(sys.stderr), told, all_of_them=False)
    said = capsys.readouterr().err.splitlines()
    assert said == [*(f"warning: {one}" for one in told[:10]), "warning: and 4 more (-v lists them)"]
    warnings(Printer(sys.stderr), told, all_of_them=True)
    assert capsys.readouterr().err.splitlines() == [f"warning: {one}" for one in told]


def test_findings_that_come_in_dozens(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = ", ".join(f'{{ file = "gone/{number}.txt" }}, {{ wrong = {number} }}' for number in range(5))
    demo = demo_maker("", {})
    demo.append("pyproject.toml", f"[tool.uv]\ncache-keys = [{entries}]\n")
    said = printed(monkeypatch, demo.root, "doctor", "--select", "DCK001,DCK007")
    assert [line.split(": ")[0] for line in said if "DCK" in line] == ["error DCK001"] * 5 + ["note DCK007"] * 4
    assert "note DCK007: and 2 more (-v lists them)" in said
    assert said[-1].startswith("5 errors, 5 notes")
    loud = printed(monkeypatch, demo.root, "doctor", "--select", "DCK007", "-v")
    assert sum("is not there" in line for line in loud) == 5
    assert printed(monkeypatch, demo.root, "doctor", "--select", "DCK007", "-q") == []


@pytest.mark.parametrize(
    ("is_terminal", "given", "expected"), [(True, "72", 72), (True, "0", 80), (True, "x", 80), (False, "72", None)]
)
def test_how_wide_it_is(is_terminal: bool, given: str, expected: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", given)
    assert columns(Screen(is_terminal=is_terminal)) == expected


@pytest.mark.skipif(sys.platform != "linux", reason="terminals as on Linux")
def test_the_terminal_says_how_wide_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    own, theirs = os.openpty()
    fcntl.ioctl(own, termios.TIOCSWINSZ, b"\x18\x00\x5a\x00" + bytes(4))
    with os.fdopen(own, "w"), os.fdopen(theirs, "w", encoding="utf-8") as stream:
        assert columns(stream) == 90
