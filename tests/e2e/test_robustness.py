"""Two at once, killed at any instant, and the same answer everywhere: cases 37 and 40 of the collected situations."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest

from kit import BACKEND, VARIED_KEYS, Demo, DemoMaker, make_demo

EXACT = '\n[tool.dyncachekeys]\nwatch = "digest"\n' + VARIED_KEYS
TRANSPORT = pytest.param(EXACT.replace('watch = "', 'transport = "'), id="transport", marks=pytest.mark.thorough)
PROFILES = pytest.mark.parametrize(
    "config", [pytest.param(VARIED_KEYS, id="auto"), pytest.param(EXACT, id="exact"), TRANSPORT]
)
SLOWLY_KILLED = pytest.mark.parametrize(
    "config",
    [pytest.param(VARIED_KEYS, id="auto", marks=pytest.mark.thorough), pytest.param(EXACT, id="exact"), TRANSPORT],
)
"""For what is killed some dozen times."""
TELLS = BACKEND.replace(
    "    return name\n",
    """\
        source = "/".join(["csrc", "one.c"])  # not one that reading finds: then the file would be of the backend, too
        wheel.writestr("demo-0.1.dist-info/sources.txt", Path(source).read_bytes())
    return name
""",
    1,
)
FILES = {"csrc/one.c": "A\n", "build_backend/core.py": TELLS}


def _installed(demo: Demo) -> str:
    (path,) = demo.root.glob(".venv/lib/python*/site-packages/demo-*.dist-info/sources.txt")
    return path.read_text(encoding="utf-8")


def _start(demo: Demo, *command: str, **environ: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command,
        cwd=demo.root,
        env={**demo.environ, **environ},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(processes: list[subprocess.Popen[str]]) -> None:
    told = ["".join(process.communicate()) for process in processes]  # all of them, so that none outlives the test
    assert [process.returncode for process in processes] == [0] * len(processes), told


def _home_is_sound(demo: Demo) -> bool:
    """Tell whether there is one link, it leads somewhere, and nothing half-written lies about."""
    home = demo.root / ".dyncachekeys"
    names = {path.name for path in home.iterdir()}
    beside = [path.name for path in demo.root.iterdir() if path.name.endswith(".tmp")]
    stamp = home / "current" / "stamp"
    return (
        names - {"inputs"}
        == {".gitignore", "current", "derived.json", "history", "lock", "stamps", "state.json", "snapshot"}
        and stamp.is_file()
        and not beside
    )


SYNC = (sys.executable, "-m", "dyncachekeys", "sync", "--quiet")


@PROFILES
def test_many_syncs_at_once(demo_maker: DemoMaker, config: str) -> None:
    """Case 37."""
    demo = demo_maker(config, FILES)
    _finish([_start(demo, *SYNC) for _ in range(4)])
    assert demo.uv_sync() == 1
    for number in range(6):
        demo.write({"csrc/one.c": f"{number}\n", f"csrc/{number}.c": ""})
        if number % 2:
            demo.write({"build_backend/optional.py": "", "build_backend/helper.py": _helper(number)})
        _finish([_start(demo, *SYNC) for _ in range(4)])
        assert _home_is_sound(demo)
        assert demo.cli("check", "--stamp", check=False).returncode == 0
        assert demo.uv_sync() == 1
        assert demo.both() == 0
    assert _installed(demo) == "5\n"


def test_many_first_syncs_at_once(demo_maker: DemoMaker) -> None:
    """Case 37: what one writes before it waits for the lock, another may take for a leftover."""
    demo = demo_maker(EXACT, FILES)
    for _ in range(8):
        shutil.rmtree(demo.root / ".dyncachekeys", ignore_errors=True)
        _finish([_start(demo, *SYNC) for _ in range(4)])
        assert _home_is_sound(demo)


def _helper(number: int) -> str:
    return f"from build_backend import optional\n\nNUMBER = {number}\n\n\ndef dependencies():\n    return []\n"


@PROFILES
def test_edits_and_syncs_at_once(demo_maker: DemoMaker, config: str) -> None:
    """Case 37: a file changes while others look at it; the last sync alone has to be right."""
    demo = demo_maker(config, FILES)
    demo.settled()
    for number in range(4):
        running = []
        for step in range(4):
            demo.write({"csrc/one.c": f"{number}.{step}\n"})
            running.append(_start(demo, *SYNC))
        _finish(running)
        assert demo.both() == 1
        assert _installed(demo) == f"{number}.3\n"
        assert demo.both() == 0
        assert _home_is_sound(demo)


WAITS = TELLS.replace(
    "    name = ",
    """\
    import time

    Path(os.environ["BUILD_LOG"] + ".started").touch()
    while not Path(os.environ["BUILD_LOG"] + ".go").exists():
        time.sleep(0.01)
    name = """,
    1,
)


def _nothing(demo: Demo) -> int:
    return 0


def _edit_a_source(demo: Demo) -> int:
    demo.write({"csrc/one.c": "during\n"})
    return 1


def _edit_the_backend(demo: Demo) -> int:
    demo.append("build_backend/helper.py", "\nEDITED = True\n")
    return 1


@PROFILES
@pytest.mark.parametrize("syncs", [1, 2])
@pytest.mark.parametrize("act", [_nothing, _edit_a_source, _edit_the_backend])
def test_a_sync_during_a_build(demo_maker: DemoMaker, config: str, act: Callable[[Demo], int], syncs: int) -> None:
    """Case 37: uv took its record before the backend ran (U15)."""
    demo = demo_maker(config, {**FILES, "build_backend/core.py": WAITS})
    go, started = Path(f"{demo.log}.go"), Path(f"{demo.log}.started")
    go.touch()
    demo.settled()
    go.unlink()
    started.unlink()
    demo.write({"csrc/one.c": "before\n"})
    demo.sync()
    build = _start(demo, shutil.which("uv", path=str(Path(sys.executable).parent)) or "uv", "sync")
    while not started.exists():
        assert build.poll() is None, build.communicate()
    expected = act(demo)
    for _ in range(syncs):
        _finish([_start(demo, *SYNC)])
    go.touch()
    _finish([build])
    before = demo.builds
    demo.both()
    assert demo.builds - before == expected
    assert _installed(demo) == (demo.root / "csrc/one.c").read_text()
    assert demo.both() == 0


KILLED = """
import os, sys

