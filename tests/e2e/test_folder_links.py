"""Links to whole folders: plain uv sees what comes, too, as long as its globs find there just what the patterns select."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, link_texts, sees_links, tree_of

FOLDERS, INPUTS = ".dyncachekeys/folders", ".dyncachekeys/inputs"
THOROUGH = pytest.mark.thorough
KEY = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = {patterns}
"""
NATIVE = KEY.format(patterns='["csrc/**/*.c", "csrc/**/*.h", "/data/"]')
FILES = {
    "csrc/one.c": "1\n",
    "csrc/api.h": "1\n",
    "csrc/notes.txt": "1\n",
    "csrc/deep/two.c": "2\n",
    "data/words.txt": "one\n",
}


def quick(cases: Iterable[str], *chosen: str) -> list[object]:
    """Return cases for `parametrize`; those that are not chosen are left to the thorough tests."""
    return [case if case in chosen else pytest.param(case, marks=THOROUGH) for case in cases]


def links_in(demo: Demo, folder: str) -> dict[str, str]:
    return link_texts(demo.root / folder)


def linked(demo: Demo) -> list[str]:
    """Return the names of the links that are in force."""
    return sorted(links_in(demo, FOLDERS))


def settled(maker: DemoMaker, config: str = NATIVE, files: Mapping[str, str] | None = None, ignored: str = "") -> Demo:
    demo = maker(config, {**FILES, **(files or {})})
    demo.append(".gitignore", ignored)
    demo.settled()
    demo.tick()
    return demo


def move(path: str, to: str) -> Callable[[Demo], object]:
    def act(demo: Demo) -> None:
        (demo.root / to).parent.mkdir(parents=True, exist_ok=True)
        (demo.root / path).rename(demo.root / to)

    return act


def remove(path: str) -> Callable[[Demo], object]:
    return lambda demo: (demo.root / path).unlink()


def move_out_and_edit(demo: Demo) -> None:
    move("csrc/one.c", "aside.txt")(demo)
    demo.tick()
    demo.append("csrc/deep/two.c", "more\n")


def save_atomically(demo: Demo) -> None:
    demo.write({"csrc/one.c~": "new\n"})
    (demo.root / "csrc/one.c~").replace(demo.root / "csrc/one.c")


@dataclass(frozen=True)
class Change:
    act: Callable[[Demo], object]
    plain: int = 1
    """Builds by plain `uv sync`."""
    later: int = 0
    """Builds by it after the next `dyncachekeys sync`."""
    folders: tuple[str, ...] = ("sources-0", "sources-1")
    """The links in force at the end."""
    ignored: str = ""


CHANGES = {
    "edited": Change(lambda demo: demo.append("csrc/one.c", "more\n")),
    "saved atomically": Change(save_atomically),
    "new": Change(lambda demo: demo.write({"csrc/new.c": ""})),
    "new, of another pattern": Change(lambda demo: demo.write({"csrc/new.h": ""})),
    "new in a new folder": Change(lambda demo: demo.write({"csrc/new/deep/new.c": ""})),
    "new, with brackets in its name": Change(lambda demo: demo.write({"csrc/a[1].c": ""})),
    "new, where all counts": Change(lambda demo: demo.write({"data/new/any.bin": ""})),
    "new, and no pattern matches": Change(lambda demo: demo.write({"csrc/new.txt": ""}), plain=0),
    "renamed": Change(move("csrc/one.c", "csrc/uno.c")),
    "moved to another folder": Change(move("csrc/one.c", "csrc/deep/one.c")),
    "moved to a new folder": Change(move("csrc/one.c", "csrc/new/one.c")),
    "moved out, another edited": Change(move_out_and_edit),
    "newest deleted": Change(remove("data/words.txt")),
    "another deleted": Change(remove("csrc/one.c")),
    "folder deleted": Change(lambda demo: shutil.rmtree(demo.root / "csrc/deep")),
    "folder of old files moved in": Change(move("old", "csrc/old"), plain=0, later=1),
    "all deleted": Change(lambda demo: shutil.rmtree(demo.root / "csrc"), later=1),
    "new, and ignored": Change(
        lambda demo: demo.write({"csrc/made.c": ""}), folders=("sources-1",), ignored="made.c\n"
    ),
    "new in an ignored folder": Change(
        lambda demo: demo.write({"csrc/build/made.c": ""}), folders=("sources-1",), ignored="build/\n"
    ),
    "new in an ignored folder, and no pattern matches": Change(
        lambda demo: demo.write({"csrc/build/made.o": ""}), plain=0, ignored="build/\n"
    ),
    "compiled": Change(lambda demo: demo.write({"csrc/__pycache__/x.cpython-311.pyc": ""}), plain=0),
    "an environment in it": Change(
        lambda demo: demo.write({"csrc/env/pyvenv.cfg": "", "csrc/env/x.c": ""}), folders=("sources-1",)
    ),
}


