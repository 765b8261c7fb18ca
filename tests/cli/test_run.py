"""`run -- CMD`: what the command gets from us, and what it hands on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, make_demo

KEYS = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["csrc/"]
"""
SLOW_KEY = """
[tool.dyncachekeys.keys.slow]
resolver = "build_tools:slow"
"""
SLOW = """\
import os
import time


def slow(context):
    with open(os.environ["BUILD_LOG"] + ".pid", "w", encoding="utf-8") as stream:
        stream.write(str(os.getpid()))
    time.sleep(60)
    return []
"""
SOURCES = {"csrc/a.c": "int a;\n"}
SAYS_RAN = (sys.executable, "-c", "print('ran')")
posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals, and no exec")


@pytest.fixture(scope="module", params=["full path", "quiet path"])
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return a project in which `run` goes one way or another; no test changes it."""
    demo = make_demo(tmp_path_factory.mktemp("run"), KEYS, SOURCES)
    if request.param == "quiet path":
        demo.sync()
        time.sleep(2.1)  # else all is too young to be believed
        demo.sync()
        code = "from dyncachekeys.quick import answer as early; print(early.answer(['sync', '-q']).done)"
        assert demo.run(sys.executable, "-c", code).stdout == "True\n"
    return demo


@posix
def test_the_command_gets_signals_as_from_a_shell(demo: Demo) -> None:
    """Python ignores SIGPIPE, and what is ignored stays so through exec: `yes` would fail with a message."""
    command = (sys.executable, "-m", "dyncachekeys", "run", "--", "yes")
    with subprocess.Popen(
        command, cwd=demo.root, env=demo.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as yes:
        assert yes.stdout is not None
        assert yes.stderr is not None
        assert yes.stdout.readline() == b"y\n"
        yes.stdout.close()
        said = yes.stderr.read()
        assert (yes.wait(), b"yes:" in said) == (-signal.SIGPIPE, False)


def _masks(status: str) -> dict[str, int]:
    lines = (line.split(":\t") for line in status.splitlines() if line.startswith(("SigBlk", "SigIgn")))
    return {name: int(mask, 16) for name, mask in lines}


@posix
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="there is no /proc to read it from")
def test_no_signal_is_ignored_or_blocked(demo: Demo) -> None:
    """No more than without us: the one in which tests run may ignore some of its own, which are handed on."""
    command = ("cat", "/proc/self/status")
    assert _masks(demo.cli("run", "-q", "--", *command).stdout) == _masks(demo.run(*command).stdout)


@posix
@pytest.mark.parametrize("end", ["exit 7", "kill -KILL $$", "kill -INT $$"])
def test_how_the_command_ends_is_handed_on(demo: Demo, end: str) -> None:
    done = demo.cli("run", "--", "sh", "-c", end, check=False)
    expected = {"exit 7": 7, "kill -KILL $$": -9, "kill -INT $$": -2}
    assert done.returncode == expected[end]


def test_the_command_has_our_input_and_output(demo: Demo) -> None:
    code = "import sys; print(sys.stdin.read().upper()); print('err', file=sys.stderr)"
    command = [sys.executable, "-m", "dyncachekeys", "run", "-q", "--", sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=demo.root, env=demo.environ, input="spoken", capture_output=True, text=True, check=True
    )
    assert (done.stdout, done.stderr) == ("SPOKEN\n", "err\n")


def test_all_behind_the_dashes_is_the_commands(demo: Demo) -> None:
    show = (sys.executable, "-c", "import sys; print(sys.argv[1:])")
    arguments = ["--project", "x", "-q", "--", "--no-fail", "", "a b"]
    assert demo.cli("run", "-q", "--", *show, *arguments).stdout == f"{arguments}\n"


def test_of_a_project_elsewhere(demo: Demo) -> None:
    """The command runs here, where `run` was called."""
    elsewhere = Demo(demo.beside, demo.beside)
    show = (sys.executable, "-c", "import os; print(os.getcwd())")
    assert elsewhere.cli("run", "--project", str(demo.root), "--", *show).stdout.strip() == str(demo.beside.resolve())


@posix
@pytest.mark.parametrize("no_fail", [False, True])
def test_interrupted_while_syncing(demo_maker: DemoMaker, no_fail: bool) -> None:
    """Nothing is left running, nothing written, and the command is not run: whoever says stop means that, too."""
    demo = demo_maker(SLOW_KEY, {"build_tools.py": SLOW})
    options = ["--no-fail"] if no_fail else []
    command = (sys.executable, "-m", "dyncachekeys", "run", *options, "--", *SAYS_RAN)
    noted = Path(f"{demo.log}.pid")
    with subprocess.Popen(command, cwd=demo.root, env=demo.environ, stdout=-1, stderr=-1, text=True) as running:
        while not (noted.exists() and noted.read_text(encoding="utf-8")):
            time.sleep(0.01)
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=30)
    assert (running.returncode, out, err) == (130, "", "Interrupted; dyncachekeys wrote nothing\n")
    with pytest.raises(ProcessLookupError):
        os.kill(int(noted.read_text(encoding="utf-8")), 0)
    assert not (demo.root / ".dyncachekeys").exists()


FAILURES = {
    "not TOML": ({"pyproject.toml": "[project\n"}, "pyproject.toml:1:"),
    "configuration": ({"pyproject.toml": "[tool.dyncachekeys.keys.x]\nresolver = 'flies'\n"}, "no resolver `flies`"),
    "resolver": (
        {
            "pyproject.toml": "[project]\nname = 'demo'\n[tool.dyncachekeys.keys.own]\nresolver = 'own:keys'\n",
            "own.py": "def keys(context):\n    raise RuntimeError('not today')\n",
        },
        "not today",
    ),
    "home is a file": ({".dyncachekeys": "x"}, ".dyncachekeys: is not a folder"),
    "not to be edited": (
        {
            "pyproject.toml": "[project]\nname = 'demo'\n[[tool.uv.cache-keys]]\nfile = 'x'\n"
            "[tool.dyncachekeys.keys.backend]\nresolver = 'backend'\n"
        },
        "written as `[[tool.uv.cache-keys]]`",
    ),
    "region without keys": (
        {
            "pyproject.toml": "[project]\nname = 'demo'\n[tool.uv]\ncache-keys = [\n    # >>> dyncachekeys\n"
            "    { file = 'x' },\n    # <<< dyncachekeys\n]\n[tool.dyncachekeys]\ndefaults = true\n"
        },
        None,
    ),
    "package": ({}, "there is no package `other` here"),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_when_resolving_fails(demo_maker: DemoMaker, failure: str) -> None:
    files, message = FAILURES[failure]
    demo = demo_maker(KEYS, {**SOURCES, **files})
    options = ["--package", "other"] if failure == "package" else []
    done = demo.cli("run", *options, "--", *SAYS_RAN, check=False)
    if message is None:  # there are no keys: it just becomes the command
        assert (done.returncode, done.stdout, done.stderr) == (0, "ran\n", "")
        return
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    done = demo.cli("run", "--no-fail", *options, "--", *SAYS_RAN)
    assert done.stdout == "ran\n"
    assert done.stderr.startswith("warning: ")
    assert message in done.stderr


def test_when_nothing_can_be_written(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, {**SOURCES, ".dyncachekeys/current/in-the-way": ""})
    assert demo.cli("run", "--", *SAYS_RAN, check=False).returncode == 2
    done = demo.cli("run", "--no-fail", "--", *SAYS_RAN)
    assert (done.stdout, done.stderr.startswith("warning: ")) == ("ran\n", True)
    assert "can't be written" in done.stderr


@pytest.mark.parametrize("no_fail", [False, True])
def test_a_bug_of_ours(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch, no_fail: bool) -> None:
    """Told with its traceback; under `--no-fail` it does not come in the way."""
    demo = demo_maker(KEYS, SOURCES)
    code = (
        "import sys; from dyncachekeys.cli import main, run\n"
        "def broken(*_): raise ZeroDivisionError('ours')\n"
        "run._sync_if_declared = broken\n"
        "sys.exit(main.run(sys.argv[1:]))"
    )
    options = ["--no-fail"] if no_fail else []
    done = demo.run(sys.executable, "-c", code, "run", *options, "--", *SAYS_RAN, check=False)
    assert (done.returncode, done.stdout) == ((0, "ran\n") if no_fail else (3, ""))
    level = "warning" if no_fail else "error"
    assert f"{level}: dyncachekeys: ZeroDivisionError: ours" in done.stderr
    assert "Traceback" in done.stderr


NOT_TO_BE_RUN = {
    "not executable": ("#!/bin/sh\n", 0o644, "is not executable"),
    "no first line": ("echo ran\n", 0o755, "can't be executed: "),
    "no such interpreter": ("#!/no/such/interpreter\n", 0o755, "can't be executed: "),
    "not there": (None, 0, "can't be found"),
}


@posix
@pytest.mark.parametrize("case", NOT_TO_BE_RUN)
def test_what_can_not_be_run(demo: Demo, case: str, tmp_path: Path) -> None:
    content, mode, message = NOT_TO_BE_RUN[case]
    script = tmp_path / "script"
    if content is not None:
        script.write_text(content, encoding="utf-8")
        script.chmod(mode)
    done = demo.cli("run", "-q", "--", str(script), check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {script}: {message}")
    assert "\n  do: " in done.stderr
