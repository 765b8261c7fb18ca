"""The command line where fingers know uv's and ruff's: each point of the table in `docs/command-line.md`."""

from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest

from dyncachekeys.cli.parser import parse
from dyncachekeys.errors import ConfigurationError
from dyncachekeys.pyproject.render import diff
from dyncachekeys.quick.output import Printer
from kit import BACKEND_KEY, DemoMaker


def ran(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "dyncachekeys", *arguments], check=False, capture_output=True, text=True
    )


def test_nothing_but_the_name_prints_the_help() -> None:
    """To standard error, and with 2, as uv and ruff do it: nothing was done."""
    done = ran()
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == ran("--help").stdout


@pytest.mark.parametrize("arguments", [("help",), ("help", "-q")])
def test_help_is_the_help(arguments: tuple[str, ...]) -> None:
    done = ran(*arguments)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ran("--help").stdout


def test_help_of_a_command() -> None:
    done = ran("help", "sync")
    assert (done.returncode, done.stdout) == (0, ran("sync", "--help").stdout)
    mistyped = ran("help", "synk")
    assert mistyped.returncode == 2
    assert "did you mean `sync`?" in mistyped.stderr


def test_the_short_version() -> None:
    assert ran("-V").stdout == ran("--version").stdout
    assert re.fullmatch(r"dyncachekeys \d+\.\d+\.\d+\n", ran("-V").stdout)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--project", "x", "sync", "--hook"],
        ["--project=x", "sync", "--hook"],
        ["-q", "--project", "x", "sync", "--hook"],
        ["--color", "never", "-v", "--project", "x", "sync", "--hook"],
        ["--package", "a", "--package=b", "--project", "x", "sync", "--hook"],
    ],
)
def test_options_of_all_commands_may_come_first(arguments: list[str]) -> None:
    behind = ["sync", *arguments[: arguments.index("sync")], "--hook"]
    assert vars(parse(arguments)) == vars(parse(behind))
    assert parse(arguments).project == "x"


def test_in_front_of_run_as_well() -> None:
    found = parse(["-q", "run", "--no-fail", "--", "uv", "-q"])
    assert (found.quiet, found.no_fail, found.argv) == (True, True, ["--", "uv", "-q"])


@pytest.mark.parametrize(
    ("arguments", "said", "remedy"),
    [
        (["synk"], "invalid choice: 'synk'", "did you mean `sync`?"),
        (["sync", "--hok"], "unrecognized arguments: --hok", "did you mean `--hook`?"),
        (["sync", "--proj", "x"], "unrecognized arguments: --proj x", "did you mean `--project`?"),
        (["sync", "--qui"], "unrecognized arguments: --qui", "did you mean `--quiet`?"),
        (["--formt", "json", "sync"], "unrecognized arguments: --formt", "did you mean `--format`?"),
        (["check", "--no-fail"], "unrecognized arguments: --no-fail", "it is an option of `run`"),
        (["run", "--hook", "--", "uv"], "unrecognized arguments: --hook", "it is an option of `sync` and `check`"),
        (["trace", "--timeout", "x"], "`x` is not a number of seconds", "see `dyncachekeys trace --help`"),
        (["sync", "-q", "-v"], "not allowed with argument", "see `dyncachekeys sync --help`"),
        (["-q", "sync", "-v"], "not allowed with argument", "see `dyncachekeys sync --help`"),
        (["explain", "--since"], "expected one argument", "see `dyncachekeys explain --help`"),
        (["--project"], "the following arguments are required: COMMAND", "see `dyncachekeys --help`"),
    ],
)
def test_what_is_refused(arguments: list[str], said: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        parse(arguments)
    (problem,) = refused.value.problems
    assert (problem.code, problem.remedy) == ("usage", remedy)
    assert said in problem.message


def test_a_wrong_command_line_is_json_under_format_json() -> None:
    done = ran("sync", "--hok", "--format", "json")
    assert (done.returncode, done.stderr) == (2, "")
    (problem,) = json.loads(done.stdout)["errors"]
    assert (problem["code"], problem["remedy"]) == ("usage", "did you mean `--hook`?")


class Terminal:
    """A stream that is a terminal, or none."""

    encoding = "utf-8"

    def __init__(self, *, is_terminal: bool) -> None:
        self._is_terminal = is_terminal

    def isatty(self) -> bool:
        return self._is_terminal


@pytest.mark.parametrize(
    ("environ", "terminal", "coloured"),
    [
        ({}, True, True),
        ({}, False, False),
        ({"NO_COLOR": "1"}, True, False),
        ({"NO_COLOR": ""}, True, True),
        ({"FORCE_COLOR": "1"}, False, True),
        ({"FORCE_COLOR": ""}, False, False),
        ({"NO_COLOR": "1", "FORCE_COLOR": "1"}, True, False),
        ({"TERM": "dumb"}, True, False),
        ({"TERM": "dumb", "FORCE_COLOR": "1"}, True, True),
    ],
)
def test_when_there_is_colour(
    environ: dict[str, str], terminal: bool, coloured: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    stream: object = Terminal(is_terminal=terminal)
    assert (Printer(stream).painted("x", "error") != "x") is coloured  # type: ignore[arg-type]
    assert Printer(stream, "never").painted("x", "error") == "x"  # type: ignore[arg-type]
    assert Printer(stream, "always").painted("x", "error") != "x"  # type: ignore[arg-type]


def test_what_check_would_have_written(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    done = demo.cli("check", "--diff", check=False)
    assert done.returncode == 1
    path = demo.root / "pyproject.toml"
    before = path.read_bytes()
    demo.sync()
    assert done.stdout.splitlines()[-len(written := diff(path.name, before, path.read_bytes())) :] == written
    assert demo.cli("check", "--diff").stdout == "demo is in sync\n"
    quiet = demo.cli("check", "--diff", "-q")
    assert (quiet.returncode, quiet.stdout) == (0, "")


def test_the_diff_alone_if_it_is_to_be_quiet(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    lines = demo.cli("check", "--diff", "-q", check=False).stdout.splitlines()
    assert lines[:2] == ["--- a/pyproject.toml", "+++ b/pyproject.toml"]
    (project,) = json.loads(demo.cli("check", "--format", "json", check=False).stdout)["projects"]
    assert project["diff"] == lines
