"""What changes while a build is traced, by the user or by a program of the build."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

import dyncachekeys
from kit import PYPROJECT, Demo, DemoMaker
from trace_kit import both, settled, traced, traces

WAIT = """
import time
Path(os.environ["BUILD_LOG"]).with_name("reading").touch()
time.sleep(0.5)
"""
USES = '\n[tool.dyncachekeys.keys.u]\nresolver = "package"\npath = ".."\n'


def once_it_waits(demo: Demo, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as the metadata step waits; it says that it does by a file."""
    flag = demo.beside / "reading"
    flag.unlink(missing_ok=True)

    def waiting() -> None:
        while not flag.exists():
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=waiting)
    thread.start()
    return thread


def meanwhile(demo: Demo, act: Callable[[], object]) -> None:
    """Do something while the metadata step of a sync waits."""
    thread = once_it_waits(demo, act)
    both(demo)
    thread.join()


def test_a_file_that_goes_while_it_is_traced(demo_maker: DemoMaker) -> None:
    body = 'Path(next(name for name in ("deps.txt", "other.txt") if Path(name).exists())).read_text()'
    demo = traced(demo_maker, body + WAIT, {"deps.txt": "a\n", "other.txt": "a\n"})
    meanwhile(demo, (demo.root / "deps.txt").unlink)
    both(demo)
    assert both(demo) == 0
    demo.append("other.txt", "b\n")
    assert both(demo) == 1


def test_what_changed_in_a_package_meanwhile_is_not_believed(demo_maker: DemoMaker) -> None:
    """A package that uses a traced one: the trace that was made during an edit does not stand for it either."""
    body = 'Path(Path("deps.txt").read_text()).read_text()'
    demo = traced(demo_maker, body + WAIT, {"deps.txt": "a.txt", "a.txt": "", "b.txt": ""})
    demo.write({"other/pyproject.toml": PYPROJECT.replace('"demo"', '"other"') + USES})
    thread = once_it_waits(demo, lambda: (demo.root / "deps.txt").write_text("b.txt", encoding="utf-8"))
    demo.cli("sync", "--project", "other")
    thread.join()
    time.sleep(2.2)
    demo.cli("sync", "--project", "other")
    demo.append("b.txt", "more\n")
    assert "b.txt" in demo.cli("sync", "--project", "other").stdout


def exchange(demo: Demo) -> None:
    (demo.root / "data").rename(demo.root / "old")
    (demo.root / "new").rename(demo.root / "data")


def test_a_folder_that_is_exchanged_while_it_is_traced(demo_maker: DemoMaker) -> None:
    """What it holds is as old as before."""
    files = {"data/name": "a.txt", "new/name": "b.txt", "a.txt": "", "b.txt": ""}
    demo = traced(demo_maker, 'Path(Path("data/name").read_text()).read_text()' + WAIT, files)
    demo.tick()
    meanwhile(demo, lambda: exchange(demo))
    settled(demo)
    demo.append("b.txt", "more\n")
    assert both(demo) == 1


def relinked(demo: Demo) -> None:
    (demo.root / "current").unlink()
    (demo.root / "current").symlink_to("v2")


