"""What reading finds is what Python imports: random packages, really imported in a process of their own.

Of 1,200 other seeds none missed a file; nine found one too many, by a name that was bound below ``try``.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from dyncachekeys.pysource.closure import Start, follow
from dyncachekeys.pysource.module import Import

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ["a", "b", "c"]
DRIVER = """
import json, os, sys
root = os.getcwd()
sys.path[:0] = [os.path.join(root, directory) for directory in sys.argv[1:]]
sys.dont_write_bytecode = True
import start
files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
files = (file for file in files if file and file.startswith(root + os.sep))
print(json.dumps(sorted(os.path.relpath(file, root) for file in files)))
"""


class DiskTree:
    """A tree on disk."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def is_file(self, path: str) -> bool:
        return (self._root / path).is_file()

    def is_dir(self, path: str) -> bool:
        return (self._root / path).is_dir()

    def read_bytes(self, path: str) -> bytes:
        return (self._root / path).read_bytes()


def an_import(chance: random.Random) -> str:
    """Return an import that may fail, and that does nothing else."""
    dotted = ".".join(chance.choices(NAMES, k=chance.randint(1, 3)))
    dots = "." * chance.randint(1, 2)
    name = chance.choice([*NAMES, "VALUE"])
    form = chance.choice(
        [
            f"import {dotted}",
            f"from {dotted} import {name}",
            f"from {dots} import {name}",
            f"from {dots}{chance.choice(NAMES)} import {name}",
            f"import importlib; importlib.import_module({dotted!r})",
            f"import importlib as il; il.import_module('.{dotted}', __package__)",
            f"__import__({dotted!r}, fromlist=[{name!r}])",
        ]
    )
    return f"try:\n    {form}\nexcept (ImportError, TypeError, ValueError, KeyError):\n    pass\n"


def grow(root: Path, chance: random.Random, depth: int = 0) -> None:
    """Make a directory of modules, packages and namespace packages, some of them of one name."""
    root.mkdir()
    for name in NAMES:
        if chance.random() < 0.4:
            (root / f"{name}.py").write_text("VALUE = 1\n" + an_import(chance) + an_import(chance))
        if depth < 2 and chance.random() < 0.6:
            grow(root / name, chance, depth + 1)
            if chance.random() < 0.6:
                (root / name / "__init__.py").write_text("VALUE = 1\n" + an_import(chance))


@pytest.mark.parametrize("seed", range(60))
def test_reading_finds_what_python_imports(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    directories = ["one", "two"]
    for directory in directories:
        grow(tmp_path / directory, chance)
    (tmp_path / "one/start.py").write_text("".join(an_import(chance) for _ in range(6)))
    closure = follow(DiskTree(tmp_path), [Start(Import(0, "start"), "start", tuple(directories))])
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", DRIVER, *directories],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    assert sorted(closure.found) == json.loads(done.stdout)


def test_an_absent_candidate_is_what_python_would_take(tmp_path: Path) -> None:
    """Each candidate, created alone, becomes the module that is imported."""
    for directory in ("one", "two"):
        (tmp_path / directory).mkdir()
    (tmp_path / "one/start.py").write_text("import a, colorsys\n")
    (tmp_path / "two/a.py").write_text("")
    directories = ("one", "two")
    closure = follow(DiskTree(tmp_path), [Start(Import(0, "start"), "start", directories)])
    assert len(closure.absent) == 1 + 3 + 4
    for path in closure.absent:
        candidate = tmp_path / path
        candidate.parent.mkdir(exist_ok=True)
        candidate.write_text("")
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", DRIVER, *directories],
            cwd=tmp_path,
            check=True,
            capture_output=True,
            text=True,
        )
        assert path in json.loads(done.stdout)
        candidate.unlink()
        if candidate.name == "__init__.py":
            candidate.parent.rmdir()


ADDING = [
    "import {name}",
    "sys.path.insert(0, '{folder}')",
    "sys.path.append('{folder}')",
    "if {true}:\n    sys.path.insert(0, '{folder}')",
    "def add_{folder}():\n    sys.path.insert(0, '{folder}')",
    "try:\n    add_{folder}()\nexcept NameError:\n    pass",
    "def late_{name}():\n    import {name}",
    "try:\n    late_{name}()\nexcept NameError:\n    pass",
]


@pytest.mark.parametrize("seed", [*range(12), 481, 493])
def test_none_is_missed_where_directories_are_added(tmp_path: Path, seed: int) -> None:
    rng = random.Random(f"adding {seed}")
    for folder in ("x", "y"):
        (tmp_path / folder).mkdir()
    for path in ["start", *(f"{folder}{name}" for folder in ("", "x/", "y/") for name in NAMES)]:
        lines = [
            rng.choice(ADDING).format(
                name=rng.choice(NAMES), folder=rng.choice("xy"), true=rng.choice(["True", "False"])
            )
            for _ in range(rng.randint(0, 7 if path == "start" else 2))
        ]
        (tmp_path / f"{path}.py").write_text("\n".join(["import sys", *lines, ""]), encoding="utf-8")
    done = subprocess.run([sys.executable, "-c", DRIVER, "."], cwd=tmp_path, capture_output=True, text=True, check=True)
    closure = follow(DiskTree(tmp_path), [Start(Import(0, "start"), "start", (".",))])
    assert set(json.loads(done.stdout)) <= closure.found.keys()
