"""The clock of the file system is not the one of this process, and it may be coarse: what is young is read again."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from kit import Demo, DemoMaker, make_demo

CONFIG = """
[tool.dyncachekeys]
watch = "digest"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*"]
"""
FILES = {"csrc/one.c": "0\n", "shared/real.c": "0\n"}
_SECOND = 1_000_000_000
_AHEAD_NS = 10 * _SECOND
"""How far this process's clock is ahead of the file system's."""
_FAKETIME = "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1"


@pytest.fixture
def behind(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file system's clock be behind the one of this process, as on network mounts and in virtual machines."""
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + _AHEAD_NS)
    monkeypatch.setattr(time, "time", lambda: (real() + _AHEAD_NS) / _SECOND)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the file system store whole seconds, as ext2, ext3 and HFS+ do."""
    for name in ("stat", "lstat", "fstat"):
        monkeypatch.setattr(os, name, _in_whole_seconds(getattr(os, name)))


def _in_whole_seconds(look: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
    def looked(*arguments: object, **options: object) -> os.stat_result:
        info = look(*arguments, **options)
        times = {f"{name}_ns": getattr(info, f"{name}_ns") // _SECOND * _SECOND for name in ("st_mtime", "st_ctime")}
        return os.stat_result(tuple(info), _values(info) | times)

    return looked


def _values(info: os.stat_result) -> dict[str, object]:
    """Return what the ten that it is a tuple of leave out; from 3.13 on Python takes nothing twice."""
    first = ("st_mode", "st_ino", "st_dev", "st_nlink", "st_uid", "st_gid", "st_size")
    return {name: getattr(info, name) for name in dir(info) if name.startswith("st_") and name not in first}


@pytest.fixture
def elsewhere(tmp_path: Path) -> Iterator[Path]:
    """A folder on another file system than the tests'."""
    shared = Path("/dev/shm")
    if not shared.is_dir() or shared.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no other file system here")
    folder = Path(tempfile.mkdtemp(dir=shared))
    yield folder
    shutil.rmtree(folder)


def _demo(demo_maker: DemoMaker) -> Demo:
    demo = demo_maker(CONFIG, FILES)
    (demo.root / "csrc/link.c").symlink_to("../shared/real.c")
    return demo


def _differs(demo: Demo) -> bool:
    """Tell whether the quick check finds anything to do, or nothing certain."""
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    assert known is not None
    try:
        return bool(check.differences(str(demo.root), known, demo.environ))
    except check.NotQuick:
        return True


def _begin_of_a_second() -> None:
    time.sleep(1.02 - time.time() % 1)


@pytest.mark.skipif(sys.platform == "win32", reason="links need a right there")
@pytest.mark.usefixtures("coarse")
@pytest.mark.parametrize("path", ["csrc/one.c", "shared/real.c"])
@pytest.mark.parametrize("skewed", [False, True], ids=["one-clock", "clock-behind"])
def test_an_edit_of_the_same_size_in_the_same_second_is_seen(
    demo_maker: DemoMaker, path: str, skewed: bool, request: pytest.FixtureRequest
) -> None:
    demo = _demo(demo_maker)
    demo.sync()
    if skewed:
        request.getfixturevalue("behind")
    for number in range(20):  # a busy machine may need more than a second for both
        _begin_of_a_second()
        (demo.root / path).write_text(f"{number}a\n", encoding="utf-8")
        first = demo.sync()
        before = (demo.root / path).stat()
        (demo.root / path).write_text(f"{number}b\n", encoding="utf-8")
        if (demo.root / path).stat() == before:
            break
        demo.sync()
    else:
        pytest.fail("this machine was never quick enough to show anything")
    assert _differs(demo)
    assert demo.sync().digest != first.digest


