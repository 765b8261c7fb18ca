"""All texts that commands can print of errors, warnings and findings, as they stand in the source.

``python tests/messages/texts.py`` writes them to ``messages.txt`` again. Read it from top to bottom, and ask of each:
what do I do now?
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TypeAlias

SOURCE = Path(__file__).parents[2] / "src/dyncachekeys"
FILE = Path(__file__).with_name("messages.txt")
_PARTS = {
    "Problem": ("code", "message", "where", "remedy"),
    "Notice": ("code", "message", "where"),
    "Finding": ("code", "message", "where", "remedy"),
}
"""What is told, by the class that holds it, in the order of its fields."""
_SHOWN = ("message", "remedy")
_PASSED_ON = frozenset({"message", "remedy", "problem.message", "problem.remedy", "one.message", "one.remedy"})
"""What stands for texts that are told elsewhere."""
Bound: TypeAlias = "dict[str, list[ast.expr]]"
"""What names are bound to in a function."""
_SAID = {"out", "err"}
"""The names of printers."""


def all_texts() -> str:
    """Return all texts, by the module that they stand in; what differs each time in braces."""
    modules = sorted(path for path in SOURCE.rglob("*.py") if "in_build" not in path.parts)
    return "".join(_of_module(path) for path in modules)


def _of_module(path: Path) -> str:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = dict.fromkeys([*_tables(tree), *_of_calls(tree)])
    name = path.relative_to(SOURCE).as_posix()
    return f"# {name}\n" + "".join(f"{text}\n" for text in found) + "\n" if found else ""


def _tables(tree: ast.Module) -> Iterator[str]:
    """Yield the texts of tables of the module: from names to sentences, or to several of them."""
    for node in tree.body:
        value = getattr(node, "value", None)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(value, ast.Dict):
            for key, told in zip(value.keys, value.values, strict=True):
                for text in told.elts if isinstance(told, ast.Tuple) else [told]:
                    if (
                        isinstance(key, ast.Constant)
                        and isinstance(key.value, str)
                        and isinstance(text, ast.Constant | ast.JoinedStr)
                    ):
                        yield from (f"{key.value}: {shown}" for shown in _told(text, {}) if " " in shown)


def _of_calls(tree: ast.Module) -> Iterator[str]:
    for function in (tree, *(one for one in ast.walk(tree) if isinstance(one, ast.FunctionDef))):
        bound = _bound(function)
        for node in _own(function):
            if isinstance(node, ast.Call):
                yield from _of_call(node, _until(node, bound))


def _own(function: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function or module, less those of functions within."""
    for child in ast.iter_child_nodes(function):
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
            yield child
            yield from _own(child)


def _bound(function: ast.AST) -> Bound:
    """Return what names are bound to in a function."""
    found: Bound = {}
    for node in _own(function):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                pairs = (
                    zip(target.elts, node.value.elts, strict=False)
                    if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple)
                    else [(target, node.value)]
                )
                for name, value in pairs:
                    if isinstance(name, ast.Name):
                        found.setdefault(name.id, []).append(value)
    return found


def _until(call: ast.Call, bound: Bound) -> Bound:
    """Return what names are bound to by the line of a call."""
    return {name: [one for one in values if one.lineno <= call.lineno] for name, values in bound.items()}


def _of_call(call: ast.Call, bound: Bound) -> Iterator[str]:
    name = (
        call.func.id
        if isinstance(call.func, ast.Name)
        else call.func.attr
        if isinstance(call.func, ast.Attribute)
        else ""
    )
    if name == "warn" and len(call.args) == 2:
        yield from _lines("Notice", dict(zip(("code", "message"), call.args, strict=True)), bound)
    if name in _SAID and len(call.args) == 1:
        yield from (f"says: {text}" for text in _told(call.args[0], bound) if text.strip("{}").strip())
    if name in _PARTS:
        parts = dict(zip(_PARTS[name], call.args, strict=False))
        parts |= {one.arg: one.value for one in call.keywords if one.arg}
        yield from _lines(name, parts, bound)


def _lines(name: str, parts: dict[str, ast.expr], bound: Bound) -> Iterator[str]:
    """Yield what is told as one text of several lines."""
    lines = [f"{name} {'|'.join(_told(parts['code'], bound))}"] if "code" in parts else [name]
    for part in _SHOWN:
        if part in parts:
            lines += [f"  {'do: ' if part == 'remedy' else ''}{text}" for text in _told(parts[part], bound)]
    if len(lines) > 1 and any(
        line.strip(" {}").removeprefix("do: ").strip("{}") not in _PASSED_ON for line in lines[1:]
    ):
        yield "\n".join(lines)


def _told(node: ast.expr, bound: Bound) -> Iterator[str]:
    """Yield the texts that an expression may be worth; what is computed stands in braces."""
    match node:
        case ast.Constant(value=str(text)):
            yield text.replace("\n", "\\n")
        case ast.JoinedStr(values=values):
            yield "".join(_part(value, bound) for value in values)
        case ast.IfExp(body=body, orelse=orelse):
            yield from (*_told(body, bound), *_told(orelse, bound))
        case ast.BoolOp(op=ast.Or(), values=values):
            yield from (one for value in values for one in _told(value, bound))
        case ast.Name(id=name) if name in bound:
            rest = {other: value for other, value in bound.items() if other != name}
            yield from _each(bound[name], rest)
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            yield from (f"{one}{other}" for one in _told(left, bound) for other in _told(right, bound))
        case _:
            yield f"{{{_computed(node)}}}"


def _computed(node: ast.expr) -> str:
    """Return what stands for a computed part: the same with each Python, which `ast.unparse` is not."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            return f"{_computed(value)}.{name}"
        case ast.Call(func=ast.Name(id=name), args=[only]) if name in {"shown", "paragraph", "str"}:
            return _computed(only)
        case ast.Call(func=function):
            return f"{_computed(function)}()"
        case ast.Subscript(value=value):
            return f"{_computed(value)}[]"
    return "..."


def _each(nodes: Iterable[ast.expr], bound: Bound) -> Iterator[str]:
    yield from dict.fromkeys(text for node in nodes for text in _told(node, bound))


def _part(value: ast.expr, bound: Bound) -> str:
    if isinstance(value, ast.Constant):
        return str(value.value).replace("\n", "\\n")
    inner = value.value if isinstance(value, ast.FormattedValue) else value
    texts = [*dict.fromkeys(_told(inner, bound))]
    return texts[0] if len(texts) == 1 and texts[0].startswith("{") else "{" + " | ".join(texts).strip("{}") + "}"


if __name__ == "__main__":
    FILE.write_text(all_texts(), encoding="utf-8")
