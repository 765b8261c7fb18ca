"""Rows of ``docs/uv-facts.md`` on which the code relies and that no scenario shows by itself: plain uv, keys by hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from dyncachekeys.files.tree import Files
from dyncachekeys.uv.mtimes import newest
from dyncachekeys.uv.record import installed_record
from kit import UV_VERSION, Demo, DemoMaker

BASE = '\n[tool.uv]\ncache-keys = [{{ file = "pyproject.toml" }}, {entries}]\n'


def _nothing(_: Demo) -> None:
    pass


@dataclass(frozen=True)
class Fact:
    entries: str
    change: Callable[[Demo], object]
    builds: int
    files: dict[str, str] = field(default_factory=dict)
    since: tuple[int, ...] = ()


FACTS = {
    "U2: a watched file that is not the newest is deleted": Fact(
        '"old.txt", "new.txt"', lambda demo: (demo.root / "old.txt").unlink(), 0, {"old.txt": "", "new.txt": ""}
    ),
    "U3: touched": Fact('"a.txt"', lambda demo: (demo.root / "a.txt").touch(), 1, {"a.txt": ""}),
    "U4: a folder as a file": Fact('"d"', lambda demo: demo.write({"d/new.txt": ""}), 0, {"d/a.txt": ""}),
    "U4: a file that is missing": Fact('"a.txt"', _nothing, 0),
    "U6: a new file in a folder": Fact('{ dir = "d" }', lambda demo: demo.write({"d/new.txt": ""}), 0, {"d/a": ""}),
    "U6: a new folder": Fact('{ dir = "d" }', lambda demo: (demo.root / "d").mkdir(), 1),
    "U6: a folder less": Fact('{ dir = "d" }', lambda demo: shutil.rmtree(demo.root / "d"), 1, {"d/a": ""}),
    "U12: brackets in a name": Fact('"a[1].txt"', lambda demo: demo.append("a[1].txt", "x"), 0, {"a[1].txt": ""}),
    "U12: negation leaves nothing out": Fact(
        '"*.txt", "!a.txt"', lambda demo: demo.append("a.txt", "x"), 1, {"a.txt": ""}
    ),
    "U12: git's ignore rules are not asked": Fact(
        '"**/*.out"', lambda demo: demo.append("d/a.out", "x"), 1, {"d/a.out": "", "d/.gitignore": "*.out\n"}
    ),
    "U14: a file beside the project": Fact(
        '"../a.txt"', lambda demo: demo.append("../a.txt", "x"), 1, {"../a.txt": ""}
    ),
    "U14: a glob beside the project": Fact(
        '"../shared/*.h"', lambda demo: demo.append("../shared/a.h", "x"), 1, {"../shared/a.h": ""}, (0, 7, 21)
    ),
    "U31: a folder behind a glob that comes to be": Fact('"x/*"', lambda demo: demo.write({"x/a": ""}), 1),
}


@pytest.mark.parametrize("case", FACTS)
def test_fact(case: str, demo_maker: DemoMaker) -> None:
    fact = FACTS[case]
    if fact.since > UV_VERSION:
        pytest.skip(f"from uv {'.'.join(map(str, fact.since))} on")
    demo = demo_maker(BASE.format(entries=fact.entries))
    for name, content in fact.files.items():
        demo.write({name: content})
        demo.tick()
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0
    demo.tick()
    fact.change(demo)
    assert demo.uv_sync() == fact.builds
    assert demo.uv_sync() == 0


GLOBBED = ("d/a.c", "d/foo.txt", "d/.hidden", "d/sub/a.c", "d/foodir/b.txt", "d/sub/deep/a.h")
"""Each is newer than the one before it."""


OTHER_GLOBS = ("d/*.c", "d/*/**", "d/**", "d/s?b/**/*.h", "d/{foo*,*.c}")


@pytest.mark.parametrize(
    "glob", ["d/*", "d/foo*", "d/*/*", *(pytest.param(one, marks=pytest.mark.thorough) for one in OTHER_GLOBS)]
)
def test_a_glob_matches_for_us_what_it_matches_for_uv(glob: str, demo_maker: DemoMaker) -> None:
    """U12: `*` alone does not go down, all else without a slash does; a folder that matches is not its content."""
    demo = demo_maker(f'\n[tool.uv]\ncache-keys = [{{ file = "{glob}" }}]\n')
    for path in GLOBBED:
        demo.tick()
        demo.write({path: ""})
    demo.uv_sync()
    files = Files(demo.root)
    record = installed_record(files, "demo", demo.root / ".venv")
    assert record is not None
    assert newest(files, [glob]) == record.timestamp


def test_without_any_key_that_yields_something_uv_builds_each_time(demo_maker: DemoMaker) -> None:
    """U5."""
    demo = demo_maker('\n[tool.uv]\ncache-keys = [{ file = "never-there" }]\n')
    demo.uv_sync()
    said = [demo.uv("sync").stderr for _ in range(2)]
    assert all("Installed 1 package" in text for text in said)


def test_only_the_latest_record_is_kept(demo_maker: DemoMaker) -> None:
    """U16: A, B, A with builds between builds A again; without one, a file's time tells."""
    demo = demo_maker('\n[tool.uv]\ncache-keys = [{ env = "MODE" }]\n')
    assert [demo.uv_sync(MODE=mode) for mode in ("a", "b", "a", "a")] == [1, 1, 1, 0]


