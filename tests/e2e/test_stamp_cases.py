"""The stamp: never stale, whatever happened to it, and never moved for nothing. Cases 36, 38, 42, 43 and 45."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import tomli

from kit import BACKEND, BACKEND_KEY, BY_COMMAND, Demo, DemoMaker, make_demo, sees_links

SOURCES_KEY = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
watch = "{watch}"
"""
STAMPED_SOURCES = BACKEND_KEY + SOURCES_KEY.format(watch="digest")
WATCHED_SOURCES = BACKEND_KEY + SOURCES_KEY.format(watch="uv")
EXACT = '\n[tool.dyncachekeys]\nwatch = "digest"\n' + STAMPED_SOURCES
TELLS = """\
        texts = [f"{path.as_posix()}: {path.read_text()}" for path in sorted(Path("csrc").rglob("*")) if path.is_file()]
        wheel.writestr("demo-0.1.dist-info/sources.txt", "".join(texts) + os.environ.get("CUDA_ARCH", ""))
"""
FILES = {
    "build_backend/core.py": BACKEND.replace("    return name\n", f"{TELLS}    return name\n", 1),
    "csrc/one.c": "A\n",
    "csrc/two.c": "two\n",
}
PROFILES = pytest.mark.parametrize("config", [STAMPED_SOURCES, EXACT], ids=["auto", "exact"])


ALL_PROFILES = pytest.mark.parametrize(
    "config",
    [
        pytest.param(STAMPED_SOURCES, id="auto"),
        pytest.param(WATCHED_SOURCES, id="uv", marks=sees_links),
        pytest.param(EXACT, id="exact"),
    ],
)


