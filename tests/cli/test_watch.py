"""`watch`: real events of files, until it is ended. What it prints is waited for; no clock is asked."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from kit import PYPROJECT, Demo, DemoMaker
from shells.terminal import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it is ended by signals here")
KEYS = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["very/deep/csrc/**/*.c"]
"""
SOURCES = {"very/deep/csrc/a.c": "int a;\n", "very/deep/csrc/b.c": "int b;\n", "unrelated/x": ""}
STAMPED = "Stamped demo: uv will rebuild it"


class Watching:
    """A `watch` of a project, with what it prints."""

    def __init__(self, demo: Demo, *options: str) -> None:
        pytest.importorskip("watchfiles", reason="watchfiles is not installed (the extra `watch`)")
        self._files = {name: demo.beside / f"watch.{name}" for name in ("out", "err")}
        command = [sys.executable, "-m", "dyncachekeys", "watch", "-v", *options]
        out, err = (path.open("w", encoding="utf-8") for path in self._files.values())
        with out, err:
            self.process = subprocess.Popen(command, cwd=demo.root, env=demo.environ, stdout=out, stderr=err)
        self.see("err", "Watching ")
        self.clear()

    def clear(self) -> None:
        self.before = {name: len(self.read(name, 0)) for name in self._files}

    def read(self, name: str, since: int | None = None) -> str:
        return self._files[name].read_text(encoding="utf-8")[self.before[name] if since is None else since :]

    def see(self, name: str, text: str) -> str:
        """Wait until something is printed, and return all since `clear`."""
        since = None if hasattr(self, "before") else 0
        until(lambda: text in self.read(name, since) or self.process.poll() is not None, text)
        assert text in self.read(name, since), self.read("err", 0)
        return self.read(name, since)

    def after(self, act: Callable[[], object], text: str = STAMPED) -> str:
        """Do something, and return what is printed then, once it holds a text."""
        self.clear()
        act()
        return self.see("out", text)


Watcher = Callable[..., Watching]


@pytest.fixture
def watcher() -> Iterator[Watcher]:
    """Return a function that starts to watch; what still runs at the end is ended."""
    started: list[Watching] = []

    def start(demo: Demo, *options: str) -> Watching:
        started.append(Watching(demo, *options))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()


def test_plain_uv_sees_what_it_can_not_see_by_itself(demo_maker: DemoMaker, watcher: Watcher) -> None:
    """An edit, a new file, a new folder, and the deletion of a file that is not the newest."""
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo)
    demo.uv_sync()
    deep = demo.root / "very/deep/csrc"
    acts = {
        "~ sources   very/deep/csrc/a.c": lambda: demo.write({"very/deep/csrc/a.c": "int edited;\n"}),
        "+ sources   very/deep/csrc/new.c": lambda: demo.write({"very/deep/csrc/new.c": "int new;\n"}),
        "+ sources   very/deep/csrc/sub/c.c": lambda: demo.write({"very/deep/csrc/sub/c.c": "int c;\n"}),
        "~ sources   very/deep/csrc/sub/c.c": lambda: demo.write({"very/deep/csrc/sub/c.c": "int edited;\n"}),
        "- sources   very/deep/csrc/b.c": (deep / "b.c").unlink,
    }
    for told, act in acts.items():
        assert told in watching.after(act)
        assert demo.uv_sync() == 1
        assert demo.uv_sync() == 0


def test_nothing_is_printed_but_what_is_stamped(demo_maker: DemoMaker, watcher: Watcher) -> None:
    demo = demo_maker(KEYS, SOURCES)
    demo.sync()
    watching = watcher(demo)
    demo.write({"unrelated/x": "1", "unrelated/y": "", "z": "", "very/deep/other": "", "very/deep/csrc/a.txt": ""})
    (demo.root / "very/deep/csrc/a.c").touch()
    (demo.root / "very/deep/csrc/__pycache__").mkdir()
    printed = watching.after(lambda: demo.write({"very/deep/csrc/b.c": "int edited;\n"}))
    assert printed.count("Resolved ") == printed.count(STAMPED) == 1
    assert [line for line in printed.splitlines() if line[:3] in {" ~ ", " + ", " - "}] == [
        " ~ sources   very/deep/csrc/b.c changed"
    ]
    assert watching.read("out", 0).count(STAMPED) == 1


