"""What one Python file imports and reads, by its syntax tree. Source in, a `Reading` out; no file is touched."""

from __future__ import annotations

import ast
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import NamedTuple

from dyncachekeys.pysource.bindings import absolute, binds, exports, strings, that_run
from dyncachekeys.pysource.reads import NODES, Read, may_read, reads
from dyncachekeys.pysource.search_path import Layout, SearchDirectory, additions, elements
from dyncachekeys.pysource.syntax import tree_of, uncollected
from dyncachekeys.pysource.values import Names, text

_STATEMENTS = frozenset({ast.Import, ast.ImportFrom, ast.Assign, ast.AnnAssign, ast.AugAssign})
_TELLING = _STATEMENTS | NODES | {ast.Name, ast.arg}
"""The nodes that say anything about imports, names or what is read; all others, the most, are passed over at once."""


class Import(NamedTuple):
    """A module that is imported, by its absolute name, and what is taken from it."""

    line: int
    module: str
    names: tuple[str, ...] = ()
    """Attributes or submodules; ``*`` for all that is exported."""


class Run(NamedTuple):
    """A file that is run by its path, as the module ``name``."""

    line: int
    path: str
    name: str


class Doubt(NamedTuple):
    """What can't be told by reading a line."""

    line: int
    code: str
    what: str
    """What the line does."""
    function: range | None = None
    """The lines of the function that it stands in, if it does."""

    def told(self, path: str) -> str:
        """Return it as it is told of a file."""
        return f"{path}:{self.line}: {self.what}" if self.line else f"{path}: {self.what}"


@dataclass
class Reading:
    """What was found in one file, in the order of its lines."""

    imports: list[Import | Run] = field(default_factory=list)
    directories: list[SearchDirectory] = field(default_factory=list)
    bound: set[str] = field(default_factory=set)
    """Names that the module certainly has, so that no submodule is looked for."""
    exported: list[str] = field(default_factory=list)
    """The literal part of ``__all__``."""
    doubts: list[Doubt] = field(default_factory=list)
    reads: list[Read] = field(default_factory=list)
    """What it reads under a name that stands there."""
    awaiting: list[str] = field(default_factory=list)
    """The functions of which the caller decides what they read."""
    functions: list[range] = field(default_factory=list)
    """The lines of its functions, if it adds to ``sys.path``."""


def parsed(
    source: bytes, path: str, name: str, *, only_statements: bool = False
) -> tuple[ast.Module, list[ast.AST], Names]:
    """Return a module's tree, those of its nodes that may run and say anything, and what its names stand for.

    Args:
        source: Its source.
        path: Where it is, relative to the project.
        name: As what it is known; ``__main__`` for a script.
        only_statements: Expressions are passed over.

    Raises:
        UNREADABLE (`syntax`): it can't be parsed.
    """
    tree = tree_of(source)
    wanted = _STATEMENTS if only_statements else _TELLING
    nodes = list(that_run(tree, name, wanted, only_statements=only_statements))
    return tree, nodes, Names.of(nodes, {"__file__": path, "__name__": name, "__package__": _package(path, name)})


def _package(path: str, name: str) -> str:
    """Return the package of a module."""
    return name if PurePosixPath(path).name == "__init__.py" else name.rpartition(".")[0]


@uncollected()
def read(source: bytes, path: str, name: str) -> Reading:
    """Read a module's source, known as ``name`` (``__main__`` for a script), at a project-relative path.

    Raises:
        UNREADABLE (`syntax`): it can't be parsed.
    """
    is_reading = may_read(source)
    tree, nodes, names = parsed(source, path, name, only_statements=not (is_reading or may_compute(source)))
    package, reading = _package(path, name), Reading()
    for node in nodes:
        match node:
            case ast.Import(names=aliases):
                reading.imports += [Import(node.lineno, alias.name) for alias in aliases]
            case ast.ImportFrom(module=module, names=aliases, level=level):
                if target := absolute("." * level + (module or ""), package):
                    taken = tuple(alias.name for alias in aliases)
                    reading.imports.append(Import(node.lineno, target, taken))
            case ast.Call():
                _read_call(node, names, reading)
                _read_additions(node, names, reading)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                _read_additions(node, names, reading)
                reading.exported += exports(node)
    if is_reading:
        reading.reads, reading.awaiting = reads(tree, nodes, names)
    if reading.doubts or reading.directories:
        layout = Layout(tree, path)
        reading.doubts = [one._replace(function=_around(one.line, layout.functions)) for one in reading.doubts]
        reading.functions = layout.functions if reading.directories else []
        reading.directories = [*map(layout.placed, reading.directories)]
    reading.bound = {bound for statement in tree.body for bound in binds(statement, name, package)}
    return reading


