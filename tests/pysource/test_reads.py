"""What code reads under a name that stands in it, form by form; nothing of it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dyncachekeys.pysource.module import read

if TYPE_CHECKING:
    from collections.abc import Callable

    from dyncachekeys.pysource.closure import Closure

FILES = [
    "open('a.txt')",
    "open(file='a.txt')",
    "import io\nio.open('a.txt', 'r', encoding='utf-8')",
    "import codecs as c\nc.open('a.txt')",
    "with open('a.txt', mode='rb') as f: pass",
    "from pathlib import Path\nPath('a.txt').read_text('utf-8')",
    "import pathlib\npathlib.Path(__file__).parent.joinpath('a.txt').read_bytes()",
    "from pathlib import Path\nHERE = Path(__file__).resolve().parent\n(HERE / 'a.txt').open()",
    "import os\nopen(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'a.txt'))",
    "NAME = 'a.txt'\nopen(NAME)",
    "for name in ('a.txt', 'b.txt'):\n    open(name)",
    "x = [open(f) for f in ['a.txt']]",
    "x = {k: open(f) for k, f in [('x', 'a.txt')]}",
    "def read(name):\n    return open(name).read()\nread('a.txt')",
    "import os\ndef read(*parts):\n    return open(os.path.join(os.path.dirname(__file__), *parts)).read()\nread('a.txt')",
    "def read(name='a.txt'):\n    path = './' + name\n    return open(path)\nread()",
    "class C:\n    def read(self, name):\n        return open(name)\n    def go(self):\n        self.read('a.txt')",
    "import configparser\nconfigparser.ConfigParser().read(['a.txt'])",
    "import configparser\nparser = configparser.ConfigParser()\nparser.read('a.txt')",
    "import shutil\nshutil.copy('a.txt', 'c.txt')",
    "import subprocess, sys\nsubprocess.check_call([sys.executable, 'a.txt'])",
    "from pip.req import parse_requirements\nparse_requirements('a.txt', session=False)",
    "if x:\n    open('a.txt')",
    "try:\n    open('a.txt')\nexcept OSError:\n    pass",
]


def told(source: str) -> set[tuple[str, str]]:
    found = read(source.encode(), "setup.py", "__main__").reads
    return {(one.kind, one.subject.removeprefix("./")) for one in found}


@pytest.mark.parametrize("source", FILES)
def test_a_file_is_read(source: str) -> None:
    assert ("file", "a.txt") in told(source)


@pytest.mark.parametrize(
    ("source", "glob"),
    [
        ("from pathlib import Path\nPath('data').glob('*.csv')", "data/*.csv"),
        ("from pathlib import Path\nPath('data').rglob('*.csv')", "data/**/*.csv"),
        ("from glob import glob\nglob('data/*.csv')", "data/*.csv"),
        ("import glob\nglob.iglob('**/*.csv', recursive=True, root_dir='data')", "data/**/*.csv"),
    ],
)
def test_a_glob_is_gone_through(source: str, glob: str) -> None:
    assert told(source) == {("glob", glob)}


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['X']",
        "import os\nos.environ.get('X', '1')",
        "import os\nos.getenv('X')",
        "from os import environ\nenviron['X']",
        "from os import environ as e, getenv as g\ng('X')",
        "import os\n'X' in os.environ",
        "import os\nif 'X' not in os.environ: pass",
        "import os\ndef flag(name):\n    return os.environ.get(name) == '1'\nflag('X')",
        "import os\nfor name in ['X', 'X']:\n    os.environ[name]",
    ],
)
def test_a_variable_is_asked_for(source: str) -> None:
    assert told(source) == {("env", "X")}


@pytest.mark.parametrize(
    "source",
    [
        "# open('a.txt')",
        "import os\nopen(os.environ['LOG'], 'a')",
        "open(input())",
        "import os\nos.environ['X'] = '1'",
        "import os\ndel os.environ['X']",
        "import os\nos.environ.update(X='1')",
        "environ = {}\nenviron['X']",
        "zipfile.read(3)",
        "if __name__ == 'other':\n    pass",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    open('a.txt')",
        "def open(name): ...\nobject.open",
    ],
)
def test_nothing_is_read(source: str) -> None:
    assert told(source) == set()


@pytest.mark.parametrize(
    ("source", "is_read"),
    [
        ("import subprocess\nsubprocess.check_call(['make', 'all'])", True),
        ("import subprocess as s\ns.run(('make',), check=True)", True),
        ("import os\nos.system('make all')", True),
        ("import subprocess\nsubprocess.run(['make'], cwd='vendor')", False),
        ("import subprocess\nsubprocess.run(['make', '-C', 'vendor'])", False),
        ("import os\nos.system('make --directory=vendor')", False),
        ("import os\nos.system('cmake .')", False),
    ],
)
def test_a_makefile_that_is_run(source: str, is_read: bool) -> None:
    assert (("file", "Makefile") in told(source)) is is_read


@pytest.mark.parametrize(
    "source",
    ["open('a.txt', 'w')", "open('a.txt', mode='a')", "from pathlib import Path\nPath('a.txt').write_text('')"],
)
def test_what_is_written_is_told_apart(source: str) -> None:
    assert told(source) == {("written", "a.txt")}


HELPERS = """
import os
TOP = os.environ["TOP"]
def _inner():
    return open("inner.txt")
def wanted():
    return _inner()
def other():
    return open("other.txt")
class Command:
    def run(self):
        return open("command.txt")
def at_import():
    return open("import.txt")
at_import()
"""


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("from helpers import wanted", {"inner.txt"}),
        ("from helpers import Command as C", {"command.txt"}),
        ("import helpers", {"inner.txt", "other.txt", "command.txt"}),
        ("from helpers import *", {"inner.txt", "other.txt", "command.txt"}),
        ("from helpers import nothing", set()),
    ],
)
def test_only_what_is_imported_counts(
    following: Callable[..., tuple[Closure, Any]], line: str, found: set[str]
) -> None:
    closure, _ = following({"setup.py": line, "helpers.py": HELPERS}, main="setup.py")
    assert {one.subject for _, one in closure.reads} == {"TOP", "import.txt", *found}


def test_a_package_counts_by_what_is_taken_from_it(following: Callable[..., tuple[Closure, Any]]) -> None:
    files = {
        "setup.py": "from p import VERSION\nfrom p.tools import go",
        "p/__init__.py": "from .run import main\nVERSION = '1'\ndef f():\n    open('f.txt')\n",
        "p/run.py": "def main():\n    open('main.txt')\ndef unused():\n    open('unused.txt')\n",
        "p/tools.py": "def go():\n    open('go.txt')\n",
    }
    closure, _ = following(files, main="setup.py")
    assert {(path, one.line, one.subject) for path, one in closure.reads} == {
        ("p/run.py", 2, "main.txt"),
        ("p/tools.py", 2, "go.txt"),
    }
