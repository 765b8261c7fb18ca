"""Ctrl-C says what had been written: nothing, or what really is there."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable
from typing import Any

import pytest

from dyncachekeys.cli import main
from dyncachekeys.quick import answer, atomic, history
from dyncachekeys.rewrite import replace
from dyncachekeys.syncing import use_cases
from kit import BACKEND_KEY, Demo, DemoMaker

NOTHING = "Interrupted; dyncachekeys wrote nothing\n"
KEYS = f"""{BACKEND_KEY}
[tool.dyncachekeys.keys.own]
resolver = "build_tools:own"
"""
OWN = {"build_tools.py": "def own(context):\n    return []\n"}
BEFORE, BEHIND = False, True
SYNCED, WRITTEN_BY_INIT = ["sync"], ["init"]

Ran = Callable[..., str]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Ran:
    """Return what runs a command until Ctrl-C comes, before or behind a call, and returns what it says."""

    def run(demo: Demo, arguments: list[str], place: Any, name: str, *, behind: bool) -> str:
        real = getattr(place, name)

        def struck(*given: object, **named: object) -> None:
            if behind:
                real(*given, **named)
            signal.raise_signal(signal.SIGINT)

        capsys.readouterr()
        with monkeypatch.context() as patched:
            patched.chdir(demo.root)
            patched.setattr(place, name, struck)
            assert main.run(arguments) == 130
        done = capsys.readouterr()
        return done.out if "json" in arguments else done.err

    return run


def files(demo: Demo) -> dict[str, bytes]:
    return {name: path.read_bytes() for name in ("pyproject.toml", ".gitignore") if (path := demo.root / name).exists()}


@pytest.mark.parametrize(
    ("keys", "first", "arguments", "strike", "expected"),
    [
        (KEYS, None, ["sync"], (use_cases, "planned", BEHIND), ""),
        (KEYS, None, ["sync"], (replace, "_replace", BEFORE), ".dyncachekeys"),
        (KEYS, None, ["sync"], (replace, "_replace", BEHIND), "pyproject.toml, .dyncachekeys"),
        ("", None, ["init"], (replace, "_replace", BEFORE), ""),
        ("", None, ["init"], (replace, "_replace", BEHIND), "pyproject.toml"),
        ("", None, ["init"], (use_cases, "planned", BEFORE), "pyproject.toml"),
        ("", WRITTEN_BY_INIT, ["init", "--undo"], (replace, "_replace", BEFORE), ""),
        ("", WRITTEN_BY_INIT, ["init", "--undo"], (replace, "_replace", BEHIND), "pyproject.toml"),
        (KEYS, SYNCED, ["clean"], (replace, "_replace", BEFORE), ""),
        (KEYS, SYNCED, ["clean"], (replace, "_replace", BEHIND), "pyproject.toml"),
        (KEYS, None, ["allow"], (atomic, "take", BEFORE), ""),
        (KEYS, None, ["allow"], (atomic, "replace", BEFORE), ".dyncachekeys"),
    ],
    ids=[
        "sync, planned",
        "sync, before the file",
        "sync, behind it",
        "init, before the file",
        "init, behind it",
        "init, before the sync",
        "undo, before the file",
        "undo, behind it",
        "clean, before the file",
        "clean, behind it",
        "allow, before the lock",
        "allow, under it",
    ],
)
def test_what_it_says_is_what_is_there(
    keys: str,
    first: list[str] | None,
    arguments: list[str],
    strike: tuple[Any, str, bool],
    expected: str,
    demo_maker: DemoMaker,
    ran: Ran,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    demo = demo_maker(keys, OWN)
    monkeypatch.chdir(demo.root)
    if first is not None:
        assert main.run(first) == 0
    before = files(demo)
    place, name, behind = strike
    said = ran(demo, arguments, place, name, behind=behind)
    after = files(demo)
    changed = {name for name in {*before, *after} if before.get(name) != after.get(name)}
    if not expected:
        assert (said, changed) == (NOTHING, set())
        return
    last = said.splitlines()[-1]
    completes = "`dyncachekeys sync`" if arguments == ["init"] else "the same command"
    assert last == f"Interrupted; written so far: {expected}; {completes} completes it"
    assert changed == set(expected.split(", ")) - {".dyncachekeys"}
    assert main.run(["sync"] if arguments == ["init"] else arguments) == 0


def test_of_several_projects(demo_maker: DemoMaker, ran: Ran) -> None:
    """The one that was done counts, too."""
    demo = demo_maker(KEYS + '[tool.uv.workspace]\nmembers = ["packages/*"]\n', OWN)
    member = (demo.root / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.uv.workspace]")[0]
    demo.write(
        {
            "packages/one/pyproject.toml": member.replace('name = "demo"', 'name = "one"'),
            "packages/one/build_tools.py": OWN["build_tools.py"],
        }
    )
    real, calls = replace._replace, []

    def second(*given: Any) -> None:
        calls.append(given)
        real(*given)
        if len(calls) == 2:
            signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(replace, "_replace", second)
        said = ran(demo, ["sync"], use_cases, "sync_all", behind=BEHIND)
    names = said.removeprefix("Interrupted; written so far: ").partition("; ")[0].split(", ")
    assert {"pyproject.toml", "packages/one/pyproject.toml"} <= {*names}


def test_for_programs_and_in_silence(demo_maker: DemoMaker, ran: Ran) -> None:
    demo = demo_maker(KEYS, OWN)
    said = ran(demo, ["sync", "--format", "json"], use_cases, "planned", behind=BEFORE)
    (problem,) = json.loads(said)["errors"]
    assert (problem["code"], problem["message"]) == ("interrupted", "interrupted; dyncachekeys wrote nothing")
    assert ran(demo, ["sync", "-q"], use_cases, "planned", behind=BEFORE) == ""
    assert ran(demo, ["show"], use_cases, "planned", behind=BEFORE) == NOTHING
    said = ran(demo, ["sync", "-q"], replace, "_replace", behind=BEHIND)
    assert said.startswith("Interrupted; written so far: pyproject.toml")


@pytest.mark.thorough
def test_in_the_midst_of_a_quick_edit(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        '[tool.dyncachekeys.keys.a]\nresolver = "files"\npatterns = ["a/*"]\nwatch = "digest"\n', {"a/b": "1"}
    )
    demo.settled()
    demo.write({"a/b": "2"})
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(demo.root)
        for name, value in demo.environ.items():
            patched.setenv(name, value)
        patched.setattr(history, "add", lambda *_: signal.raise_signal(signal.SIGINT))
        with pytest.raises(KeyboardInterrupt) as stop:
            answer.answer(["sync"])
    assert stop.value.args == (str(demo.root / ".dyncachekeys"),)
