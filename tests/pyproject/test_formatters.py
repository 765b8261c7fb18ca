"""The region and whoever formats `pyproject.toml`: neither undoes what the other does, and `clean` gives all back."""

from __future__ import annotations

import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import tomli

import dyncachekeys
from dyncachekeys.pyproject.region import END, START
from dyncachekeys.syncing.document import clean

CORPUS = Path(__file__).parents[3] / "shared/corpus/pyproject"
FILES = [path for path in sorted(CORPUS.glob("*.toml")) if path.stem != "047"]  # its cache-keys are no list
KEY = '\n[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["src/**/*.c"]\n'
FORMATTERS = {"pyproject-fmt": [], "taplo": ["fmt"], "tombi": ["format", "--offline"]}
CHANGED = {"pyproject-fmt": 1}
"""What a formatter exits with where it has changed something; the others with 0."""
SMALLEST = {
    "dotted keys of tool.uv": "[tool.uv]\nsources.x.workspace = true\n",
    "a table below tool.uv": "[tool.uv]\npackage = true\n\n[tool.uv.sources]\nx.workspace = true\n",
    "a comment above a key": "[tool.uv]\n# this one\nmanaged = true\n# that one\ndev-dependencies = ['ruff']\n",
    "no tool.uv": "[tool.ruff]\nline-length = 100\n",
    "a list on one line": "[tool.uv]\ncache-keys = [{ file = 'a' }, { file = 'b' }]  # mine\npackage = true\n",
    "a list with comments": "[tool.uv]\n# all\ncache-keys = [\n  # this one\n  { file = 'b' },\n  { file = 'a' }  # that one\n]\n",
    "an inline table": "[tool]\nuv = { package = true, cache-keys = [{ file = 'a' }] }\n",
}
PROJECT = '[project]\nname = "demo"\nversion = "1"\n[build-system]\nrequires = ["setuptools"]\n'


def formatted(name: str, paths: Sequence[Path]) -> list[bytes]:
    """Have files formatted until that changes nothing more, and return them."""
    program = Path(sysconfig.get_path("scripts"), name)
    for _ in range(3):
        before = [path.read_bytes() for path in paths]
        done = subprocess.run([program, *FORMATTERS[name], *paths], capture_output=True, text=True, check=False)
        assert done.returncode in {0, CHANGED.get(name)}, done.stderr
        if [path.read_bytes() for path in paths] == before:
            return before
    pytest.fail(f"{name} goes on formatting by itself")


def told(data: bytes, *, own: bool) -> dict[str, Any]:
    """Return what a document says, less the cache keys, if asked to, and the tables that hold nothing else."""
    found = tomli.loads(data.decode("utf-8-sig"))
    settings = found["tool"].get("uv", {})
    if not own:
        settings.pop("cache-keys", None)
    return {**found, "tool": {name: table for name, table in found["tool"].items() if name != "uv" or settings}}


def get_along(paths: Sequence[Path], name: str, alone: Sequence[bytes]) -> None:
    """Sync, format, and so on: nothing changes after the first round, and nothing but our entries is ever different.

    `alone` is how the formatter leaves the files where nobody syncs.
    """
    for path in paths:
        dyncachekeys.sync(path.parent, {})
    once = formatted(name, paths)
    for path, data, unsynced in zip(paths, once, alone, strict=True):
        assert not dyncachekeys.check(path.parent, {}).region_differs, path
        dyncachekeys.sync(path.parent, {})
        assert path.read_bytes() == data, path
        assert [data.count(marker.encode()) for marker in (START, END)] == [1, 1], path
        assert told(data, own=False) == told(unsynced, own=False), path
        clean(path.parent)
        assert not any(marker in path.read_bytes() for marker in (b">> dyncachekeys", b"<< dyncachekeys")), path
        assert told(path.read_bytes(), own=True) == told(unsynced, own=True), path
    assert formatted(name, paths) == alone


def scenario(folder: Path, documents: Mapping[str, bytes], name: str) -> None:
    paths = []
    for stem, data in documents.items():
        paths.append(folder / f"{stem}/pyproject.toml")
        paths[-1].parent.mkdir()
        paths[-1].write_bytes(data)
    alone = formatted(name, paths)
    get_along(paths, name, alone)
    for path, data in zip(paths, documents.values(), strict=True):
        path.write_bytes(data)
    get_along(paths, name, alone)


@pytest.mark.parametrize("name", FORMATTERS)
def test_smallest(tmp_path: Path, name: str) -> None:
    scenario(tmp_path, {shape: (PROJECT + text + KEY).encode() for shape, text in SMALLEST.items()}, name)


def with_key(data: bytes) -> bytes:
    return data + KEY.encode().replace(b"\n", b"\r\n" if b"\r\n" in data else b"\n")


@pytest.mark.thorough
@pytest.mark.skipif(not FILES, reason="the corpus is not here: ../shared/corpus, beside the project")
@pytest.mark.parametrize("name", FORMATTERS)
def test_corpus(tmp_path: Path, name: str) -> None:
    scenario(tmp_path, {path.stem: with_key(path.read_bytes()) for path in FILES}, name)
