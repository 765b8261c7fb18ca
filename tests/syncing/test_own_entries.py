"""What the user's own entries say already is not generated again."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomli

import dyncachekeys

PYPROJECT = """\
[project]
name = "demo"
version = "1"
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"
[tool.uv]
cache-keys = [{own}]
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.git]
resolver = "git"
commit = true
tags = true
[tool.dyncachekeys.keys.env]
resolver = "env"
names = ["CC"]
"""
COMMIT, TAGS, CC = {"git": {"commit": True}}, {"git": {"tags": True}}, {"env": "CC"}


@pytest.mark.parametrize(
    ("own", "generated"),
    [
        ("", [COMMIT, TAGS, CC]),
        ("{ git = true }", [TAGS, CC]),
        ("{ git = { commit = true } }", [TAGS, CC]),
        ("{ git = { commit = true, tags = true } }", [CC]),
        ("{ git = { commit = true, tags = false } }", [COMMIT, TAGS, CC]),
        ('{ git = { tags = true } }, { env = "CC" }', [COMMIT]),
        ('"CC"', [COMMIT, TAGS, CC]),
    ],
)
def test_own_entries(own: str, generated: list[object], tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT.replace("{own}", own), encoding="utf-8")
    (tmp_path / ".git").mkdir()
    dyncachekeys.sync(tmp_path, {})
    listed = tomli.loads((tmp_path / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]["cache-keys"]
    of_own = tomli.loads(f"own = [{own}]")["own"]
    assert listed[: len(of_own)] == of_own
    assert [entry for entry in listed[len(of_own) :] if ".dyncachekeys" not in str(entry)] == generated
    assert not dyncachekeys.check(tmp_path, {}).region_differs
