"""What lies in ``.dyncachekeys`` may be anything: whatever is damaged is no memory, and the next write replaces it."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import dyncachekeys
from dyncachekeys.cli.main import run
from dyncachekeys.doctor.examine import examine
from dyncachekeys.process.limit import limited
from dyncachekeys.quick import check
from dyncachekeys.quick.answer import QuickChecks
from dyncachekeys.quick.snapshot import Snapshot
from dyncachekeys.syncing import document
from dyncachekeys.syncing.state import State, dump, load
from kit import Demo, DemoMaker, explained, make_demo, tree_of

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs what POSIX has")
CONFIG = """
[tool.uv]
extra-build-variables = { demo = { PYTHONPATH = ".dyncachekeys/watch" } }

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*"]

[tool.dyncachekeys.keys.table]
resolver = "table"
tables = ["project"]

[tool.dyncachekeys.keys.build]
resolver = "build"

[tool.dyncachekeys.keys.backend]
resolver = "backend"
"""
FILES = {"csrc/one.c": "1\n", "csrc/two.c": "2\n"}
_SECONDS = 20
_DEEP = 100_000


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """End what waits for ever."""

    with limited(_SECONDS):
        yield


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the name of a socket may have no more than 108 bytes
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(path.name)
    finally:
        os.chdir(here)


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _folder(path: Path) -> None:
    (path / "inside").mkdir(parents=True)
    (path / "inside/file").write_text("")


def _deep(path: Path) -> None:
    path.write_text("[" * _DEEP + "]" * _DEEP)


def _deep_table(path: Path) -> None:
    path.write_text('{"format":4,"a":' * 50_000 + "1" + "}" * 50_000)


def _huge(path: Path) -> None:
    with path.open("wb") as stream:
        stream.truncate(20 << 30)


def _empty(path: Path) -> None:
    path.write_bytes(b"")


def _noise(path: Path) -> None:
    path.write_bytes(b"\xff\xfe\0\x80{\n" * 50)


def _closed(path: Path) -> None:
    path.write_bytes(b"{}")
    path.chmod(0)


PLANTS: tuple[Callable[[Path], None], ...] = (
    *(_fifo, _socket, _device, _loop, _folder, _deep, _deep_table, _huge, _empty, _noise, _closed),
)
NAMES = (
    *("state.json", "snapshot", "scope", "derived.json", "history", "stamp", "lock", ".gitignore"),
    *("stamps/ID/stamp", "stamps/0011223344556677", "builds", "builds/0-1.json", "builds/problems", "builds/0-1/log"),
    *("builds/0-1/refresh", "watch", "watch/settings", "watch/sitecustomize.py", "inputs"),
)
AT_LEAST = ("state.json", "snapshot", "history", "builds", "watch/settings")
OTHERS = sorted({*NAMES} - {*AT_LEAST})
NEVER_WRITTEN = {name for name in NAMES if "/0" in name} | {"scope", "stamp", "stamps/ID/stamp", "builds/problems"}
"""Of one project, where links can be made: a stamp that is damaged gives way to another."""


def _planted(demo: Demo, name: str, plant: Callable[[Path], None]) -> Path:
    home = demo.root / ".dyncachekeys"
    path = home / name.replace("ID", (home / "current").readlink().name)
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rename(demo.beside / os.urandom(4).hex())
    path.unlink(missing_ok=True)
    plant(path)
    return path


def _quick(demo: Demo) -> None:
    """Look as the quiet path does."""
    root = os.fspath(demo.root)
    for file in ("snapshot", "scope"):
        known = Snapshot.load(f"{root}/.dyncachekeys", file)
        QuickChecks(0).at(root, known)


def _all_commands(demo: Demo) -> None:
    """Run in this process what reads the state, and then what writes it."""
    demo.write({"csrc/one.c": os.urandom(4).hex()})  # so that there is something to write
    _quick(demo)
    dyncachekeys.check(demo.root, demo.environ)
    assert explained(demo.root, demo.environ) is not None
    assert not [one for one in examine(demo.root, demo.environ) if one.code == "DCK000"]
    dyncachekeys.sync(demo.root, demo.environ)
    assert dyncachekeys.sync(demo.root, demo.environ).move == "kept"


@pytest.mark.parametrize("name", [*AT_LEAST, *(pytest.param(name, marks=pytest.mark.thorough) for name in OTHERS)])
def test_whatever_is_planted_is_no_memory_and_is_replaced(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    for plant in PLANTS:
        if name in {"builds", "watch", "inputs"} and plant is _closed:
            continue  # a file there is like any other
        path = _planted(demo, name, plant)
        _all_commands(demo)
        if name not in NEVER_WRITTEN:
            assert path.is_file() or path.is_dir(), plant
        assert Snapshot.load(os.fspath(demo.root / ".dyncachekeys")) is not None, plant
        assert load(demo.root / ".dyncachekeys/state.json").digest is not None, plant


@pytest.mark.parametrize(
    "plant",
    [
        *PLANTS[:1],
        _folder,
        *(pytest.param(one, marks=pytest.mark.thorough) for one in PLANTS[1:] if one is not _folder),
    ],
)
def test_clean_always_works(demo_maker: DemoMaker, plant: Callable[[Path], None]) -> None:
    demo = demo_maker(CONFIG, FILES)
    before = (demo.root / "pyproject.toml").read_bytes()
    demo.sync()
    for name in NAMES:
        with contextlib.suppress(OSError):  # what lies in a folder that is none
            _planted(demo, name, plant)
    document.clean(demo.root)
    assert not (demo.root / ".dyncachekeys").exists()
    if plant is not _folder:
        assert (demo.root / "pyproject.toml").read_bytes() == before


@pytest.mark.parametrize("command", [["clean"], pytest.param(["sync"], marks=pytest.mark.thorough)])
def test_folders_in_folders_without_end_are_removed(demo_maker: DemoMaker, command: list[str]) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    (demo.root / ".dyncachekeys/state.json").unlink()
    here = Path.cwd()
    os.chdir(demo.root / ".dyncachekeys")
    try:
        Path("state.json").mkdir()
        os.chdir("state.json")
        for _ in range(1_500):
            Path("d").mkdir()
            Path("e").mkdir()
            os.chdir("d")
    finally:
        os.chdir(here)
    assert demo.cli(*command).returncode == 0
    assert not (demo.root / ".dyncachekeys/state.json").is_dir()


@pytest.mark.parametrize(
    "name", ["state.json", *(pytest.param(one, marks=pytest.mark.thorough) for one in ("snapshot", "lock", "stamp"))]
)
def test_no_command_line_hangs_at_a_pipe(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    _planted(demo, name, _fifo)
    for command in (["check"], ["run", "--", "true"], ["doctor"], ["explain"], ["clean"]):
        done = subprocess.run(
            [sys.executable, "-m", "dyncachekeys", *command],
            cwd=demo.root,
            env=demo.environ,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
        )
        assert done.returncode in {0, 1}, done.stderr


def test_what_has_another_name_is_not_written(demo_maker: DemoMaker) -> None:
    """An archive can bring a history that is the user's file by another name: what is added to it is added there."""
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    home, precious = demo.root / ".dyncachekeys", demo.root / "precious"
    text = "precious\n" * 20_000  # so much that a history would be cut
    precious.write_text(text)
    for name in ("history", "lock", "state.json", "builds/problems"):
        (home / "builds").mkdir(exist_ok=True)
        (home / name).unlink(missing_ok=True)
        os.link(precious, home / name)
        demo.write({"csrc/one.c": f"{name}\n", "csrc/new": name})
        demo.cli("sync")
        assert precious.read_text() == text, name


