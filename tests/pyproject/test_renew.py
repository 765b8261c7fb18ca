"""A region is renewed where it stands, and one that is not where a sync puts it is made again."""

from __future__ import annotations

from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.region import END, START
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.renew import renew
from dyncachekeys.syncing.document import clean

OLD, NEW = [{"file": "old"}], [{"file": "new"}, {"dir": "x"}]
SHAPES = {
    "no tool.uv": "[project]\nname = 'demo'\n",
    "no list": "[tool.uv]\npackage = true\n",
    "one line": "[tool.uv]\ncache-keys = ['a', 'b']  # mine\n",
    "one line, padded": "[tool.uv]\ncache-keys = [ 'a', 'b' ]\n",
    "one line, otherwise": "[tool.uv]\ncache-keys = ['a','b',]\n",
    "lines": "[tool.uv]\ncache-keys = [\n\t'a',\n]\n",
    "lines, no comma": "[tool.uv]\ncache-keys = [\n  'a'\n]\n",
    "windows": "[tool.uv]\r\ncache-keys = [\r\n  'a'\r\n]\r\n",
}


@pytest.mark.parametrize("shape", SHAPES)
def test_renewed_is_as_if_put_in_afresh(shape: str) -> None:
    data = SHAPES[shape].encode()
    assert renew(put(data, OLD), NEW) == put(data, NEW)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_region_that_was_moved_stays_where_it_is(shape: str) -> None:
    """Whoever moved the list, a person or a formatter, and wrote something above it: it goes on standing there."""
    before = put(SHAPES[shape].encode(), OLD)
    moved = before.replace(b"cache-keys =", b"managed = true\n# why\ncache-keys =")
    lines = moved.splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if b'{ file = "old" }' in line)
    lines[at : at + 1] = [lines[at].replace(b'file = "old"', entry) for entry in (b'file = "new"', b'dir = "x"')]
    assert renew(moved, NEW) == b"".join(lines)


PROJECT = """\
[project]
name = "demo"
version = "1"

[build-system]
requires = []
build-backend = "setuptools.build_meta"

[tool.dyncachekeys.keys.env]
resolver = "env"
names = ["CC"]

[tool.uv]
package = true
"""


@pytest.mark.parametrize("with_state", [True, False])
def test_markers_of_former_versions_are_healed_by_the_next_sync(tmp_path: Path, *, with_state: bool) -> None:
    """As pyproject-fmt has left them, which takes a comment along with the key below it."""
    path = tmp_path / "pyproject.toml"
    path.write_text(PROJECT, encoding="utf-8")
    dyncachekeys.sync(tmp_path, {})
    sound = path.read_text(encoding="utf-8")
    entries = "".join(line for line in sound.splitlines(keepends=True) if line.startswith("    {"))
    path.write_text(
        PROJECT.replace("package", f"{END}\n{END}\npackage") + f"{START}\ncache-keys = [\n{entries}]\n",
        encoding="utf-8",
    )
    if not with_state:
        for file in (tmp_path / ".dyncachekeys").glob("*.json"):
            file.unlink()
    assert dyncachekeys.check(tmp_path, {}).region_differs
    report = dyncachekeys.sync(tmp_path, {})
    assert path.read_text(encoding="utf-8") == sound
    assert "markers-lost" not in {one.code for one in report.warnings}
    assert not dyncachekeys.check(tmp_path, {}).region_differs
    clean(tmp_path)
    assert path.read_text(encoding="utf-8") == PROJECT


def test_a_region_is_sound_where_a_sync_puts_it_and_nowhere_else() -> None:
    data = put(SHAPES["lines"].encode(), OLD)
    assert cut(data).sound
    for other in (
        data + f"{END}\n".encode(),
        data.replace(END.encode(), f"{END}\n{END}".encode()),
        data.replace(START.encode(), b"# lost"),
        SHAPES["lines"].encode(),
    ):
        assert not cut(other).sound