def test_without_its_environment_the_cached_wheel_is_installed(demo_maker: DemoMaker) -> None:
    """U17."""
    demo = demo_maker()
    assert demo.uv_sync() == 1
    shutil.rmtree(demo.root / ".venv")
    assert demo.uv_sync() == 0
    assert any((demo.root / ".venv").glob("lib/python*/site-packages/demo-*"))


def test_keys_elsewhere_reach_no_member(demo_maker: DemoMaker) -> None:
    """U18: neither those of uv.toml nor those of the workspace's root."""
    demo = demo_maker("\n[tool.uv.workspace]\nmembers = []\n", {"uv.toml": 'cache-keys = ["a.txt"]\n', "a.txt": ""})
    demo.uv("sync", check=False)
    before = demo.builds
    demo.append("a.txt", "more")
    demo.uv("sync", check=False)
    assert demo.builds == before


def test_what_uv_records(demo_maker: DemoMaker) -> None:
    """U7, U8, "The record": directories and variables by name, values in plain text, one time for all files."""
    demo = demo_maker(BASE.format(entries='{ dir = "there" }, { dir = "not" }, { env = "MODE" }, { env = "UNSET" }'))
    (demo.root / "there").mkdir()
    demo.uv_sync(MODE="plain")
    (path,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*/uv_cache.json")
    record = json.loads(path.read_text(encoding="utf-8"))
    assert record["env"] == {"MODE": "plain", "UNSET": None}
    assert record["directories"]["not"] is None
    assert record["directories"]["there"] is not None
    assert record["timestamp"] is not None


def test_uv_itself_tells_whether_it_would_build(demo_maker: DemoMaker) -> None:
    """U20: without building, and without changing the lock file."""
    demo = demo_maker(BASE.format(entries='"a.txt"'), {"a.txt": ""})
    demo.uv_sync()
    lock = (demo.root / "uv.lock").read_bytes()
    assert demo.uv("sync", "--check", check=False).returncode == 0
    demo.tick()
    demo.append("a.txt", "more")
    assert demo.uv("sync", "--check", check=False).returncode in {1, 2}  # 2 before uv 0.8
    assert demo.builds == 1
    assert (demo.root / "uv.lock").read_bytes() == lock


def test_build_always_builds(demo_maker: DemoMaker) -> None:
    """U19."""
    demo = demo_maker()
    demo.uv_sync()
    for builds in (2, 3):
        demo.uv("pip", "install", "--python", ".venv", "--reinstall", ".")
        assert demo.builds == builds
    assert demo.uv("run", "--no-sync", "true").returncode == 0
    assert demo.builds == 3
