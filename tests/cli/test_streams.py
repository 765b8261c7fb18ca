"""What nobody can read: a full disk, a closed stream, a reader that has gone. Each has its own answer."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors as POSIX has them")
FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="there is no full device here")
TELLS_OUTPUT = "error: standard output: can't be written: "
PRINTS = {
    "sync": ["sync"],
    "quiet": ["sync"],
    "edit": ["sync"],
    "check": ["check"],
    "json": ["show", "--format", "json"],
    "long": ["show"],
    "digest": ["digest"],
    "doctor": ["doctor"],
    "explain": ["explain"],
    "help": ["--help"],
    "version": ["--version"],
    "dry-run": ["init", "--dry-run"],
    "error": ["show", "no-such-key", "--format", "json"],
    "clean": ["clean"],
}
_CONFIG = (
    BACKEND_KEY + '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/*"]\nwatch = "digest"\n'
)


def _demo(demo_maker: DemoMaker, case: str) -> Demo:
    config = "" if case == "dry-run" else _CONFIG
    demo = demo_maker(config, {f"csrc/{'x' * 60}{number}.c": "" for number in range(300 if case == "long" else 3)})
    if case in {"quiet", "edit", "check"}:
        demo.sync()
    if case == "edit":
        demo.write({f"csrc/{'x' * 60}0.c": "edited"})
    return demo


def _run(demo: Demo, *command: str, **streams: object) -> subprocess.CompletedProcess[str]:
    """Run the command line; streams that are called ``close`` are closed, those called ``gone`` have no reader."""
    closed = [number for number, name in enumerate(("stdin", "stdout", "stderr")) if streams.get(name) == "close"]
    given = {name: None if how in {"close", "gone"} else how for name, how in streams.items()}
    default = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    given = {name: how for name, how in given.items() if how is not None}
    writing = []
    for name in [name for name, how in streams.items() if how == "gone"]:
        reading, write = os.pipe()
        os.close(reading)
        given[name] = write
        writing.append(write)
    try:
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "dyncachekeys", *command],
            cwd=demo.root,
            env=demo.environ,
            text=True,
            check=False,
            timeout=60,
            preexec_fn=lambda: [*map(os.close, closed)],
            **{**default, **given},
        )
    finally:
        for number in writing:
            os.close(number)


@needs_full
@pytest.mark.parametrize("case", PRINTS)
def test_a_full_disk_under_standard_output(demo_maker: DemoMaker, case: str) -> None:
    demo = _demo(demo_maker, case)
    with FULL.open("w") as full:
        done = _run(demo, *PRINTS[case], stdout=full)
    assert done.returncode == 2
    assert f"{TELLS_OUTPUT}{os.strerror(errno.ENOSPC)}" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    if case in {"sync", "edit"}:  # nothing is lost but the report
        assert demo.cli("check", "--stamp").returncode == 0


@pytest.mark.parametrize("case", PRINTS)
def test_standard_output_that_is_closed(demo_maker: DemoMaker, case: str) -> None:
    demo = _demo(demo_maker, case)
    done = _run(demo, *PRINTS[case], stdout="close")
    assert done.returncode == 2, done.stderr
    assert f"{TELLS_OUTPUT}it is closed" in done.stderr
    assert "Traceback" not in done.stderr
    assert "bug" not in done.stderr
    if case in {"sync", "edit"}:
        assert demo.cli("check", "--stamp").returncode == 0


@pytest.mark.parametrize("case", ["sync", "quiet", "edit", "clean"])
def test_who_asks_for_no_output_needs_none(demo_maker: DemoMaker, case: str) -> None:
    demo = _demo(demo_maker, case)
    assert _run(demo, *PRINTS[case], "-q", stdout="close", stderr="close", stdin="close").returncode == 0


CODES = {"sync": 0, "check": 0, "long": 0, "version": 0}


@pytest.mark.parametrize("case", CODES)
def test_a_reader_that_has_gone_changes_no_exit_code(demo_maker: DemoMaker, case: str) -> None:
    demo = _demo(demo_maker, case)
    done = _run(demo, *PRINTS[case], stdout="gone")
    assert (done.returncode, done.stderr) == (CODES[case], "")


def test_a_reader_that_has_gone_hides_no_finding(demo_maker: DemoMaker) -> None:
    demo = demo_maker(_CONFIG)
    assert _run(demo, "check", stdout="gone").returncode == 1


@pytest.mark.parametrize(
    ("stream", "how"),
    [("stderr", "close"), ("stderr", "gone"), pytest.param("stderr", "full", marks=needs_full), ("stdin", "close")],
)
@pytest.mark.parametrize("command", ["sync", "check", "bad"])
def test_without_a_place_for_warnings_the_rest_goes_on(
    demo_maker: DemoMaker, stream: str, how: str, command: str
) -> None:
    demo = demo_maker(_CONFIG.replace("csrc/*", "no/such/*"))  # which is a warning
    with (FULL if how == "full" else Path(os.devnull)).open("w") as full:
        place: object = full if how == "full" else how
        argv = ["sync", "--no-such-option"] if command == "bad" else [command]
        done = _run(demo, *argv, **{stream: place})
        assert done.returncode == {"sync": 0, "check": 1, "bad": 2}[command]
        if command == "sync":
            assert _run(demo, "check", "--stamp", **{stream: place}).returncode == 0


def _is_open(number: int) -> str:
    return f"import os, sys\ntry: os.fstat({number})\nexcept OSError: sys.exit(5)"


@pytest.mark.parametrize("stream", ["stdin", "stdout", "stderr"])
@pytest.mark.parametrize("prepare", [lambda demo: demo.sync(), lambda _: None], ids=["nothing-to-do", "first"])
def test_run_hands_on_the_streams_as_they_are(
    demo_maker: DemoMaker, stream: str, prepare: Callable[[Demo], object]
) -> None:
    demo = demo_maker(_CONFIG)
    prepare(demo)
    code = _is_open(["stdin", "stdout", "stderr"].index(stream))
    assert _run(demo, "run", "--", sys.executable, "-c", code, **{stream: "close"}).returncode == 5
    assert demo.cli("check", "--stamp").returncode == 0


def test_nothing_of_ours_is_opened_in_the_place_of_a_closed_stream(demo_maker: DemoMaker) -> None:
    """The lowest free number is what the next file gets, and who writes to standard output would write there."""
    resolver = (
        "import os\n\n\ndef loud(context):\n    os.write(1, b'x' * 10)\n    os.write(2, b'y' * 10)\n    return []\n"
    )
    demo = demo_maker('[tool.dyncachekeys.keys.loud]\nresolver = "loud:loud"\n', {"loud.py": resolver})
    _run(demo, "sync", stdin="close", stdout="close", stderr="close")
    _run(demo, "sync", "-q", stdin="close", stdout="close", stderr="close")
    assert demo.cli("check", "--stamp").returncode == 0
    assert not any(
        b"xxxxxxxxxx" in path.read_bytes() for path in demo.root.rglob("*") if path.is_file() and path.suffix != ".py"
    )