@pytest.mark.usefixtures("behind")
def test_what_was_just_written_is_young_by_the_file_systems_clock(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker)
    demo.sync()
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    assert known is not None
    place = next(place for place, names in zip(known.folders, known.names, strict=True) if "one.c" in names)
    row = known.firsts()[known.folders.index(place)] + known.names_in(known.folders.index(place)).index("one.c")
    assert row in known.racy
    assert known.taken <= (demo.root / ".dyncachekeys/snapshot").stat().st_mtime_ns


@pytest.mark.usefixtures("behind")
def test_what_was_edited_after_a_sync_was_not_before_it(demo_maker: DemoMaker) -> None:
    """Rule (b): uv built on its own, when a stamped file had other content."""
    demo = demo_maker(CONFIG, FILES)
    demo.settled()
    demo.tick()
    demo.write({"csrc/one.c": "1\n"})
    demo.uv("sync", "--reinstall-package", "demo")
    demo.write({"csrc/one.c": "0\n"})
    report = demo.sync()
    assert report.move == "moved"
    assert any("csrc/one.c" in why for why in report.why)


@pytest.mark.parametrize("how", ["by-path", "by-link", "folder"])
def test_the_clock_of_another_file_system_is_not_known(
    demo_maker: DemoMaker, clock: list[int], elsewhere: Path, how: str
) -> None:
    """Nothing of ours is written there: what lies there is read again until it is an hour old."""
    (elsewhere / "one.h").write_text("")
    demo = demo_maker()
    demo.write({"one.c": ""})
    (demo.root / "link.h").symlink_to(elsewhere / "one.h")
    way = os.path.relpath(elsewhere, demo.root)
    patterns = {"by-path": f"{way}/one.h", "by-link": "link.h", "folder": f"{way}/*.x"}
    demo.append("pyproject.toml", CONFIG.replace("csrc/*", f'one.c", "{patterns[how]}'))
    for minutes, is_young in ((10, True), (59, True), (61, False)):
        clock[0] = minutes * 60 * _SECOND
        demo.sync()
        assert _differs(demo) is is_young


def test_nothing_is_left_of_the_look_at_the_clock(demo_maker: DemoMaker) -> None:
    demo = _demo(demo_maker)
    demo.sync()
    assert not [path for path in (demo.root / ".dyncachekeys").iterdir() if "clock" in path.name]


@pytest.fixture
def ext2(tmp_path: Path) -> Iterator[Path]:
    """A file system that stores whole seconds; needs the rights to mount one."""
    image, folder = tmp_path / "image", tmp_path / "mounted"
    folder.mkdir()
    try:
        with image.open("wb") as stream:
            stream.truncate(24 << 20)
        subprocess.run(["mkfs.ext2", "-q", "-F", "-I", "128", str(image)], check=True, capture_output=True)
        subprocess.run(["mount", "-o", "loop", str(image), str(folder)], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no ext2 here: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.thorough
@pytest.mark.skipif(sys.platform != "linux" or not shutil.which("mkfs.ext2"), reason="needs ext2")
@pytest.mark.parametrize("path", ["csrc/one.c", "shared/real.c"])
@pytest.mark.parametrize("skewed", [False, True], ids=["one-clock", "clock-behind"])
def test_the_same_on_a_real_file_system_of_whole_seconds(ext2: Path, path: str, skewed: bool) -> None:
    if skewed and not Path(_FAKETIME).exists():
        pytest.skip("needs libfaketime")
    demo = _demo(lambda config, files: make_demo(ext2, config, files))
    if skewed:
        demo.environ |= {"LD_PRELOAD": _FAKETIME, "FAKETIME": "+10s", "NO_FAKE_STAT": "1"}
    demo.cli("sync")
    time.sleep(3)
    demo.cli("sync")
    for number in range(3):
        _begin_of_a_second()
        for content in "ab":
            (demo.root / path).write_text(f"{number}{content}\n", encoding="utf-8")
            assert "changed" in demo.cli("sync").stdout
        assert "in sync" in demo.cli("sync").stdout
