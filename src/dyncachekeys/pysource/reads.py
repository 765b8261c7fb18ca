"""What code reads under a name that stands in it: files, globs and variables. Syntax trees in, plain values out.

A watched build shows what is really read. This is for whoever has no record of one: it finds less, and at times more.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias

from dyncachekeys.pysource.choices import choices, free, variants
from dyncachekeys.pysource.functions import leading_to, outermost
from dyncachekeys.pysource.values import Names, joined

Kind: TypeAlias = Literal["file", "glob", "env", "written"]
_Asked: TypeAlias = tuple[Kind, Sequence[ast.expr]]
"""What is asked for, and the parts of its path."""


class Read(NamedTuple):
    """Something that a file reads, or writes, under a name that stands there."""

    line: int
    kind: Kind
    subject: str
    """A path or glob relative to the project, or the name of a variable."""
    functions: tuple[str, ...] = ()
    """The functions and classes of the module that lead there; none if it is read when the module is imported."""


class Found(NamedTuple):
    """What a module reads."""

    reads: list[Read]
    """In the order of the source."""
    awaiting: list[str]
    """The functions of which the caller decides what they read."""


NODES = frozenset(
    {ast.Call, ast.Subscript, ast.Compare, ast.For, ast.comprehension, ast.FunctionDef, ast.AsyncFunctionDef}
)
"""The nodes that say what is read."""
_OPENING = frozenset(["open", "io.open", "codecs.open", "builtins.open", "tokenize.open", "gzip.open", "bz2.open"])
_OF_VARIABLES = frozenset(["os.getenv", "os.environ.get", "os.environ.pop", "os.environ.setdefault"])
_ENVIRONMENT = "os.environ"
_GLOBBING = frozenset(["glob.glob", "glob.iglob"])
_COPYING = frozenset(["shutil.copy", "shutil.copy2", "shutil.copyfile"])
_STARTING = frozenset(["subprocess.run", "subprocess.Popen", "subprocess.call"])
_STARTING |= {"subprocess.check_call", "subprocess.check_output", "runpy.run_path"}
_MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
_ELSEWHERE = ("-C", "--directory", "-f", "--file", "--makefile")
_PATHS = frozenset(["file", "filename", "pathname", "path", "key", "src"])
"""How these functions may call their first argument."""
_READING = frozenset(["read_text", "read_bytes"])
_WRITING = frozenset(["write_text", "write_bytes", "touch"])
_WORDS = re.compile(
    r"\bopen\b|read_text|read_bytes|write_text|write_bytes|\btouch\b|\.\s*read\b|glob|shutil|subprocess|\bsystem\b"
    r"|environ|getenv|parse_requirements"
)


def may_read(source: bytes) -> bool:
    """Tell whether a module may read anything that `reads` finds; no is certain."""
    return _WORDS.search(source.decode("latin-1")) is not None


def reads(tree: ast.Module, nodes: Sequence[ast.AST], names: Names, calls: Iterable[ast.Call] = ()) -> Found:
    """Return what a module reads.

    Args:
        tree: The module.
        nodes: Those of its nodes that may run (`bindings.that_run`), of the classes `NODES`.
        names: What its names stand for.
        calls: Calls of its functions that stand in other modules.
    """
    asked = [(node, kind, parts) for node in nodes for kind, parts in _asked(node, names)]
    if not asked:
        return Found([], [])
    known, leading = choices([*nodes, *calls], names), leading_to(tree, nodes)
    # A variable that says where something is written changes nothing of what is built.
    places = {id(one) for _, kind, parts in asked if kind == "written" for part in parts for one in ast.walk(part)}
    found: list[Read] = []
    for node, kind, parts in asked:
        if id(node) not in places:
            line = parts[0].lineno
            told = dict.fromkeys(joined(parts, one) for one in variants(parts, names, known, line))
            found += [Read(line, kind, subject, leading(line)) for subject in told if subject]
    return Found(found, sorted(_awaiting(tree, [parts for _, _, parts in asked], names)))


def _awaiting(tree: ast.Module, asked: Iterable[Sequence[ast.expr]], names: Names) -> Iterator[str]:
    """Yield the functions whose parameters say what is asked for."""
    said = [(parts[0].lineno, free(parts, names)) for parts in asked]
    for one in outermost(tree):
        if not isinstance(one, ast.ClassDef):
            of_loops = (node for node in ast.walk(one) if isinstance(node, (ast.For, ast.comprehension)))
            loops = [(free([node.target], names), free([node.iter], names)) for node in of_loops]
            parameters = {node.arg for node in ast.walk(one.args) if isinstance(node, ast.arg)}
            inside = (asking for line, asking in said if one.lineno <= line <= (one.end_lineno or 0))
            if any(not parameters.isdisjoint(_with_loops(asking, loops)) for asking in inside):
                yield one.name


def _with_loops(asking: set[str], loops: Iterable[tuple[set[str], set[str]]]) -> set[str]:
    """Return names, and those over which loops go that bind some of them."""
    return asking.union(*(over for bound, over in loops if not bound.isdisjoint(asking)))


def _asked(node: ast.AST, names: Names) -> Iterator[_Asked]:
    match node:
        case ast.Call():
            yield from _called(node, names)
        case ast.Subscript(value=value, slice=name, ctx=ast.Load()) if names.qualified(value) == _ENVIRONMENT:
            yield "env", [name]
        case ast.Compare(left=name, ops=[ast.In() | ast.NotIn()], comparators=[value]):
            if names.qualified(value) == _ENVIRONMENT:
                yield "env", [name]


def _called(call: ast.Call, names: Names) -> Iterator[_Asked]:
    function, arguments = names.qualified(call.func), call.args
    if isinstance(call.func, ast.Attribute):
        yield from _of_method(call.func, call)
    first = next(iter([*arguments, *(one.value for one in call.keywords if one.arg in _PATHS)]), None)
    if first is None:
        return
    if function in _OPENING:
        yield "written" if _writes(call, 1) else "file", [first]
    elif function in _OF_VARIABLES:
        yield "env", [first]
    elif function in _GLOBBING:
        root = [one.value for one in call.keywords if one.arg == "root_dir"]
        yield "glob", [*root, first]
    elif function in _COPYING:
        yield "file", [first]
        yield from (("written", [one]) for one in arguments[1:2])
    elif function in _STARTING:
        items = first.elts if isinstance(first, (ast.List, ast.Tuple)) else [first]
        yield from (("file", [one]) for one in items)
        yield from _of_make(call, items)
    elif function == "os.system":
        words = str(first.value).split() if isinstance(first, ast.Constant) else []
        yield from _of_make(call, [ast.Constant(word, lineno=first.lineno) for word in words])
    elif function.rpartition(".")[2] == "parse_requirements":
        yield "file", [first]


def _of_make(call: ast.Call, words: Sequence[ast.expr]) -> Iterator[_Asked]:
    """Yield the makefiles of the project, if make is started there, and not in another folder."""
    values = [one.value for one in words if isinstance(one, ast.Constant)]
    elsewhere = any(one.arg == "cwd" for one in call.keywords) or any(str(one).startswith(_ELSEWHERE) for one in values)
    if values[:1] == ["make"] and not elsewhere:
        yield from (("file", [ast.Constant(name, lineno=call.lineno)]) for name in _MAKEFILES)


def _of_method(method: ast.Attribute, call: ast.Call) -> Iterator[_Asked]:
    """Yield what a method of a path is asked for; `read`, of a `ConfigParser`."""
    path, name = method.value, method.attr
    if name in _READING:
        yield "file", [path]
    elif name in _WRITING:
        yield "written", [path]
    elif name == "open":
        yield "written" if _writes(call, 0) else "file", [path]
    elif name in {"glob", "rglob"} and call.args:
        below = [ast.Constant("**", lineno=path.lineno)] if name == "rglob" else []
        yield "glob", [path, *below, call.args[0]]
    elif name == "read" and call.args:
        first = call.args[0]
        items = first.elts if isinstance(first, (ast.List, ast.Tuple)) else [first]
        yield from (("file", [one]) for one in items)


def _writes(call: ast.Call, position: int) -> bool:
    """Tell whether a file is opened to be written."""
    given = call.args[position : position + 1] + [one.value for one in call.keywords if one.arg == "mode"]
    return any(isinstance(one, ast.Constant) and not set("wax+").isdisjoint(str(one.value)) for one in given)
