"""The guard against builds without end: a build that writes its own input (U15), a value that always differs."""

from __future__ import annotations

import itertools
import sys
import time

import pytest

import dyncachekeys
from dyncachekeys.syncing.report import ProjectReport
from kit import BACKEND, BACKEND_KEY, Demo, DemoMaker, explained

WRITES = """\
    if os.environ.get("WRITES"):
        with open(os.environ["WRITES"], "w", encoding="utf-8") as stream:
            stream.write(os.environ["WRITTEN"])
"""
SELF_WRITING = BACKEND.replace("def _build(directory):\n", "def _build(directory):\n" + WRITES)
LINKED = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
STAMPED = LINKED.replace("patterns", 'watch = "digest"\npatterns')
OWN_ENTRY = BACKEND_KEY + '\n[tool.uv]\ncache-keys = [{ file = "csrc/*.c" }]\n'
CODES = {"written-by-build", "always-differs"}


def told(report: ProjectReport) -> list[tuple[str, str]]:
    return [(one.code, one.where) for one in report.warnings if one.code in CODES]


class Builder:
    """What uses a demo whose backend writes a file on each build."""

    def __init__(self, demo: Demo, path: str | None, *, same: bool = False) -> None:
        self.demo, self._path, self._same = demo, path, same
        self._numbers = itertools.count()

    def build(self, *arguments: str) -> int:
        text = "# the same\n" if self._same else f"# {next(self._numbers)}\n"
        environ = {"WRITES": self._path, "WRITTEN": text} if self._path else {}
        self.demo.tick()
        builds = self.demo.uv_sync(*arguments, **environ)
        self.demo.tick()
        return builds

    def builds(self, count: int) -> list[list[tuple[str, str]]]:
        """Sync and build so many times; return what each sync told."""
        found = []
        for _ in range(count):
            found.append(told(self.demo.sync()))
            assert self.build() == 1
        return found


@pytest.fixture
def self_writing(demo_maker: DemoMaker) -> Demo:
    files = {"build_backend/core.py": SELF_WRITING, "csrc/a.c": "int a;\n", "csrc/made.c": "int made;\n"}
    return demo_maker("", {**files, "elsewhere/made.c": "int made;\n"})


THOROUGH = pytest.mark.thorough
OWN, SAME = "entry of the user's own", "content stays, linked"
CASES = {
    "entry": (BACKEND_KEY, "build_backend/helper.py", 2),
    "link": (LINKED, "csrc/made.c", 2),
    OWN: (OWN_ENTRY, "csrc/a.c", 2),
    "stamp": (STAMPED, "csrc/made.c", 3),
}
HELPER = "def dependencies():\n    return []\n"


