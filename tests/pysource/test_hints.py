"""What a module can't compute is passed over: that must change nothing."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from dyncachekeys.pysource.module import Reading, may_compute, read

LIBRARY = Path(sysconfig.get_path("stdlib"))
SAMPLE = sorted(LIBRARY.glob("*.py"))[::4]


@pytest.mark.parametrize(
    "source",
    [
        "import sys\nsys.path.append('a')",
        "import sys as s\ns.path.append('a')",
        "import os, sys as s\ns.path.append('a')",
        "from sys import path\npath.append('a')",
        "from sys import (path as p)\np.append('a')",
        "from sys \\\n  import path as p\np.append('a')",
        "import sys\n(sys).path.append('a')",
        "import sys\n(sys  # the module)\n # and more\n . \\\n path).append('a')",
        "import sys\r(sys# the module\r.path).append('a')",
        "from importlib import import_module as im\nim('a')",
        "__import__('a')",
        "import \uff53ys\n\uff53ys.p\uff41th.append('a')",
        "import importlib\nimportlib.\uff49mport_module('a')",
        "# coding: utf-7\nimport +AHMAeQBz-\n+AHMAeQBz-.path.append('a')",
        "#!/usr/bin/python\n# -*- coding: iso2022_jp -*-\nimport \x1b(Bsys\nsy\x1b(Bs.path.append('a')",
    ],
)
def test_each_way_to_compute_is_noticed(source: str) -> None:
    assert may_compute(source.encode())


@pytest.mark.parametrize(
    "source", ["import sys, os\nsys.exit(os.path.exists('sys path'))", "# coding: utf-8\nsystem = 'sys', 'as'"]
)
def test_other_uses_of_the_words_are_none(source: str) -> None:
    assert not may_compute(source.encode())


@pytest.mark.parametrize("file", SAMPLE, ids=[file.name for file in SAMPLE])
def test_expressions_that_are_passed_over_tell_nothing(file: Path) -> None:
    """A comment that holds the word has all of a module looked at."""
    source = file.read_bytes()
    whole = source + b"\n# import_module\n"
    assert may_compute(whole)
    assert _all(read(source, "pkg/module.py", "pkg.module")) == _all(read(whole, "pkg/module.py", "pkg.module"))


def _all(found: Reading) -> tuple[object, ...]:
    return (found.imports, found.directories, found.bound, found.exported, found.doubts)