def _around(line: int, functions: Iterable[range]) -> range | None:
    """Return the lines of the innermost function around a line."""
    return min((lines for lines in functions if line in lines), key=len, default=None)


def _read_additions(node: ast.AST, names: Names, reading: Reading) -> None:
    for found in additions(node, names):
        if isinstance(found, SearchDirectory):
            reading.directories.append(found)
        else:
            reading.doubts.append(Doubt(found, "computed-sys-path", "adds a computed directory to sys.path"))


def _read_call(call: ast.Call, names: Names, reading: Reading) -> None:
    function = names.qualified(call.func)
    reading.imports += _cffi_modules(call, names)
    if function in BY_NAME:
        found: list[Import] | list[Run] | None = _by_name(call, names, relative=function == "importlib.import_module")
    elif function in BY_PATH:
        found = _by_path(call, names, BY_PATH[function])
    else:
        return
    if found is None:
        reading.doubts.append(Doubt(call.lineno, "computed-import", "imports a computed name"))
    else:
        reading.imports += found


def _by_name(call: ast.Call, names: Names, *, relative: bool) -> list[Import] | None:
    """Read ``import_module(name, package)`` or ``__import__(name, globals, locals, fromlist, level)``.

    Nothing if it is bound to fail, ``None`` if it can't be told.
    """
    name = text(_argument(call, 0, "name"), names)
    if not name:
        return None
    if relative:
        package = _argument(call, 1, "package")
        anchor = text(package, names) if package and name.startswith(".") else ""
        if anchor is None:
            return None
        target = absolute(name, anchor)
        return [Import(call.lineno, target)] if target else []
    level = _argument(call, 4, "level")
    if level and not (isinstance(level, ast.Constant) and level.value == 0):
        return None
    taken = _argument(call, 3, "fromlist")
    return [Import(call.lineno, name, tuple(strings(taken)) if taken else ())]


def _by_path(call: ast.Call, names: Names, position: int) -> list[Run] | None:
    path = text(_argument(call, position, "path", "location", "path_name"), names)
    name = text(_argument(call, 0, "name", "fullname"), names) if position else "<run_path>"
    return [Run(call.lineno, path, name or PurePosixPath(path).stem)] if path else None


def _cffi_modules(call: ast.Call, names: Names) -> Iterator[Run]:
    """Yield the scripts that cffi (2.0: setuptools_ext.py) runs for an argument ``cffi_modules=["build.py:ffi"]``."""
    given = [keyword.value for keyword in call.keywords if keyword.arg == _CFFI]
    for each in (element for value in given for element in elements(value, names)):
        path = (text(each, names) or "").rpartition(":")[0]
        if path:
            yield Run(call.lineno, path, "__cffi__")


def _argument(call: ast.Call, position: int, *keywords: str) -> ast.expr | None:
    by_keyword = (keyword.value for keyword in call.keywords if keyword.arg in keywords)
    return call.args[position] if position < len(call.args) else next(by_keyword, None)


BY_NAME = frozenset({"importlib.import_module", "importlib.__import__", "builtins.__import__", "__import__"})
"""What imports a module by a name that is computed."""
BY_PATH = {
    "importlib.util.spec_from_file_location": 1,
    "importlib.machinery.SourceFileLoader": 1,
    "runpy.run_path": 0,
}
"""What runs a file by its path, and which argument the path is."""

_CFFI = "cffi_modules"
_FUNCTIONS = frozenset(name.rpartition(".")[2] for name in (*BY_NAME, *BY_PATH, _CFFI))
_GAP = r"(?:[\s\\)]|#[^\r\n]*[\r\n])*"
"""What may stand between two words: `(sys).path` is `sys.path` too."""
_PATH = re.compile(rf"\bsys\b{_GAP}(?:\.{_GAP}path\b|as\b|import\b)")
"""``sys.path``, and what gives another name to it."""
_CODING = re.compile(rb"coding[:=][ \t]*([-\w.]+)")


def may_compute(source: bytes) -> bool:
    """Tell whether a module may call one of these functions, or change ``sys.path``; no is certain.

    Whatever name it gives to them, theirs stand somewhere in its text.
    """
    declared = _CODING.search(b"\n".join(source.split(b"\n", 2)[:2]))
    if declared is not None and declared[1].lower() != b"utf-8":
        return True
    try:
        text = source.decode()
    except UnicodeDecodeError:
        return True
    text = text if text.isascii() else unicodedata.normalize("NFKC", text)  # as Python does with names
    return any(word in text for word in _FUNCTIONS) or ("sys" in text and _PATH.search(text) is not None)
