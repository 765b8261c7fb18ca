"""What is taken away goes in whatever form it is written, and nothing else does."""

from __future__ import annotations

import pytest

from dyncachekeys.pyproject.take_away import take_away

PATH = ("tool", "x", "a")
CASES = {
    "a table": ("[p]\nb = 1\n\n# why\n[tool.x.a]\nc = 1\n\n[q]\n", "[p]\nb = 1\n\n[q]\n"),
    "tables below it": ("[tool.x.a]\nc = 1\n\n[tool.x.a.d]\ne = 1\n\n[tool.x.b]\n", "\n[tool.x.b]\n"),
    "at the end": ("[p]\nb = 1\n\n[tool.x.a]\nc = 1\n", "[p]\nb = 1\n"),
    "windows": ("[p]\r\nb = 1\r\n\r\n[tool.x.a]\r\nc = 1\r\n", "[p]\r\nb = 1\r\n"),
    "dotted": ("[tool.x]\na.c = 1\n# why\na.d = 2\nb = 3\n", "[tool.x]\nb = 3\n"),
    "dotted, nothing left": ("[p]\n\n[tool.x]\na.c = 1\n\n[tool.x.b]\n", "[p]\n\n[tool.x.b]\n"),
    "dotted from the top": ("tool.x.a.c = 1\n[p]\n", "[p]\n"),
    "a pair": ("[tool.x]\na = { c = 1 }  # why\nb = 2\n", "[tool.x]\nb = 2\n"),
    "the first of an inline table": ("[tool]\nx = { a = { c = 1 }, b = 2 }\n", "[tool]\nx = { b = 2 }\n"),
    "the last of an inline table": ("[tool]\nx = { b = 2, a.c = 1 }\n", "[tool]\nx = { b = 2 }\n"),
    "deep in inline tables": ("tool = { x = { b = 2, a = 1 } }\n", "tool = { x = { b = 2 } }\n"),
    "a comment apart": ("[p]\n# apart\n\n# why\n[tool.x.a]\nc = 1\n", "[p]\n# apart\n"),
    "a header of others that is empty": ("[tool.x]\n\n[tool.x.a]\nc = 1\n", "[tool.x]\n"),
    "nothing": ("[tool.x]\nab = 1\n", "[tool.x]\nab = 1\n"),
    "no table": ("[tool]\nx = 1\n", "[tool]\nx = 1\n"),
}


@pytest.mark.parametrize("case", CASES)
def test_take_away(case: str) -> None:
    before, after = CASES[case]
    assert take_away(before, PATH) == after
    assert take_away(after, PATH) == after


def test_comments_of_others_stay() -> None:
    text = "[tool.x]\n# theirs\n# ours\na = 1\nb = 1\n"
    assert take_away(text, PATH, lambda comment: comment == "# ours") == "[tool.x]\n# theirs\nb = 1\n"
