"""`init` on every real `pyproject.toml`: what it writes is valid, `sync` and `check` agree, a second one refuses."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import tomli

import dyncachekeys
from doctor.trees import plant
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.propose.decide import InitOptions
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.undo import undo
from dyncachekeys.propose.write import write, write_edits
from dyncachekeys.syncing.document import clean
from dyncachekeys.uv.build_variables import is_built_by_uv, is_set_up

CORPUS = Path(__file__).parents[3] / "shared/corpus/pyproject"
NOT_FOR_INIT = {
    "019": "not-built",
    "047": "cache-keys-not-a-list",
    "093": "not-built",
    "115": "not-built",
    "117": "not-built",
}
"""Files of which uv builds nothing, or reads no list."""
FILES = sorted(path.stem for path in CORPUS.glob("*.toml"))
EVERY_SIXTH = [name for number, name in enumerate(FILES) if number % 6 == 0]
THE_REST = [pytest.param(name, marks=pytest.mark.thorough) for name in FILES if name not in EVERY_SIXTH]


@pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")
@pytest.mark.parametrize("name", [*EVERY_SIXTH, *THE_REST])
@pytest.mark.parametrize(
    "init_options",
    [
        pytest.param(InitOptions(), id="auto"),
        pytest.param(InitOptions(watch="digest"), id="digest", marks=pytest.mark.thorough),
        pytest.param(InitOptions(transport="digest"), id="transport", marks=pytest.mark.thorough),
    ],
)
def test_what_init_writes_is_valid(name: str, init_options: InitOptions, tmp_path: Path) -> None:
    root = tmp_path / name
    data = (CORPUS / f"{name}.toml").read_bytes()
    plant(root, data)
    if name in NOT_FOR_INIT:
        with pytest.raises(DyncachekeysError) as refused:
            propose([root], {})
        assert refused.value.problems[0].code == NOT_FOR_INIT[name]
        return
    (one,) = propose([root], {}, init_options)
    old, new = tomli.loads(data.decode("utf-8-sig")), tomli.loads(one.after.decode("utf-8-sig"))
    assert new["tool"].pop("dyncachekeys") == one.table.as_table()
    settings = new["tool"].get("uv", {})
    assert is_set_up(settings, one.name) == bool(one.watched)
    assert one.watched or is_built_by_uv(old) or [note.code for note in one.notes][-1] == "uv-too-old"
    if one.watched:
        assert data.count(b"extra-build-variables") == 0
        del settings["extra-build-variables"]
        new["tool"] = {name: table for name, table in new["tool"].items() if table or name in old.get("tool", {})}
    assert new == {"tool": {}, **old}
    assert _ends(one.after) <= _ends(data) | {b"\n"}
    assert b"\r\n" not in data or one.after.endswith(b"\r\n")
    assert list(write([one], [])) == [root / "pyproject.toml"]
    assert (root / "pyproject.toml").read_bytes() == one.after
    dyncachekeys.sync(root, {})
    assert not dyncachekeys.check(root, {}).written
    with pytest.raises(DyncachekeysError) as again:
        propose([root], {})
    assert again.value.problems[0].code == "already-there"
    clone = tmp_path / "clone"
    shutil.copytree(root, clone, ignore=shutil.ignore_patterns(".dyncachekeys"))
    assert undone(root, "pyproject.toml") == data  # the ignore file is not of that `init`
    assert (
        undone(clone, "pyproject.toml", ".gitignore").rstrip() == data.rstrip()
    )  # of a file without a newline at its end, nobody knows that there


def undone(root: Path, *files: str) -> bytes:
    """Undo `init`, which edits some files, and return what is there then: all of it is gone."""
    done = undo([root], root, {})
    assert not done.left
    assert [edit.path.name for edit in write_edits(done.edits)] == [*files]
    for folder in done.bare:
        clean(folder)
    assert not (root / ".dyncachekeys").exists()
    return (root / "pyproject.toml").read_bytes()


def _ends(data: bytes) -> set[bytes]:
    return {line[len(line.rstrip(b"\r\n")) :] for line in data.splitlines(keepends=True)}
