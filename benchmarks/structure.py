"""How the source is laid out, in figures: of this checkout, of another, or of two side by side.

``python benchmarks/structure.py [BEFORE [AFTER]]`` prints a table in Markdown. How each figure is counted:

- A room is a package directly below ``src/dyncachekeys``; a module at its root is a ``*.py`` file directly there,
  without ``__init__.py`` and ``__main__.py``. All other figures count every ``*.py`` file below ``src``.
- The length of a function is that from its ``def`` to its last line, both included: without decorators, with its
  docstring, and with the functions inside it, each of which counts by itself as well.
- Cyclomatic complexity is what radon counts (``radon cc src --min C`` lists the same): one more than the branches,
  loops, ``else`` of loops, handlers, comprehensions with their conditions, ``and`` and ``or``, and assertions.
  Functions inside functions are left out; a class has the mean of its methods. Ruff's C901 counts neither
  comprehensions nor ``and`` and ``or``, and so finds less.
- A name stands twice if two classes have it, leading underscores left out.
- What a run imports is what is in ``sys.modules`` at the end of a ``sync`` that resolves all keys of a small project.
  Needs what dyncachekeys requires, in the interpreter that runs this.
"""

from __future__ import annotations

import argparse
import ast
import configparser
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib  # a requirement of dyncachekeys there

CHECKOUT = Path(__file__).resolve().parent.parent
NAME = "dyncachekeys"
LONG, COMPLEX = 40, 10
_Function = (ast.FunctionDef, ast.AsyncFunctionDef)

PYPROJECT = """\
[project]
name = "demo"
version = "0.1"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[tool.dyncachekeys]
watch = "digest"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["src/**/*.c"]

[tool.dyncachekeys.keys.toolchain]
resolver = "env"
names = ["CC"]
"""
FILES = {"pyproject.toml": PYPROJECT, "backend.py": "import helper\n", "helper.py": "", "src/one.c": "int one;\n"}
RUN = """\
import sys
before = set(sys.modules)
from dyncachekeys.cli.main import run
code = run(["sync", "--quiet"])
new = set(sys.modules) - before
print(sum(name.split(".")[0] == "dyncachekeys" for name in new), len(new))
sys.exit(code)
"""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("checkouts", nargs="*", type=Path, metavar="CHECKOUT", help="one, or two to be compared")
    checkouts: list[Path] = parser.parse_args().checkouts or [CHECKOUT]
    columns = [figures(one.resolve()) for one in checkouts]
    names = ["now"] if len(checkouts) == 1 else [str(one) for one in checkouts]
    print(f"| | {' | '.join(names)} |\n| --- |{' --- |' * len(names)}")
    for row in columns[0]:
        print(f"| {row} | {' | '.join(column[row] for column in columns)} |")


def figures(checkout: Path) -> dict[str, str]:
    """Return the figures of a checkout, by what they are."""
    package = checkout / "src" / NAME
    if not package.is_dir():
        sys.exit(f"{checkout} has no src/{NAME}")
    texts = {path: path.read_text(encoding="utf-8") for path in sorted((checkout / "src").rglob("*.py"))}
    trees = {path: ast.parse(text) for path, text in texts.items()}
    lines = {path: text.count("\n") for path, text in texts.items()}
    largest = max(lines, key=lambda path: lines[path])
    twice = sorted(repeated(trees))
    ours, all_of_them = imported(checkout)
    return {
        f"modules at the root of `{NAME}`": str(sum(path.stem[:2] != "__" for path in package.glob("*.py"))),
        "rooms": str(len(list(package.glob("*/__init__.py")))),
        "rows of the layers contract": layers(checkout),
        f"functions over {LONG} lines": f"{sum(length > LONG for tree in trees.values() for length in lengths(tree))}",
        f"functions and classes of a cyclomatic complexity over {COMPLEX}": str(
            sum(found > COMPLEX for tree in trees.values() for found in complexities(tree))
        ),
        "lines": f"{sum(lines.values()):,}",
        "modules": f"{len(lines):,}",
        "largest module": f"`{largest.relative_to(package).as_posix()}`, {lines[largest]:,} lines",
        "class names that stand twice": f"{len(twice)}{': ' if twice else ''}{', '.join(twice)}",
        "own modules that one full run imports": str(ours),
        "all modules that it imports": str(all_of_them),
    }


