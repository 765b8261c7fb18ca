"""What a `pyproject.toml` can say wrong: each with its message, all in one run, and nothing written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from dyncachekeys.cli.main import run
from kit import BACKEND_KEY, DemoMaker, refused, told, tree_of

SAMPLES = sorted(Path(__file__).with_name("invalid").glob("*.toml"))


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_sample_is_refused_with_its_message(sample: Path, tmp_path: Path) -> None:
    """The expected message, with what to do, stands beside each sample."""
    shutil.copy(sample, tmp_path / "pyproject.toml")
    assert told(refused(tmp_path)) == sample.with_suffix(".txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
@pytest.mark.parametrize("command", ["sync", "check", "show", "digest"])
def test_each_command_exits_2_with_the_same_problems(
    sample: Path, command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(sample, tmp_path / "pyproject.toml")
    expected = [vars_of(one) for one in refused(tmp_path)]
    assert run([command, "--project", str(tmp_path), "--format", "json"]) == 2
    out, err = capsys.readouterr()
    assert json.loads(out) == {"version": 1, "errors": expected}
    assert err == ""
    assert [path.name for path in tmp_path.iterdir()] == ["pyproject.toml"]


def vars_of(problem: object) -> dict[str, str]:
    return {name: getattr(problem, name) for name in ("code", "message", "where", "remedy")}


def test_text_of_an_error_on_the_command_line(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.sources]\nresolver = "files"\npattern = ["src/"]')
    before = tree_of(demo.root)
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == (
        "error: tool.dyncachekeys.keys.sources.patterns: is missing\n"
        "  do: add `patterns = ...`\n"
        "error: tool.dyncachekeys.keys.sources.pattern: the resolver has no such option\n"
        "  do: did you mean `patterns`?\n"
    )
    assert tree_of(demo.root) == before


@pytest.mark.parametrize("command", ["sync", "check", "show", "digest", "clean"])
def test_no_pyproject(command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run([command, "--project", str(tmp_path)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err == (
        f"error: {tmp_path}: there is no pyproject.toml here or above\n"
        "  do: go to the project, or give `--project DIR`\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_no_pyproject_through_the_api(tmp_path: Path) -> None:
    assert told(refused(tmp_path)) == (
        f"[unreadable-file] {tmp_path / 'pyproject.toml'}\n"
        "  can't be read: No such file or directory\n"
        "  do: give the project's folder with `--project DIR`\n"
    )


def test_project_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sync", "--project", str(tmp_path / "nowhere")]) == 2
    assert "there is no pyproject.toml here or above" in capsys.readouterr().err


def test_bytes_that_are_not_utf_8(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_bytes(b'[project]\nname = "d\xe9mo"\n' + BACKEND_KEY.encode())
    assert told(refused(tmp_path)) == (
        "[not-utf-8] pyproject.toml:2:10\n"
        "  not valid UTF-8: byte 0xe9\n"
        "  do: TOML must be UTF-8: save the file in that encoding\n"
    )


def test_resolver_like_no_other_lists_what_there_is(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.x]\nresolver = "zzzzzz"')
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("unknown-resolver", "tool.dyncachekeys.keys.x.resolver")
    assert problem.message == "there is no resolver `zzzzzz`"
    assert problem.remedy.startswith("there is: `backend`, ")
    assert "`files`" in problem.remedy


@pytest.mark.parametrize("seconds", ["inf", "nan", "1e12", "0", "-1"])
def test_timeout_that_is_no_time(seconds: str, demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        f'[tool.dyncachekeys.keys.own]\nresolver = "own:own"\ntimeout = {seconds}',
        {"own.py": "def own(context):\n    return []\n"},
    )
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("invalid-option", "tool.dyncachekeys.keys.own.timeout")


OWN = """
from dyncachekeys import Directory, File

def folder(context):
    return [Directory("data[1]")]

def installed(context):
    return [File("x/site-packages/y.py")]
