"""`.ci/spelling.py`, which checks the spelling of all that people read."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).parents[1] / ".ci/spelling.py"
PAGE = """\
# Wathced builds

The `wathced` [one](wathced.md#wathced) of docs/wathced.md, uv's and the colour's.
It reads --wathced and builds
```sh
wathced
```
an <b class="wathced">editible</b> one.
"""
MODULE = '''\
"""Reads `wathced`, and misstakes."""

wathced = "wathced"  # a variabel
'''


@pytest.mark.parametrize(
    ("name", "text", "found"),
    [("page.md", PAGE, ["1: Wathced", "8: editible"]), ("module.py", MODULE, ["1: misstakes", "3: variabel"])],
)
def test_it_finds_what_is_no_word_and_no_code(name: str, text: str, found: list[str], tmp_path: Path) -> None:
    pytest.importorskip("hunspell")
    (tmp_path / name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path / name)], capture_output=True, text=True, check=False
    )
    lines = done.stdout.splitlines()
    assert [line.removeprefix(f"{tmp_path / name}:") for line in lines[:-1]] == found
    assert lines[-1] == "2 words are not known: correct them, or add them to .ci/words.txt"
    assert done.returncode == 1
