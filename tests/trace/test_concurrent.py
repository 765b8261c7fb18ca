"""What changes while a build is watched, by the user or by a program of the build."""

from __future__ import annotations

import textwrap
import threading
import time
from collections.abc import Callable

import pytest

import dyncachekeys
from kit import PYPROJECT, Demo, DemoMaker
from traced import WATCHED, both, settled, traced, watches

pytestmark = watches

WAIT = """
import time
Path(os.environ["BUILD_LOG"]).with_name("reading").touch()
time.sleep(0.5)
"""
USES = '\n[tool.dyncachekeys.keys.u]\nresolver = "package"\npath = ".."\n'


def once_it_waits(demo: Demo, act: Callable[[], object]) -> threading.Thread:
    """Do something as soon as the build waits; it says that it does by a file."""
    flag = demo.beside / "reading"
    flag.unlink(missing_ok=True)

    def waiting() -> None:
        while not flag.exists():
            time.sleep(0.01)
        act()

    thread = threading.Thread(target=waiting)
    thread.start()
    return thread


def during_the_build(demo: Demo, act: Callable[[], object]) -> None:
    """Do something while the build waits."""
    thread = once_it_waits(demo, act)
    assert both(demo) == 1
    thread.join()


def test_a_file_that_goes_while_it_is_read(demo_maker: DemoMaker) -> None:
    body = 'Path(next(name for name in ("deps.txt", "other.txt") if Path(name).exists())).read_text()'
    demo = traced(demo_maker, body + WAIT, {"deps.txt": "a\n", "other.txt": "a\n"})
    during_the_build(demo, (demo.root / "deps.txt").unlink)
    assert [both(demo), both(demo)] == [1, 0]
    demo.append("other.txt", "b\n")
    assert both(demo) == 1


def test_what_changed_in_a_package_during_its_build_is_not_trusted(demo_maker: DemoMaker) -> None:
    """A package that uses a watched one: the record of a build in which something was edited does not stand for it."""
    body = 'Path(Path("deps.txt").read_text()).read_text()'
    demo = traced(demo_maker, body + WAIT, {"deps.txt": "a.txt", "a.txt": "", "b.txt": ""})
    demo.write({"other/pyproject.toml": PYPROJECT.replace('"demo"', '"other"') + USES})
    during_the_build(demo, lambda: (demo.root / "deps.txt").write_text("b.txt", encoding="utf-8"))
    assert [both(demo), both(demo)] == [1, 0]
    demo.cli("sync", "--project", "other")
    demo.append("b.txt", "more\n")
    assert "b.txt" in demo.cli("sync", "--project", "other").stdout


def exchange(demo: Demo) -> None:
    (demo.root / "data").rename(demo.root / "old")
    (demo.root / "new").rename(demo.root / "data")


def test_a_folder_that_is_exchanged_while_it_is_read(demo_maker: DemoMaker) -> None:
    """What it holds is as old as before."""
    files = {"data/name": "a.txt", "new/name": "b.txt", "a.txt": "", "b.txt": ""}
    demo = traced(demo_maker, 'Path(Path("data/name").read_text()).read_text()' + WAIT, files)
    demo.tick()
    during_the_build(demo, lambda: exchange(demo))
    assert [both(demo), both(demo)] == [1, 0]
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
def test_what_changes_during_a_build_is_built_again(demo_maker: DemoMaker, change: str) -> None:
    body, act = CHANGES[change]
    demo = traced(demo_maker, body + WAIT, {"v1/name": "", "v1/other": "", "v2/name": "", "a.txt": ""})
    (demo.root / "current").symlink_to("v1")
    demo.tick()
    during_the_build(demo, lambda: act(demo))
    assert [both(demo), both(demo)] == [1, 0]


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
    """Also where a later build finds it up to date, and reads it."""
    demo = traced(demo_maker, 'Path("deps.txt").read_text()\n' + textwrap.dedent(MADE[what]), {"deps.txt": ""})
    demo.git("init", "--quiet")
    settled(demo)
    for _ in range(2):
        demo.append("deps.txt", "more\n")
        assert [both(demo), both(demo)] == [1, 0]
    demo.write({"a.local": ""})
    assert [both(demo), both(demo)] == [0, 0]


def test_what_was_made_once_and_then_edited_counts(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, MADE["a file, where it is not there"])
    settled(demo)
    for _ in range(2):
        demo.append("made.txt", "by hand\n")
        assert [both(demo), both(demo)] == [1, 0]


def test_a_file_that_is_saved_during_two_builds_is_still_an_input(demo_maker: DemoMaker) -> None:
    """No program was started that could have written it."""
    demo = traced(demo_maker, 'Path("deps.txt").read_text()' + WAIT, {"deps.txt": "a\n"})
    during_the_build(demo, lambda: demo.append("deps.txt", "b\n"))
    during_the_build(demo, lambda: demo.append("deps.txt", "c\n"))
    assert [both(demo), both(demo)] == [1, 0]
    demo.append("deps.txt", "d\n")
    assert both(demo) == 1


@pytest.mark.parametrize(("start", "times"), [('import subprocess; subprocess.run(["true"])', 2), ("", 3)])
def test_a_file_that_changes_in_each_build_is_a_product_in_the_end(
    demo_maker: DemoMaker, start: str, times: int
) -> None:
    demo = traced(demo_maker, f'{start}\nPath("deps.txt").read_text()' + WAIT, {"deps.txt": "a\n"})
    for _ in range(times):
        during_the_build(demo, lambda: demo.append("deps.txt", "more\n"))
    assert [both(demo), both(demo)] == [0, 0]


def test_a_folder_that_the_build_makes_may_be_there_already(demo_maker: DemoMaker) -> None:
    """Whether or not it is there, and whoever fills it: built again, it depends on what it did before."""
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


def test_a_build_that_leaves_another_name_each_time(demo_maker: DemoMaker) -> None:
    body = 'import subprocess\nsubprocess.run(["sh", "-c", "echo > reqs/$$.log"], check=True)\nos.listdir("reqs")'
    demo = traced(demo_maker, body, {"reqs/a.txt": ""})
    assert sum(both(demo) for _ in range(5)) <= 2
    assert both(demo) == 0


def test_a_later_step_that_replaces_a_product_in_a_folder_that_an_earlier_one_lists(demo_maker: DemoMaker) -> None:
    """As setuptools does beside sources that Cython has listed: it is the build that stirs the folder, and nobody else."""
    body = 'Path("deps/made.tmp").write_text("made")\nos.replace("deps/made.tmp", "deps/made.bin")'
    demo = traced(demo_maker, body, {"deps/a.txt": "a\n", "deps/made.bin": "from before"})
    demo.append(
        "build_backend/core.py",
        """

        def get_requires_for_build_editable(config_settings=None):
            return [path.read_text() and "" for path in sorted(Path("deps").glob("*.txt"))][:0]
        """,
    )
    settled(demo)


def test_a_package_that_uses_a_watched_one(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, 'Path("deps.txt").read_text()', {"deps.txt": ""}, WATCHED)
    settled(demo)
    other = demo.root / "other"
    demo.write({"other/pyproject.toml": PYPROJECT.replace('"demo"', '"other"') + USES})
    digests = {dyncachekeys.sync(other, demo.environ).digest for _ in range(3)}
    assert len(digests) == 1
    demo.append("deps.txt", "more\n")
    assert dyncachekeys.sync(other, demo.environ).digest not in digests