AWAY_AND_BACK = """\
    os.rename("pyproject.toml", "elsewhere.toml")
    os.rename("elsewhere.toml", "pyproject.toml")
"""
BY_CONTENT = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.pyproject]
resolver = "table"
preset = "build"
"""


def test_a_build_that_moves_pyproject_toml_away_and_back(demo_maker: DemoMaker) -> None:
    """As hatch-mypyc does: uv alone never comes to rest then. What is told ends it."""
    moving = BACKEND.replace("def _build(directory):\n", "def _build(directory):\n" + AWAY_AND_BACK)
    demo = demo_maker("", {"build_backend/core.py": moving})
    demo.append("pyproject.toml", BACKEND_KEY)
    assert [demo.both(), demo.both(), demo.both()] == [1, 1, 1]
    (warning,) = [one for one in demo.sync().warnings if one.code in CODES]
    assert (warning.code, warning.where) == ("written-by-build", "pyproject.toml")
    assert "write `defaults = false` into [tool.dyncachekeys] and add a key with" in warning.message
    demo.append("pyproject.toml", BY_CONTENT)
    assert [demo.both(), demo.both(), demo.uv_sync()] == [1, 0, 0]
    demo.edit("pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndescription = "Demo"')
    assert [demo.both(), demo.both()] == [1, 0]


@pytest.mark.parametrize("case", ["entry", "stamp", *(pytest.param(one, marks=THOROUGH) for one in ("link", OWN))])
def test_a_build_that_writes_its_input_is_told(self_writing: Demo, case: str) -> None:
    """And only as long as it does."""
    config, path, limit = CASES[case]
    demo = self_writing
    demo.append("pyproject.toml", config)
    build = Builder(demo, path)
    if case == "entry":
        demo.write({"build_backend/core.py": SELF_WRITING.replace('["WRITTEN"])', f'["WRITTEN"] + {HELPER!r})')})
    where = "csrc/*.c" if case == OWN else path
    assert build.builds(limit) == [[]] * limit
    assert told(demo.sync()) == [("written-by-build", where)]
    shown = demo.cli("sync").stderr
    assert f"warning: {where}: written " in shown
    assert f"{limit} builds" in shown
    assert "if the build writes it" in shown
    if case == "entry":
        time.sleep(2.1)
        for _ in range(2):  # also where nothing is left to do, up to the quiet path
            assert f"warning: {where}: " in demo.cli("sync").stderr
    # The backend is mended: one build more, for what the last one wrote, and all is quiet.
    mended = Builder(demo, None)
    assert mended.build() == 1
    assert told(demo.sync()) == []
    mended.build()
    assert told(demo.sync()) == []
    assert mended.build() == 0


QUIET = {
    SAME: (LINKED, "csrc/made.c", True),
    "content stays, stamped": (STAMPED, "csrc/made.c", True),
    "nothing watches it": (LINKED, "elsewhere/made.c", False),
    "ignored by git": (
        LINKED + '\n[tool.dyncachekeys.keys.more]\nresolver="files"\npatterns=["gen/"]\n',
        "gen/x",
        False,
    ),
}


@pytest.mark.parametrize("case", [SAME, *(pytest.param(one, marks=THOROUGH) for one in QUIET if one != SAME)])
def test_a_build_that_writes_what_matters_to_nobody(self_writing: Demo, case: str) -> None:
    config, path, same = QUIET[case]
    self_writing.append("pyproject.toml", config)
    self_writing.append(".gitignore", "/gen/\n")
    self_writing.write({"gen/.keep": "", "csrc/made.c": "# the same\n" if same else "int made;\n"})
    build = Builder(self_writing, path, same=same)
    found = [told(self_writing.sync())]
    for number in range(3):
        self_writing.write({"csrc/a.c": f"int a{number};\n"})
        self_writing.sync()
        build.build()
        found.append(told(self_writing.sync()))
    assert found == [[]] * 4


@pytest.mark.parametrize("config", [BACKEND_KEY, LINKED, STAMPED], ids=["entry", "link", "stamp"])
def test_edits_between_sync_and_build_are_no_loop(self_writing: Demo, config: str) -> None:
    """What uv watches, it has seen; what it does not, counts only if that comes three times running."""
    demo = self_writing
    demo.append("pyproject.toml", config)
    build = Builder(demo, None)
    path = "build_backend/helper.py" if config is BACKEND_KEY else "csrc/a.c"
    assert told(demo.sync()) == []
    for number in range(4):
        demo.append(path, f"# {number}\n")
        demo.append("pyproject.toml", "\n")  # so that uv builds, whoever watches the other
        assert build.build() == 1
        if config is STAMPED and number == 1:  # a sync and a build without such an edit
            demo.sync()
            build.build()
        assert told(demo.sync()) == []


def test_an_edit_after_the_build_is_none_of_the_builds(self_writing: Demo) -> None:
    self_writing.append("pyproject.toml", BACKEND_KEY)
    build = Builder(self_writing, None)
    for number in range(4):
        assert told(self_writing.sync()) == []
        assert build.build() == 1
        self_writing.append("build_backend/helper.py", f"# {number}\n")


CLOCK = f"""
[tool.dyncachekeys.keys.clock]
resolver = "command"
argv = ['{sys.executable}', "-c", "import time; print(time.time_ns())"]
"""
OTHER = """
[tool.dyncachekeys.keys.more]
resolver = "env"
names = ["RUN_*"]
"""


def test_a_command_that_always_differs(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CLOCK)
    assert [told(demo.sync()) for _ in range(3)] == [[]] * 3  # the first has nothing to differ from
    assert told(demo.sync()) == [("always-differs", "tool.dyncachekeys.keys.clock")]
    shown = demo.cli("sync").stderr
    assert "differed in each of the last 4 syncs" in shown
    assert "now although no file was edited" in shown
    assert "a command has `pattern`" in shown
    assert all(str(time.time_ns())[:6] not in line for line in shown.splitlines())  # never what it said
    assert told(demo.sync()) == [("always-differs", "tool.dyncachekeys.keys.clock")]
    demo.edit("pyproject.toml", "time.time_ns()", "1")
    demo.sync()
    assert told(demo.sync()) == []
    assert "always" not in demo.cli("sync").stderr


PRINTS = f"""
[tool.dyncachekeys.keys.{{}}]
resolver = "command"
argv = ['{sys.executable}', "-c", "print(open('src/version.py').read())"]
"""
VALUES = {
    "a file that a command reads": PRINTS.format("version"),
    "a table": '[tool.dyncachekeys.keys.version]\nresolver = "table"\nfile = "src/version.py"\ntables = ["__version__"]\n',
    "the work tree": '[tool.dyncachekeys.keys.version]\nresolver = "git"\ndirty = true\n',
    "the nearest tag": '[tool.dyncachekeys.keys.version]\nresolver = "git"\ndescribe = true\n',
}


@pytest.mark.parametrize("case", VALUES)
def test_edits_in_each_sync_are_no_loop(demo_maker: DemoMaker, case: str) -> None:
    demo = demo_maker(VALUES[case], {"src/version.py": "__version__ = '0'\n"})
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message=first")
    demo.both()
    for number in range(1, 6):
        time.sleep(0.02)  # some ticks
        demo.write({"src/version.py": f"__version__ = '{number}'\n"})
        if case == "the nearest tag":
            demo.git("commit", "--quiet", "--all", "--message=more")
        report = demo.sync()
        assert [change.cause for key in report.keys for change in key.changes if key.name == "version"]
        assert told(report) == []
        if number == 3:
            demo.uv_sync()


def test_after_edits_a_value_that_always_differs_is_told(demo_maker: DemoMaker) -> None:
    demo = demo_maker(OTHER, {"src/a.py": ""})
    for number in range(4):
        time.sleep(0.02)
        demo.write({"src/a.py": f"{number}"})
        assert told(demo.sync(RUN_ID=f"{number}")) == []
    assert told(demo.sync(RUN_ID="9")) == [("always-differs", "tool.dyncachekeys.keys.more")]


def test_a_value_that_stood_still_once_is_counted_anew(demo_maker: DemoMaker) -> None:
    demo = demo_maker(OTHER)
    for value in ("1", "2", "3", "3", "4", "5"):
        assert told(demo.sync(RUN_ID=value)) == []
    assert told(demo.sync(RUN_ID="6")) == [("always-differs", "tool.dyncachekeys.keys.more")]
    assert "6" not in (demo.root / ".dyncachekeys/state.json").read_text(encoding="utf-8").partition('"moves":')[2][:20]


def test_looking_does_not_count(demo_maker: DemoMaker) -> None:
    demo = demo_maker(OTHER)
    demo.sync(RUN_ID="0")
    for number in range(5):
        environ = {**demo.environ, "RUN_ID": f"{number + 1}"}
        assert told(dyncachekeys.check(demo.root, environ)) == []
        assert explained(demo.root, environ) is not None
    assert told(demo.sync(RUN_ID="9")) == []
