"""The page that follows one input through the code names functions and classes that are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NAMED = sorted(set(re.findall(r"`([a-z_/]+\.py)`: `(\w+)`", (ROOT / "docs/one-input.md").read_text(encoding="utf-8"))))


@pytest.mark.parametrize(("module", "name"), NAMED, ids=[" ".join(pair) for pair in NAMED])
def test_it_is_there(module: str, name: str) -> None:
    tree = ast.parse((ROOT / "src/dyncachekeys" / module).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}


def test_it_goes_through_most_rooms() -> None:
    assert len(NAMED) > 25
    assert {module.partition("/")[0] for module, _ in NAMED} >= {
        *("cli", "config", "files", "pyproject", "quick", "resolvers", "resolving", "syncing", "uv", "watch"),
    }