root, last = sys.argv[1], int(sys.argv[2])
seen = 0
WRITES = {"os.rename", "os.symlink", "os.link", "os.mkdir", "os.remove", "os.rmdir", "os.chmod", "os.utime", "os.truncate"}
CHANGES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def hook(event, arguments):
    global seen
    if event in WRITES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & CHANGES):
        if any(isinstance(one, (str, os.PathLike)) and ROOT in os.fspath(one) for one in arguments[:2]):
            seen += 1
            if seen == last:
                os._exit(77)


import dyncachekeys.syncing.apply
import dyncachekeys.quick.stamp

ROOT = root
sys.dont_write_bytecode = True
sys.addaudithook(hook)
dyncachekeys.sync(root)
"""
"""Ends at once, as ``kill -9`` does, instead of the n-th change below the project's folder."""


KILLED_EDIT = KILLED.replace("dyncachekeys.syncing.apply", "dyncachekeys.quick.edit").replace(
    "dyncachekeys.sync(root)",
    """\
from dyncachekeys.quick.answer import answer
assert answer(["sync", "--quiet"]).done, "not the path of an edit"
""",
)
"""The same on the path of a quick edit."""


EACH_WRITE = int(os.environ.get("DYNCACHEKEYS_EACH_WRITE", "3"))
"""At which writes a sync is killed: all of them in `nox -s thorough`, and in `nox -s faults`."""


def _killed_at_each_write(demo: Demo, prepare: Callable[[int], None], killed: str = KILLED) -> Iterator[int]:
    for number in itertools.count(1, EACH_WRITE):
        prepare(number)
        code = [sys.executable, "-c", killed, str(demo.root), str(number)]
        done = demo.run(*code, check=False)
        if done.returncode == 0:
            assert number > 5, "it was killed nowhere: the test shows nothing"
            return
        assert done.returncode == 77, done.stderr
        yield number


@PROFILES
@pytest.mark.parametrize("uv_first", [False, True], ids=["sync-next", "plain-uv-next"])
def test_killed_at_any_write_after_an_edit(demo_maker: DemoMaker, config: str, uv_first: bool) -> None:
    """Case 37: the next sync completes it."""
    demo = demo_maker(config, FILES)
    demo.settled()

    def prepare(number: int) -> None:
        demo.write({"csrc/one.c": f"{number}\n"})

    for number in _killed_at_each_write(demo, prepare):
        before = demo.builds
        if uv_first:
            demo.uv_sync()
        demo.both()
        assert _installed(demo) == f"{number}\n", number
        assert demo.builds - before <= (2 if uv_first else 1), number
        assert demo.both() == 0, number