@pytest.mark.parametrize(
    "case", quick(CHANGES, "edited", "new in a new folder", "renamed", "another deleted", "new, and ignored")
)
@sees_links
def test_plain_uv_sees_what_comes(case: str, demo_maker: DemoMaker) -> None:
    change = CHANGES[case]
    demo = settled(demo_maker, files={"old/old.c": "old\n"}, ignored=change.ignored)
    assert linked(demo) == ["sources-0", "sources-1"]
    assert not any("csrc" in text or "data" in text for text in links_in(demo, INPUTS).values())
    change.act(demo)
    assert demo.uv_sync() == change.plain
    assert demo.uv_sync() == 0
    assert demo.both() == change.later
    assert tuple(linked(demo)) == change.folders
    assert [demo.both(), demo.uv_sync(), demo.both()] == [0, 0, 0]


@pytest.mark.parametrize("case", quick(["edited", "new", "renamed", "another deleted", "new, and ignored"], "renamed"))
@sees_links
def test_a_sync_before_uv_costs_no_second_build(case: str, demo_maker: DemoMaker) -> None:
    change = CHANGES[case]
    demo = settled(demo_maker, files={"old/old.c": "old\n"}, ignored=change.ignored)
    change.act(demo)
    assert demo.both() == (case != "new, and ignored")
    assert [demo.both(), demo.uv_sync(), demo.both()] == [0, 0, 0]


@sees_links
def test_what_went_after_uv_had_built_by_itself(demo_maker: DemoMaker) -> None:
    """Also with its folder, which leaves no trace but in the project's own."""
    demo = settled(demo_maker)
    for gone in ("csrc/deep", "data"):
        demo.tick()
        demo.append("csrc/one.c", "more\n")
        assert demo.uv_sync() == 1
        demo.tick()
        shutil.rmtree(demo.root / gone)
        assert [demo.both(), demo.both()] == [1, 0]


@sees_links
def test_to_another_branch_and_back(demo_maker: DemoMaker) -> None:
    demo = demo_maker(NATIVE, FILES)
    demo.git("init", "--quiet", "-b", "first")
    demo.settled()
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "-m", "first")
    demo.git("checkout", "--quiet", "-b", "second")
    demo.write({"csrc/new.c": "new\n"})
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "-m", "second")
    assert demo.uv_sync() == 1
    assert demo.both() == 0
    demo.tick()
    demo.git("checkout", "--quiet", "first")  # a deletion
    assert demo.both() == 1
    demo.git("checkout", "--quiet", "second")
    demo.sync()
    demo.git("checkout", "--quiet", "first")
    assert demo.both() == 0
    assert linked(demo) == ["sources-0", "sources-1"]


@sees_links
def test_a_build_that_makes_what_is_ignored(demo_maker: DemoMaker) -> None:
    """As a version file: it is not there before the first build, and a link would ask for the next one each time (U15)."""
    making = 'Path("csrc/made.c").write_text("made")\n'
    backend = {
        "build_backend/helper.py": f"from pathlib import Path\n\ndef dependencies():\n    {making}    return []\n"
    }
    demo = demo_maker(NATIVE, {**FILES, **backend})
    demo.append(".gitignore", "made.c\n")
    demo.sync()
    assert [demo.uv_sync(), demo.uv_sync(), demo.uv_sync()] == [1, 0, 0]
    assert demo.both() == 0
    assert linked(demo) == ["sources-1"]
    demo.tick()
    (demo.root / "csrc/made.c").unlink()
    assert [demo.both(), demo.uv_sync()] == [0, 0]
    assert linked(demo) == ["sources-1"], "who builds next makes it again"
    demo.append("csrc/one.c", "more\n")
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    demo.tick()
    (demo.root / "csrc/made.c").unlink()
    assert [demo.both(), demo.uv_sync(), demo.both()] == [1, 0, 0], "uv built alone: what was there then is not known"
    assert linked(demo) == ["sources-1"]


@THOROUGH
@sees_links
def test_a_file_of_somebody_else_that_comes_and_goes(demo_maker: DemoMaker) -> None:
    """Ignored, and no build makes it: once that is known, the link is in force again."""
    demo = settled(demo_maker, ignored="made.c\n")
    demo.write({"csrc/made.c": ""})
    assert demo.both() == 0
    assert linked(demo) == ["sources-1"]
    (demo.root / "csrc/made.c").unlink()
    assert demo.both() == 0
    demo.tick()
    demo.append("csrc/one.c", "more\n")
    assert [demo.uv_sync(), demo.both(), demo.uv_sync()] == [1, 0, 0]
    assert linked(demo) == ["sources-0", "sources-1"]


@dataclass(frozen=True)
class Case:
    patterns: str
    folders: tuple[str, ...]
    more: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    globs: tuple[str, ...] = ()
    """Those of the region."""


