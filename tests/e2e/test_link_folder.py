"""A link for each file: plain uv sees the edit of any input, in and out of the tree, while `pyproject.toml` never changes.

The patterns have no fixed folder in front, so that no link to a whole folder stands for them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.errors import ConfigurationError
from kit import BACKEND_KEY, FOLLOWS_LINKS, HELPER, Demo, DemoMaker, every_second, link_texts, sees_links

LINKS = ".dyncachekeys/inputs"
SHADOW = "build_backend/helper/__init__.py"
SOURCES = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["cs?c/**/*.c", "../outsid?/*.h", "data*/"]
"""
REQUIREMENTS = """
[tool.dyncachekeys.keys.requirements]
resolver = "requirements"
files = ["reqs.txt"]
"""
OWN = """
[tool.dyncachekeys.keys.own]
resolver = "keys:found"
"""
PACKAGE = """
[tool.dyncachekeys.keys.other]
resolver = "package"
path = "../other"
"""
FOUND = """
from dyncachekeys import File

def found(context):
    yield File("notes/own.txt")
    yield File("../outside/own.txt")
"""
OTHER = '[project]\nname = "other"\nversion = "1"\n\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["*.c"]\n'
FILES = {
    "csrc/one.c": "1\n",
    "csrc/deep/two.c": "2\n",
    "../outside/three.h": "3\n",
    "data[1]/odd[name].txt": "4\n",
    "reqs.txt": "-r base.txt\n",
    "base.txt": "five\n",
    "keys.py": FOUND,
    "notes/own.txt": "6\n",
    "../outside/own.txt": "7\n",
    "../other/pyproject.toml": OTHER,
    "../other/eight.c": "8\n",
}
EDITED = {
    "in the tree": (SOURCES, "csrc/one.c"),
    "deeper": (SOURCES, "csrc/deep/two.c"),
    "out of the tree": (SOURCES, "../outside/three.h"),
    "brackets in its name": (SOURCES, "data[1]/odd[name].txt"),
    "requirement file": (REQUIREMENTS, "reqs.txt"),
    "included requirement file": (REQUIREMENTS, "base.txt"),
    "yielded by a function of the user's": (OWN, "notes/own.txt"),
    "the same, out of the tree": (OWN, "../outside/own.txt"),
    "another package's": (PACKAGE, "../other/eight.c"),
}


def write_in_place(path: Path) -> None:
    path.write_text(f"{path.read_text(encoding='utf-8')}# more\n", encoding="utf-8")


def save_atomically(path: Path) -> None:
    beside = path.with_name(".saving")
    beside.write_text(f"{path.read_text(encoding='utf-8')}# more\n", encoding="utf-8")
    beside.replace(path)


def settled(maker: DemoMaker, config: str, files: dict[str, str] | None = None) -> Demo:
    demo = maker(config, {**FILES, **(files or {})})
    demo.settled()
    demo.tick()
    return demo


@pytest.mark.parametrize("edit", every_second([save_atomically, write_in_place]))
@pytest.mark.parametrize("case", EDITED)
@sees_links
def test_plain_uv_sees_an_edit(case: str, edit: Callable[[Path], None], demo_maker: DemoMaker) -> None:
    config, path = EDITED[case]
    demo = settled(demo_maker, config)
    before = (demo.root / "pyproject.toml").stat()
    edit(demo.root / path)
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0
    report = demo.sync()
    assert [change.subject for key in report.keys for change in key.changes] == [path]
    assert report.move == "kept"
    assert demo.uv_sync() == 0
    assert (demo.root / "pyproject.toml").stat() == before


@sees_links
def test_watch_uv_needs_no_entries_for_files(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, f'[tool.dyncachekeys]\nwatch = "uv"\n{SOURCES}')
    assert {"file": f"{LINKS}/*"} in demo.sync().entries
    assert {"file": "csrc/one.c"} not in demo.sync().entries
    write_in_place(demo.root / "data[1]/odd[name].txt")
    assert demo.uv_sync() == 1
    assert demo.both() == 0


def test_what_plain_uv_cannot_see_moves_the_stamp(demo_maker: DemoMaker) -> None:
    """U28: deleted though not the newest; renamed; new. Of the first, hard links tell (U44): here there are none."""
    demo = settled(demo_maker, f"[tool.dyncachekeys]\nhard-links = false\n{SOURCES}")
    (demo.root / "csrc/one.c").unlink()
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    (demo.root / "csrc/deep/two.c").rename(demo.root / "csrc/deep/renamed.c")
    assert demo.uv_sync() <= 1  # a rename changes the time of the file, but its link leads nowhere now
    assert demo.both() == 1
    demo.write({"csrc/new.c": "new\n"})
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    assert demo.both() == 0


