"""Markers outside of the list, as older versions wrote them and formatters move them: when they stand around it."""

from __future__ import annotations

import pytest

from dyncachekeys.errors import EditError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.region import START, find_list, find_markers
from dyncachekeys.pyproject.scanner import statements

LIST = 'cache-keys = [{ file = "a" }]'
END = "# <<< dyncachekeys"
AROUND = {
    "just above": (f"[tool.uv]\n{START}\n{LIST}\n{END}\n", True),
    "above the header": (f"{START}\n[tool.uv]\n{LIST}\n{END}\n", True),
    "another comment between": (f"[tool.uv]\n{START}\n# mine\n{LIST}\n{END}\n", True),
    "another setting between": (f"[tool.uv]\n{START}\nmanaged = true\n{LIST}\n{END}\n", True),
    "another table between": (f"{START}\n[project]\nname = 'x'\n[tool.uv]\n{LIST}\n{END}\n", False),
    "a table of uv between": (f"{START}\n[tool.uv.sources]\n[tool.uv]\n{LIST}\n{END}\n", False),
    "a pair of another table between": (f"[tool]\n{START}\nx.y = 1\nuv.{LIST}\n{END}\n", False),
    "below": (f"[tool.uv]\n{LIST}\n{START}\n{END}\n", False),
    "no end": (f"[tool.uv]\n{START}\n{LIST}\n", False),
    "no start": (f"[tool.uv]\n{LIST}\n{END}\n", False),
    "the end above": (f"[tool.uv]\n{END}\n{LIST}\n{START}\n", False),
}


@pytest.mark.parametrize("case", AROUND)
def test_around(case: str) -> None:
    text, is_around = AROUND[case]
    found = tuple(statements(text))
    listing = find_list(text, found)
    assert listing is not None
    assert find_markers(text, found, listing).around is is_around


@pytest.mark.parametrize(
    "opening", ["[[tool.uv.cache-keys]]", "[[ tool.uv.cache-keys ]]", "[[\ttool . uv.cache-keys]]"]
)
def test_no_list_is_put_beside_an_array_of_tables(opening: str) -> None:
    with pytest.raises(EditError):
        put(f'{opening}\nfile = "a"\n'.encode(), [{"file": "b"}])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("[tool]\nx = 1\n", "[tool.uv]\ncache-keys"),
        ("[tool]\nuv.x = 1\n", "uv.cache-keys"),
        ("tool.uv.x = 1\n", "tool.uv.cache-keys"),
        ("[tool.uv.sources]\n", "[tool.uv]\ncache-keys"),
    ],
)
def test_where_a_new_list_goes(text: str, wanted: str) -> None:
    assert f"{wanted} = [" in put(text.encode(), [{"file": "b"}]).decode()
