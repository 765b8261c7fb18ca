"""Files from the wild, read from the corpus beside the repository."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from dyncachekeys.errors import ConfigurationError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.scanner import statements
from dyncachekeys.pyproject.source import decode, parse, user_entries

CORPUS = Path(__file__).parents[3] / "shared" / "corpus"
ENTRIES = [{"file": "pyproject.toml"}, {"file": 'odd "name"'}, {"dir": ".dyncachekeys/current"}]
NO_LIST = "047.toml"


def corpus(folder: str) -> list[Any]:
    """Return the files of a folder as parameters, or one that skips and says why."""
    files = sorted((CORPUS / folder).glob("*.toml"))
    missing = pytest.mark.skip(reason=f"no corpus at {CORPUS / folder}")
    return [pytest.param(file, id=file.stem) for file in files] or [pytest.param(CORPUS, marks=missing)]


@pytest.mark.parametrize("file", corpus("pyproject"))
def test_put_and_cut(file: Path) -> None:
    data = file.read_bytes()
    if file.name == NO_LIST:
        with pytest.raises(ConfigurationError, match=r"tool\.uv\.cache-keys: not a list"):
            put(data, ENTRIES)
        return
    users = user_entries(data)
    edited = put(data, ENTRIES)
    ours = [entry for entry in ENTRIES if entry not in users]
    assert user_entries(edited) in (users + ours, ours + users)
    found = cut(edited)
    assert (found.data, found.entries, found.marked, found.conflict) == (data, ours, True, False)
    assert put(found.data, ENTRIES) == edited
    assert cut(data).data == data


@pytest.mark.parametrize("file", corpus("pyproject"))
def test_every_value_is_found(file: Path) -> None:
    """What the scanner takes for a pair's value is what the parser has at the pair's path."""
    _, text = decode(file.read_bytes())
    document = parse(file.read_bytes())
    arrays = {statement.path for statement in statements(text) if statement.kind == "array of tables"}
    pairs = [statement for statement in statements(text) if statement.kind == "pair"]
    assert pairs
    for pair in pairs:
        if any(pair.path[: len(path)] == path for path in arrays):
            continue
        value: Any = document
        for name in pair.path:
            value = value[name]
        assert parse(b"x = " + text[pair.value : pair.end].encode()) == {"x": value}


@pytest.mark.parametrize("file", corpus("invalid"))
def test_invalid(file: Path) -> None:
    expected = {
        "inv1_unclosed_array": (
            "pyproject.toml:67:3: not valid TOML: Unclosed array\n  fix the syntax there, or just before"
        ),
        "inv2_merge_conflict": (
            "pyproject.toml:188:1: not valid TOML: Invalid value\n"
            "  a merge conflict starts at line 188: resolve it, then run `dyncachekeys sync`"
        ),
        "inv3_merge_conflict": (
            "pyproject.toml:234:1: not valid TOML: Invalid statement\n"
            "  a merge conflict starts at line 234: resolve it, then run `dyncachekeys sync`"
        ),
    }
    for function in (parse, cut, user_entries):
        with pytest.raises(ConfigurationError) as raised:
            function(file.read_bytes())
        assert str(raised.value) == expected[file.stem]
