"""Real `pyproject.toml` files: sync adds its region, changes no byte twice, and clean gives all back."""

from __future__ import annotations

from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.errors import ConfigurationError
from dyncachekeys.syncing.document import clean

CORPUS = Path(__file__).parents[2] / "shared/corpus/pyproject"
FILES = sorted(CORPUS.glob("*.toml"))
KEY = '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["src/**/*.c"]\n'

REFUSED = {"047.toml"}  # its [tool.uv.cache-keys] is a table, which uv refuses as well

pytestmark = pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")


def put_in(tmp_path: Path, name: str) -> Path:
    raw = (CORPUS / name).read_bytes()
    ending = b"\r\n" if b"\r\n" in raw else b"\n"
    path = tmp_path / "pyproject.toml"
    path.write_bytes(raw + KEY.encode().replace(b"\n", ending))
    return path


@pytest.mark.parametrize("name", [path.name for path in FILES if path.name not in REFUSED])
def test_sync_twice_and_clean(tmp_path: Path, name: str) -> None:
    path = put_in(tmp_path, name)
    original = path.read_bytes()
    dyncachekeys.sync(tmp_path, {})
    once = path.read_bytes()
    assert once != original
    assert not dyncachekeys.sync(tmp_path, {}).changed
    assert path.read_bytes() == once
    clean(tmp_path)
    assert path.read_bytes() == original


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_what_can_not_be_edited_is_refused_and_left_alone(tmp_path: Path, name: str) -> None:
    path = put_in(tmp_path, name)
    original = path.read_bytes()
    with pytest.raises(ConfigurationError) as caught:
        dyncachekeys.sync(tmp_path, {})
    assert [(problem.code, problem.where) for problem in caught.value.problems] == [
        ("cache-keys-not-a-list", "tool.uv.cache-keys")
    ]
    assert path.read_bytes() == original
    assert not (tmp_path / ".dyncachekeys").exists()