def layers(checkout: Path) -> str:
    """Return how many rows each layers contract has, the first one first."""
    contracts = _pyproject(checkout)["tool"]["importlinter"]["contracts"]
    return " + ".join(str(len(one["layers"])) for one in contracts if one["type"] == "layers")


def _pyproject(checkout: Path) -> dict[str, Any]:
    return tomllib.loads((checkout / "pyproject.toml").read_text(encoding="utf-8"))


def lengths(tree: ast.AST) -> Iterator[int]:
    """Yield the number of lines of every function, also of those inside others."""
    for node in ast.walk(tree):
        if isinstance(node, _Function):
            yield (node.end_lineno or node.lineno) - node.lineno + 1


def repeated(trees: Mapping[Path, ast.AST]) -> set[str]:
    """Return the names that more than one class has."""
    classes = (node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return {name for name, times in Counter(node.name.lstrip("_") for node in classes).items() if times > 1}


def complexities(tree: ast.Module) -> Iterator[int]:
    """Yield the complexity of every function, class and method, as radon lists them."""
    for node in _definitions(tree):
        if isinstance(node, _Function):
            yield complexity(node)
            continue
        methods = [complexity(one) for one in _definitions(node) if isinstance(one, _Function)]
        whole = 1 + _decisions_of(node.body) + sum(methods)
        yield whole // max(len(methods), 1) + (len(methods) > 1)
        yield from methods


def complexity(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the cyclomatic complexity of a function, without the functions inside it."""
    return 1 + _decisions_of(function.body)


def _definitions(node: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    """Yield the functions and classes that stand in a module or class, also below an ``if``."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (*_Function, ast.ClassDef)):
            yield child
        else:
            yield from _definitions(child)


def _decisions_of(body: list[ast.stmt]) -> int:
    return sum(map(_decisions, body))


def _decisions(node: ast.AST) -> int:
    if isinstance(node, (*_Function, ast.ClassDef)):
        return 0
    if isinstance(node, ast.Assert):
        return 1
    own = 0
    if isinstance(node, (ast.If, ast.IfExp)):
        own = 1
    elif isinstance(node, ast.BoolOp):
        own = len(node.values) - 1
    elif isinstance(node, (ast.For, ast.AsyncFor, ast.While)):
        own = 1 + bool(node.orelse)
    elif isinstance(node, ast.comprehension):
        own = 1 + len(node.ifs)
    elif isinstance(node, ast.Try):
        own = len(node.handlers) + bool(node.orelse)
    elif isinstance(node, ast.Match):
        own = sum(not (isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None) for case in node.cases)
    return own + sum(map(_decisions, ast.iter_child_nodes(node)))


def imported(checkout: Path) -> tuple[int, int]:
    """Return how many modules of ours a full run imports, and how many it imports in all."""
    with tempfile.TemporaryDirectory() as folder:
        root, metadata = Path(folder, "project"), Path(folder, "installed")
        for name, text in FILES.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        _install(checkout, metadata)
        environ = {
            **{name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TEMP", "TMPDIR") if name in os.environ},
            "PYTHONPATH": os.pathsep.join([str(metadata), str(checkout / "src")]),
            "PYTHONDONTWRITEBYTECODE": "1",  # the checkout stays as it is
        }
        done = subprocess.run(
            [sys.executable, "-c", RUN], cwd=root, env=environ, capture_output=True, text=True, check=False
        )
    if done.returncode:
        sys.exit(f"a sync with {checkout} ended with exit code {done.returncode}\n{done.stdout}{done.stderr}")
    ours, all_of_them = map(int, done.stdout.splitlines()[-1].split())
    return ours, all_of_them


def _install(checkout: Path, folder: Path) -> None:
    """Write the metadata by which resolvers are found: those of this checkout, whatever else is installed."""
    project = _pyproject(checkout)["project"]
    home = folder / f"{NAME}-0.dist-info"
    home.mkdir(parents=True)
    text = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 0\n"
    (home / "METADATA").write_text(text, encoding="utf-8")
    entries = configparser.ConfigParser(delimiters=("=",), interpolation=None)
    entries.read_dict(project["entry-points"])
    with (home / "entry_points.txt").open("w", encoding="utf-8") as stream:
        entries.write(stream)


if __name__ == "__main__":
    main()
