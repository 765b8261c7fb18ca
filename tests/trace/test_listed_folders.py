"""Folders that a watched build listed, and that hold nothing but its inputs: plain uv sees what comes there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, link_texts, sees_links
from traced import WATCHED, both, settled, traced, watches

pytestmark = [watches, sees_links]
LISTS = '[one.read_text() for one in Path("deps").glob("*.txt")]'
FILES = {"deps/a.txt": "a\n", "deps/b.txt": "b\n"}


def linked(demo: Demo) -> dict[str, str]:
    return link_texts(demo.root / ".dyncachekeys/folders")


def rest(demo: Demo) -> list[int]:
    """Return the builds of plain uv, of uv after a sync, and again."""
    found = [demo.uv_sync()]
    for _ in range(2):
        demo.sync()
        found.append(demo.uv_sync())
    return found


CHANGES: dict[str, tuple[Callable[[Demo], object], list[int]]] = {
    "new": (lambda demo: demo.write({"deps/c.txt": "c\n"}), [1, 0, 0]),
    "edited": (lambda demo: demo.append("deps/a.txt", "more\n"), [1, 0, 0]),
    "renamed": (lambda demo: (demo.root / "deps/a.txt").rename(demo.root / "deps/z.txt"), [1, 0, 0]),
    "deleted": (lambda demo: (demo.root / "deps/a.txt").unlink(), [0, 1, 0]),
}


@pytest.mark.parametrize(
    "change", ["new", *(pytest.param(one, marks=pytest.mark.thorough) for one in CHANGES if one != "new")]
)
def test_what_comes_in_a_listed_folder(change: str, demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, LISTS, FILES)
    settled(demo)
    assert linked(demo) == {"build-0": "../../deps"}
    texts = link_texts(demo.root / ".dyncachekeys/inputs").values()
    assert not any("deps/" in text for text in texts)
    demo.tick()
    act, builds = CHANGES[change]
    act(demo)
    assert rest(demo) == builds
    assert linked(demo) == {"build-0": "../../deps"}


def test_plain_uv_sees_it_from_the_first_build_on(demo_maker: DemoMaker) -> None:
    """As where somebody has cloned, has synced once, and then types nothing but uv's commands."""
    demo = traced(demo_maker, LISTS, FILES)
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert linked(demo) == {"build-0": "../../deps"}
    demo.tick()
    demo.write({"deps/c.txt": "c\n"})
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    demo.tick()
    demo.append("deps/c.txt", "more\n")
    assert rest(demo) == [1, 0, 0]


@pytest.mark.parametrize("stray", ["deps/README.md", "deps/made.txt"])
def test_nor_does_a_build_make_a_link_to_what_holds_more(stray: str, demo_maker: DemoMaker) -> None:
    makes = 'Path("deps/made.txt").write_text("made\\n")\n'
    demo = traced(demo_maker, (makes if "made" in stray else "") + LISTS, FILES)
    if "made" not in stray:
        demo.write({stray: "About.\n"})
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert linked(demo) == {}
    assert rest(demo) == [0, 0, 0]


MAKES = 'Path("deps/made.dat").write_text("made\\n")\n'


def test_nor_does_a_sync_where_a_product_is_gone(demo_maker: DemoMaker) -> None:
    """The build makes it again, so that uv would find it there, newer than all that it has seen, after each build."""
    demo = traced(demo_maker, MAKES + LISTS, FILES)
    settled(demo)
    (demo.root / "deps/made.dat").unlink()
    assert [both(demo), demo.uv_sync()] == [1, 0]
    assert rest(demo) == [0, 0, 0]
    assert linked(demo) == {}


def test_a_build_that_begins_to_write_there_takes_the_link_away(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, LISTS, FILES)
    settled(demo)
    assert linked(demo) == {"build-0": "../../deps"}
    demo.tick()
    demo.edit("build_backend/core.py", LISTS, f"{MAKES}    {LISTS}")
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert linked(demo) == {}
    assert rest(demo)[1:] == [0, 0]
    demo.tick()
    demo.append("deps/b.txt", "more\n")
    assert rest(demo) == [1, 0, 0], "its own link stays"