def test_link_flipped_to_an_older_file(demo_maker: DemoMaker) -> None:
    """Case 43."""
    demo = demo_maker(SOURCES, {"csrc/old.txt": "old\n"})
    demo.tick()
    demo.write({"csrc/new.txt": "new\n"})
    link = demo.root / "csrc/dep.c"
    link.symlink_to("new.txt")
    demo.settled()
    link.unlink()
    link.symlink_to("old.txt")
    assert demo.both() == 1
    assert demo.both() == 0


@sees_links
def test_missing_file_that_comes_to_be(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, OWN, {"keys.py": FOUND.replace("notes/own.txt", "notes/later.txt")})
    demo.write({"notes/later.txt": "here\n"})
    assert demo.uv_sync() == 1  # the link came alive (U27)
    demo.both()
    assert demo.both() == 0


@sees_links
def test_package_that_comes_to_shadow_a_module_of_the_backend(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, BACKEND_KEY)
    demo.write({SHADOW: HELPER})
    assert [demo.uv_sync(), demo.uv_sync()] == [1, 0]
    demo.both()
    assert demo.both() == 0


@pytest.mark.parametrize("watch", ["auto", "uv"])
def test_where_links_are_refused_what_would_shadow_moves_the_stamp(demo_maker: DemoMaker, watch: str) -> None:
    demo = demo_maker(f'[tool.dyncachekeys]\nwatch = "{watch}"\n{BACKEND_KEY}')
    demo.write({".dyncachekeys/no-links": ""})
    demo.settled()
    demo.write({SHADOW: HELPER})
    assert [demo.both(), demo.both()] == [1, 0]