def _installed(demo: Demo) -> str:
    """Return the sources from which the installed wheel was built."""
    (path,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/sources.txt")
    return path.read_text(encoding="utf-8")


def _sources(demo: Demo) -> str:
    paths = sorted((demo.root / "csrc").rglob("*"))
    return "".join(f"{path.relative_to(demo.root).as_posix()}: {path.read_text()}" for path in paths if path.is_file())


def _installed_is_what_is_there(demo: Demo) -> bool:
    return _installed(demo) == _sources(demo)


@PROFILES
def test_there_and_back_without_a_build_does_not_count(demo_maker: DemoMaker, config: str) -> None:
    """Case 36."""
    demo = demo_maker(config, FILES)
    demo.settled()
    demo.write({"csrc/one.c": "B\n"})
    assert demo.sync().move == "moved"
    demo.write({"csrc/one.c": "A\n"})
    assert demo.sync().move == "returned"
    assert demo.uv_sync() == 0
    assert demo.both() == 0


@PROFILES
def test_there_and_back_with_builds_is_built_each_time(demo_maker: DemoMaker, config: str) -> None:
    """Case 36."""
    demo = demo_maker(config, FILES)
    demo.settled()
    for text in ("B\n", "A\n", "B\n", "A\n"):
        demo.write({"csrc/one.c": text})
        assert demo.both() == 1
        assert _installed_is_what_is_there(demo)
        assert demo.both() == 0


@PROFILES
def test_a_long_way_with_many_syncs_and_few_builds(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_maker(config, FILES)
    demo.settled()
    for text in "BCABCBCA":
        demo.write({"csrc/one.c": f"{text}\n"})
        demo.sync()
    assert demo.uv_sync() == 0
    for text in "BCABCB":
        demo.write({"csrc/one.c": f"{text}\n"})
        demo.sync()
    assert demo.uv_sync() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


def _remove(*names: str) -> Callable[[Demo], None]:
    def remove(demo: Demo) -> None:
        for name in names:
            path = demo.root / ".dyncachekeys" / name
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()

    remove.__name__ = "-and-".join(names)
    return remove


def _damage(*names: str) -> Callable[[Demo], None]:
    def damage(demo: Demo) -> None:
        for pattern in names:
            for path in (demo.root / ".dyncachekeys").glob(pattern):
                path.write_bytes(path.read_bytes()[:20])

    damage.__name__ = "damage-" + "-and-".join(names)
    return damage


def _everything(demo: Demo) -> None:
    shutil.rmtree(demo.root / ".dyncachekeys")


LOSSES = pytest.mark.parametrize(
    "lose",
    [
        _everything,
        _remove("current"),
        _remove("stamps"),
        _remove("state.json"),
        _remove("current", "stamps"),
        _remove("stamps", "state.json"),
        _damage("state.json"),
        _damage("stamps/*/stamp"),
        _damage("stamps/*/stamp", "state.json"),
    ],
    ids=lambda lose: lose.__name__,
)


@PROFILES
@LOSSES
def test_a_lost_stamp_costs_one_rebuild_at_most(
    demo_maker: DemoMaker, config: str, lose: Callable[[Demo], None]
) -> None:
    """Case 38."""
    demo = demo_maker(config, FILES)
    demo.settled()
    lose(demo)
    assert demo.both() <= 1
    assert demo.both() == 0
    assert demo.both() == 0


@PROFILES
@LOSSES
def test_a_lost_stamp_hides_no_change(demo_maker: DemoMaker, config: str, lose: Callable[[Demo], None]) -> None:
    """Case 38: lost before the edit, or between the edit's sync and its build."""
    demo = demo_maker(config, FILES)
    demo.settled()
    lose(demo)
    demo.write({"csrc/one.c": "B\n"})
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0
    demo.write({"csrc/one.c": "C\n"})
    demo.sync()
    lose(demo)
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() <= BY_COMMAND, "the quiet path reads no stamp, so that it is made again only now"
    assert demo.both() == 0


def test_uv_built_on_its_own_and_the_stamped_file_went_back(demo_maker: DemoMaker) -> None:
    """Case 42."""
    demo = demo_maker(STAMPED_SOURCES, FILES)
    demo.settled()
    demo.write({"csrc/one.c": "B\n"})
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.uv_sync() == 1
    demo.write({"csrc/one.c": "A\n"})
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


def _add_and_delete(demo: Demo) -> Callable[[], None]:
    demo.write({"csrc/added.c": "added\n"})
    return (demo.root / "csrc/added.c").unlink


def _delete_and_restore(demo: Demo) -> Callable[[], None]:
    (demo.root / "csrc/two.c").unlink()
    return lambda: demo.write({"csrc/two.c": "two\n"})


def _swap_folder_and_back(demo: Demo) -> Callable[[], None]:
    """A folder is renamed: the files in it keep their times."""
    aside = demo.root / "aside"

    def swap() -> None:
        (demo.root / "csrc").rename(aside)
        (demo.root / "other").rename(demo.root / "csrc")
        aside.rename(demo.root / "other")

    swap()
    return swap


@pytest.mark.parametrize("act", [_add_and_delete, _delete_and_restore, _swap_folder_and_back])
def test_uv_built_on_its_own_and_the_stamped_folder_went_back(
    demo_maker: DemoMaker, act: Callable[[Demo], Callable[[], None]]
) -> None:
    """Case 42, where no file that is there now tells of it."""
    demo = demo_maker(STAMPED_SOURCES, {**FILES, "other/one.c": "B\n", "other/two.c": "two\n"})
    demo.settled()
    undo = act(demo)
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.uv_sync() == 1
    undo()
    demo.both()
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


def test_uv_built_on_its_own_and_a_stamped_variable_went_back(demo_maker: DemoMaker) -> None:
    """Case 42, for a variable that a wildcard found."""
    key = '[tool.dyncachekeys.keys.machine]\nresolver = "env"\nnames = ["CUDA_*"]\n'
    demo = demo_maker(STAMPED_SOURCES + key, FILES)
    demo.settled()
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.uv_sync(CUDA_ARCH="90") == 1
    assert _installed(demo).endswith("90")
    demo.both()
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@ALL_PROFILES
def test_a_forced_plain_build_ends_quiet(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_maker(config, FILES)
    demo.settled()
    assert demo.uv_sync("--reinstall-package", "demo") == 1
    assert demo.both() == 0
    demo.write({"csrc/one.c": "B\n"})
    assert demo.uv_sync("--reinstall-package", "demo") == 1
    assert demo.both() <= 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@ALL_PROFILES
def test_a_forced_plain_build_of_what_then_goes_back(demo_maker: DemoMaker, config: str) -> None:
    """Reverted by writing, so that its time tells."""
    demo = demo_maker(config, FILES)
    demo.settled()
    demo.write({"csrc/one.c": "B\n"})
    assert demo.uv_sync("--reinstall-package", "demo") == 1
    demo.write({"csrc/one.c": "A\n"})
    demo.both()
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


LINKED = [
    pytest.param(BACKEND_KEY, "build_backend/linked.py", id="backend"),
    pytest.param(WATCHED_SOURCES, "csrc/linked.c", id="files-uv", marks=sees_links),
    pytest.param(STAMPED_SOURCES, "csrc/linked.c", id="files-digest"),
    pytest.param(EXACT, "build_backend/linked.py", id="exact"),
]


@pytest.mark.parametrize("same_content", [False, True])
@pytest.mark.parametrize(("config", "link"), LINKED)
def test_a_link_re_pointed_to_an_older_file(demo_maker: DemoMaker, config: str, link: str, same_content: bool) -> None:
    """Case 43; a link's target is part of its state even where both files hold the same."""
    demo = demo_maker(config, {"csrc/one.c": "A\n"})
    demo.append("build_backend/helper.py", "\nfrom build_backend import linked\n")
    demo.write({"build_backend/linked.py": ""})
    demo.write({"old.txt": "VALUE = 1\n"})
    demo.tick()
    demo.write({"new.txt": "VALUE = 1\n" if same_content else "VALUE = 2\n"})
    path = demo.root / link
    path.unlink(missing_ok=True)
    path.symlink_to("../new.txt")
    demo.settled()
    path.unlink()
    path.symlink_to("../old.txt")
    assert demo.uv_sync() == 0, "uv sees it: the test shows nothing"
    assert demo.both() == 1
    assert demo.both() == 0


@pytest.mark.parametrize(("config", "link"), LINKED)
def test_the_target_of_a_link_is_edited(demo_maker: DemoMaker, config: str, link: str) -> None:
    demo = demo_maker(config, {"csrc/one.c": "A\n", "target.txt": "VALUE = 1\n"})
    demo.append("build_backend/helper.py", "\nfrom build_backend import linked\n")
    demo.write({"build_backend/linked.py": ""})
    path = demo.root / link
    path.unlink(missing_ok=True)
    path.symlink_to("../target.txt")
    demo.settled()
    demo.append("target.txt", "MORE = 1\n")
    assert demo.both() == 1
    assert demo.both() == 0


def _rename_folders(demo: Demo) -> None:
    (demo.root / "csrc").rename(demo.root / "aside")
    (demo.root / "other").rename(demo.root / "csrc")


def _older_folder(demo_maker: DemoMaker, config: str) -> Demo:
    """Return a settled project that has another folder of sources, older than those that uv watches."""
    demo = demo_maker(config, {"other/one.c": "B\n", "other/two.c": "two\n"})
    demo.tick()
    demo.write(FILES)
    demo.settled()
    return demo


@sees_links
def test_a_watched_file_is_replaced_by_an_older_one(demo_maker: DemoMaker) -> None:
    """Rule (a): the maximum of times, which is all that uv compares, stays as it is (U1, U28)."""
    demo = _older_folder(demo_maker, WATCHED_SOURCES)
    _rename_folders(demo)
    assert demo.uv_sync() == 0, "uv sees it: the test shows nothing"
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@sees_links
def test_a_watched_file_is_replaced_by_an_older_one_after_uv_built_another_edit(demo_maker: DemoMaker) -> None:
    """Rule (a): the maximum has risen since the last sync, but uv has built at that height already."""
    demo = _older_folder(demo_maker, WATCHED_SOURCES)
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    assert demo.uv_sync() == 1
    _rename_folders(demo)
    demo.both()
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@sees_links
def test_a_watched_folder_replaced_while_another_file_is_edited(demo_maker: DemoMaker) -> None:
    demo = _older_folder(demo_maker, WATCHED_SOURCES)
    demo.append("build_backend/core.py", "\nEDITED = True\n")
    _rename_folders(demo)
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@sees_links
def test_the_newest_watched_file_deleted_and_a_watched_one_replaced(demo_maker: DemoMaker) -> None:
    """Rule (a): below the maximum of the last sync, with a sync between."""
    demo = _older_folder(demo_maker, WATCHED_SOURCES + '\n[tool.uv]\ncache-keys = [{ file = "newest.txt" }]\n')
    demo.write({"newest.txt": ""})
    demo.settled()
    (demo.root / "newest.txt").unlink()
    demo.sync()
    _rename_folders(demo)
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@sees_links
def test_files_watched_by_uv_have_links(demo_maker: DemoMaker) -> None:
    demo = demo_maker(WATCHED_SOURCES, FILES)
    demo.settled()
    data = tomli.loads((demo.root / "pyproject.toml").read_text(encoding="utf-8"))
    entries = data["tool"]["uv"]["cache-keys"]
    assert {"file": ".dyncachekeys/inputs/*"} in entries
    assert {"file": "csrc/one.c"} not in entries
    demo.write({"csrc/one.c": "B\n"})
    assert demo.uv_sync() == 1
    assert demo.uv_sync() == 0
    assert demo.both() == 0
    demo.write({"csrc/three.c": "three\n"})
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    assert demo.both() == 0
    (demo.root / "csrc/two.c").unlink()
    assert demo.uv_sync() == 1, "by its second name"
    assert demo.both() == 0


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", str(source), str(target)], check=True)


def _replace(source: Path, target: Path) -> None:
    """Replace a folder by a copy; the old one goes afterwards, or the file system may hand out its inodes again."""
    aside = source.parent / "aside"
    target.rename(aside)
    _copy(source, target)
    shutil.rmtree(aside)


@PROFILES
@pytest.mark.parametrize("changed", [False, True])
def test_a_copied_checkout(tmp_path: Path, config: str, changed: bool) -> None:
    """Case 45: with ``.dyncachekeys`` and ``.venv``, as ``cp -a`` makes it."""
    original = make_demo(tmp_path / "original", config, FILES)
    original.settled()
    copy = Demo(tmp_path / "copy" / "demo", original.beside)
    copy.root.parent.mkdir()
    _copy(original.root, copy.root)
    if changed:
        copy.write({"csrc/one.c": "B\n"})
        assert copy.both() >= 1
    else:
        copy.both()
    assert _installed_is_what_is_there(copy)
    assert copy.both() == 0
    assert original.both() <= 1
    assert original.both() == 0


@PROFILES
@pytest.mark.parametrize(
    ("restored", "least"),
    [
        ((".dyncachekeys",), 0),
        ((".dyncachekeys", "csrc"), 1),
        (("csrc",), 1),
        ((".venv",), 0),  # the wheel of what is in the tree is in uv's cache (U17)
        ((".venv", ".dyncachekeys"), 0),
        ((".venv", ".dyncachekeys", "csrc"), 0),
    ],
    ids=["state", "state-sources", "sources", "environment", "environment-state", "all"],
)
def test_restored_from_a_backup_after_a_build(
    demo_maker: DemoMaker, config: str, restored: tuple[str, ...], least: int
) -> None:
    """Case 45."""
    demo = demo_maker(config, FILES)
    demo.settled()
    backup = demo.beside / "backup"
    _copy(demo.root, backup)
    demo.write({"csrc/one.c": "B\n"})
    assert demo.both() == 1
    assert demo.both() == 0
    for name in restored:
        _replace(backup / name, demo.root / name)
    demo.sync()
    assert least <= demo.uv_sync() <= 1
    assert demo.both() == 0
    assert _installed_is_what_is_there(demo)


@PROFILES
def test_the_state_moved_aside_and_back(demo_maker: DemoMaker, config: str) -> None:
    """Case 45: so that inodes and birth times are the old ones."""
    demo = demo_maker(config, FILES)
    demo.settled()
    home, aside = demo.root / ".dyncachekeys", demo.beside / "aside"
    home.rename(aside)
    demo.write({"csrc/one.c": "B\n"})
    assert demo.both() == 1
    shutil.rmtree(home)
    aside.rename(home)
    demo.write({"csrc/one.c": "A\n"})
    demo.both()
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


@PROFILES
def test_the_old_state_returns_while_the_new_content_stays(demo_maker: DemoMaker, config: str) -> None:
    """Case 45."""
    demo = demo_maker(config, FILES)
    demo.settled()
    home, aside = demo.root / ".dyncachekeys", demo.beside / "aside"
    home.rename(aside)
    demo.write({"csrc/one.c": "B\n"})
    assert demo.both() == 1
    shutil.rmtree(home)
    aside.rename(home)
    assert demo.both() <= 1
    assert demo.both() == 0
    assert _installed_is_what_is_there(demo)


@PROFILES
def test_folders_made_in_one_tick(demo_maker: DemoMaker, config: str) -> None:
    """Case 45: two syncs as fast as can be, before and after each build."""
    demo = demo_maker(config, FILES)
    demo.settled()
    for number in range(8):
        for half in ("first", "second"):
            demo.write({"csrc/one.c": f"{number} {half}\n"})
            demo.sync()
            births = [_birth(path) for path in (demo.root / ".dyncachekeys/stamps").iterdir()]
            assert len(set(births)) == len(births) <= 2
        assert demo.uv_sync() == 1
        assert _installed_is_what_is_there(demo)
    assert demo.both() == 0


def _birth(path: Path) -> str:
    return subprocess.run(["stat", "--format=%.W", str(path)], capture_output=True, text=True, check=True).stdout


def test_nothing_but_one_former_folder_is_kept(demo_maker: DemoMaker) -> None:
    demo = demo_maker(EXACT, FILES)
    demo.settled()
    for number in range(12):
        demo.write({"csrc/one.c": f"{number}\n"})
        demo.sync()
        assert len(list((demo.root / ".dyncachekeys/stamps").iterdir())) <= 2
    names = {path.name for path in (demo.root / ".dyncachekeys").iterdir()}
    assert names == {".gitignore", "current", "derived.json", "history", "lock", "stamps", "state.json", "snapshot"}


@PROFILES
def test_touching_the_stamp_does_not_count(demo_maker: DemoMaker, config: str) -> None:
    """U25: uv compares the birth time of a folder, which neither ``touch`` nor ``chmod -R`` changes."""
    demo = demo_maker(config, FILES)
    demo.settled()
    for path in [demo.root / ".dyncachekeys", *(demo.root / ".dyncachekeys").rglob("*")]:
        if not path.is_symlink():
            path.touch()
            path.chmod(0o700)
    assert demo.both() == 0


@PROFILES
def test_the_environment_removed_and_made_anew(demo_maker: DemoMaker, config: str) -> None:
    demo = demo_maker(config, FILES)
    demo.settled()
    shutil.rmtree(demo.root / ".venv")
    demo.write({"csrc/one.c": "B\n"})
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    shutil.rmtree(demo.root / ".venv")
    assert demo.both() == 0  # uv has the wheel in its cache (U17)
    demo.write({"csrc/one.c": "A\n"})
    shutil.rmtree(demo.root / ".venv")
    assert demo.both() == 1
    assert _installed_is_what_is_there(demo)
    assert demo.both() == 0
