"""What code reads under a name that stands in it, form by form; nothing of it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from dyncachekeys.pysource.closure import Start, follow
from dyncachekeys.pysource.module import Run, read
from dyncachekeys.pysource.reads import Read

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
    "NAMES = ['a.txt', 'b.txt']\nfor name in NAMES:\n    open(name)",
    "def read(*names):\n    return [open(one) for one in names]\nread('b.txt', 'a.txt')",
    "def read(names):\n    for one in names:\n        open(one)\nread(['b.txt', 'a.txt'])",
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


ENV = """
import os
HERE = os.path.dirname(__file__)
def flag(name, default=""):
    return os.environ.get(name, default) in {"1", "ON"}
def flags(*names):
    return [os.getenv(one) for one in names]
def settings(names=()):
    for one in names:
        os.environ[one]
def text(*, name):
    return open(os.path.join(HERE, name)).read()
def unread(name):
    return name
"""


@pytest.mark.parametrize(
    ("main", "found"),
    [
        ("from tools.env import flag\nflag('X')", {"X"}),
        ("from tools.env import flag as f\nf(default='1', name='X')", {"X"}),
        ("import tools.env\ntools.env.flag('X')", {"X"}),
        ("from tools import env as e\ne.flags('X', 'Y')", {"X", "Y"}),
        ("from tools.env import *\nimport tools.env\ntools.env.settings(['X', 'Y'])", {"X", "Y"}),
        ("from tools.env import settings\nNAMES = ('X', 'Y')\nfor one in NAMES:\n    settings([one])", {"X", "Y"}),
        ("from tools.env import text\ntext(name='a.txt')", {"tools/a.txt"}),
        ("from tools.env import text\ndef read(name):\n    return text(name=name)\nread('a.txt')", {"tools/a.txt"}),
        ("from tools.env import flag\nflag(input())\nflag(*['X'])", set()),
        ("from tools.env import unread\nunread('X')", set()),
        ("from other import flag\nflag('X')", set()),
        ("def flag(name): ...\nflag('X')\nimport tools.env", set()),
    ],
)
def test_a_function_of_another_module_reads_what_the_caller_says(
    following: Callable[..., tuple[Closure, Any]], main: str, found: set[str]
) -> None:
    files = {"setup.py": main, "tools/__init__.py": "", "tools/env.py": ENV, "other.py": "def flag(name): ..."}
    closure, _ = following(files, main="setup.py")
    assert {one.subject for path, one in closure.reads if path == "tools/env.py"} == found


def test_parameters_of_one_name_are_told_apart() -> None:
    source = (
        "import os\ndef flag(name):\n    os.environ[name]\ndef text(name):\n    open(name)\nflag('X')\ntext('a.txt')"
    )
    assert told(source) == {("env", "X"), ("file", "a.txt")}


def test_only_calls_that_are_reached_count(following: Callable[..., tuple[Closure, Any]]) -> None:
    files = {
        "setup.py": "from p.build import go\ngo()",
        "p/__init__.py": "",
        "p/build.py": "from .env import flag\ndef go():\n    flag('X')\ndef other():\n    flag('Y')\n",
        "p/env.py": ENV,
    }
    closure, _ = following(files, main="setup.py")
    assert [one for _, one in closure.reads] == [Read(5, "env", "X", ("flag",))]


def test_a_caller_that_nobody_can_parse_gives_nothing(following: Callable[..., tuple[Closure, Any]]) -> None:
    files = {"setup.py": "import a, env", "a.py": "from env import flag\nflag('X'", "env.py": ENV}
    closure, _ = following(files, main="setup.py")
    assert closure.reads == []


def test_what_was_read_is_known_from_before(following: Callable[..., tuple[Closure, Any]]) -> None:
    """A reading is kept as text, by what was asked; so are the calls, and what is read then."""
    kept: dict[tuple[str, str], str] = {}

    def derive(path: str, question: str, function: Callable[[bytes], str]) -> str:
        if (path, question) not in kept:
            kept[path, question] = function(files[path].encode())
        return kept[path, question]

    files = {"setup.py": "from env import flags\nflags('é', 'Y')", "env.py": ENV}
    tree = following(files, main="setup.py")[1]
    starts = [Start(Run(0, "setup.py", "__main__"), "start", (".",))]
    first = follow(tree, starts, derive).reads
    known = len(kept)
    files["env.py"] = files["setup.py"] = ""
    assert follow(tree, starts, derive).reads == first
    assert {one.subject for _, one in first} == {"é", "Y"}
    assert len(kept) == known