@PROFILES
def test_killed_at_any_write_and_then_back(demo_maker: DemoMaker, config: str) -> None:
    """Case 37: killed on the way to B; the next sync finds A, which is what is installed."""
    demo = demo_maker(config, FILES)
    demo.settled()

    def prepare(number: int) -> None:
        demo.write({"csrc/one.c": f"{number}\n"})

    for number in _killed_at_each_write(demo, prepare):
        demo.write({"csrc/one.c": "A\n"})
        assert demo.both() <= 1, number
        assert _installed(demo) == "A\n", number
        assert demo.both() == 0, number


@pytest.mark.thorough
@SLOWLY_KILLED
def test_killed_at_any_write_of_a_changed_region(demo_maker: DemoMaker, config: str) -> None:
    """Case 37: ``pyproject.toml`` is the old one or the new one, and nothing is left behind."""
    demo = demo_maker(config, FILES)
    demo.settled()

    def prepare(number: int) -> None:
        demo.write({f"build_backend/module_{number}.py": ""})
        demo.append("build_backend/helper.py", f"\nfrom build_backend import module_{number}\n")
        demo.append(
            "pyproject.toml", f'\n[tool.dyncachekeys.keys.n{number}]\nresolver = "env"\nnames = ["N{number}"]\n'
        )

    for number in _killed_at_each_write(demo, prepare):
        assert demo.both() == 1, number
        assert demo.both() == 0, number
        demo.append("build_backend/helper.py", "\nEDITED = True\n")
        assert demo.both() == 1, number
        assert demo.cli("check", "--stamp", check=False).returncode == 0


@SLOWLY_KILLED
def test_killed_at_any_write_of_the_first_sync(tmp_path: Path, config: str) -> None:
    """Case 37."""
    for number in itertools.count(1, EACH_WRITE):
        demo = make_demo(tmp_path / str(number), config, FILES)
        demo.uv_sync()
        original = (demo.root / "pyproject.toml").read_bytes()
        code = [sys.executable, "-c", KILLED, str(demo.root), str(number)]
        done = demo.run(*code, check=False)
        if done.returncode == 0:
            assert number > 5
            return
        assert done.returncode == 77, done.stderr
        demo.write({"csrc/one.c": "B\n"})
        assert demo.both() == 1, number
        assert _installed(demo) == "B\n", number
        assert demo.both() == 0, number
        demo.cli("clean")
        assert (demo.root / "pyproject.toml").read_bytes() == original


@PROFILES
def test_what_a_killed_sync_leaves_behind_is_taken_away(demo_maker: DemoMaker, config: str) -> None:
    """Case 37: a temporary file beside ``pyproject.toml`` could be an input of ``files`` for ever."""
    demo = demo_maker(config, FILES)
    demo.settled()

    def prepare(number: int) -> None:
        demo.write({"csrc/one.c": f"{number}\n"})
        demo.append(
            "pyproject.toml", f'\n[tool.dyncachekeys.keys.n{number}]\nresolver = "env"\nnames = ["N{number}"]\n'
        )

    for number in _killed_at_each_write(demo, prepare):
        demo.write({"csrc/one.c": f"{number} again\n"})
        demo.sync()
        assert _home_is_sound(demo), (number, _names(demo.root), _names(demo.root / ".dyncachekeys"))


@pytest.mark.parametrize("goes_back", [False, True], ids=["again", "back"])
def test_what_a_killed_edit_leaves_behind_is_taken_away(demo_maker: DemoMaker, goes_back: bool) -> None:
    """Case 37: also by a run that takes the same quick path."""
    demo = demo_maker(EXACT, FILES)
    demo.settled()

    def prepare(number: int) -> None:
        demo.write({"csrc/one.c": f"{number}\n"})

    before = "A\n"
    for number in _killed_at_each_write(demo, prepare, KILLED_EDIT):
        if goes_back:
            demo.write({"csrc/one.c": before})
        demo.cli("sync")
        assert _home_is_sound(demo), (number, _names(demo.root / ".dyncachekeys"))
        demo.uv_sync()
        before = before if goes_back else f"{number}\n"
        demo.both()
        assert _installed(demo) == before


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def _python(minor: str) -> Path | None:
    on_path = shutil.which(f"python{minor}")
    below_pyenv = sorted(Path("~/.pyenv/versions").expanduser().glob(f"{minor}.*/bin/python{minor}"))
    candidates = [*([Path(on_path)] if on_path else []), *below_pyenv]
    return next((path for path in candidates if _works(path, minor)), None)


