"""A second process does a part of the work; whatever becomes of it, the answer is as if there were none."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from dyncachekeys.files import prefetch
from dyncachekeys.files.tree import Files
from dyncachekeys.quick import check, child
from dyncachekeys.quick.child import Child
from dyncachekeys.quick.snapshot import Snapshot
from dyncachekeys.syncing.use_cases import sync

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
PYPROJECT = '[project]\nname = "demo"\nversion = "1"\n\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\n'


def _fails() -> bytes:
    raise RuntimeError


@pytest.mark.parametrize("size", [0, 1, 1_000_000])
def test_it_sends_what_it_found(size: int) -> None:
    assert Child(lambda: b"." * size).answer() == b"." * size


def test_it_fails(capfd: pytest.CaptureFixture[str]) -> None:
    sys.stderr.flush()
    assert Child(_fails).answer() is None
    capfd.readouterr()


def test_nobody_waits_for_its_answer() -> None:
    """It writes more than a pipe holds, so it would wait for ever for somebody to read."""
    one = Child(lambda: b"." * 10_000_000)
    one.end()
    one.end()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for number in range(40):
        path = tmp_path / f"csrc/part{number % 7}/{number}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{number}\n", encoding="utf-8")
    (tmp_path / "csrc/link.c").symlink_to("part1/1.c")
    (tmp_path / "pyproject.toml").write_text(PYPROJECT + 'patterns = ["csrc/"]\n', encoding="utf-8")
    return tmp_path


def test_files_are_read_by_two(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: dict[str, list[str]] = {}
    for path in sorted(project.glob("csrc/**/*.c")):
        folders.setdefault(path.parent.relative_to(project).as_posix(), []).append(path.name)
    one, two = Files(project), Files(project)
    one.look_at_all(folders)
    monkeypatch.setattr(prefetch, "pays", lambda _: True)
    two.look_at_all(folders)
    for folder, names in folders.items():
        assert [one.folders[folder].state(name) for name in names] == [
            two.folders[folder].state(name) for name in names
        ]


@pytest.mark.parametrize("fails", [False, True])
def test_the_quick_check_by_two(project: Path, monkeypatch: pytest.MonkeyPatch, fails: bool) -> None:
    sync(project, {})
    known = Snapshot.load(str(project / ".dyncachekeys"))
    assert known is not None
    (project / "csrc/part2/new.c").write_text("", encoding="utf-8")
    (project / "csrc/part6/6.c").write_text("another\n", encoding="utf-8")
    expected = check.places(str(project), known)
    monkeypatch.setattr(check, "_ENOUGH_FOR_TWO", 1)
    monkeypatch.setattr(child, "pays", lambda: True)
    if fails:
        monkeypatch.setattr(Child, "answer", lambda self: self.end())
        with pytest.raises(check.NotQuick):
            check.places(str(project), known)
    else:
        assert check.places(str(project), known) == expected
