"""Which branches of a module may run: what is written for type checkers and scripts alone does not."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def that_run(tree: ast.AST, name: str) -> Iterator[ast.AST]:
    """Yield the nodes that may run when the module does, in the order of the source."""
    stack = [tree]
    while stack:
        node = stack.pop()
        yield node
        below: list[ast.AST] = list(ast.iter_child_nodes(node))
        if isinstance(node, ast.If) and (true := _truth(node.test, name)) is not None:
            below = [node.test, *(node.body if true else node.orelse)]
        stack += reversed(below)


def _truth(test: ast.expr, name: str) -> bool | None:
    """Decide ``TYPE_CHECKING`` and ``__name__ == "__main__"``; ``None`` for all else."""
    match test:
        case ast.Name(id="TYPE_CHECKING") | ast.Attribute(attr="TYPE_CHECKING"):
            return False
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            true = _truth(operand, name)
            return None if true is None else not true
        case ast.BoolOp(op=ast.And(), values=values) if any(_truth(each, name) is False for each in values):
            return False
        case ast.Compare(left=ast.Name(id="__name__"), ops=[ast.Eq()], comparators=[ast.Constant(value="__main__")]):
            return name == "__main__"
    return None