@pytest.fixture(scope="module")
def synced(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    demo = make_demo(tmp_path_factory.mktemp("planted"), CONFIG, FILES)
    demo.uv_sync()
    demo.settled()
    return demo


HOSTILE: tuple[Any, ...] = (
    *(None, True, -1, 0, 1 << 70, 1e400, float("nan"), "", "\0", "\ud800", "../../../../../../etc/passwd", "/dev/zero"),
    *([], {}, [[]], {"": {}}, [None], "x" * 5_000, "a/" * 3_000, ["\0"], {"\0": "\0"}, [1, 2, 3, 4], "1.x"),
)


def _places(data: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield way
    inside = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for name, value in list(inside)[:3]:
        yield from _places(value, (*way, name))


def _with(data: Any, way: tuple[Any, ...], value: Any) -> Any:
    if not way:
        return value
    copy = dict(data) if isinstance(data, dict) else list(data)
    copy[way[0]] = _with(copy[way[0]], way[1:], value)
    return copy


SAMPLE = {"full": 11, "thorough": 100_000}


@pytest.mark.parametrize("much", ["full", pytest.param("thorough", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", ["state.json", "derived.json", "builds/*.json"])
def test_a_state_of_other_values_is_never_a_bug(synced: Demo, name: str, much: str) -> None:
    signal.alarm(0)
    home = synced.root / ".dyncachekeys"
    path = next(home.glob(name))
    good = path.read_bytes()
    data = json.loads(good)
    cases = [(way, value) for way in _places(data) for value in HOSTILE]
    for way, value in random.Random(name).sample(cases, min(len(cases), SAMPLE[much])):
        path.write_text(json.dumps(_with(data, way, value)), encoding="ascii")
        try:
            dyncachekeys.check(synced.root, synced.environ)
            explained(synced.root, synced.environ)
            examine(synced.root, synced.environ)
        except Exception as error:
            message = f"{name}: {way} is {value!r:.80}"
            raise AssertionError(message) from error
        finally:
            path.write_bytes(good)


def test_a_state_of_other_values_is_empty(tmp_path: Path) -> None:
    """Not one value of another type gets any further."""
    good = json.loads(dump(State()))
    values: tuple[Any, ...] = ({"a": {"b": {"c": []}}}, [[[[]]]], 1e400, 1 << 70, "\ud800", "\0")
    for name in good:
        for value in values:
            (tmp_path / "state.json").write_text(json.dumps(good | {name: value, "digest": "sha256-1"}))
            found = load(tmp_path / "state.json")
            assert (name, value) == ("digest", value) or found.digest is None, (name, value)


@pytest.mark.parametrize("text", ["history", "stamp"])
def test_lines_of_other_values_are_never_a_bug(synced: Demo, text: str) -> None:
    home = synced.root / ".dyncachekeys"
    path = home / "history" if text == "history" else home / "current/stamp"
    good = path.read_bytes()
    rows: list[bytes] = [b"[]", b"1e400", b'{"at":1}', b"{" * 5_000, b"\xff", b"null", b'{"changes":[]}']
    event = {"at": "\0", "digest": 1, "previous": [], "move": "moved", "why": [None], "changes": {}}
    changes = (
        *([["added", "file", "x", "no-such-cause", "r"]], [["no-such-kind", "file", "x", "gone", "r"]]),
        *([["added", "file", "\ud800", "gone", "\0"]], [[1, 2, 3, 4, 5]], [None], "abcde", 5, [["x"] * 6]),
    )
    rows += [json.dumps(event | {"changes": {"k": row}}).encode() for row in changes]
    rows += [b'digest = "x"\nbirth = 1e9\ninode = 5', b"digest = 1\nbirth =\ninode = 99999999999999999999999999"]
    try:
        for row in rows:
            path.write_bytes(row + b"\n")
            for command in (
                ["explain"],
                ["explain", "--since", "5", "-v"],
                ["explain", "--since", "9", "--format", "json"],
            ):
                done = _in_process(synced, *command)
                assert done in {0, 1}, row
    finally:
        path.write_bytes(good)


def _in_process(demo: Demo, *command: str) -> int:
    here = Path.cwd()
    os.chdir(demo.root)
    before = dict(os.environ)
    os.environ.update(demo.environ)
    try:
        return run(command)
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)


@pytest.mark.parametrize("cases", [60, pytest.param(6_000, marks=pytest.mark.thorough)])
def test_a_damaged_snapshot_never_misleads(tmp_path: Path, cases: int) -> None:
    """Bits that flip, bytes that change, an end that is gone: nothing is wrongly quiet, and nothing fails."""
    signal.alarm(0)
    demo = make_demo(tmp_path, CONFIG.replace('resolver = "build"', 'resolver = "env"\nnames = ["CC", "CX_*"]'), FILES)
    demo.sync()
    path, rng = demo.root / ".dyncachekeys/snapshot", random.Random(5)
    good = path.read_bytes()
    for _ in range(cases):
        _damage(path, good, rng)
        known = Snapshot.load(os.fspath(path.parent))
        if known is None:
            continue
        with contextlib.suppress(check.NotQuick):
            check.differences(os.fspath(demo.root), known, demo.environ)
        report = dyncachekeys.check(demo.root, demo.environ)
        assert (report.move, report.region_differs) == ("kept", False)
    path.write_bytes(good)
    demo.write({"csrc/one.c": "edited\n"})
    for _ in range(cases // 3):
        _damage(path, good, rng)
        assert dyncachekeys.check(demo.root, demo.environ).changed


def _damage(path: Path, good: bytes, rng: random.Random) -> None:
    """Write over the snapshot in its place: its inode stays, so that it may be believed."""
    data = bytearray(good)
    at = rng.randrange(len(data))
    match rng.randrange(4):
        case 0:
            data[at] ^= 1 << rng.randrange(8)
        case 1:
            data[at] = rng.choice(b"\0/ 9\xff")
        case 2:
            data[at : at + 8] = bytes(8) if rng.random() < 0.5 else b"\xff" * 8
        case _:
            del data[at:]
    with path.open("r+b") as stream:
        stream.truncate(0)
        stream.write(data)


def test_a_planted_state_is_replaced_and_nothing_else(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG, FILES)
    demo.sync()
    _planted(demo, "state.json", _folder)
    before = {path: data for path, data in tree_of(demo.root).items() if not path.startswith(".dyncachekeys")}
    demo.cli("sync")
    after = {path: data for path, data in tree_of(demo.root).items() if not path.startswith(".dyncachekeys")}
    assert before == after
