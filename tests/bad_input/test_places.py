"""Files that can't be read, trees that can't be written, a home that is something else, links refused."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from dyncachekeys.quick.stamp import Stamps
from kit import BACKEND_KEY, Demo, DemoMaker, refused, told, tree_of

SOURCES_KEY = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["src/"]
"""
SOURCES = {"src/a.c": "int a;\n", "src/deep/b.c": "int b;\n"}
MANIFEST_KEY = """
[tool.dyncachekeys.keys.manifest]
resolver = "table"
file = "src/manifest.toml"
"""
posix_only = pytest.mark.skipif(sys.platform == "win32", reason="permissions as POSIX has them")

# For root, a mode hinders only without two of its capabilities: prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, ...).
DROP = """
import ctypes, os, sys
if os.geteuid() == 0:
    for capability in (1, 2):
        if ctypes.CDLL(None).prctl(24, capability, 0, 0, 0):
            sys.exit("can't drop it")
os.execv(sys.argv[1], sys.argv[1:])
"""


def hindered(demo: Demo, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line as somebody whom file modes hinder."""
    return demo.run(sys.executable, "-c", DROP, sys.executable, "-m", "dyncachekeys", *arguments, check=False)


@pytest.fixture
def sources(demo_maker: DemoMaker) -> Iterator[Demo]:
    """Return a project whose tree may be closed; opened again at the end, so that it can be removed."""
    demo = demo_maker(SOURCES_KEY, SOURCES)
    probe = demo.beside / "probe"
    probe.write_text("", encoding="utf-8")
    probe.chmod(0)
    read = demo.run(sys.executable, "-c", DROP, sys.executable, "-c", f"open({str(probe)!r})", check=False)
    if "PermissionError" not in read.stderr:
        pytest.skip(f"modes don't hinder here, and root's capabilities can't be dropped: {read.stderr!r}")
    yield demo
    for path in (demo.root, *demo.root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o700 if path.is_dir() else 0o600)


@posix_only
@pytest.mark.parametrize("command", ["sync", "check", "show", "digest"])
def test_unreadable_file(command: str, sources: Demo) -> None:
    before = tree_of(sources.root)
    (sources.root / "src/a.c").chmod(0)
    done = hindered(sources, command)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: src/a.c: can't be read: Permission denied\n  do: make it readable, or leave it out with `exclude`\n"
    )
    (sources.root / "src/a.c").chmod(0o644)
    assert tree_of(sources.root) == before


@posix_only
def test_unreadable_folder(sources: Demo) -> None:
    (sources.root / "src/deep").chmod(0)
    done = hindered(sources, "sync", "--format", "json")
    assert (done.returncode, done.stderr) == (2, "")
    assert json.loads(done.stdout)["errors"] == [
        {
            "code": "unreadable-folder",
            "where": "src/deep",
            "message": "can't be listed: Permission denied",
            "remedy": "make it readable, or leave it out with `exclude`",
        }
    ]
    assert not (sources.root / ".dyncachekeys").exists()


@posix_only
def test_unreadable_folder_that_is_left_out_is_no_error(sources: Demo) -> None:
    (sources.root / "src/deep").chmod(0)
    sources.append("pyproject.toml", 'exclude = ["src/deep/"]\n')
    assert hindered(sources, "sync").returncode == 0


@posix_only
def test_unreadable_pyproject(sources: Demo) -> None:
    (sources.root / "pyproject.toml").chmod(0)
    done = hindered(sources, "sync")
    assert (done.returncode, done.stdout) == (2, "")
    path = sources.root / "pyproject.toml"
    assert done.stderr == f"error: {path}: can't be read: Permission denied\n  do: make it readable\n"


@posix_only
@pytest.mark.parametrize("config", [BACKEND_KEY, MANIFEST_KEY], ids=["backend", "table"])
def test_unreadable_file_that_a_resolver_reads(config: str, sources: Demo) -> None:
    sources.append("pyproject.toml", config)
    sources.write({"src/manifest.toml": "version = 1\n"})
    name = "src/manifest.toml" if config == MANIFEST_KEY else "build_backend/helper.py"
    (sources.root / name).chmod(0)
    done = hindered(sources, "sync")
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    assert name in done.stderr
    assert "Permission denied" in done.stderr
    assert "this is a bug" not in done.stderr
    assert not (sources.root / ".dyncachekeys").exists()


@posix_only
def test_read_only_tree(sources: Demo) -> None:
    before = tree_of(sources.root)
    sources.root.chmod(0o555)
    done = hindered(sources, "sync")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "error: .dyncachekeys: can't be written: Permission denied; nothing was written\n"
        "  do: make it writable, and try again\n"
    )
    assert tree_of(sources.root) == before
    assert hindered(sources, "check").returncode == 1  # it writes nothing, so it needs no leave


@posix_only
def test_read_only_pyproject_folder_with_a_home_from_before(sources: Demo) -> None:
    sources.sync()
    sources.write({"setup.cfg": ""})
    sources.append("pyproject.toml", BACKEND_KEY)
    document = (sources.root / "pyproject.toml").read_bytes()
    sources.root.chmod(0o555)
    done = hindered(sources, "sync")
    assert done.returncode == 2
    assert done.stderr == (
        "error: pyproject.toml: can't be written: Permission denied; nothing was written\n"
        "  do: make it writable, and try again\n"
    )
    assert (sources.root / "pyproject.toml").read_bytes() == document
    sources.root.chmod(0o755)
    sources.sync()
    assert sources.cli("check", "--stamp").returncode == 0


@posix_only
def test_read_only_tree_that_is_in_sync(sources: Demo) -> None:
    sources.sync()
    for path in (sources.root, *sources.root.rglob("*")):
        if not path.is_symlink():
            path.chmod(0o555 if path.is_dir() or path.stat().st_mode & 0o100 else 0o444)
    done = hindered(sources, "sync")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("demo is in sync")


HOMES = {"link": "a link", "broken-link": "a link", "file": "not a folder"}


@posix_only
@pytest.mark.parametrize("what", HOMES)
@pytest.mark.parametrize("command", ["sync", "check", "digest", "clean"])
def test_home_that_is_something_else(what: str, command: str, demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    home, elsewhere = demo.root / ".dyncachekeys", demo.beside / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "state.json").write_text("precious", encoding="utf-8")
    if what == "file":
        home.write_text("precious", encoding="utf-8")
    else:
        home.symlink_to(elsewhere if what == "link" else demo.beside / "nowhere")
    before, before_elsewhere = tree_of(demo.root), tree_of(demo.beside)
    done = demo.cli(command, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"error: .dyncachekeys: is {HOMES[what]}\n  do: remove `.dyncachekeys`, and try again\n"
    assert (tree_of(demo.root), tree_of(demo.beside)) == (before, before_elsewhere)


@posix_only
@pytest.mark.parametrize("inside", ["state.json", "stamps", "current", "lock", ".gitignore"])
def test_nothing_is_written_or_removed_through_a_link_in_the_home(inside: str, demo_maker: DemoMaker) -> None:
    """A checkout may bring such a link along: what it leads to is not ours."""
    demo = demo_maker(BACKEND_KEY)
    precious = demo.beside / "precious"
    (precious / "photos").mkdir(parents=True)
    (precious / "photos/one").write_text("precious", encoding="utf-8")
    (precious / "note").write_text("precious", encoding="utf-8")
    home = demo.root / ".dyncachekeys"
    home.mkdir()
    (home / inside).symlink_to(precious if inside in {"stamps", "current"} else precious / "note")
    before = tree_of(precious)
    done = demo.cli("sync", check=False)
    assert done.returncode in {0, 2}, done.stderr
    assert tree_of(precious) == before
    demo.cli("clean", check=False)
    assert tree_of(precious) == before


@posix_only
def test_link_that_is_a_folder(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    (demo.root / ".dyncachekeys/current/mine").mkdir(parents=True)
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("error: .dyncachekeys/current")
    assert "can't be written" in done.stderr
    assert (demo.root / ".dyncachekeys/current/mine").is_dir()


@pytest.fixture
def no_links(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object, **_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted", source, None, target)

    monkeypatch.setattr(os, "symlink", refuse)


@pytest.mark.usefixtures("no_links")
def test_where_links_are_refused_a_file_is_the_stamp(demo_maker: DemoMaker) -> None:
    demo = demo_maker(SOURCES_KEY, SOURCES)
    home = demo.root / ".dyncachekeys"
    assert demo.sync().move == "moved"
    assert (home / "stamp").is_file()
    assert not os.path.lexists(home / "current")
    assert not (home / "stamps").exists()
    assert [path.name for path in home.glob("current*")] == []
    assert demo.uv_sync() == 1
    assert demo.both() == 0
    for content in ("int b;\n", "int a;\n"):
        demo.write({"src/a.c": content})
        assert demo.cli("check", check=False).returncode == 0
        stale = demo.cli("check", "--stamp", check=False)
        assert (stale.returncode, "the stamp is stale" in stale.stdout) == (1, True)
        assert demo.sync().written == (".dyncachekeys/stamp",)
        assert demo.cli("check", "--stamp").stdout == "demo is in sync\n"
        assert demo.uv_sync() == 1
        assert demo.uv_sync() == 0
        assert demo.both() == 0


@pytest.mark.usefixtures("no_links")
def test_removed_stamp_file_costs_one_build(demo_maker: DemoMaker) -> None:
    demo = demo_maker(SOURCES_KEY, SOURCES)
    demo.settled()
    (demo.root / ".dyncachekeys/stamp").unlink()
    assert demo.cli("check", "--stamp", check=False).returncode == 1
    assert demo.both() <= 1
    assert demo.both() == 0


def test_links_that_become_possible_are_used_from_the_next_change_on(
    demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = demo_maker(SOURCES_KEY, SOURCES)
    with monkeypatch.context() as patch:
        patch.setattr(os, "symlink", _not_implemented)
        demo.settled()
    assert demo.both() == 0
    demo.write({"src/a.c": "int changed;\n"})
    assert demo.both() == 1
    assert (demo.root / ".dyncachekeys/current").readlink().parts[0] == "stamps"
    assert not (demo.root / ".dyncachekeys/stamp").exists()
    assert demo.both() == 0


def _not_implemented(*_: object, **__: object) -> None:
    raise NotImplementedError


@posix_only
def test_any_other_error_of_a_link_is_told(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: object, target: object, **_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", target)

    demo = demo_maker(BACKEND_KEY)
    monkeypatch.setattr(os, "symlink", fail)
    with pytest.raises(Exception, match=r"can't be written: No space left on device; written so far: pyproject\.toml"):
        demo.sync()
    monkeypatch.undo()
    assert demo.both() == 1
    assert demo.both() == 0


class Looks:
    """Answers to how a new folder is looked at, one after the other; ``None`` is the folder's own inode."""

    def __init__(self, *answers: tuple[int, int | None]) -> None:
        self.answers = list(answers)
        self.seen: list[str] = []

    def __call__(self, path: str) -> tuple[int, int]:
        assert all(map(os.path.exists, self.seen)), "a rejected folder is kept until one fits"
        self.seen.append(path)
        birth, inode = self.answers.pop(0)
        return birth, os.lstat(path).st_ino if inode is None else inode


def test_folders_made_in_one_tick_of_the_clock(tmp_path: Path) -> None:
    looks = Looks((100, None), (100, None), (100, None), (200, None))
    stamps = Stamps(tmp_path, looks)
    first = stamps.move("sha256-a", None)
    second = stamps.move("sha256-b", None)
    assert first is not None
    assert second is not None
    assert (first.birth, second.birth) == (100, 200)
    assert looks.answers == []
    assert {path.name for path in (tmp_path / "stamps").iterdir()} == {first.id, second.id}
    assert stamps.current() == second


def test_inode_used_again(tmp_path: Path) -> None:
    first = Stamps(tmp_path, Looks((100, None))).move("sha256-a", None)
    assert first is not None
    looks = Looks((200, first.inode), (300, None))
    second = Stamps(tmp_path, looks).move("sha256-b", None)
    assert second is not None
    assert (second.birth, second.inode != first.inode) == (300, True)
    assert not Path(looks.seen[0]).exists()


@pytest.mark.parametrize("answer", [(500, None), (600, 500)], ids=["birth", "inode"])
def test_number_in_the_installed_record_is_not_taken_again(answer: tuple[int, int | None], tmp_path: Path) -> None:
    looks = Looks(answer, (700, None))
    folder = Stamps(tmp_path, looks).move("sha256-a", 500)
    assert folder is not None
    assert (folder.birth, len(looks.seen)) == (700, 2)


def test_copied_folder_is_not_believed(tmp_path: Path) -> None:
    original = Stamps(tmp_path / "original")
    (tmp_path / "original").mkdir()
    folder = original.move("sha256-a", None)
    assert folder is not None
    shutil.copytree(tmp_path / "original", tmp_path / "copy", symlinks=True)
    copy = Stamps(tmp_path / "copy")
    assert (original.digest(), copy.digest()) == ("sha256-a", None)
    assert copy.former("sha256-a", folder.birth) is None


def test_new_folder_is_looked_at_while_it_is_empty(tmp_path: Path) -> None:
    """Its modification time is its birth time only until something is written into it."""
    before = time.time_ns()
    folder = Stamps(tmp_path).move("sha256-a", None)
    assert folder is not None
    info = (tmp_path / "stamps" / folder.id).stat()
    assert before - 2_000_000_000 <= folder.birth <= info.st_mtime_ns
    assert folder.inode == info.st_ino


def test_refusal_through_the_api_names_the_place(demo_maker: DemoMaker) -> None:
    demo = demo_maker(BACKEND_KEY)
    (demo.root / ".dyncachekeys").write_text("", encoding="utf-8")
    assert told(refused(demo.root, demo.environ)) == (
        "[not-a-folder] .dyncachekeys\n  is not a folder\n  do: remove `.dyncachekeys`, and try again\n"
    )
