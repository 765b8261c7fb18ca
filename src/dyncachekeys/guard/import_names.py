"""By which names a project is imported: as it is installed, as its editable finder says, as its tree looks."""

from __future__ import annotations

import ast
import itertools
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from dyncachekeys.names import normalised_name
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.uv.record import installed, is_from

_MODULES = (".py", ".pyc", ".so", ".pyd")
_DEEPEST = 3
"""How many folders without ``__init__.py`` above a package are looked through: namespace packages (PEP 420)."""
_MOST_FOLDERS = 500


def import_names(name: str, root: Path, venv: Path) -> list[str]:
    """Return the names of a project's modules and packages, sorted; of a namespace package, those of its parts.

    If it is not installed yet, all that looks like one of its packages. A name too many costs a question, no build.

    Args:
        name: The project's.
        root: Its folder.
        venv: The folder of the environment.
    """
    infos = [info for info in installed(venv, name) if is_from(info, root)]
    found = {normalised_name(name).replace("-", "_")}
    for info in infos:
        found.update(_of_record(info))
    if not infos:
        found.update(_of_folder(root / "src"))
        found.update(_of_folder(root))
    return _shortest(found - sys.stdlib_module_names)  # what has such a name is not found first


def _shortest(names: Iterable[str]) -> list[str]:
    """Return the names without those of which a part before a dot is a name itself, which is imported first."""
    found = set(names)
    parts = ((one, one.split(".")) for one in sorted(found))
    return [one for one, words in parts if found.isdisjoint(itertools.accumulate(words[:-1], "{}.{}".format))]


def _of_record(info: Path) -> Iterator[str]:
    """Yield the names of what a distribution has installed, by its ``RECORD``."""
    paths = recorded(info)
    packages = {path.rpartition("/")[0] for path in paths if path.rpartition("/")[2].startswith("__init__.")}
    started = [path for path in paths if path.endswith(".pth") and "/" not in path]
    finders = set[str]()
    for path in started:
        for line in _lines(info.parent / path):
            if line.startswith(("import ", "import\t")):
                finders.update(line[7:].replace(";", " ").replace(",", " ").split()[:1])
            elif line and not line.startswith("#"):
                yield from _of_folder(Path(os.path.normpath(info.parent / line)))
    for finder in finders:
        yield from _of_finder(info.parent / f"{finder}.py")
    names = (_name(path, packages) for path in paths if path.endswith(_MODULES) and "__pycache__" not in path)
    yield from (one for one in names if one is not None and one not in finders)


def recorded(info: Path) -> list[str]:
    """Return the paths of all files of a distribution, relative to the folder that it is installed into."""
    return [line.rsplit(",", 2)[0].strip('"') for line in _lines(info / "RECORD")]


def _name(path: str, packages: set[str]) -> str | None:
    """Return by which name a module is imported, or the package that it belongs to."""
    *folders, file = path.split("/")
    words = [*folders, file.partition(".")[0]]
    for length in range(1, len(folders) + 1):
        if "/".join(folders[:length]) in packages:
            words = folders[:length]
            break
    return ".".join(words) if all(map(str.isidentifier, words)) else None


def _of_finder(path: Path) -> Iterator[str]:
    """Yield the names in the tables of an editable finder, which is not run.

    Such as ``MAPPING = {...}`` (setuptools 84), ``install({...}, ...)`` (scikit-build-core 1.1, meson-python 0.22).
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, ValueError, SyntaxError):
        return
    tables: list[ast.expr | None] = []
    for node in tree.body:
        if isinstance(node, ast.Assign | ast.AnnAssign):
            tables.append(node.value)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            tables += node.value.args
    for table in tables:
        texts = table.keys if isinstance(table, ast.Dict) else table.elts if isinstance(table, ast.Set) else []
        for text in texts:
            if isinstance(text, ast.Constant) and isinstance(text.value, str):
                yield from [text.value] if all(map(str.isidentifier, text.value.split("."))) else []


def _of_folder(folder: Path) -> Iterator[str]:
    """Yield the names of what can be imported from a folder on ``sys.path``."""
    left = [_MOST_FOLDERS]
    yield from _below(os.fspath(folder), "", left)


def _below(folder: str, above: str, left: list[int]) -> Iterator[str]:
    left[0] -= 1
    if left[0] < 0:
        return
    try:
        with os.scandir(folder) as scan:
            entries = sorted(scan, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        word = entry.name if entry.is_dir() else entry.name.partition(".")[0]
        if not word.isidentifier() or entry.name in LEFT_OUT:
            continue
        if not entry.is_dir():
            if not above and entry.name.endswith(_MODULES):
                yield word
        elif os.path.isfile(f"{entry.path}/__init__.py"):
            yield f"{above}{word}"
        elif above.count(".") < _DEEPEST and not os.path.isfile(f"{entry.path}/pyvenv.cfg"):
            yield from _below(entry.path, f"{above}{word}.", left)


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return []
