"""A second name for each input: plain uv sees that one was deleted, moved out, or that another took its place (U44)."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.watch import hard_links
from dyncachekeys.watch.links import HARD
from kit import BACKEND_KEY, Demo, DemoMaker, sees_links

CONFIG = f"""{BACKEND_KEY}
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/**/*.c", "inc?ude/*.h"]
"""
FILES = {
    "csrc/one.c": "1\n",
    "csrc/two.c": "2\n",
    "csrc/deep/three.c": "3\n",
    "include/four.h": "4\n",
    "include/five.h": "5\n",
    "build_backend/optional.py": "",
}
OPTIONAL = "\ntry:\n    from build_backend import optional\nexcept ImportError:\n    optional = None\n"
pytestmark = sees_links


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    """A project at rest in which no input is the newest file that uv knows."""
    demo = demo_maker(CONFIG, FILES)
    demo.append("build_backend/__init__.py", OPTIONAL)
    demo.settled()
    demo.tick()
    return demo


def held(demo: Demo) -> dict[str, Path]:
    """Return the files of the project that have a second name, with that."""
    names = {path: demo.root / path for path in sorted(_files(demo))}
    by_inode = {(demo.root / path).stat().st_ino: path for path in names}
    hard = (demo.root / ".dyncachekeys/inputs").glob(f"*{HARD}")
    return {by_inode[one.stat().st_ino]: one for one in hard if one.stat().st_ino in by_inode}


def _files(demo: Demo) -> set[str]:
    every = (path for path in demo.root.rglob("*") if path.is_file() and not path.is_symlink())
    found = {path.relative_to(demo.root).as_posix() for path in every}
    return {path for path in found if not path.startswith((".venv", ".dyncachekeys"))}


GONE: dict[str, Callable[[Path], object]] = {
    "deleted": lambda root: (root / "csrc/one.c").unlink(),
    "deleted, without a link to its folder": lambda root: (root / "include/four.h").unlink(),
    "deleted, with an entry of its own": lambda root: (root / "build_backend/optional.py").unlink(),
    "renamed to what is no input": lambda root: (root / "csrc/one.c").rename(root / "csrc/one.bak"),
    "moved out": lambda root: (root / "csrc/one.c").rename(root.parent / "one.c"),
    "a folder deleted": lambda root: shutil.rmtree(root / "csrc/deep"),
    "all deleted": lambda root: [*map(Path.unlink, root.glob("csrc/**/*.c"))],
    "replaced by an older one": lambda root: (root / "include/four.h").replace(root / "include/five.h"),
}


@pytest.mark.parametrize("gone", GONE)
def test_plain_uv_sees_that_a_file_goes(demo: Demo, gone: str) -> None:
    GONE[gone](demo.root)
    assert "is gone, or another file has taken its place" in demo.cli("explain").stdout
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)
    assert demo.both() <= (gone == "deleted, with an entry of its own"), "more than uv has seen may be asked for once"
    assert demo.both() == 0


def test_without_them_it_does_not(demo_maker: DemoMaker) -> None:
    """What the others are worth."""
    demo = demo_maker(f"[tool.dyncachekeys]\nhard-links = false\n{CONFIG}", FILES)
    demo.settled()
    demo.tick()
    assert held(demo) == {}
    (demo.root / "csrc/one.c").unlink()
    assert demo.uv_sync() == 0
    assert demo.both() == 1


def test_all_inputs_in_the_tree_have_one(demo: Demo) -> None:
    inputs = {"csrc/one.c", "csrc/two.c", "csrc/deep/three.c", "include/four.h", "include/five.h"}
    found = held(demo)
    assert inputs < found.keys()
    assert "build_backend/optional.py" in found
    assert "pyproject.toml" not in found
    assert ".gitignore" not in found, "`init` writes it"


def test_they_are_made_where_uv_builds_anyway(demo: Demo) -> None:
    """To make one is a change to uv, so a file that came unseen waits for the next build that is due."""
    before = held(demo)
    demo.write({"csrc/new.c": "new\n"})
    assert (demo.uv_sync(), demo.sync().move) == (1, "kept")
    assert held(demo) == before
    assert demo.uv_sync() == 0
    (demo.root / "include/four.h").unlink()
    demo.write({"include/six.h": "6\n"})
    assert demo.sync().move == "moved"
    assert held(demo).keys() == (before.keys() - {"include/four.h"}) | {"csrc/new.c", "include/six.h"}
    assert (demo.uv_sync(), demo.both()) == (1, 0)


def test_a_file_that_was_saved_atomically_gets_another(demo: Demo) -> None:
    saved = demo.root / "include/.four.h"
    saved.write_text("another\n", encoding="utf-8")
    saved.replace(demo.root / "include/four.h")
    assert "include/four.h" not in held(demo)
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)
    demo.write({"include/six.h": "6\n"})
    assert (demo.both(), demo.both()) == (1, 0)
    (demo.root / "include/four.h").unlink()
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)