CHANGES: dict[str, tuple[str, Callable[[Demo], object]]] = {
    "a name goes": (
        'os.listdir("v1"); Path(os.readlink("current"), "name").exists() and Path("a.txt").read_text()',
        lambda demo: (demo.root / "v1/other").unlink(),
    ),
    "a folder comes": ('os.listdir("v1")', lambda demo: (demo.root / "v1/new").mkdir()),
    "a link leads elsewhere": ('Path("current/name").read_text()', relinked),
    "a link that is only asked leads elsewhere": ('os.readlink("current")', relinked),
    "a file with other times is saved": (
        'os.chmod("v1/name", 0o644); Path("v1/name").read_text()',
        lambda demo: demo.append("v1/name", "more\n"),
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_changes_meanwhile_is_watched_again(demo_maker: DemoMaker, change: str) -> None:
    body, act = CHANGES[change]
    demo = traced(demo_maker, body + WAIT, {"v1/name": "", "v1/other": "", "v2/name": "", "a.txt": ""})
    (demo.root / "current").symlink_to("v1")
    demo.tick()
    meanwhile(demo, lambda: act(demo))
    assert traces(demo) == 1
    demo.sync()
    assert traces(demo) == 2
    demo.sync()
    assert traces(demo) == 2


MADE = {
    "folders in folders": 'os.makedirs("gen/a/b", exist_ok=True); os.listdir("."); os.listdir("gen")',
    "by a child and by a program": """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import os; os.makedirs('gen/x', exist_ok=True)"], check=True)
        subprocess.run(["sh", "-c", "mkdir -p gen/y; echo made > gen/x/c.txt; echo made > gen/y/d.txt"], check=True)
        [Path(folder, name).read_text() for folder, _, names in os.walk("gen") for name in names]
        os.listdir(".")
        """,
    "a file, where it is not there": """
        if not Path("made.txt").exists():
            Path("made.txt").write_text("made")
        Path("made.txt").read_text(); os.listdir(".")
        """,
    "a file by a program, where it is not there": """
        import subprocess
        subprocess.run(["sh", "-c", "[ -e made.txt ] || echo made > made.txt"], check=True)
        Path("made.txt").read_text(); os.listdir(".")
        """,
}


@pytest.mark.parametrize("what", MADE)
def test_what_was_made_once_stays_the_builds(demo_maker: DemoMaker, what: str) -> None:
    """A name that git ignores has it watched again, and that is no change."""
    demo = traced(demo_maker, MADE[what], {".gitignore": "*.local\n"})
    demo.git("init", "--quiet")
    settled(demo)
    before = traces(demo)
    demo.write({"a.local": ""})
    assert [both(demo), both(demo)] == [0, 0]
    assert traces(demo) == before + 1


def test_what_was_made_once_and_then_edited_counts(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, MADE["a file, where it is not there"])
    settled(demo)
    for _ in range(2):
        demo.append("made.txt", "by hand\n")
        assert [both(demo), both(demo)] == [1, 0]


def test_a_file_that_is_saved_during_two_traces_is_still_an_input(demo_maker: DemoMaker) -> None:
    """No program was started that could have written it."""
    demo = traced(demo_maker, 'Path("deps.txt").read_text()' + WAIT, {"deps.txt": "a\n"})
    meanwhile(demo, lambda: demo.append("deps.txt", "b\n"))
    meanwhile(demo, lambda: demo.append("deps.txt", "c\n"))
    settled(demo)
    demo.append("deps.txt", "d\n")
    assert both(demo) == 1


@pytest.mark.parametrize(("start", "times"), [('import subprocess; subprocess.run(["true"])', 2), ("", 3)])
def test_a_file_that_changes_in_each_trace_is_told_to_be_a_product(
    demo_maker: DemoMaker, start: str, times: int
) -> None:
    demo = traced(demo_maker, f'{start}\nPath("deps.txt").read_text()' + WAIT, {"deps.txt": "a\n"})
    for number in range(1, times + 1):
        thread = once_it_waits(demo, lambda: demo.append("deps.txt", "more\n"))
        told = [one for one in demo.sync().warnings if one.code == "written-by-build"]
        thread.join()
        assert bool(told) == (number == times)
    assert f"`deps.txt` changed while the build was watched, {times} times running" in told[0].message
    assert not [one for one in demo.sync().warnings if one.code == "written-by-build"]


def test_a_folder_that_the_build_makes_may_be_there_already(demo_maker: DemoMaker) -> None:
    """Whether or not it is there, and whoever fills it: watched again, the build depends on what it did before."""
    body = """
    import subprocess
    Path("gen").mkdir(exist_ok=True)
    subprocess.run(["sh", "-c", "echo made > gen/out.txt"], check=True)
    Path("gen/out.txt").read_text()
    os.listdir("gen"), os.listdir("."), Path("gen").exists()
    Path("deps.txt").read_text()
    """
    demo = traced(demo_maker, body, {"deps.txt": ""})
    settled(demo)
    counts = []
    for _ in range(3):
        demo.append("deps.txt", "more\n")
        counts.append([both(demo), both(demo)])
    assert counts == [[1, 0]] * 3
    demo.write({"gen/new.txt": ""})  # by the user, in a folder that the build lists
    assert [both(demo), both(demo)] == [1, 0]


def test_to_look_again_is_no_change(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, 'Path("gen").mkdir(exist_ok=True); os.listdir("."); os.listdir("gen")')
    settled(demo)
    (demo.root / ".dyncachekeys/trace.json").unlink()
    assert both(demo) == 0
    (demo.root / "gen").rmdir()
    assert [both(demo), both(demo)] == [0, 0]


def test_a_build_that_leaves_another_name_each_time_is_not_watched_in_each_sync(demo_maker: DemoMaker) -> None:
    body = 'import subprocess\nsubprocess.run(["sh", "-c", "echo > reqs/$$.log"], check=True)\nos.listdir("reqs")'
    demo = traced(demo_maker, body, {"reqs/a.txt": ""})
    for _ in range(5):
        demo.sync()
    assert traces(demo) == 2


def test_a_package_that_is_traced_for_another_one_is_traced_once(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, 'Path("deps.txt").read_text()', {"deps.txt": ""})
    other = demo.root / "other"
    demo.write({"other/pyproject.toml": PYPROJECT.replace('"demo"', '"other"') + USES})
    digests = {dyncachekeys.sync(other, demo.environ).digest for _ in range(3)}
    assert (len(digests), traces(demo)) == (1, 1)
    assert not (demo.root / ".dyncachekeys").exists()
    demo.append("deps.txt", "more\n")
    assert dyncachekeys.sync(other, demo.environ).digest not in digests
    demo.sync()  # for itself
    assert traces(demo) == 3
    demo.append("deps.txt", "more\n")
    demo.sync()
    dyncachekeys.sync(other, demo.environ)  # which takes what that found
    assert traces(demo) == 4