def test_a_half_saved_pyproject_is_reported_once(demo_maker: DemoMaker, watcher: Watcher) -> None:
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo)
    whole = (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    broken = whole.replace("[tool.dyncachekeys", "[tool.dyncachekeys", 1).replace('resolver = "files"', "resolver = ")
    demo.write({"pyproject.toml": broken})
    watching.see("err", "error: ")
    for name in ("one", "two"):  # what is watched is another thing then, which it says under -v
        watching.clear()
        demo.write({f"{name}/x": "", "pyproject.toml": broken})
        watching.see("err", "Watching ")
    demo.write({"very/deep/csrc/a.c": "int edited;\n"})
    watching.after(lambda: demo.write({"pyproject.toml": whole}))
    assert watching.read("err", 0).count("error: ") == 1
    (demo.root / "pyproject.toml").unlink()  # some editors save like this
    watching.clear()
    demo.write({"very/deep/csrc/a.c": "int again;\n", "pyproject.toml": whole})
    watching.see("out", STAMPED)
    assert watching.read("err", 0).count("error: ") == 1


@pytest.mark.thorough
def test_a_resolver_that_fails_is_watched_until_it_works(demo_maker: DemoMaker, watcher: Watcher) -> None:
    """Nothing is known of where it looks, so all is watched. What works again is said once."""
    own = '[tool.dyncachekeys.keys.own]\nresolver = "tools.own:keys"\n'
    fails = "def keys(context):\n    raise RuntimeError('not today')\n"
    demo = demo_maker(KEYS, {**SOURCES, "tools/__init__.py": "", "tools/own.py": fails})
    watching = watcher(demo)
    demo.append("pyproject.toml", own)
    watching.see("err", "not today")
    works = fails.replace("raise RuntimeError('not today')", "return []")
    watching.after(lambda: demo.write({"tools/own.py": works}), "Resolved ")
    watching.clear()
    demo.write({"tools/own.py": fails})
    watching.see("err", "not today")
    watching.after(lambda: demo.write({"tools/own.py": works}), "demo is in sync")


def test_a_folder_is_deleted_made_again_and_renamed(demo_maker: DemoMaker, watcher: Watcher) -> None:
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo)
    deep = demo.root / "very/deep"
    assert "- sources" in watching.after(lambda: shutil.rmtree(deep))
    assert "+ sources" in watching.after(lambda: demo.write(SOURCES))
    assert "~ sources" in watching.after(lambda: demo.write({"very/deep/csrc/a.c": "int edited;\n"}))

    def at_once() -> None:
        shutil.rmtree(deep)
        demo.write({**SOURCES, "very/deep/csrc/c.c": "int c;\n"})

    watching.after(at_once, "+ sources   very/deep/csrc/c.c")
    assert "~ sources" in watching.after(lambda: demo.write({"very/deep/csrc/b.c": "int edited;\n"}))
    assert "- sources" in watching.after(lambda: deep.rename(demo.root / "away"))
    assert "+ sources" in watching.after(lambda: (demo.root / "away").rename(deep))
    assert "~ sources" in watching.after(lambda: demo.write({"very/deep/csrc/b.c": "int again;\n"}))


@pytest.mark.thorough
def test_its_own_writes_wake_it_no_more_than_once(demo_maker: DemoMaker, watcher: Watcher) -> None:
    own = '\n[tool.dyncachekeys.keys.own]\nresolver = "own:keys"\n'
    log = "import os\ndef keys(context):\n    open(os.environ['BUILD_LOG'] + '.calls', 'a').write('x')\n    return []\n"
    demo = demo_maker(KEYS + own, {**SOURCES, "own.py": log})
    watching = watcher(demo)
    for number in range(4):
        content = f"int a{number};\n"
        watching.after(partial(demo.write, {"very/deep/csrc/a.c": content}))
    watching.after(
        lambda: demo.append("pyproject.toml", "[tool.dyncachekeys.keys.cc]\nresolver = 'env'\nnames = ['CC']\n"), "cc"
    )
    assert len(Path(f"{demo.log}.calls").read_text(encoding="utf-8")) < 25


def test_branches(demo_maker: DemoMaker, watcher: Watcher) -> None:
    """Also one on which there are no keys, and one that lacks the project's folder of sources."""
    demo = demo_maker("", {"unrelated/x": ""})
    demo.git("init", "-q", "--initial-branch=before")
    demo.git("add", "--all")
    demo.git("commit", "-qm", "before")
    demo.git("checkout", "-qb", "main")
    demo.append("pyproject.toml", KEYS)
    demo.write(SOURCES)
    demo.sync()
    demo.git("add", "--all")
    demo.git("commit", "-qm", "main")
    demo.git("checkout", "-qb", "other")
    demo.write({"very/deep/csrc/a.c": "int other;\n"})
    demo.git("commit", "-qam", "other")
    watching = watcher(demo)
    watching.after(lambda: demo.git("checkout", "-q", "main"))
    demo.git("checkout", "-q", "before")
    demo.git("checkout", "-q", "other")
    watching.see("out", "~ sources   very/deep/csrc/a.c")
    assert demo.git("status", "--porcelain") == ""
    watching.after(lambda: demo.write({"very/deep/csrc/b.c": "int edited;\n"}))
    assert "error" not in watching.read("err", 0)


