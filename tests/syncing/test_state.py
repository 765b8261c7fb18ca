"""The state is one table: each field comes back as it was written, and counts when two states are compared."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from dyncachekeys.syncing.state import State, dump, load

FULL: dict[str, Any] = {
    "started": 1,
    "salt": "00" * 32,
    "digest": "sha256-1",
    "keys": {"sources": (("file", "one.c", "file - 1", "matches *.c"),)},
    "entries": ({"file": "pyproject.toml"}, {"git": {"commit": True}}),
    "record": {"identity": [1, 2], "current": 3},
    "seen": ((1, 2), (3, 4)),
    "expected": {"timestamp": 1, "git": None, "env": "1", "name": None},
    "products": {"*.so": {"one.so": ("there", (1, 2))}},
    "links": ["1 0", 1, 2, 3],
    "written": ("one.c",),
    "writes": {"one.c": 2},
    "moves": {"env CC": 3},
    "tables": {"project": "1"},
    "uv": ("/bin/uv", "1 2 3", "0.9.0"),
    "basis": ("1-1",),
    "stamped": "sha256-5",
    "others": "sha256-3",
    "rest": "sha256-4",
    "strays": {"sources-0": ("['*.c']", "made.c")},
    "aside": {"sources-0": "csrc"},
    "late": ("two.c",),
    "former": ("three.c",),
    "guarded": ("/demo/.venv",),
    "asked": True,
    "fits": True,
    "due": False,
}
FIELDS = [one.name for one in dataclasses.fields(State)]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(dump(State(**FULL)))
    assert load(tmp_path / "state.json") == State(**FULL)


def test_what_is_left_out_is_no_state(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(dump(State(**FULL)).replace(b'"due"', b'"other"'))
    assert load(tmp_path / "state.json").digest is None


@pytest.mark.parametrize("name", FIELDS)
def test_each_field_counts_but_the_time(name: str) -> None:
    state = State(salt="11" * 32)
    assert state.differs_from(dataclasses.replace(state, **{name: FULL[name]})) is (name != "started")