ALL = "sources-0/**"
DEEP = "sources-0/**/*.c"
CASES = {
    "whole folder": Case('["/csrc/"]', ("sources-0",), globs=(ALL,)),
    "all of a folder": Case('["csrc/*"]', ("sources-0",), globs=(ALL,)),
    "all below": Case('["csrc/**"]', ("sources-0",), globs=(ALL,)),
    "out of the project": Case('["../csrc/**/*.c"]', ("sources-0",), files={"../csrc/a.c": ""}, globs=(DEEP,)),
    "a folder that is not there yet": Case('["later/**/*.c"]', ("sources-0",), globs=(DEEP,)),
    "names of folders": Case('["csrc/d*/*.c"]', ("sources-0",), globs=("sources-0/d*/*.c",)),
    "of one folder only, and there is no other": Case(
        '["flat/*.c"]', ("sources-0",), files={"flat/a.c": "", "flat/sub/a.h": ""}, globs=("sources-0/*.c",)
    ),
    "of one folder only, and there are others": Case('["csrc/*.c"]', (), globs=("sources-0/*.c",)),
    "excluded": Case('["csrc/**/*.c"]', (), 'exclude = ["csrc/deep/"]', globs=(DEEP,)),
    "excluded elsewhere": Case('["csrc/**/*.c"]', ("sources-0",), 'exclude = ["deep/*.h"]', globs=(DEEP,)),
    "a folder in brackets": Case('["cs{rc/**/*.c"]', ("sources-0",), files={"cs{rc/a.c": ""}, globs=(DEEP,)),
    "brackets": Case('["csrc/**/*.[ch]"]', ("sources-0",), globs=("sources-0/**/*.[ch]",)),
    "brackets and ranges": Case('["csrc/*[a-z0-9].[ch]pp"]', ("sources-0",), globs=("sources-0/*[a-z0-9].[ch]pp",)),
    "brackets that negate": Case('["csrc/**/*.[!o]"]', ()),
    "a bracket that ends nowhere": Case('["csrc/**/*.[c"]', ()),
    "brackets with a sign": Case('["csrc/**/*.[c.]"]', ()),
    "braces": Case('["csrc/**/*.{c"]', ()),
    "no fixed folder": Case('["*.c", "csrc", "/csrc/one.c", "c*/*.c", "/*.c"]', ()),
    "a link to a folder": Case('["lib/**/*.c"]', (), globs=(DEEP,)),
    "only content counts": Case('["csrc/**/*.c"]', (), 'watch = "digest"'),
    "a wider glob of the user's": Case(
        '["csrc/**/*.c"]', (), '[tool.uv]\ncache-keys = [{ file = "**/*.nothing" }]', globs=(DEEP,)
    ),
    "a glob of the user's elsewhere": Case(
        '["csrc/**/*.c"]', ("sources-0",), '[tool.uv]\ncache-keys = [{ file = "data/**/*.nothing" }]', globs=(DEEP,)
    ),
}


@pytest.mark.parametrize("case", quick(CASES, "excluded", "out of the project", "no fixed folder"))
@sees_links
def test_which_patterns_have_links(case: str, demo_maker: DemoMaker) -> None:
    """The entries follow from the configuration alone, the links from the tree."""
    wanted = CASES[case]
    demo = demo_maker(KEY.format(patterns=wanted.patterns) + wanted.more, {**FILES, **wanted.files})
    (demo.root / "lib").symlink_to("csrc")
    demo.both()
    demo.sync()
    assert tuple(linked(demo)) == wanted.folders
    files = [str(entry["file"]) for entry in demo.sync().entries if "file" in entry]
    assert tuple(path.removeprefix(f"{FOLDERS}/") for path in files if path.startswith(FOLDERS)) == wanted.globs
    assert demo.both() == 0


@pytest.mark.parametrize(
    ("name", "builds"),
    [("csrc/new.h", 1), ("csrc/new.x", 0), ("csrc/new.ch", 0), ("csrc/new/new.F90", 1), ("csrc/new.fxx", 0)],
)
@sees_links
def test_brackets_mean_the_same_to_uv(demo_maker: DemoMaker, name: str, builds: int) -> None:
    demo = settled(demo_maker, KEY.format(patterns='["csrc/**/*.[ch]", "csrc/**/*.[fF][0-9][0-9]"]'))
    assert linked(demo) == ["sources-0"]
    demo.write({name: ""})
    assert [demo.uv_sync(), demo.uv_sync()] == [builds, 0]
    assert [demo.both(), demo.both()] == [0, 0]


