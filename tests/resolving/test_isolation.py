"""The process of a resolver: what it imports from where, what it leaves behind, and what it writes where it should not."""

from __future__ import annotations

import os
import signal
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, refused

WHERE = "tool.dyncachekeys.keys.own"
KEY = '[tool.dyncachekeys.keys.own]\nresolver = "{}"\ntimeout = 30\n'
SHADOWS = ("json", "re", "os", "queue", "traceback", "tempfile", "sitecustomize", "usercustomize", "tomli", "typing")
BLAME = "the resolver `tools.own:own` (the project's own tree)"


def own(demo_maker: DemoMaker, body: str, head: str = "") -> Demo:
    """Return a project with a resolver of its own that has the given body, after some lines at the top."""
    demo = demo_maker(KEY.format("tools.own:own"))
    start = f"import os, subprocess, sys, time\nfrom dyncachekeys import File, Value\nbeside = {str(demo.beside)!r}\n"
    demo.write({"tools/own.py": f"{start}{head}\ndef own(context):\n" + textwrap.indent(textwrap.dedent(body), "    ")})
    return demo


def shadow(demo: Demo, names: tuple[str, ...] = SHADOWS) -> Path:
    """Put modules into the project's root that leave a mark when they are imported; return where."""
    mark = demo.beside / "imported"
    demo.write({f"{name}.py": f"open({str(mark)!r}, 'a').write({name!r} + ' ')\n" for name in names})
    return mark


def _site(folder: Path) -> Path:
    """Return a folder with a distribution that has a resolver, which imports what it does not need."""
    (folder / "site/installed-1.dist-info").mkdir(parents=True)
    lazily = "    import queue, tempfile\n    try:\n        import orjson\n    except ImportError:\n        pass\n"
    code = f"from dyncachekeys import Value\n\n\ndef found(context):\n{lazily}    yield Value('one', 1)\n"
    (folder / "site/installed.py").write_text(code, encoding="utf-8")
    info = folder / "site/installed-1.dist-info"
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[dyncachekeys.resolvers]\nfound = installed:found\n", encoding="utf-8")
    return folder / "site"


@pytest.mark.parametrize("how", ["-m", "script", "api"])
@pytest.mark.parametrize("whose", ["installed", "tree"])
def test_nothing_shadows_what_is_imported(how: str, whose: str, demo_maker: DemoMaker, tmp_path: Path) -> None:
    if whose == "tree":
        demo = own(demo_maker, "import queue, tempfile\nyield Value('one', 1)\n", "import json\n")
        mark, path = shadow(demo), ""
    else:
        demo = demo_maker(KEY.format("found"))
        mark, path = shadow(demo, (*SHADOWS, "orjson")), str(_site(tmp_path))
    command = {
        "-m": ("-m", "dyncachekeys", "sync"),
        "script": (str(Path(sys.executable).with_name("dyncachekeys")), "sync"),
        "api": (
            "-I",
            "-c",
            f"import sys; sys.path[:0] = {path.split()!r}; import dyncachekeys; dyncachekeys.sync({str(demo.root)!r})",
        ),
    }[how]
    demo.run(sys.executable, *command, PYTHONPATH=path)
    assert not mark.exists(), mark.read_text(encoding="utf-8")


def test_the_tree_comes_before_what_is_installed(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEY.format("packaging:own"))
    demo.write({"packaging.py": "from dyncachekeys import Value\n\ndef own(context):\n    yield Value('one', 1)\n"})
    assert demo.sync().keys[-1].input_count == 1


DAEMON = """
if not os.fork():
    os.setsid()
    with open(beside + "/daemon", "w") as stream:
        stream.write(str(os.getpid()))
    time.sleep(60)
    os._exit(0)
while not os.path.exists(beside + "/daemon"):
    time.sleep(0.01)
"""


@pytest.fixture
def beside(tmp_path: Path) -> Iterator[Path]:
    """Return the file in which a daemon notes its number; it is ended afterwards."""
    note = tmp_path / "beside/daemon"
    yield note
    if note.exists():
        os.kill(int(note.read_text(encoding="utf-8")), signal.SIGKILL)


def _is_alive(note: Path) -> bool:
    try:
        os.kill(int(note.read_text(encoding="utf-8")), 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("at", ["import", "run"])
def test_nobody_waits_for_a_daemon(at: str, demo_maker: DemoMaker, beside: Path) -> None:
    demo = own(demo_maker, "yield Value('one', 1)\n" if at == "import" else f"{DAEMON}yield Value('one', 1)\n")
    if at == "import":
        demo.edit("tools/own.py", "\ndef own", f"{DAEMON}\ndef own")
    demo.sync()
    assert _is_alive(beside)


def test_nor_where_the_resolver_ends_and_leaves_one(demo_maker: DemoMaker, beside: Path) -> None:
    demo = own(demo_maker, f"{DAEMON}os._exit(3)\n")
    (problem,) = refused(demo.root, demo.environ)
    assert "ended without an answer" in problem.message
    assert _is_alive(beside)


WRITE = "for number in range(1, 64):\n    try:\n        os.write(number, {!r})\n    except OSError:\n        pass\n"
FOREIGN = {
    "text": b"hello\n",
    "no line": b"hello",
    "another document": b"[]\n",
    "a number": b"1\n",
    "a table": b"{}\n",
    "problems that are none": b'{"problems": [1]}\n',
    "found that is none": b'{"found": [["file"]], "notices": []}\n',
    "found of no kind": b'{"found": [["x", "a", "", "", true, true]], "notices": []}\n',
    "a path that is none": b'{"found": [["file", 1, "", "", true, true]], "notices": []}\n',
    "looked at what is not there": b'{"found": [], "notices": [], "looked": 1}\n',
    "very deep": b"[" * 100_000 + b"\n",
    "no ASCII": b"\xff\xfe\n",
}


@pytest.mark.parametrize("case", FOREIGN)
def test_writing_into_our_descriptors_is_told(case: str, demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, f"{WRITE.format(FOREIGN[case])}yield Value('one', 1)\n")
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("resolver-failed", WHERE)
    assert problem.message.startswith(f"{BLAME} wrote into a file descriptor that is not its own")
    assert demo.cli("sync", check=False).returncode == 2


def test_while_it_is_imported_as_well(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "yield Value('one', 1)\n", WRITE.format(b"hello\n"))
    (problem,) = refused(demo.root, demo.environ)
    assert "wrote into a file descriptor that is not its own" in problem.message


def test_closing_them_is_told(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "os.closerange(0, 64)\nyield Value('one', 1)\n")
    (problem,) = refused(demo.root, demo.environ)
    assert "ended without an answer" in problem.message


@pytest.mark.parametrize("error", ["BaseException('no')", "KeyboardInterrupt()", "GeneratorExit()", "Own('no')"])
@pytest.mark.parametrize("at", ["import", "run"])
def test_whatever_is_raised_is_told(at: str, error: str, demo_maker: DemoMaker) -> None:
    head = "class Own(BaseException):\n    pass\n\n"
    if at == "import":
        demo = own(demo_maker, "yield Value('one', 1)\n", f"{head}raise {error}\n")
    else:
        demo = own(demo_maker, f"raise {error}\n", head)
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where) == ("resolver-failed", WHERE)
    assert problem.message.startswith(f"{BLAME} raised ")
    assert error.partition("(")[0] in problem.message
    assert demo.cli("sync", check=False).returncode == 2