@sees_links
def test_file_that_came_and_went_before_uv_built_on_its_own(demo_maker: DemoMaker) -> None:
    """uv sees the edit of a linked file, and builds with a file that no link names; the next sync must not trust that."""
    demo = settled(demo_maker, SOURCES)
    demo.write({"csrc/extra.c": "extra\n"})
    write_in_place(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 1
    demo.tick()
    (demo.root / "csrc/extra.c").unlink()
    assert demo.both() == 1
    assert demo.both() == 0


@sees_links
def test_build_without_a_sync_from_what_is_still_there_is_trusted(demo_maker: DemoMaker) -> None:
    """A folder that was written to no later than the newest file that uv saw held then what it holds now."""
    demo = settled(
        demo_maker,
        f'{SOURCES}\n[tool.dyncachekeys.keys.exact]\nresolver = "files"\npatterns = ["reqs.txt"]\nwatch = "digest"\n',
    )
    save_atomically(demo.root / "reqs.txt")
    (demo.root / "reqs.txt").write_text(FILES["reqs.txt"], encoding="utf-8")
    demo.tick()
    save_atomically(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 1
    assert demo.both() == 0


NEVER_LINKED = {
    "product of the build": (
        '[tool.dyncachekeys.keys.made]\nresolver = "outputs"\npatterns = ["csrc/made.c"]\n',
        "csrc/made.c",
    ),
    "ignored by git": ('[tool.dyncachekeys.keys.made]\nresolver = "files"\npatterns = ["gen/made.c"]\n', "gen/made.c"),
    "ignored by git, and chosen all the same": (
        '[tool.dyncachekeys.keys.made]\nresolver = "files"\npatterns = ["gen/"]\ngitignore = false\n',
        "gen/made.c",
    ),
    "installed": (
        '[tool.dyncachekeys.keys.made]\nresolver = "files"\npatterns = ["lib/site-packages/made.c"]\n',
        "lib/site-packages/made.c",
    ),
}


@pytest.mark.parametrize("case", NEVER_LINKED)
def test_what_a_build_makes_is_never_linked(case: str, demo_maker: DemoMaker) -> None:
    """Case 25: rewritten with the same bytes by every build."""
    config, path = NEVER_LINKED[case]
    demo = settled(demo_maker, SOURCES + config, {path: "made\n"})
    demo.append(".gitignore", "gen/\n")
    demo.settled()
    assert not any(text.endswith("made.c") for text in link_texts(demo.root / LINKS).values())
    demo.write({path: "made\n"})
    assert demo.both() == 0
    demo.write({path: "other\n"})
    assert demo.both() == 1
    assert demo.both() == 0


@sees_links
def test_links_are_relative_inside_the_repository_and_absolute_out_of_it(demo_maker: DemoMaker) -> None:
    """U33: so they survive a move of it."""
    demo = demo_maker(SOURCES, FILES)
    demo.git("init", "--quiet")
    demo.sync()
    texts = link_texts(demo.root / LINKS).values()
    assert "../../csrc/one.c" in texts
    assert os.fspath(demo.root.parent / "outside/three.h") in texts
    demo.run("git", "init", "--quiet", "..")
    shutil.rmtree(demo.root / ".git")
    demo.sync()
    assert "../../../outside/three.h" in link_texts(demo.root / LINKS).values()


def _remove_one(folder: Path) -> None:
    (folder / next(iter(link_texts(folder)))).unlink()


def _lead_astray(folder: Path) -> None:
    link = folder / next(iter(link_texts(folder)))
    link.unlink()
    link.symlink_to("../../nowhere")


def _put_a_file(folder: Path) -> None:
    (folder / "mine").mkdir()


def _remove_all(folder: Path) -> None:
    shutil.rmtree(folder)


def _put_a_link(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))
    folder.symlink_to("elsewhere")


@pytest.mark.parametrize("harm", [_remove_one, _lead_astray, _put_a_file, _remove_all, _put_a_link])
@sees_links
def test_damage_is_mended_and_costs_one_build_at_most(harm: Callable[[Path], None], demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SOURCES)
    whole = link_texts(demo.root / LINKS)
    harm(demo.root / LINKS)
    assert demo.cli("check", "--stamp", check=False).returncode == 1
    assert demo.both() <= 1
    assert not (demo.root / LINKS).is_symlink()
    demo.sync()  # what keys go by is linked again when uv has built: the hard links that went have made it newer
    assert link_texts(demo.root / LINKS) == whole
    assert demo.both() == 0
    demo.tick()
    for path in ("csrc/one.c", "csrc/deep/two.c"):
        write_in_place(demo.root / path)
    assert demo.uv_sync() == 1


def test_only_the_exact_profile_goes_without(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SOURCES)
    demo.edit(
        "pyproject.toml", "[tool.dyncachekeys.keys.sources]", "[tool.dyncachekeys.keys.sources]\nwatch = 'digest'"
    )
    assert demo.both() == 1
    assert not (demo.root / LINKS).exists()
    assert LINKS not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    demo.tick()
    write_in_place(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 0
    assert demo.both() == 1


def test_where_links_are_refused_the_stamp_does_it_all(demo_maker: DemoMaker) -> None:
    demo = demo_maker(SOURCES, FILES)
    demo.write({".dyncachekeys/no-links": ""})
    demo.settled()
    assert demo.cli("show").stdout.count("  file      stamp  ") == 4
    demo.tick()
    write_in_place(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    assert demo.both() == 0


@pytest.mark.skipif(FOLLOWS_LINKS, reason="this uv follows links")
def test_where_uv_follows_no_links_the_stamp_does_it_all(demo_maker: DemoMaker) -> None:
    """U13: before 0.7.21. The region is the same, so that it is the same for everybody."""
    demo = settled(demo_maker, SOURCES)
    assert {"file": f"{LINKS}/*"} in demo.sync().entries
    assert list((demo.root / LINKS).iterdir()) == []
    write_in_place(demo.root / "csrc/one.c")
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    assert demo.both() == 0
    demo.append("pyproject.toml", "[tool.dyncachekeys]\nwatch = 'uv'\n")
    with pytest.raises(ConfigurationError, match="uv would have to see it through a link, and here it can't"):
        demo.sync()


@pytest.mark.thorough
def test_uv_that_is_too_old_is_refused(demo_maker: DemoMaker, tmp_path: Path) -> None:
    """Needs the package registry."""
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "old")]
    subprocess.run([*install, "uv==0.5.31"], check=True, capture_output=True)
    demo = demo_maker(SOURCES, FILES)
    before = (demo.root / "pyproject.toml").read_bytes()
    path = f"{tmp_path / 'old' / 'bin'}{os.pathsep}{demo.environ['PATH']}"
    done = demo.cli("sync", check=False, PATH=path)
    assert done.returncode == 2
    assert "uv 0.5.31 is too old" in done.stderr
    assert "install uv 0.6.17 or newer" in done.stderr
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert demo.cli("sync", check=True).returncode == 0


def test_without_uv_on_path_nothing_is_refused(demo_maker: DemoMaker, tmp_path: Path) -> None:
    demo = demo_maker(SOURCES, FILES)
    tmp_path.joinpath("nothing").mkdir()
    assert demo.cli("sync", check=True, PATH=str(tmp_path / "nothing")).returncode == 0
