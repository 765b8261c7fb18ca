"""What was read of modules is kept between runs: a help that can't be seen, but for the time."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import dyncachekeys
from dyncachekeys.files.derived import FILE, Derived, load
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.pysource import reader
from dyncachekeys.pysource.module import Import, Reading

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PYPROJECT = """\
[project]
name = "demo"
version = "0.1"

[build-system]
requires = []
build-backend = "core"
backend-path = ["."]

[tool.dyncachekeys.keys.backend]
resolver = "backend"
"""
SOURCES = {"core.py": "import one\n", "one.py": "import two\n", "two.py": "", "three.py": "", "four.py": ""}
LINES = [
    "import one",
    "import two, three",
    "from pkg import four",
    "from pkg import *",
    "from pkg.sub import leaf",
    "from . import four",
    "import importlib; importlib.import_module('three')",
    "import importlib; importlib.import_module(input())",
    "import sys; sys.path.insert(0, 'pkg')",
    "import sys; sys.path.append(input())",
    "import runpy; runpy.run_path('four.py')",
    "__all__ = ['four', 'sub']",
    "four = 1",
    "import four",
    "def broken(:",
    "# é",
    "",
]
MODULES = [*SOURCES, "pkg/__init__.py", "pkg/four.py", "pkg/sub/__init__.py", "pkg/sub/leaf.py"]


@pytest.fixture
def root(tmp_path: Path, clock: list[int]) -> Path:
    """Return a project that was synced, and let each later sync be ten seconds after the last edit."""
    project = tmp_path / "demo"
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    for path, text in SOURCES.items():
        (project / path).write_text(text)
    clock[0] = 10**10
    dyncachekeys.sync(project, {})
    return project


def keep(root: Path) -> Path:
    return root / ".dyncachekeys" / FILE


def inputs(root: Path) -> tuple[dict[str, str], list[str]]:
    """Return what is found now, with reasons, and what is warned of."""
    resolution = dyncachekeys.resolve(root, {})
    (key,) = (key for key in resolution.keys if key.name == "backend")
    return {one.subject: f"{one.state} {one.reason}" for one in key.inputs}, [n.message for n in resolution.notices]


def plant(root: Path, path: str = "one.py", module: str = "three") -> None:
    """Have it remembered that a module as it stands there imports another one than it does."""
    derived = load(keep(root))
    question = f"imports {reader.FORMAT} {path}\0{path.removesuffix('.py')}"
    data, false = (root / path).read_bytes(), reader.dump(Reading([Import(1, module)]))
    known = {**json.loads(keep(root).read_bytes())["answers"]}
    planted = Derived()
    planted.answer(question, data, lambda _: false)
    (key,) = json.loads(planted.dump())["answers"]
    assert key in known
    assert derived.recall(question, Files(root, FileMemory()).look("", [path]).content(path)) == known[key]
    forged = _of({**known, key: false})
    keep(root).write_bytes(forged.dump())


def _of(answers: dict[str, str]) -> Derived:
    derived = Derived(answers)
    derived._used = answers
    return derived


def edit(root: Path) -> None:
    """Give the next run something to do."""
    (root / "core.py").write_text((root / "core.py").read_text() + "# edited\n")


def test_an_unchanged_module_is_not_read_again(root: Path) -> None:
    """Shown by an untruth: that `one` imports `three` is what the memory says, not the module."""
    plant(root)
    edit(root)
    assert "three.py" in inputs(root)[0]
    assert "two.py" not in inputs(root)[0]
    dyncachekeys.sync(root, {})
    assert "three.py" in inputs(root)[0]


def test_an_edited_module_is_read_again(root: Path) -> None:
    plant(root)
    (root / "one.py").write_text("import four\n")
    assert {"one.py", "four.py"} <= inputs(root)[0].keys()
    assert "three.py" not in inputs(root)[0]


def _flip(path: Path) -> None:
    path.write_text(path.read_text().replace("three", "thref"))


def _change(name: str, value: object) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_text(json.dumps({**json.loads(path.read_text()), name: value}))

    return change


def _link(path: Path) -> None:
    path.rename(path.parent.parent / "elsewhere.json")
    path.symlink_to("../elsewhere.json")


def _give_away(path: Path) -> None:
    os.chown(path, 12345, 12345)


def _track(path: Path) -> None:
    for command in (["init", "--quiet"], ["add", "--force", str(path)]):
        subprocess.run(["git", *command], cwd=path.parent.parent, check=True)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda path: path.unlink(), id="gone"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]), id="cut off"),
        pytest.param(lambda path: path.write_bytes(b"\xff" + path.read_bytes()), id="no text"),
        pytest.param(lambda path: path.write_text("[" * 100_000), id="deep"),
        pytest.param(_flip, id="flipped"),
        pytest.param(_change("format", 2), id="another format"),
        pytest.param(_change("basis", ["0.0", sys.version, "0"]), id="another release"),
        pytest.param(_change("answers", []), id="no answers"),
        pytest.param(_change("sum", None), id="no checksum"),
        pytest.param(_link, id="a link"),
        pytest.param(_track, id="tracked"),
        pytest.param(
            _give_away,
            id="somebody else's",
            marks=pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root"),
        ),
    ],
)
def test_a_memory_that_cant_be_believed_is_none(root: Path, damage: Callable[[Path], None]) -> None:
    plant(root)
    damage(keep(root))
    edit(root)
    assert {"one.py", "two.py"} <= inputs(root)[0].keys()
    dyncachekeys.sync(root, {})
    assert "three.py" not in inputs(root)[0]
    assert not keep(root).is_symlink()
    assert load(keep(root)).recall("x", b"") is None


def test_only_what_was_used_is_kept(root: Path) -> None:
    def count() -> int:
        return len(json.loads(keep(root).read_bytes())["answers"])

    assert count() == 3
    (root / "one.py").write_text("import three, four\n")
    dyncachekeys.sync(root, {})
    assert count() == 4
    (root / "core.py").write_text("")
    dyncachekeys.sync(root, {})
    assert count() == 1


def test_it_is_for_the_user_alone_and_none_but_a_sync_writes_it(root: Path) -> None:
    assert keep(root).stat().st_mode & 0o077 == 0
    before = keep(root).read_bytes()
    edit(root)
    dyncachekeys.check(root, {})
    dyncachekeys.resolve(root, {})
    assert keep(root).read_bytes() == before
    dyncachekeys.sync(root, {})
    after = keep(root).stat()
    assert keep(root).read_bytes() != before
    dyncachekeys.sync(root, {})
    assert keep(root).stat().st_ino == after.st_ino


def test_a_module_that_cant_be_parsed_is_told_of_each_time(root: Path) -> None:
    (root / "one.py").write_text("import two\nimport (\n")
    dyncachekeys.sync(root, {})
    told = inputs(root)[1]
    assert told == [one for one in told if one.startswith("one.py:2: ")]
    assert told
    edit(root)
    dyncachekeys.sync(root, {})
    assert inputs(root)[1] == told
    (root / "one.py").write_text("import two\n")
    assert inputs(root)[1] == []


@pytest.mark.parametrize("seed", range(4))
def test_with_memory_is_as_without(root: Path, tmp_path: Path, seed: int) -> None:
    """Over random edits: what comes and goes, what can't be parsed, what adds to the search path."""
    chance = random.Random(seed)
    for _ in range(12):
        path = root / chance.choice(MODULES)
        if chance.random() < 0.15:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("\n".join(chance.choices(LINES, k=chance.randint(0, 4))) + "\n")
        fresh = tmp_path / "fresh"
        shutil.copytree(root, fresh, ignore=shutil.ignore_patterns(".dyncachekeys"))
        assert inputs(root) == inputs(fresh)
        shutil.rmtree(fresh)
        if chance.random() < 0.7:
            dyncachekeys.sync(root, {})


def test_what_a_function_raises_is_not_kept() -> None:
    derived = Derived()

    def fail(_: bytes) -> str:
        raise RecursionError

    with pytest.raises(RecursionError):
        derived.answer("question", b"content", fail)
    assert derived.answer("question", b"content", lambda _: "answer") == "answer"
    assert derived.answer("question", b"content", fail) == "answer"
    assert derived.answer("question", b"other", lambda _: "other") == "other"


def test_half_a_surrogate_pair_is_not_kept(tmp_path: Path) -> None:
    """In JSON, two halves one after the other would come back as one character."""
    derived = Derived()
    assert derived.answer("\ud83d", b"", lambda _: "\ud83d\ude00") == "\ud83d\ude00"
    assert not derived.is_news
    assert derived.answer("\ud83d", b"", lambda _: "a") == "a"
    (tmp_path / FILE).write_bytes(derived.dump())
    assert load(tmp_path / FILE).answer("\ud83d", b"", lambda _: "b") == "a"