def test_plain_uv_sees_what_the_first_build_looked_for_come(demo_maker: DemoMaker) -> None:
    body = 'any(Path(one).exists() for one in ("maybe.txt", "made.txt")) or Path("made.txt").write_text("made")'
    demo = traced(demo_maker, body)
    demo.sync()
    assert [demo.uv_sync() for _ in range(3)] == [1, 0, 0]
    demo.tick()
    demo.write({"maybe.txt": "here\n"})
    assert [demo.uv_sync() for _ in range(2)] == [1, 0]
    assert rest(demo) == [0, 0, 0]


SOURCES = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["{pattern}"]
fallback = {fallback}
"""
READS = '[one.read_text() for one in Path("csrc").glob("*.c")]'
WRITES = 'Path("csrc/made.c").write_text("made\\n")'
IN_CSRC = {"csrc/one.c": "1\n", "csrc/made.c": "made\n", "csrc/notes.txt": "Notes.\n"}


@pytest.mark.parametrize("fallback", ["true", "false"])
@pytest.mark.parametrize("pattern", ["csrc/*.c", "cs?c/*.c"])
def test_plain_uv_ends_where_each_build_writes_a_source(demo_maker: DemoMaker, pattern: str, fallback: str) -> None:
    """As a newcomer has it, who has typed `init` and nothing else of ours."""
    config = WATCHED + SOURCES.format(pattern=pattern, fallback=fallback)
    demo = traced(demo_maker, f"{WRITES}\n{READS}", IN_CSRC, config)
    demo.sync()
    demo.tick()
    assert [demo.uv_sync() for _ in range(3)] == [1, 0, 0]
    demo.tick()
    demo.append("csrc/one.c", "more\n")
    assert [demo.uv_sync() for _ in range(3)] == [1, 0, 0]
    at_most = 0 if fallback == "true" else 1  # by a key that counts in any case, the stamp watches it from now on
    found = rest(demo)
    assert found[1] <= at_most
    assert found[2] == 0


IMPURE = {"csrc/one.c": "1\n", "csrc/notes.txt": "Notes.\n", "csrc/deep/two.c": "2\n"}
WALKS = 'sum(len(Path(one).read_bytes()) for one in __import__("glob").glob("csrc/**/*.c", recursive=True))'
COMES: dict[str, tuple[Callable[[Demo], object], int]] = {
    "new": (lambda demo: demo.write({"csrc/new.c": ""}), 1),
    "new below": (lambda demo: demo.write({"csrc/deep/new.c": ""}), 1),
    "new in a new folder": (lambda demo: demo.write({"csrc/new/new.c": ""}), 1),
    "new, with brackets in its name": (lambda demo: demo.write({"csrc/a[1].c": ""}), 1),
    "renamed": (lambda demo: (demo.root / "csrc/one.c").rename(demo.root / "csrc/uno.c"), 1),
    "of another kind": (lambda demo: demo.append("csrc/notes.txt", "more\n"), 0),
    "edited": (lambda demo: demo.append("csrc/deep/two.c", "more\n"), 1),
}


@pytest.mark.parametrize("change", COMES)
@pytest.mark.parametrize("synced", [False, True])
def test_a_folder_that_holds_more_than_the_pattern_of_a_key_that_stands_aside(
    change: str, demo_maker: DemoMaker, *, synced: bool
) -> None:
    """`init` writes such a key for sources; a build that goes through the folder stands for it."""
    config = WATCHED + SOURCES.format(pattern="/csrc/**/*.[ch]", fallback="true")
    demo = traced(demo_maker, WALKS, IMPURE, config)
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    if synced:
        assert rest(demo) == [0, 0, 0]
    assert linked(demo).get("sources-0") == "../../csrc"
    demo.tick()
    act, builds = COMES[change]
    act(demo)
    assert [demo.uv_sync() for _ in range(2)] == [builds, 0]
    assert rest(demo) == [0, 0, 0]
    assert linked(demo).get("sources-0") == "../../csrc"


def test_folders_of_which_a_build_asks_for_one_file_each(demo_maker: DemoMaker) -> None:
    reads = '[one.read_text() for one in Path("addons").glob("*/manifest.json")]'
    files = {"addons/a/manifest.json": "1\n", "addons/a/notes.txt": "", "addons/README.md": ""}
    demo = traced(
        demo_maker, reads, files, WATCHED + SOURCES.format(pattern="/addons/*/manifest.json", fallback="true")
    )
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert linked(demo) == {"sources-0": "../../addons"}
    demo.tick()
    demo.write({"addons/b/manifest.json": "2\n"})
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    demo.tick()
    demo.write({"addons/b/notes.txt": "", "addons/c/notes.txt": "", "addons/b/c/manifest.json": ""})
    assert rest(demo) == [0, 0, 0]


UNFIT = {
    "nobody goes through it": 'Path("csrc/one.c").read_text(), Path("csrc/deep/two.c").read_text()',
    "nobody goes through a folder of it": f'{READS}, Path("csrc/deep/two.c").read_text()',
    "a file is not read": READS,
    "a file is made": f"{WRITES}, {WALKS}",
}


@pytest.mark.parametrize("why", UNFIT)
def test_a_key_that_stands_aside_has_no_link_where_builds_do_not_say_the_same(why: str, demo_maker: DemoMaker) -> None:
    config = WATCHED + SOURCES.format(pattern="/csrc/**/*.[ch]", fallback="true")
    demo = traced(demo_maker, UNFIT[why], IMPURE, config)
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert "sources-0" not in linked(demo)
    assert rest(demo) == [0, 0, 0]
    assert "sources-0" not in linked(demo)
    demo.tick()
    demo.write({"csrc/later.c": ""})
    assert demo.uv_sync() == 0


def test_the_link_of_a_key_that_stands_aside_goes_where_something_comes_that_is_not_read(demo_maker: DemoMaker) -> None:
    config = WATCHED + SOURCES.format(pattern="/csrc/**/*.[ch]", fallback="true")
    demo = traced(demo_maker, WALKS, IMPURE, config)
    settled(demo)
    assert linked(demo).get("sources-0") == "../../csrc"
    demo.tick()
    demo.write({"csrc/unread.h": ""})
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0], "that it is not read is known once it was built"
    assert rest(demo)[1:] == [0, 0]
    assert "sources-0" not in linked(demo)
    demo.tick()
    demo.append("csrc/one.c", "more\n")
    assert rest(demo) == [1, 0, 0], "until then the other one was the newest that uv knew, so its link had to stay"
    demo.tick()
    demo.append("csrc/unread.h", "more\n")
    assert rest(demo) == [0, 0, 0]


def test_a_build_that_begins_to_write_behind_a_pattern(demo_maker: DemoMaker) -> None:
    files = {**IN_CSRC, "csrc/unread.c": "unread\n"}
    config = WATCHED + SOURCES.format(pattern="csrc/**/*.c", fallback="false")
    demo = traced(demo_maker, 'Path("csrc/one.c").read_text()', files, config)
    settled(demo)
    assert linked(demo) == {"sources-0": "../../csrc"}
    demo.tick()
    demo.edit("build_backend/core.py", 'Path("csrc/one.c").read_text()', WRITES)
    assert [demo.uv_sync() for _ in range(3)] == [1, 0, 0]
    assert linked(demo) == {}
    for name in ("one.c", "unread.c"):
        demo.tick()
        demo.append(f"csrc/{name}", "more\n")
        assert [demo.uv_sync() for _ in range(2)] == [1, 0], "each has a link of its own"
    assert rest(demo)[2:] == [0]


def test_explain_says_of_names_what_sync_does(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, LISTS, {**FILES, "deps/README.md": "About.\n"})
    settled(demo)
    demo.tick()
    demo.write({"deps/c.txt": "c\n", "deps/other.md": "o\n"})
    lines = demo.cli("explain").stdout.splitlines()
    assert [line for line in lines if line.startswith(" ~ ") and " names in deps changed " in line]
    assert [line.split()[0] for line in lines if "no key selects it" in line] == ["deps/other.md"]
    listed = r"listed (it )?\(?(by )?build_backend/core\.py:\d+"
    comes = "uv sees it come or go once `dyncachekeys sync` has run"
    assert re.search(
        f"   build: its name: the folder was {listed}; {comes}\n", demo.cli("explain", "deps/c.txt").stdout
    )
    assert re.search(f"   the last watched build {listed}", demo.cli("explain", "deps").stdout)
    shown = demo.cli("explain", "deps/other.md").stdout
    assert (
        "   no key names it, and no pattern of one matches it\n   the last watched build did not ask for it\n" in shown
    )


def test_two_steps_that_list_a_folder_for_two_kinds_of_files(demo_maker: DemoMaker) -> None:
    """The names of either are an input of their own, of one name."""
    read = '[path.read_text() for path in sorted(Path("deps").glob("*.{}"))]'
    demo = traced(demo_maker, read.format("txt"), {**FILES, "deps/a.md": "a\n", "deps/other": ""})
    asked = f"\n\ndef get_requires_for_build_editable(config_settings=None):\n    return {read.format('md')}[:0]\n"
    demo.append("build_backend/core.py", asked)
    settled(demo)
    assert not [warning for _ in range(3) for warning in demo.sync().warnings]
    for name in ("deps/b.md", "deps/c.txt"):
        demo.write({name: ""})
        changes = {(one.subject, one.cause) for key in demo.sync().keys for one in key.changes}
        assert ("names in deps", "value") in changes


def test_what_does_not_count_keeps_the_link_away(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, LISTS, {**FILES, "deps/README.md": "About.\n"})
    settled(demo)
    assert linked(demo) == {}
    (demo.root / "deps/README.md").unlink()
    assert rest(demo) == [0, 0, 0]
    assert linked(demo) == {"build-0": "../../deps"}
    assert (
        "; plain uv sees it come, and go once `dyncachekeys sync` has run\n" in demo.cli("explain", "deps/a.txt").stdout
    )
    demo.tick()
    demo.write({"deps/README.md": "About.\n"})
    assert rest(demo) == [1, 0, 0], "plain uv can't know"
    assert linked(demo) == {}


@pytest.mark.thorough
def test_links_keep_their_names_and_there_are_only_so_many(demo_maker: DemoMaker) -> None:
    folders = [f"deps{number}" for number in range(6)]
    body = '[one.read_text() for folder in Path().glob("deps*") for one in folder.glob("*.txt")]'
    demo = traced(demo_maker, body, {f"{folder}/a.txt": "a\n" for folder in folders})
    settled(demo)
    assert linked(demo) == {f"build-{number}": f"../../deps{number}" for number in range(4)}
    demo.tick()
    demo.write({"deps5/b.txt": "", "deps1/README.md": ""})
    assert rest(demo)[1:] == [0, 0]
    assert linked(demo) == {
        "build-0": "../../deps0", "build-1": "../../deps5", "build-2": "../../deps2", "build-3": "../../deps3"
    }  # fmt: skip


def test_the_region_is_the_same_whatever_was_built(demo_maker: DemoMaker, tmp_path: Path) -> None:
    demo = traced(demo_maker, LISTS, FILES)
    first = demo.sync().entries
    settled(demo)
    assert demo.sync().entries == first
    assert [one for one in first if str(one.get("file", "")).startswith(".dyncachekeys/folders/")] == [
        {"file": f".dyncachekeys/folders/build-{number}/*"} for number in range(4)
    ]
