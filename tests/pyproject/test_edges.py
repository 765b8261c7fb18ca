"""Edges of the splice that no document of the samples reaches."""

from __future__ import annotations

import pytest

from dyncachekeys.errors import EditError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.region import END, START
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.render import diff
from dyncachekeys.pyproject.scanner import statements
from dyncachekeys.pyproject.source import apart

ENTRIES = [{"file": "a"}]


@pytest.mark.parametrize(("text", "line"), [("b\n", 1), ("\na = 1\nb\n", 3), ("a = [1,\n2\n", 1)])
def test_where_it_is_not_understood(text: str, line: int) -> None:
    with pytest.raises(EditError) as caught:
        list(statements(text))
    assert caught.value.problems[0].where == f"pyproject.toml:{line}"


@pytest.mark.parametrize("end", ["\n", "\r\n", ""])
def test_a_document_that_is_all_ours(end: str) -> None:
    """Also where somebody has taken the last newline away."""
    made = put(b"", ENTRIES).rstrip(b"\n").replace(b"\n", end.encode() or b"\n") + end.encode()
    assert cut(made).data == b""


@pytest.mark.parametrize("marker", [START, END])
def test_a_marker_behind_a_blank_line_far_from_the_list(marker: str) -> None:
    """That blank line is not ours, in front of the header it is."""
    before = b"a = 1\n\nb = 2\n"
    made = put(before, ENTRIES)
    assert b"b = 2\n\n[tool.uv]\n" in made
    assert cut(made.replace(b"b = 2", f"{marker}\nb = 2".encode())).data == before


def test_what_one_says_of_git() -> None:
    for same in ({"git": True}, {"git": {"commit": True}}):
        assert list(apart([same])) == [{"git": {"commit": True}}]
    assert list(apart([{"git": {"commit": True, "tags": True}}])) == [
        {"git": {"commit": True}},
        {"git": {"tags": True}},
    ]
    for other in ({"git": False}, {"git": {"tags": False}}, {"git": True, "file": "a"}):
        assert list(apart([other])) == [other]


def test_a_difference() -> None:
    assert diff("x.toml", b"\xef\xbb\xbfa = 1\nb = 2\n", b"\xef\xbb\xbfa = 1\nb = 3\n") == [
        *("--- a/x.toml", "+++ b/x.toml", "@@ -1,2 +1,2 @@"),
        *(" a = 1", "-b = 2", "+b = 3"),
    ]
