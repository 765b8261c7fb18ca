"""No save is lost, whoever writes the file, and in whatever instant somebody saves it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dyncachekeys.errors import WriteError
from dyncachekeys.rewrite import swap
from dyncachekeys.rewrite.edit import EditedError
from dyncachekeys.rewrite.exchange import exchange
from dyncachekeys.rewrite.replace import replace
from kit import BACKEND_KEY, Demo, DemoMaker
from rewrite.saving import WAYS, everywhere, saved_during

linux = pytest.mark.skipif(sys.platform != "linux", reason="only there names can be exchanged")
Prepare = Callable[[DemoMaker], tuple[Demo, list[str]]]


def _to_sync(demo_maker: DemoMaker) -> tuple[Demo, list[str]]:
    return demo_maker(BACKEND_KEY), ["sync"]


def _to_clean(demo_maker: DemoMaker) -> tuple[Demo, list[str]]:
    demo = demo_maker(BACKEND_KEY)
    demo.sync()
    return demo, ["clean"]


def _to_init(demo_maker: DemoMaker) -> tuple[Demo, list[str]]:
    return demo_maker(), ["init"]


def _to_trace(demo_maker: DemoMaker) -> tuple[Demo, list[str]]:
    demo = demo_maker(
        files={"build_backend/helper.py": "def dependencies():\n    return open('deps.txt').read().split()\n"}
    )
    demo.write({"deps.txt": "\n"})
    demo.cli("trace", "--build")
    return demo, ["trace", "--build", "--write"]


@linux
@pytest.mark.parametrize(
    ("prepare", "way"),
    [
        *((_to_sync, way) for way in WAYS),
        (_to_clean, "rename"),
        (_to_init, "in place"),
        *(
            pytest.param(one, way, marks=pytest.mark.thorough)
            for one in (_to_clean, _to_init, _to_trace)
            for way in WAYS
        ),
    ],
)
def test_a_save_at_the_last_instant(demo_maker: DemoMaker, prepare: Prepare, way: str) -> None:
    demo, command = prepare(demo_maker)
    saves, done = saved_during(demo, way, *command)
    assert saves == 1, done.stderr
    assert done.returncode in {0, 2}, done.stderr
    assert "Traceback" not in done.stderr
    assert b"# save 1\n" in everywhere(demo)
    assert "edited meanwhile" in done.stderr or done.returncode == 0
    assert _is_tidy(demo)


@linux
def test_saves_at_the_last_instant_again_and_again(demo_maker: DemoMaker) -> None:
    """A sync gives up after a few tries, says so, and leaves the file to whoever saves it."""
    demo = demo_maker(BACKEND_KEY)
    saves, done = saved_during(demo, "each try", "sync", times=50)
    assert 2 < saves < 50
    assert done.returncode == 2, done.stderr
    assert "each time before it could be written" in done.stderr
    assert b"dyncachekeys: generated" not in (demo.root / "pyproject.toml").read_bytes()
    assert everywhere(demo).count(b"# save ") == saves
    assert _is_tidy(demo)


def _is_tidy(demo: Demo) -> bool:
    home = demo.root / ".dyncachekeys"
    left = [path.name for path in (*demo.root.iterdir(), *(home.iterdir() if home.exists() else ()))]
    return not [name for name in left if name.endswith((".tmp", ".swap"))]


@linux
@pytest.mark.parametrize("between", [1, 2, 3, 20])
def test_saves_between_the_exchanges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: int) -> None:
    """What comes out goes back in, until it is what was put in; what can't be in the file then is kept, and named."""
    path, home = tmp_path / "pyproject.toml", tmp_path / ".dyncachekeys"
    home.mkdir()
    path.write_bytes(b"before")
    numbers = itertools.count(1)

    def saved_first(one: Path, other: Path) -> bool:
        number = next(numbers)
        if number <= between:
            (tmp_path / "new").write_bytes(b"save %d" % number)
            (tmp_path / "new").replace(other)
        return exchange(one, other)

    monkeypatch.setattr(swap, "exchange", saved_first)
    with pytest.raises((EditedError, WriteError)) as raised:
        replace(path, b"before", b"after", home)
    last = min(between, next(numbers) - 1)
    contents = {one.read_bytes(): one.name for one in tmp_path.glob("pyproject.toml*")}
    assert b"save %d" % last in contents
    assert b"after" not in contents
    if between == 1:
        assert isinstance(raised.value, EditedError)
        assert len(contents) == 1
    else:
        assert contents[b"save %d" % (last - 1)] in str(raised.value)
    assert not list(home.iterdir())


def test_without_exchange_what_is_saved_in_place_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a file system, or system, that can't exchange names: what was replaced is looked at once more."""
    path, home = tmp_path / "pyproject.toml", tmp_path / ".dyncachekeys"
    home.mkdir()
    path.write_bytes(b"before")

    def saved_first(one: Path, other: Path) -> bool:
        other.write_bytes(b"saved in place")
        return False

    monkeypatch.setattr(swap, "exchange", saved_first)
    with pytest.raises(WriteError, match=r"pyproject.toml.kept-") as raised:
        replace(path, b"before", b"after", home)
    (kept,) = tmp_path.glob("pyproject.toml.kept-*")
    assert kept.read_bytes() == b"saved in place"
    assert kept.name in str(raised.value)
    assert path.read_bytes() == b"after"
    monkeypatch.setattr(swap, "exchange", lambda *_: False)
    replace(path, b"after", b"later", home)
    assert path.read_bytes() == b"later"
    assert not list(home.iterdir())


def test_a_file_that_comes_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    home = tmp_path / ".dyncachekeys"
    home.mkdir()
    replace(tmp_path / ".gitignore", b"", b"new", home)
    assert (tmp_path / ".gitignore").read_bytes() == b"new"
    with pytest.raises(EditedError):
        replace(tmp_path / ".gitignore", b"", b"other", home)
    (tmp_path / "uv.toml").write_bytes(b"")
    replace(tmp_path / "uv.toml", b"", b"new", home)
    (tmp_path / "uv.toml").unlink()
    with pytest.raises(EditedError):
        replace(tmp_path / "uv.toml", b"new", b"newer", home)
    assert not (tmp_path / "uv.toml").exists()
    assert not list(home.iterdir())