def test_what_is_gone_to_no_effect_costs_no_build_with_a_sync(demo: Demo) -> None:
    """As where a file was an input by a pattern that is no more, and its second name stayed."""
    stray = demo.root / "csrc/notes.txt"
    stray.write_text("no input\n", encoding="utf-8")
    second = demo.root / f".dyncachekeys/inputs/{'0' * 32}{HARD}"
    os.link(stray, second)
    assert demo.both() == 0
    assert not second.exists()


def test_what_is_no_input_any_more_goes_before_it_is_edited(demo: Demo) -> None:
    """Of that, a run that finds nothing to do would not take notice."""
    stray = demo.root / "csrc/notes.txt"
    stray.write_text("no input\n", encoding="utf-8")
    second = demo.root / f".dyncachekeys/inputs/{'0' * 32}{HARD}"
    os.link(stray, second)
    demo.tick()
    demo.append("csrc/one.c", "more\n")
    assert demo.uv_sync() == 1
    assert demo.both() == 0
    assert not second.exists()
    stray.write_text("edited\n", encoding="utf-8")
    assert demo.both() == 0


def test_what_the_user_has_watched_as_well_keeps_its_time(demo_maker: DemoMaker) -> None:
    """To take its second name away would be a change to uv, which sees the file by that entry."""
    demo = demo_maker(f'\n[tool.uv]\ncache-keys = [{{ file = "csrc/notes.txt" }}]\n{CONFIG}', FILES)
    demo.write({"csrc/notes.txt": "no input\n"})
    demo.settled()
    os.link(demo.root / "csrc/notes.txt", demo.root / f".dyncachekeys/inputs/{'0' * 32}{HARD}")
    demo.uv_sync()
    demo.tick()
    demo.append("csrc/one.c", "more\n")
    assert demo.uv_sync() == 1
    assert [demo.both(), demo.both()] == [0, 0]


@pytest.mark.parametrize("how", ["too many", "not wanted"])
def test_where_there_are_to_be_none_they_go_with_the_next_build(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """At once, that would be a change to uv."""
    if how == "too many":
        monkeypatch.setattr(hard_links, "MOST", 3)
        demo.append("csrc/one.c", "more\n")
        assert demo.uv_sync() == 1
    else:
        demo.append("pyproject.toml", "\n[tool.dyncachekeys]\nhard-links = false\n")
        assert demo.uv_sync() == 1, "of the file itself uv sees each edit"
    assert demo.sync().move == "kept"
    assert held(demo)
    assert [demo.uv_sync(), demo.sync().move] == [0, "kept"]
    demo.write({"include/six.h": "6\n"})
    assert demo.sync().move == "moved"
    assert held(demo) == {}
    assert demo.uv_sync() == 1


def test_a_build_that_puts_an_input_in_its_own_place(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    writes = (
        "\nimport os\nopen('include/.five.h', 'w').write('5\\\\n')\nos.replace('include/.five.h', 'include/five.h')\n"
    )
    demo.append("build_backend/helper.py", writes)
    for _ in range(3):
        demo.both()
    assert [demo.both(), demo.uv_sync()] == [0, 0]


def test_too_many_have_none(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hard_links, "MOST", 3)
    demo.append("csrc/one.c", "more\n")
    demo.write({"csrc/new.c": ""})
    demo.sync()
    assert held(demo) == {}


@pytest.mark.parametrize("error", [PermissionError(1, "not permitted"), OSError(18, "another device")])
def test_where_none_can_be_made(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch, error: OSError) -> None:
    def link(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(os, "link", link)
    demo = demo_maker(CONFIG, FILES)
    assert demo.sync().warnings == ()
    assert held(demo) == {}
    assert (demo.uv_sync(), demo.both()) == (1, 0)


def test_a_file_that_is_written_meanwhile_waits(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither is it linked as what it was, nor is what was written overlooked."""
    link, path = os.link, demo.root / "csrc/new.c"

    def edit_and_link(source: str, target: str, **options: bool) -> None:
        path.write_text("second\n", encoding="utf-8")
        link(source, target, **options)

    demo.write({"csrc/new.c": "first\n", "csrc/newer.c": ""})
    monkeypatch.setattr(os, "link", edit_and_link)
    demo.sync()
    monkeypatch.undo()
    report = demo.sync()
    assert [change.subject for key in report.keys for change in key.changes] == ["csrc/new.c"]
    assert (demo.uv_sync(), demo.both()) == (1, 0)


def test_the_second_run_has_nothing_to_write(demo: Demo) -> None:
    demo.append("csrc/one.c", "more\n")
    (demo.root / "csrc/two.c").unlink()
    assert demo.both() == 1
    demo.tick()
    demo.sync()
    assert demo.sync().written == ()


def test_clean_leaves_the_files(demo: Demo) -> None:
    demo.cli("clean")
    assert all((demo.root / path).stat().st_nlink == 1 for path in FILES)
    assert (demo.root / "csrc/one.c").read_text(encoding="utf-8") == "1\n"
