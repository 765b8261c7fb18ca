"""Of an ignore file that a requirement reads for an editable build, only the effect counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.trace.inputs import Pyproject, Surroundings, inputs_of
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.trace.seals import stands, with_seals

ABOVE = "../../.gitignore"
EDITS = {
    "a comment": ("# more\n", True),
    "what the build never met": ("*.log\n/packages/other/\n", True),
    "what it read": ("data.json\n", False),
    "a folder that it listed": ("/packages/p/src/\n", False),
    "as hatchling takes it": ("/data.json\n", False),
    "and taken back": ("*.json\n!data.json\n", True),
}


def _around(root: Path) -> Surroundings:
    return Surroundings(Files(root), Environment({}), Pyproject({}, {}), {})


def _record(root: Path, who: str = "hatchling", kind: str = "editable") -> BuildRecord:
    trace = Trace(read={ABOVE: who, "data.json": who, "src/p/__init__.py": who}, listed={"src": who})
    return with_seals(BuildRecord(kind=kind, trace=trace, salt="00"), _around(root), vouched=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "packages/p"
    (root / "src/p").mkdir(parents=True)
    for name in ("data.json", "src/p/__init__.py", ABOVE):
        (root / name).write_text("", encoding="utf-8")
    return root


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_above(root: Path, edit: str) -> None:
    text, is_same = EDITS[edit]
    record = _record(root)
    assert stands(record, _around(root))
    (root / ABOVE).write_text(text, encoding="utf-8")
    assert stands(record, _around(root)) == is_same


@pytest.mark.parametrize(("who", "kind"), [("hatchling", "wheel"), ("core.py:3", "editable")])
def test_in_a_wheel_and_for_code_of_the_project_each_line_counts(root: Path, who: str, kind: str) -> None:
    record = _record(root, who, kind)
    (root / ABOVE).write_text("# more\n", encoding="utf-8")
    assert not stands(record, _around(root))
    assert ABOVE in {one.path for one in inputs_of(record, _around(root)) if hasattr(one, "path")}


def test_it_counts_that_the_file_is_there(root: Path) -> None:
    record = _record(root)
    (root / ABOVE).unlink()
    assert not stands(record, _around(root))