@sees_links
def test_a_key_of_any_name(demo_maker: DemoMaker) -> None:
    config = NATIVE.replace("keys.sources", 'keys."../Größe [x]"')
    demo = settled(demo_maker, config)
    first, second = linked(demo)
    assert first.startswith("gr-e-x-")
    assert first.endswith("-0")
    assert second.endswith("-1")
    demo.write({"csrc/new.c": ""})
    assert [demo.uv_sync(), demo.both(), demo.uv_sync()] == [1, 0, 0]


@THOROUGH
@sees_links
def test_what_a_build_writes_among_the_inputs_keeps_links_of_their_own(demo_maker: DemoMaker) -> None:
    """U15: the product that an `outputs` key names."""
    more = '[tool.dyncachekeys.keys.made]\nresolver = "outputs"\npatterns = ["csrc/made.c"]\n'
    demo = demo_maker(NATIVE + more, {**FILES, "csrc/made.c": ""})
    demo.settled()
    assert linked(demo) == ["sources-1"]
    assert any(text.endswith("csrc/one.c") for text in links_in(demo, INPUTS).values())


@THOROUGH
@sees_links
def test_the_folder_links_go_with_their_key_and_with_clean(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker)
    before = (demo.root / "pyproject.toml").read_bytes()
    demo.edit(
        "pyproject.toml",
        "[tool.dyncachekeys.keys.sources]",
        '[tool.dyncachekeys]\ntransport = "digest"\n\n[tool.dyncachekeys.keys.sources]',
    )
    demo.sync()
    assert FOLDERS not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert not (demo.root / FOLDERS).exists()
    (demo.root / "pyproject.toml").write_bytes(before)
    demo.settled()
    assert linked(demo) == ["sources-0", "sources-1"]
    kept = tree_of(demo.root / "csrc")
    demo.cli("clean")
    assert FOLDERS not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    assert not (demo.root / ".dyncachekeys").exists()
    assert tree_of(demo.root / "csrc") == kept


def _lead_astray(folder: Path) -> None:
    (folder / "sources-0").unlink()
    (folder / "sources-0").symlink_to("../../data")


HARM: dict[str, Callable[[Path], object]] = {
    "one removed": lambda folder: (folder / "sources-0").unlink(),
    "all removed": shutil.rmtree,
    "led astray": _lead_astray,
    "something else there": lambda folder: (folder / "mine").mkdir(),
}


@pytest.mark.parametrize("harm", quick(HARM, "led astray"))
@sees_links
def test_damage_is_mended(harm: str, demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker)
    whole = links_in(demo, FOLDERS)
    HARM[harm](demo.root / FOLDERS)
    done = demo.cli("check", "--stamp", check=False)
    assert done.returncode == 1
    assert f"{FOLDERS} does not hold the links that it should" in done.stdout
    assert demo.both() == 0
    assert links_in(demo, FOLDERS) == whole


@THOROUGH
@sees_links
def test_a_checkout_that_is_moved(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker)
    demo.root = demo.root.rename(demo.root.with_name("elsewhere"))
    demo.settled()
    demo.tick()
    demo.write({"csrc/new.c": ""})
    assert [demo.uv_sync(), demo.both(), demo.uv_sync()] == [1, 0, 0]


@sees_links
def test_show_tells_who_watches(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, KEY.format(patterns='["csrc/**/*.c", "data/words.txt"]'))
    shown = demo.cli("show", "sources").stdout
    assert "file      folder link  csrc/one.c" in shown
    assert "file      link         data/words.txt" in shown


def swap(folder: str) -> Callable[[Demo], object]:
    def act(demo: Demo) -> None:
        (demo.root / folder).rename(demo.root / "newer")
        (demo.root / "older").rename(demo.root / folder)

    return act


@pytest.mark.parametrize("folder", ["csrc", "build_backend", "conf/parts"])
def test_plain_uv_sees_another_folder_in_the_place_of_one(demo_maker: DemoMaker, folder: str) -> None:
    """U6: whatever lies in it is older than what uv has seen."""
    more = '[tool.dyncachekeys.keys.own]\nresolver = "keys:found"\n[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n'
    found = 'from dyncachekeys import File\n\ndef found(context):\n    yield File("conf/parts/one.txt", entry=True)\n'
    files = {"conf/parts/one.txt": "1\n", "keys.py": found}
    demo = demo_maker(NATIVE + more, {**FILES, **files})
    shutil.copytree(demo.root / folder, demo.root / "older")
    for path in (demo.root / "older").rglob("*.[cpt]*"):
        path.write_text(f"{path.read_text()}\n")
    demo.tick()
    demo.append("pyproject.toml", "# newer\n")
    demo.settled()
    swap(folder)(demo)
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    assert demo.both() <= 1  # no time tells that uv has seen these files as they are
    assert [demo.both(), demo.both()] == [0, 0]
    demo.tick()
    (demo.root / "older").mkdir()
    (demo.root / "newer").rename(demo.root / "aside")
    assert [demo.uv_sync(), demo.both()] == [0, 0]
