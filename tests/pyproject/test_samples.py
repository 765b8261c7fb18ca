"""Samples: ``put`` goes both ways, ``cut`` goes one way, ``refused`` says why."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.remove import cut

SAMPLES = Path(__file__).parent / "samples"
ENTRIES: list[dict[str, object]] = [{"file": "pyproject.toml"}, {"dir": ".dyncachekeys/current"}]


def samples(folder: str) -> list[Any]:
    """Return the samples of a folder as parameters."""
    found = sorted(folder for folder in (SAMPLES / folder).iterdir())
    assert found
    return [pytest.param(sample, id=sample.name) for sample in found]


def entries_of(sample: Path) -> Any:
    """Return the sample's own entries, or the usual ones."""
    file = sample / "entries.json"
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else ENTRIES


@pytest.mark.parametrize("sample", samples("put"))
def test_put(sample: Path) -> None:
    before, after = (sample / "before.toml").read_bytes(), (sample / "after.toml").read_bytes()
    assert put(before, entries_of(sample)).decode() == after.decode()
    assert cut(after).data.decode() == before.decode()


@pytest.mark.parametrize("sample", samples("cut"))
def test_cut(sample: Path) -> None:
    expected = json.loads((sample / "cut.json").read_text(encoding="utf-8"))
    found = cut((sample / "before.toml").read_bytes(), entries_of(sample))
    assert found.data.decode() == (sample / "after.toml").read_bytes().decode()
    assert {"entries": found.entries, "marked": found.marked, "conflict": found.conflict} == expected
    assert cut(found.data).data == found.data


@pytest.mark.parametrize("sample", samples("refused"))
def test_refused(sample: Path) -> None:
    data = (sample / "before.toml").read_bytes()
    with pytest.raises(DyncachekeysError) as raised:
        put(cut(data, ENTRIES).data, ENTRIES)
    message = "".join(f"{problem.code}\n{problem}\n" for problem in raised.value.problems)
    assert message == (sample / "message.txt").read_text(encoding="utf-8")
