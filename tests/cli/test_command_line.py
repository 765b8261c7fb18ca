"""What the command line prints: text for people, one JSON document for programs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from dyncachekeys.cli.options import COMMANDS, OF_ALL, OPTIONS
from dyncachekeys.cli.parser import make
from kit import Demo, DemoMaker

CONFIG = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*.c"]
watch = "digest"

[tool.dyncachekeys.keys.toolchain]
resolver = "env"
names = ["CC"]
"""
SOURCES = {"csrc/a.c": "a", "csrc/b.c": "b"}


def document(demo: Demo, *arguments: str, code: int = 0, **environ: str) -> dict[str, Any]:
    done = demo.cli(*arguments, "--format", "json", check=False, **environ)
    assert done.returncode == code, done.stderr
    content = json.loads(done.stdout)
    assert content.pop("version") == 1
    return dict(content)


def project(demo: Demo, *arguments: str, code: int = 0, **environ: str) -> dict[str, Any]:
    (one,) = document(demo, *arguments, code=code, **environ)["projects"]
    return dict(one)


def test_sync_tells_what_changed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    first = demo.cli("sync").stdout
    assert "Wrote 7 entries to tool.uv.cache-keys in pyproject.toml\nStamped demo: uv will rebuild it\n" in first
    demo.write({"csrc/a.c": "other", "csrc/new.c": ""})
    (demo.root / "csrc/b.c").unlink()
    lines = demo.cli("sync").stdout.splitlines()
    assert lines[0].startswith("Resolved 3 keys, 7 inputs in ")
    assert lines[1:] == [
        " ~ sources    csrc/a.c changed",
        " - sources    csrc/b.c",
        " + sources    csrc/new.c",
        "Stamped demo: uv will rebuild it",
    ]
    assert demo.cli("sync").stdout.startswith("demo is in sync (3 keys, 7 inputs) in ")
    assert demo.cli("sync", "-q").stdout == ""


