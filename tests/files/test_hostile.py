"""Patterns that are made to take for ever, and more of them, and more files, than anybody has."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

import pytest

from dyncachekeys.context import Context
from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.process.limit import limited
from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from kit import DemoMaker

_SECONDS = 60


@pytest.fixture
def no_hang() -> Iterator[None]:
    """End what would not end: `re` tries exponentially many ways, or some thousand."""
    if not hasattr(signal, "SIGALRM"):
        pytest.skip("needs an alarm")

    with limited(_SECONDS):
        yield


LONG = "a" * 250
HOSTILE = {
    "stars": ("*a" * 40 + "*b", LONG, False),
    "stars-match": ("*a" * 40 + "*", LONG, True),
    "question-marks": ("?*a" * 40 + "*b", LONG, False),
    "many-question-marks": ("*" + "?" * 249 + "*", LONG, True),
    "sets": ("*[ab]*[!b]" * 20 + "*b", LONG, False),
    "last-part": ("*a*aaaaab", LONG, False),
    "open-set": ("[" + "a-" * 60, "a", False),
    "set-that-an-escape-keeps-open": ("[" + "a-" * 60 + "\\]", "a", False),
    "open-class": ("[" + "[:alpha:" * 60, "a", False),
    "long-set": ("[" + "a-z" * 5_000 + "]", "q", True),
    "spaces": ("a" + " " * 20_000 + "\\" + " " * 20_000, "a", False),
    "backslashes": ("\\a" * 10_000, "a" * 10_000, True),
    "deep": ("**/" * 3_000 + "a", "a", True),
    "slashes": ("a/" * 20_000, "a", False),
    "star-runs": ("*" * 50_000 + "b", LONG, False),
}


@pytest.mark.usefixtures("no_hang")
@pytest.mark.parametrize("case", HOSTILE)
def test_no_pattern_takes_for_ever(case: str) -> None:
    pattern, name, matches = HOSTILE[case]
    for lines in ([pattern], [pattern, "*x*y*z"], ["!" + pattern, pattern]):  # alone, and joined with others
        found = Rules(lines).top.find(name, is_dir=False)
        assert (found >= 0) is matches


@pytest.mark.usefixtures("no_hang")
def test_deep_stars_in_a_deep_tree() -> None:
    """Sets of steps are followed at once, not one after the other."""
    place = Rules(["**/a" * 30 + "/b", "a/**" * 30 + "/b"]).top
    for _ in range(200):
        place = place.enter("a")
    assert place.find("a", is_dir=False) < 0
    assert place.find("b", is_dir=False) >= 0


GROWING: dict[str, Callable[[int], list[str]]] = {
    "one-long-line": lambda n: ["ab?*[c]" * n],
    "slashes": lambda n: ["x/" * n + "y"],
    "many-lines": lambda n: [f"src/file{number}.c" for number in range(n)],
    "many-extensions": lambda n: [f"*.{number}" for number in range(n)],
    "many-prefixes": lambda n: [f"a{number}*" for number in range(n)],
    "many-globs": lambda n: [f"a{number}*b?c" for number in range(n)],
}


def _calls(act: Callable[[int], object], size: int) -> int:
    """Return how many functions something calls, Python's own and those of the library."""
    found = [0]

    def count(_: FrameType, event: str, __: object) -> None:
        found[0] += event in {"call", "c_call"}

    sys.setprofile(count)
    try:
        act(size)
    finally:
        sys.setprofile(None)
    return found[0]


@pytest.mark.parametrize("case", GROWING)
def test_cost_grows_with_the_length(case: str) -> None:
    """Twice the text takes about twice as many calls."""

    def find(size: int) -> None:
        place = Rules(GROWING[case](size)).top.enter("src")
        for name in ("file7.c", "x.7", "a7b", "a7bxc", "other"):
            place.find(name, is_dir=False)

    find(10)
    assert _calls(find, 1_000) <= 2.2 * _calls(find, 500)


def test_cost_of_a_selection_grows_with_its_patterns(tmp_path: Path) -> None:
    """Also of finding those that match nothing."""
    for number in range(20):
        (tmp_path / f"src/{number % 4}").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"src/{number % 4}/file{number}.c").touch()

    def select(size: int) -> None:
        patterns = [f"src/{number % 4}/file{number}.c" for number in range(size)]
        patterns += [f"*.x{number}" for number in range(size)] + [f"src/*/a{number}*b" for number in range(size)]
        context = Context(tmp_path, {}, Environment({}), Files(tmp_path, FileMemory()), "k")
        assert len(context.files(patterns)) == 20
        assert len(context.notices) == 21

    # Squares would be four times as many. (`re` remembers 512 expressions: with fewer, the count is another.)
    assert _calls(select, 1_600) <= 2.6 * _calls(select, 800)


KEY = '[tool.dyncachekeys]\nwatch = "digest"\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = {patterns}\n'


@pytest.mark.thorough
def test_more_patterns_than_two_bytes_can_number(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEY.format(patterns=["x.c"] * 66_000 + ["one.c"]), {"one.c": ""})
    demo.sync()
    demo.write({"one.c": "edited"})
    changes = [change for key in demo.sync().keys for change in key.changes]
    assert [(one.subject, one.reason) for one in changes] == [("one.c", "matches one.c")]


@pytest.mark.thorough
@pytest.mark.usefixtures("no_hang")
def test_a_hundred_thousand_patterns(demo_maker: DemoMaker) -> None:
    signal.alarm(900)
    patterns = [f"src/{number % 100}/file{number}.c" for number in range(60_000)]
    patterns += [f"*.x{number}" for number in range(39_000)] + [f"lib/a{number}*b?c" for number in range(1_000)]
    files = {f"src/{number % 100}/file{number}.c": "" for number in range(500)} | {"lib/a7-b-c": "", "any/one.x7": ""}
    demo = demo_maker(KEY.format(patterns=patterns), files)
    report = demo.sync()
    assert report.input_count == len(files) + 4
    demo.write({"any/one.x7": "edited", "lib/a8-b-c": ""})
    changes = [change.subject for key in demo.sync().keys for change in key.changes]
    assert changes == ["any/one.x7", "lib/a8-b-c"]


@pytest.mark.thorough
@pytest.mark.usefixtures("no_hang")
def test_two_hundred_thousand_files_in_one_folder(demo_maker: DemoMaker) -> None:
    signal.alarm(900)
    demo = demo_maker(KEY.format(patterns=["src/*"]))
    folder = demo.root / "src"
    folder.mkdir()
    for number in range(200_000):
        (folder / f"file{number:06}.c").touch()
    assert demo.sync().input_count == 200_004
    time.sleep(2.1)
    demo.sync()
    known = Snapshot.load(os.fspath(demo.root / ".dyncachekeys"))
    assert known is not None
    assert check.differences(os.fspath(demo.root), known, demo.environ) == []
    (folder / "file123456.c").write_text("edited")
    assert "file123456.c changed" in demo.cli("sync").stdout
    assert "in sync" in demo.cli("sync").stdout