"""
UV_CANNOT = {
    "value": (
        'resolver = "table"\ntables = ["project"]',
        '`watch = "uv"` on value `pyproject.toml:project`: uv can\'t watch a value',
    ),
    "wildcard": (
        'resolver = "env"\nnames = ["DEMO_*"]',
        '`watch = "uv"` on value `names of DEMO_*`: uv can\'t watch a value',
    ),
    "credential": (
        'resolver = "env"\nnames = ["MY_API_KEY"]',
        '`watch = "uv"` on env `MY_API_KEY`: uv would store its value in plain text, and it looks like a credential',
    ),
    "brackets": (
        'resolver = "own:folder"',
        '`watch = "uv"` on directory `data[1]`: uv takes its name for a glob, or it can\'t be written in TOML',
    ),
    "region": (
        'resolver = "files"\npatterns = ["data/"]',
        '`watch = "uv"` on file `data/pyproject.toml`: it counts without the generated region, and uv would take all of it',
    ),
    "installed": (
        'resolver = "own:installed"',
        '`watch = "uv"` on file `x/site-packages/y.py`: uv links installed files from its cache, so their times change without them',
    ),
}


@pytest.mark.parametrize("case", UV_CANNOT)
def test_what_uv_cannot_watch(case: str, demo_maker: DemoMaker) -> None:
    options, message = UV_CANNOT[case]
    files = {"data/pyproject.toml": "", "data/a[1].txt": "", "own.py": OWN}
    demo = demo_maker(f'[tool.dyncachekeys.keys.it]\nwatch = "uv"\n{options}', files)
    problems = refused(demo.root, demo.environ)
    remedy = 'set `watch = "auto"`, and the stamp will watch it'
    assert told(problems) == f"[uv-cannot-watch] tool.dyncachekeys.keys.it\n  {message}\n  do: {remedy}\n"


def test_all_that_uv_cannot_watch_is_told_at_once(demo_maker: DemoMaker) -> None:
    keys = "\n".join(
        f'[tool.dyncachekeys.keys.{name}]\nwatch = "uv"\n{options}' for name, (options, _) in UV_CANNOT.items()
    )
    demo = demo_maker(keys, {"data/pyproject.toml": "", "own.py": OWN})
    problems = refused(demo.root, {**demo.environ, "DEMO_ONE": "1"})
    names = [one.where.rpartition(".")[2] for one in problems]
    assert names == ["value", "wildcard", "wildcard", "credential", "brackets", "region", "installed"]
    found = '`watch = "uv"` on env `DEMO_ONE`: a wildcard found it, and entries must be the same on every machine'
    assert found in [one.message for one in problems]
    assert demo.cli("sync", check=False, DEMO_ONE="1").returncode == 2


REGION_WITHOUT_TABLE = """
[tool.uv]
cache-keys = [
    # >>> dyncachekeys: generated from [tool.dyncachekeys], run `dyncachekeys sync`
    { file = "pyproject.toml" },
    { dir = ".dyncachekeys/current" },
    # <<< dyncachekeys
]
"""


@pytest.mark.parametrize("command", ["sync", "check"])
def test_region_without_a_table_exits_1(command: str, demo_maker: DemoMaker) -> None:
    demo = demo_maker(REGION_WITHOUT_TABLE)
    before = tree_of(demo.root)
    done = demo.cli(command, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "error: tool.uv.cache-keys: there is a generated region, but no key\n"
        "  do: run `dyncachekeys clean` to take it away, or declare keys\n"
    )
    assert tree_of(demo.root) == before
    demo.cli("clean")
    assert "cache-keys = [\n]" in (demo.root / "pyproject.toml").read_text(encoding="utf-8")


USAGE = {
    "no command": (["-q"], "the following arguments are required: COMMAND", "dyncachekeys"),
    "unknown command": (["snyc"], "invalid choice: 'snyc'", "dyncachekeys"),
    "unknown option": (["sync", "--stmap"], "unrecognized arguments: --stmap", "dyncachekeys sync"),
    "option of another command": (["sync", "--stamp"], "unrecognized arguments: --stamp", "dyncachekeys sync"),
    "missing value": (["sync", "--project"], "expected one argument", "dyncachekeys sync"),
    "bad choice": (["sync", "--color", "red"], "invalid choice: 'red'", "dyncachekeys sync"),
    "unknown shell": (["activate", "bsh"], "argument SHELL: invalid choice: 'bsh'", "dyncachekeys activate"),
    "no shell": (["activate"], "the following arguments are required: SHELL", "dyncachekeys activate"),
    "run nothing": (["run"], "there is no command to run", "dyncachekeys run"),
    "run nothing behind dashes": (["run", "--"], "there is no command to run", "dyncachekeys run"),
}


@pytest.mark.parametrize("case", USAGE)
def test_usage_errors_as_text(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, message, program = USAGE[case]
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    first, second = err.splitlines()
    assert out == ""
    assert first.startswith(f"error: {program}: ")
    assert message in first
    assert second.startswith("  do: ")


@pytest.mark.parametrize("case", ["unknown option", "option of another command", "missing value", "bad choice"])
@pytest.mark.parametrize("json_option", [["--format", "json"], ["--format=json"]], ids=" ".join)
def test_usage_errors_as_json(case: str, json_option: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    (command, *rest), message, program = USAGE[case]
    assert run([command, *json_option, *rest]) == 2
    out, err = capsys.readouterr()
    assert err == ""
    (error,) = json.loads(out)["errors"]
    assert (error["code"], error["where"]) == ("usage", program)
    assert message in error["message"]
    remedies = {
        "bad choice": "there is: `always`, `auto`, `never`",
        "option of another command": "it is an option of `check`",
    }
    assert error["remedy"] == remedies.get(case, f"see `{program} --help`")


MISTYPED = {
    "option": (["check", "--stmap"], "--stamp"),
    "command": (["snyc"], "sync"),
    "value": (["sync", "--format", "jsn"], "json"),
    "shell": (["activate", "bsh"], "bash"),
}


@pytest.mark.parametrize("case", MISTYPED)
def test_what_is_mistyped_is_told_the_nearest_one(case: str, capsys: pytest.CaptureFixture[str]) -> None:
    arguments, nearest = MISTYPED[case]
    assert run(arguments) == 2
    assert capsys.readouterr().err.endswith(f"\n  do: did you mean `{nearest}`?\n")


def test_json_for_the_program_that_is_run_is_not_ours(
    demo_maker: DemoMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.x]\nresolver = "flies"')
    assert run(["run", "--project", str(demo.root), "--", "git", "--format=json"]) == 2
    out, err = capsys.readouterr()
    assert (out, "there is no resolver `flies`" in err) == ("", True)


@pytest.mark.parametrize("as_json", [False, True])
def test_run_of_an_unknown_program(as_json: bool, demo_maker: DemoMaker, capsys: pytest.CaptureFixture[str]) -> None:
    demo = demo_maker(BACKEND_KEY)
    before = tree_of(demo.root)
    options = ["--format", "json"] if as_json else []
    assert run(["run", "--project", str(demo.root), *options, "--", "no-such-program-anywhere"]) == 2
    out, err = capsys.readouterr()
    if as_json:
        (error,) = json.loads(out)["errors"]
        assert (error["code"], error["where"]) == ("no-such-command", "no-such-program-anywhere")
    else:
        assert err == "error: no-such-program-anywhere: can't be found\n  do: check its name, and PATH\n"
    assert tree_of(demo.root) == before


def test_show_of_an_unknown_key(demo_maker: DemoMaker, capsys: pytest.CaptureFixture[str]) -> None:
    demo = demo_maker(BACKEND_KEY)
    assert run(["show", "--project", str(demo.root), "bakend"]) == 2
    assert capsys.readouterr().err == (
        "error: tool.dyncachekeys.keys: there is no key `bakend`\n  do: did you mean `backend`?\n"
    )


KEYS = "tool.dyncachekeys.keys"


def test_unknown_package(demo_maker: DemoMaker, capsys: pytest.CaptureFixture[str]) -> None:
    demo = demo_maker(BACKEND_KEY)
    before = tree_of(demo.root)
    assert run(["sync", "--project", str(demo.root), "--format=json", "--package", "demo", "--package", "damo"]) == 2
    (error,) = json.loads(capsys.readouterr().out)["errors"]
    assert error == {
        "code": "unknown-package",
        "where": "--package",
        "message": "there is no package `damo` here",
        "remedy": "did you mean `demo`?",
    }
    assert tree_of(demo.root) == before
    assert run(["check", "--project", str(demo.root), "--package", "Demo"]) == 1


def test_defaults_of_what_is_not_built_yet_are_no_error(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        '[tool.dyncachekeys]\ntransport = "stamp"\ninherit = true' + BACKEND_KEY + "with = []\nfallback = false"
    )
    assert demo.sync().region_differs


@pytest.mark.parametrize(
    "entry", ["3", "[]", "{ git = [] }", "{ git = 3 }", "{ file = 3 }", "{ dir = [1] }", "{ env = 1 }"]
)
def test_entry_of_the_users_that_uv_can_not_read_is_no_bug_of_ours(entry: str, demo_maker: DemoMaker) -> None:
    """U11; `doctor` tells of it."""
    demo = demo_maker(f"{BACKEND_KEY}\n[tool.uv]\ncache-keys = [{entry}]\n")
    demo.sync()
    assert not demo.sync().changed
    assert demo.cli("explain", check=False).returncode == 0
    assert demo.cli("doctor", check=False).returncode == 1