def test_json_of_sync(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    first = project(demo, "sync")
    assert (first["name"], first["root"], first["transport"]) == ("demo", str(demo.root), "stamp")
    assert (first["previous"], first["changed"]) == (None, True)
    assert first["written"] == ["pyproject.toml", ".dyncachekeys/current"]
    assert first["entries"][-2:] == [{"dir": ".dyncachekeys/current"}, {"file": ".dyncachekeys/stamp"}]
    assert os.readlink(demo.root / ".dyncachekeys/current") == f"stamps/{first['stamp']}"  # noqa: PTH115
    demo.write({"csrc/a.c": "other"})
    second = project(demo, "sync")
    assert (second["previous"], second["written"]) == (first["digest"], [".dyncachekeys/current"])
    sources = next(key for key in second["keys"] if key["name"] == "sources")
    assert sources["changed"] is True
    assert sources["inputs"] == 2
    assert sources["digest"].startswith("sha256-")
    assert sources["changes"] == [
        {"kind": "changed", "input": "file", "subject": "csrc/a.c", "cause": "content", "reason": "matches csrc/*.c"}
    ]
    assert next(key for key in second["keys"] if key["name"] == "toolchain")["digest"].startswith("hmac-")


def test_check_writes_nothing_and_tells(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    before = (demo.root / "pyproject.toml").read_bytes()
    found = project(demo, "check", code=1)
    assert found["written"] == ["pyproject.toml", ".dyncachekeys/current"]
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert not (demo.root / ".dyncachekeys").exists()
    demo.sync()
    assert demo.cli("check").stdout == "demo is in sync\n"
    demo.write({"csrc/a.c": "other"})
    assert demo.cli("check").returncode == 0
    done = demo.cli("check", "--stamp", check=False)
    assert done.returncode == 1
    assert "the stamp is stale\n ~ sources    csrc/a.c changed\nRun `dyncachekeys sync`." in done.stdout


def test_show_names_inputs_with_their_reasons(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    text = demo.cli("show", "sources").stdout
    assert "csrc/a.c  matches csrc/*.c" in text
    assert "toolchain" not in text
    (key,) = project(demo, "show", "toolchain", CC="secret-compiler")["keys"]
    assert key["found"] == [
        {"input": "env", "subject": "CC", "reason": "named", "watched_by": "entry", "absent": False}
    ]
    done = demo.cli("show", "source", check=False)
    assert done.returncode == 2
    assert "did you mean `sources`?" in done.stderr


def test_digest_is_of_all_inputs(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    printed = demo.cli("digest").stdout.strip()
    assert printed == project(demo, "sync")["digest"]
    assert demo.cli("digest", CC="clang").stdout.strip() != printed


def test_run_becomes_the_command(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    done = demo.cli("run", "--", sys.executable, "-c", "import sys; print('ran'); sys.exit(7)", check=False)
    assert (done.returncode, done.stdout) == (7, "ran\n")
    assert "Stamped demo" in done.stderr
    again = demo.cli("run", "--", sys.executable, "-c", "print('ran')")
    assert (again.stdout, again.stderr) == ("ran\n", "")


def test_run_does_not_run_the_command_if_resolving_failed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG.replace("files", "fils"), SOURCES)
    done = demo.cli("run", "--", sys.executable, "-c", "print('ran')", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    done = demo.cli("run", "--no-fail", "--", sys.executable, "-c", "print('ran')")
    assert done.stdout == "ran\n"
    assert "warning: tool.dyncachekeys.keys.sources.resolver" in done.stderr


def test_run_without_keys_just_becomes_the_command(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    assert demo.cli("run", "--", sys.executable, "-c", "print('ran')").stdout == "ran\n"
    assert not (demo.root / ".dyncachekeys").exists()


def test_clean_gives_back_the_bytes(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    before = (demo.root / "pyproject.toml").read_bytes()
    demo.sync()
    assert (demo.root / "pyproject.toml").read_bytes() != before
    left = [
        {"where": "pyproject.toml", "what": "[tool.dyncachekeys]"},
        {"where": ".gitignore", "what": ".dyncachekeys/"},
    ]
    assert document(demo, "clean") == {"cleaned": ["pyproject.toml", ".dyncachekeys"], "left": left}
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert demo.cli("clean").stdout == (
        "Nothing to clean\nLeft: pyproject.toml: [tool.dyncachekeys]; .gitignore: .dyncachekeys/. "
        "`dyncachekeys init --undo` takes away what `init` wrote of that\n"
    )


def test_failure_as_json(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG.replace("patterns", "pattern"), SOURCES)
    errors = document(demo, "sync", code=2)["errors"]
    assert {error["where"] for error in errors} == {
        "tool.dyncachekeys.keys.sources.pattern",
        "tool.dyncachekeys.keys.sources.patterns",
    }
    assert all(error.keys() == {"code", "message", "where", "remedy"} for error in errors)


@pytest.mark.parametrize("command", ["show", "explain"])
def test_output_that_nobody_reads_is_no_bug(demo_maker: DemoMaker, command: str) -> None:
    demo = demo_maker(CONFIG, SOURCES)
    whole = [sys.executable, "-m", "dyncachekeys", command]
    with subprocess.Popen(whole, cwd=demo.root, env=demo.environ, stdout=-1, stderr=-1, text=True) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert (running.stderr.read(), running.wait()) == ("", 0)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_says_first_what_is_its_own(command: str) -> None:
    _, parsers = make([command])
    text = parsers[command].format_help()
    usage, *_ = text.splitlines()
    assert usage.startswith(f"usage: dyncachekeys {command} [options]")
    assert "{" not in usage
    own, _, of_all = text.partition("options of all commands:\n")
    for name in OF_ALL:
        assert name in of_all
        assert f"  {name} " not in own
    for name in OPTIONS.get(command, {}):
        assert name in OF_ALL or f"\n  {name} " in own or not name.startswith("-")
