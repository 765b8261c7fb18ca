"""How the blocks of a page are read and followed."""

from __future__ import annotations

from pathlib import Path

import pytest

from blocks import Shell, blocks, fits
from kit import Demo

PAGE = """\
# A page

```toml title="one.toml"
a = 1
```

```python
print("nobody runs this")
```

```console
$ mkdir sub && cd sub
$ export WHAT=three
$ cat ../one.toml <<EOF
> this
> EOF
a = 1
```

<!-- exits with 3 -->
```console
$ echo "$WHAT in 12ms"; echo two
three in 9.5s
...
$ echo first; echo second; exit 3
...
second
```

<!-- not run: it would fail -->
```console
$ false
```
"""


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    demo = Demo(tmp_path / "demo", tmp_path / "beside")
    demo.root.mkdir()
    (demo.beside / "home").mkdir(parents=True)
    return Shell(demo)


def page(tmp_path: Path, text: str) -> Path:
    (tmp_path / "page.md").write_text(text, encoding="utf-8")
    return tmp_path / "page.md"


def test_a_page_that_is_right(shell: Shell, tmp_path: Path) -> None:
    shell.follow(page(tmp_path, PAGE))
    assert shell.folder == tmp_path / "demo/sub"
    assert (tmp_path / "demo/one.toml").read_text(encoding="utf-8") == "a = 1\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [("a = 1\n```\n\n<", "a = 2\n```\n\n<"), ("with 3", "with 2"), ("\nsecond", "\nthird"), ("three in", "two in")],
)
def test_a_page_that_is_wrong(shell: Shell, tmp_path: Path, old: str, new: str) -> None:
    assert old in PAGE
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        shell.follow(page(tmp_path, PAGE.replace(old, new)))


def test_what_a_block_says(tmp_path: Path) -> None:
    found = [*blocks(page(tmp_path, PAGE))]
    assert [(one.kind, one.title, one.exit_code, one.run) for one in found] == [
        ("toml", "one.toml", 0, True),
        ("python", "", 0, True),
        ("console", "", 0, True),
        ("console", "", 3, True),
        ("console", "", 0, False),
    ]
    assert [*found[3].steps()][1] == ("echo first; echo second; exit 3", "...\nsecond\n", 3)


@pytest.mark.parametrize(
    ("printed", "expected", "right"),
    [
        ("a\nb\nc\n", "a\n...\nc\n", True),
        ("a\nc\n", "a\n...\nc\n", True),
        ("a\nb\n", "a\n", False),
        ("", "...\n", True),
        ("1 package in 7ms\n", "1 package in 0.12s\n", True),
        ("2 packages\n", "1 package\n", False),
    ],
)
def test_what_fits(printed: str, expected: str, right: bool) -> None:
    assert fits(printed, expected) is right