@pytest.mark.thorough
def test_it_waits_for_a_rebase(demo_maker: DemoMaker, watcher: Watcher) -> None:
    """What it writes into pyproject.toml would stop it."""
    demo = demo_maker(KEYS + '\n[tool.dyncachekeys.keys.backend]\nresolver = "backend"\n', SOURCES)
    demo.sync()
    demo.git("init", "-q", "--initial-branch=main")
    for message in ("first", "second"):
        demo.append("very/deep/csrc/a.c", f"// {message}\n")
        demo.git("add", "--all")
        demo.git("commit", "-qm", message)
    watching = watcher(demo)
    demo.git("rebase", "-q", "-i", "--force-rebase", "HEAD~1", GIT_SEQUENCE_EDITOR="sed -i 1ibreak")
    demo.write(
        {
            "build_backend/more.py": "",
            "build_backend/helper.py": "import build_backend.more\ndef dependencies(): return []\n",
        }
    )
    watching.see("err", "Waiting for a rebase to end")
    before = (demo.root / "pyproject.toml").read_bytes()
    demo.git("stash", "-qu")
    demo.git("rebase", "--continue")
    demo.git("stash", "pop", "-q")
    watching.see("out", "Wrote ")
    assert (demo.root / "pyproject.toml").read_bytes() != before
    assert demo.git("log", "--format=%s").splitlines() == ["second", "first"]


@pytest.mark.thorough
def test_a_workspace(demo_maker: DemoMaker, watcher: Watcher) -> None:
    """Members as well, one that is new among them."""
    keys = "\n[tool.dyncachekeys.workspace.keys.data]\nresolver = 'files'\nwatch = 'digest'\npatterns = ['data/*']\n"
    demo = demo_maker(f"[tool.uv.workspace]\nmembers = ['packages/*']\n{keys}", {"data/a": ""})
    member = {"packages/one/pyproject.toml": PYPROJECT.replace("demo", "one"), "packages/one/data/a": ""}
    demo.write(member)
    watching = watcher(demo)
    watching.after(lambda: demo.write({"packages/one/data/a": "1"}), "Stamped one")
    two = {path.replace("one", "two"): text.replace("one", "two") for path, text in member.items()}
    watching.after(lambda: demo.write(two), "Stamped two")
    watching.after(lambda: demo.write({"packages/two/data/a": "1"}), "Stamped two")


def test_it_stops_when_the_project_is_gone(demo_maker: DemoMaker, watcher: Watcher) -> None:
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo)
    shutil.rmtree(demo.root)
    assert watching.process.wait(30) == 0
    assert watching.read("err", 0).splitlines()[-1] == f"{demo.root} is gone"
    assert "error" not in watching.read("err", 0)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)], ids=str)
def test_it_is_ended(demo_maker: DemoMaker, watcher: Watcher, number: int, code: int) -> None:
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo)
    watching.process.send_signal(number)
    assert watching.process.wait(30) == code
    assert watching.read("err") == ""


@pytest.mark.thorough
def test_json_is_one_document_a_line(demo_maker: DemoMaker, watcher: Watcher) -> None:
    demo = demo_maker(KEYS, SOURCES)
    watching = watcher(demo, "--format", "json")
    (line,) = watching.after(lambda: demo.write({"very/deep/csrc/a.c": "int edited;\n"}), "\n").splitlines()
    (project,) = json.loads(line)["projects"]
    assert (project["name"], project["changed"]) == ("demo", True)
    (line,) = watching.after(lambda: demo.append("pyproject.toml", "[x\n"), "\n").splitlines()
    assert json.loads(line)["errors"][0]["code"] == "invalid-toml"


def test_without_keys(demo_maker: DemoMaker) -> None:
    pytest.importorskip("watchfiles", reason="watchfiles is not installed (the extra `watch`)")
    done = demo_maker().cli("watch", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "dyncachekeys init" in done.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_without_watchfiles(demo_maker: DemoMaker, as_json: bool) -> None:
    code = "import sys; sys.modules['watchfiles'] = None\nfrom dyncachekeys.cli.main import run\nsys.exit(run(sys.argv[1:]))"
    options = ["--format", "json"] if as_json else []
    done = demo_maker(KEYS, SOURCES).run(sys.executable, "-c", code, "watch", *options, check=False)
    assert done.returncode == 2
    if as_json:
        assert json.loads(done.stdout)["errors"][0]["code"] == "missing-extra"
        return
    assert done.stderr.startswith("error: dyncachekeys watch: needs watchfiles")
    assert "`pip install 'dyncachekeys[watch]'`" in done.stderr