def _works(python: Path, minor: str) -> bool:
    asked = [str(python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.stdout.strip() == minor


def _importable_elsewhere(folder: Path) -> Path:
    """Return a folder with dyncachekeys and what it needs, and nothing else, for other versions of Python."""
    import dyncachekeys  # noqa: PLC0415

    folder.mkdir()
    (folder / "dyncachekeys").symlink_to(Path(str(dyncachekeys.__file__)).parent)
    for name in ("tomli", "importlib-metadata", "zipp", "typing-extensions"):
        try:
            dist = distribution(name)
        except ImportError:
            continue
        for file in dist.files or []:
            top = file.parts[0]
            if not (top.startswith(("..", "__")) or (folder / top).exists()):
                (folder / top).symlink_to(Path(str(dist.locate_file(top))))
    return folder


@pytest.mark.parametrize("minor", ["3.10", "3.11", "3.12", "3.13", "3.14"])
def test_the_digest_under_another_python(demo_maker: DemoMaker, minor: str, tmp_path: Path) -> None:
    """Case 40."""
    python = _python(minor)
    if python is None:
        pytest.skip(f"there is no Python {minor} on PATH or under ~/.pyenv")
    demo = demo_maker(EXACT, FILES)
    path = str(_importable_elsewhere(tmp_path / "packages"))
    command = ["-m", "dyncachekeys", "digest"]
    done = demo.run(str(python), *command, PYTHONPATH=path, PYTHONDONTWRITEBYTECODE="1", CUDA_ARCH="90")
    assert done.stdout == demo.cli("digest", CUDA_ARCH="90").stdout
    assert done.stdout.startswith("sha256-")


def _digest(demo: Demo, cwd: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "dyncachekeys", "digest", *arguments]
    done = subprocess.run(command, cwd=cwd, env=demo.environ, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@pytest.mark.parametrize("folder", [".", "csrc", "build_backend", "../beside"])
def test_the_digest_from_another_directory(demo_maker: DemoMaker, folder: str) -> None:
    """Case 40."""
    demo = demo_maker(EXACT, FILES)
    assert _digest(demo, demo.root / folder, "--project", str(demo.root)) == demo.sync().digest
    if folder != "../beside":
        assert _digest(demo, demo.root / folder) == demo.sync().digest


def test_the_digest_of_a_checkout_elsewhere(demo_maker: DemoMaker, tmp_path: Path) -> None:
    """Case 40: other path, other times, other order of making, through a link, with and without state and region."""
    demo = demo_maker(EXACT, {**FILES, **{f"csrc/{number}.c": str(number) for number in range(5)}})
    (demo.root / "csrc/link.c").symlink_to("one.c")
    digest = demo.sync().digest
    elsewhere = tmp_path / "else where" / "\u00fcber"
    elsewhere.parent.mkdir()
    shutil.copytree(demo.root, elsewhere, symlinks=True)
    assert _digest(demo, elsewhere) == digest
    (elsewhere / "csrc").rename(elsewhere / "aside")
    (elsewhere / "csrc").mkdir()
    for path in sorted((elsewhere / "aside").iterdir(), reverse=True):
        shutil.copy(path, elsewhere / "csrc", follow_symlinks=False)
    shutil.rmtree(elsewhere / "aside")
    subprocess.run(["git", "init", "--quiet"], cwd=elsewhere, check=True, env=demo.environ)
    assert _digest(demo, elsewhere) == digest
    demo.run(sys.executable, "-m", "dyncachekeys", "clean", "--project", str(elsewhere))
    assert _digest(demo, elsewhere) == digest
    (tmp_path / "link").symlink_to(elsewhere, target_is_directory=True)
    assert _digest(demo, tmp_path / "link") == digest
    (elsewhere / "csrc/one.c").write_text("B\n")
    assert _digest(demo, elsewhere) != digest


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become another user")
def test_the_digest_for_another_user(everybodys: Path) -> None:
    """Case 40: the state is another user's, and so is not believed."""
    demo = make_demo(everybodys, EXACT, FILES)
    digest = demo.sync().digest
    # Asked first as root, since the other user may have no right to import anything.
    # What is imported late is imported while it can still be read: the interpreter may lie in root's home.
    code = "import os, dyncachekeys, dyncachekeys.process.run; print(dyncachekeys.check('.').digest)\n"
    code += "os.setgid(65534); os.setuid(65534); print(dyncachekeys.check('.').digest)"
    assert demo.run(sys.executable, "-c", code).stdout.split() == [digest, digest]
