"""From starting points to files: reasons, cycles, warnings, ``sys.path``."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dyncachekeys.pysource.closure import Closure

    Follow: TypeAlias = Callable[..., tuple[Closure, Any]]


def test_reasons_name_the_nearest_import(following: Follow) -> None:
    files = {
        "core/__init__.py": "\nimport a.b.c\nimport far",
        "far.py": "import late, near",
        "a/__init__.py": "import near",
        "a/b/__init__.py": "",
        "a/b/c.py": "",
        "near.py": "import late",
        "late.py": "",
    }
    closure, _ = following(files)
    assert closure.found == {
        "core/__init__.py": "start",
        "a/__init__.py": "package of a/b/c.py",
        "a/b/__init__.py": "package of a/b/c.py",
        "a/b/c.py": "imported by core/__init__.py:2",
        "far.py": "imported by core/__init__.py:3",
        "near.py": "imported by a/__init__.py:1",
        "late.py": "imported by far.py:1",
    }


def test_cycles_end_and_each_file_is_read_once(following: Follow) -> None:
    files = {
        "core.py": "import a\nimport core",
        "a.py": "import b, a",
        "b.py": "import core, a, c.d",
        "c/__init__.py": "",
    }
    closure, tree = following(files)
    assert sorted(closure.found) == sorted(files)
    assert tree.reads == dict.fromkeys(files, 1)


def test_the_order_of_the_file_system_does_not_count(following: Follow) -> None:
    files = {f"m{n}.py": f"import m{n * 7 % 10}, m{n * 3 % 10}, gone{n}" for n in range(10)} | {
        "core.py": "import m1, m9"
    }
    expected, _ = following(files)
    shuffled = list(files.items())
    for seed in range(5):
        random.Random(seed).shuffle(shuffled)
        closure, _ = following(dict(shuffled))
        assert list(closure.found.items()) == list(expected.found.items())
        assert list(closure.absent.items()) == list(expected.absent.items())


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (b"import helper\n\n)", "bad.py:3: unmatched ')'; its imports are not followed"),
        (b"unreadable", "bad.py: Permission denied; its imports are not followed"),
    ],
)
def test_a_file_that_cant_be_read_is_an_input_all_the_same(following: Follow, source: bytes, message: str) -> None:
    closure, tree = following({"core.py": "import bad, helper", "bad.py": source, "helper.py": ""})
    assert sorted(closure.found) == ["bad.py", "core.py", "helper.py"]
    assert tree.doubts == [("imports-not-followed", message)]


@pytest.mark.parametrize("source", [b"\0", b"# coding: no-such-codec\n", b"x = '\xff'\n", b"(" * 5000])
def test_no_source_is_bad_enough_to_fail(following: Follow, source: bytes) -> None:
    closure, tree = following({"core.py": source})
    assert list(closure.found) == ["core.py"]
    assert [code for code, _ in tree.doubts] == ["imports-not-followed"]


@pytest.mark.parametrize(
    "source",
    [
        "# -*- coding: latin-1 -*-\ns = 'é'\nimport helper".encode("latin-1"),
        "import helper".encode("utf-8-sig"),
        b"import helper\r\n",
        b"s = '\\d'\nimport helper",
    ],
)
def test_the_encoding_is_what_the_file_declares(following: Follow, source: bytes) -> None:
    closure, tree = following({"core.py": source, "helper.py": ""})
    assert "helper.py" in closure.found
    assert tree.doubts == []


@pytest.mark.parametrize(
    "call",
    [
        "importlib.import_module(name)",
        "importlib.import_module('.x', package)",
        "__import__('x', globals(), locals(), [], 1)",
        "__import__(f'{name}.x')",
        "importlib.util.spec_from_file_location('x', path)",
    ],
)
def test_a_computed_import_is_said(following: Follow, call: str) -> None:
    _, tree = following({"core.py": f"import importlib.util\n\n{call}"})
    assert tree.doubts == [("computed-import", "core.py:3: imports a computed name")]


@pytest.mark.parametrize(
    ("lines", "directory"),
    [
        ("sys.path.insert(0, 'tools')", "tools"),
        ("sys.path.append('tools/')", "tools"),
        ("sys.path.extend(['x', './tools'])", "tools"),
        ("sys.path.extend((not os.path.isdir('x')) * ['tools'])", "tools"),
        ("sys.path.extend(['tools'] * condition)", "tools"),
        ("sys.path += ['x'] if condition else ['tools']", "tools"),
        ("sys.path[:0] = ['tools']", "tools"),
        ("sys.path[0:0] = ['x', 'tools']", "tools"),
        ("sys.path += ['tools']", "tools"),
        ("sys.path = ['tools'] + sys.path", "tools"),
        ("sys.path[:] = ['tools', *sys.path]", "tools"),
        ("from sys import path as p\np.insert(0, 'tools')", "tools"),
        ("sys.path.insert(0, os.path.dirname(__file__))", "sub"),
        ("sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))", "."),
        ("sys.path.insert(0, os.path.join(os.path.dirname(__file__), '..', 'tools'))", "tools"),
        ("sys.path.insert(0, os.path.join(os.path.dirname(__file__), os.pardir, os.pardir))", ".."),
        ("sys.path.insert(0, os.path.dirname(os.path.realpath(__file__)) + '/../tools')", "tools"),
        ("from os.path import dirname as d, join\nsys.path.insert(0, join(d(__file__), 'x'))", "sub/x"),
        ("sys.path.insert(0, os.getcwd())", "."),
        ("sys.path.insert(0, '')", "."),
        ("sys.path.insert(0, str(Path(__file__).parent))", "sub"),
        ("sys.path.insert(0, str(Path(__file__).resolve().parent.parent / 'tools'))", "tools"),
        ("sys.path.insert(0, str(Path(__file__).absolute().parents[1].joinpath('a', 'b')))", "a/b"),
        ("sys.path.insert(0, os.fspath(Path('tools')))", "tools"),
        ("sys.path.insert(0, f'{Path.cwd()}/tools')", "tools"),
        (
            "HERE = Path(__file__).parent\nROOT: Path = HERE / '..'\nsys.path.insert(0, str(ROOT / 'tools'))",
            "tools",
        ),
        ("sys.path.insert(0, '../shared')", "../shared"),
    ],
)
def test_directories_that_the_code_adds_are_searched(following: Follow, lines: str, directory: str) -> None:
    helper = "helper.py" if directory == "." else f"{directory}/helper.py"
    source = f"import sys, os\nfrom pathlib import Path\n{lines}\nimport helper"
    closure, tree = following({"sub/core.py": source, helper: ""}, "sub")
    assert sorted(closure.found) == sorted(["sub/core.py", helper])
    assert tree.doubts == []
    assert tree.reads["sub/core.py"] == 1


@pytest.mark.parametrize(
    "line",
    [
        "sys.path.insert(0, compute())",
        "sys.path += [os.environ['TOOLS']]",
        "for p in ('a', 'b'): sys.path.append(p)",
        "p = p2 = 'a'; p = 'b'; sys.path.append(p)",
        "q = os.path.join(q, 'x'); sys.path.append(q)",
        "sys.path.append(Path(__file__).with_name('x'))",
        "sys.path += entries()",
    ],
)
def test_a_computed_directory_is_said(following: Follow, line: str) -> None:
    _, tree = following({"core.py": f"import sys, os\nfrom pathlib import Path\n{line}"})
    assert tree.doubts == [("computed-sys-path", "core.py:3: adds a computed directory to sys.path")]


@pytest.mark.parametrize(
    "line",
    [
        "sys.path.insert(0, '/opt/tools')",
        "sys.path.insert(0, '~/tools')",
        "old = list(sys.path); sys.path[:] = old",
        "sys.path[:] = [p for p in sys.path if p]",
        "sys.path.remove('x'); sys.path.pop(0)",
        "other.path.insert(0, compute())",
    ],
)
def test_what_adds_nothing_of_the_tree(following: Follow, line: str) -> None:
    closure, tree = following({"core.py": f"import sys\n{line}\nimport helper"})
    assert sorted(closure.absent) == ["core/__init__.py", "helper.py", "helper/__init__.py"]
    assert tree.doubts == []


def test_names_count_with_and_without_added_directories(following: Follow) -> None:
    """Which of the two is imported depends on when the directory is added."""
    files = {
        "core.py": "import helper\nimport setup_path",
        "setup_path.py": "import sys\nsys.path.insert(0, 'tools')",
    }
    closure, _ = following(files | {"helper.py": "", "tools/helper.py": "import deep", "tools/deep.py": ""})
    assert sorted(closure.found) == [
        "core.py",
        "helper.py",
        "setup_path.py",
        "tools/deep.py",
        "tools/helper.py",
    ]


def test_a_file_that_is_run_by_path_and_missing_counts(following: Follow) -> None:
    closure, _ = following({"core.py": "import runpy\nrunpy.run_path('gen/version.py')"})
    assert closure.absent["gen/version.py"] == "absent; would run: imported by core.py:2"


BOTH = {"helper.py": "", "x/helper.py": ""}


@pytest.mark.parametrize(
    ("core", "found"),
    [
        ("import sys, helper\nsys.path.insert(0, 'x')", {"helper.py"}),
        ("import sys, helper\nif 1:\n    sys.path.insert(0, 'x')", {"helper.py"}),
        ("import sys\nsys.path.insert(0, 'x')\nimport helper", {"x/helper.py"}),
        ("import sys\nsys.path.append('x')\nimport helper", {"helper.py"}),
        ("import sys\nif sys.argv:\n    sys.path.insert(0, 'x')\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\nsys.path.insert(1, 'x')\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\ndef f():\n    import helper\nf()\nsys.path.insert(0, 'x')\nf()", {"helper.py", "x/helper.py"}),
        ("import sys\ndef f():\n    sys.path.insert(0, 'x')\nf()\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\ndef f():\n    sys.path.insert(0, 'x')\nimport helper", {"helper.py"}),
        ("import sys\n@f\ndef g():\n    sys.path.insert(0, 'x')\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\nclass A:\n    def f():\n        sys.path.insert(0, 'x')\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\ndef build_wheel():\n    sys.path.insert(0, 'x')\nimport helper", {"helper.py", "x/helper.py"}),
        ("import sys\npaths = ['x']\nimport helper\nsys.path.extend(paths)\nimport other", {"helper.py", "x/other.py"}),
        ("import sys, other_file\nsys.path.insert(0, 'x')", {"helper.py", "x/helper.py", "other_file.py"}),
    ],
)  # fmt: skip
def test_what_is_added_counts_for_what_may_be_imported_after_it(following: Follow, core: str, found: set[str]) -> None:
    files = {"core.py": core, **BOTH, "x/other.py": "", "other_file.py": "def f():\n    import helper\n"}
    closure, _ = following(files)
    assert set(closure.found) - {"core.py"} == found


@pytest.mark.parametrize(
    ("more", "is_called"),
    [
        ({"other.py": "import core\ncore.add()\n"}, True),
        ({"other.py": "from core import add\n"}, True),
        ({"other.py": "def add():\n    pass\n"}, False),
        ({"pyproject.toml": '[tool.backend]\nhook = "core:add"\n'}, True),
        ({"unrelated.py": "add()"}, False),
    ],
)
def test_a_function_that_nobody_names_adds_nothing(following: Follow, more: dict[str, str], is_called: bool) -> None:
    core = "import sys, other\ndef add():\n    sys.path.insert(0, 'x')\nimport helper\n"
    closure, _ = following({"core.py": core, **BOTH, "other.py": "", **more})
    assert ("x/helper.py" in closure.found) == is_called
