"""The log of a build: whole, or ended in the middle, or still being written."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.inputs import Pyproject, Surroundings
from dyncachekeys.trace.log import Log, logs

SALT = "00" * 16
WHOLE = (
    ("build", "build", "editable"),
    ("salt", SALT, ""),
    ("python", "3.11.7", "/usr/bin/python3"),
    ("read", "{root}/a.txt", "project:backend.py:6"),
    ("variable", "MODE", "project:backend.py:7"),
    ("done", "", ""),
    ("ended", "", ""),
)


def ended_process() -> int:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def text_of(facts: tuple[tuple[str, str, str], ...], root: Path) -> bytes:
    return "".join(f"{part.format(root=root)}\0" for fact in facts for part in fact).encode()


def left(root: Path, data: bytes, process: int | None = None, time: int = 1) -> Log:
    folder = root / f".dyncachekeys/builds/{time:016x}-{process or ended_process()}"
    folder.mkdir(parents=True)
    (folder / "start").write_bytes(b"")
    (folder / "log").write_bytes(data)
    return Log(folder)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo/a.txt").write_text("a\n", encoding="utf-8")
    return (tmp_path / "demo").resolve()


def builds_of(root: Path) -> Builds:
    builds = Builds(root / ".dyncachekeys/builds")
    builds.records(Surroundings(Files(root), Environment({"MODE": "fast"}), Pyproject({}, {}), {}))
    return builds


def test_a_whole_log_becomes_a_record_and_goes(root: Path) -> None:
    log = left(root, text_of(WHOLE, root))
    assert log.is_whole
    assert not log.is_running
    builds = builds_of(root)
    (record,) = builds.fresh
    assert (record.step, record.kind, record.python) == ("build", "editable", "3.11.7")
    assert record.trace.read == {"a.txt": "backend.py:6"}
    assert record.seals
    builds.clear()
    assert not log.folder.exists()


@pytest.mark.parametrize("end", [1, 20, -1, -8])
def test_one_that_ends_in_the_middle_is_no_record(root: Path, end: int) -> None:
    """As where a build was killed: the last fact is not whole, and is left out."""
    log = left(root, text_of(WHOLE, root)[:end])
    assert not log.is_whole
    builds = builds_of(root)
    assert (builds.fresh, len(builds.done)) == ([], 1)
    builds.clear()
    assert not log.folder.exists()


@pytest.mark.parametrize("without", ["build", "salt", "done", "ended"])
def test_one_without_a_fact_that_each_has(root: Path, without: str) -> None:
    """Without `done`, the hook has failed."""
    log = left(root, text_of(tuple(fact for fact in WHOLE if fact[0] != without), root))
    assert not log.is_whole
    assert builds_of(root).fresh == []


def test_facts_after_the_end_are_not_the_builds(root: Path) -> None:
    (root / "late.txt").write_text("", encoding="utf-8")
    log = left(root, text_of((*WHOLE, ("read", "{root}/late.txt", "project:x.py:1")), root))
    assert log.is_whole
    (record,) = builds_of(root).fresh
    assert set(record.trace.read) == {"a.txt"}


def test_one_of_a_process_that_still_runs_stays(root: Path) -> None:
    log = left(root, text_of(WHOLE[:4], root), os.getpid())
    assert log.is_running
    builds = builds_of(root)
    assert (builds.fresh, builds.done) == ([], [])
    builds.clear()
    assert log.folder.is_dir()


def test_one_that_has_ended_counts_although_its_process_runs(root: Path) -> None:
    """It waits for the refresh, which is what reads it."""
    assert not left(root, text_of(WHOLE, root), os.getpid()).is_running
    assert len(builds_of(root).fresh) == 1


@pytest.mark.parametrize("name", ["strange", "0-x", f"0-{1 << 80}"])
def test_a_folder_of_another_name_does_no_harm(root: Path, name: str) -> None:
    folder = root / ".dyncachekeys/builds" / name
    folder.mkdir(parents=True)
    assert not Log(folder).is_running
    assert builds_of(root).fresh == []


def test_logs_are_taken_in_their_order(root: Path) -> None:
    for time in (3, 1, 2):
        left(root, text_of(WHOLE, root), time=time)
    (root / ".dyncachekeys/builds/file").write_bytes(b"")
    assert [log.folder.name[:16] for log in logs(root / ".dyncachekeys/builds")] == [
        f"{time:016x}" for time in (1, 2, 3)
    ]
    assert logs(root / "nothing") == []


def test_what_the_refresh_said_is_kept(root: Path) -> None:
    log = left(root, text_of(WHOLE, root))
    assert log.problem == ""
    (log.folder / "refresh").write_text("Traceback:\nOSError: no\n\n", encoding="utf-8")
    assert log.problem == "OSError: no"
    builds_of(root).clear()
    assert (root / ".dyncachekeys/builds/problems").read_text(encoding="utf-8") == "refresh\tOSError: no\n"


TOKEN = "hunter2-is-no-password"
HOLDS_IT = (
    ("read", "{root}/../beside/" + TOKEN + "/base.txt", "project:backend.py:8"),
    ("listed", "{root}/../beside/" + TOKEN, "project:backend.py:8"),
    ("git", "{root}\x1fls-remote\x1fhttps://me:pa55word@example.org/x", "project:backend.py:9"),
    ("variable", "MY_TOKEN", "project:backend.py:7"),
)


def test_a_credential_in_a_name_is_not_stored(root: Path) -> None:
    """A record is plain text; that something was left out is said, and the variable counts."""
    left(root, text_of((*WHOLE[:-2], *HOLDS_IT, *WHOLE[-2:]), root))
    builds = Builds(root / ".dyncachekeys/builds")
    builds.records(
        Surroundings(Files(root), Environment({"MY_TOKEN": TOKEN, "DB_PASS": "a.txt"}), Pyproject({}, {}), {})
    )
    ((_, stored),) = builds.dumped()
    assert TOKEN.encode() not in stored
    assert b"pa55word" not in stored
    trace = builds.fresh[0].trace
    assert set(trace.read) == {"a.txt"}  # so short a value is a part of many names by chance
    assert set(trace.variables) == {"MODE", "MY_TOKEN"}
    beside = f"{root.parent}/demo/../beside/${{MY_TOKEN}}"
    assert trace.hidden == {
        beside: "backend.py:8",
        f"{beside}/base.txt": "backend.py:8",
        f"{root} ls-remote https://***@example.org/x": "backend.py:9",
    }
