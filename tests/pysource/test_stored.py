"""A reading is the same after it was text."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from dyncachekeys.pysource import reader
from dyncachekeys.pysource.module import read

LIBRARY = Path(sysconfig.get_path("stdlib"))
SOURCES = {
    "imports": "import a.b, c\nfrom .d import e, f as g\nfrom . import *\n",
    "paths": "import sys\nsys.path.insert(0, 'one')\nsys.path.append('two')\nsys.path.append(input())\n",
    "functions": "import importlib\ndef f(x):\n    importlib.import_module(x)\n    importlib.import_module('é')\n",
    "reads": "import os\nfrom pathlib import Path\ndef f(n):\n    open(n)\nf('é.txt')\nos.environ['X']\nPath('d').glob('*.x')\n",
    "awaiting": "import os\ndef f(é):\n    os.environ[é]\ndef g(n):\n    for one in n:\n        open(one)\n",
    "runs": "import runpy\nrunpy.run_path('é.py')\n",
    "exports": "__all__ = ['a', 'é']\n__all__ += ['b']\ndef a(): ...\nclass B: ...\n",
    "half a pair": "import importlib\nimportlib.import_module('\\ud83d')\n",
    "two halves": "import importlib\nimportlib.import_module('\\ud83d\\ude00')\n",
    "a zero": "import importlib\nimportlib.import_module('\\0\"\\\\')\n",
    **{file.name: file.read_text(encoding="utf-8") for file in sorted(LIBRARY.glob("*.py"))[::20]},
}


@pytest.mark.parametrize("source", SOURCES.values(), ids=SOURCES)
def test_a_reading_is_the_same_after_it_was_text(source: str) -> None:
    found = read(source.encode(), "pkg/module.py", "pkg.module")
    again = reader.load(reader.dump(found))
    assert again == found
    assert [type(one) for one in again.imports] == [type(one) for one in found.imports]
