"""The `table` resolver: by value, and nothing else."""

from __future__ import annotations

import os

import pytest

import dyncachekeys
from dyncachekeys import DyncachekeysError
from kit import Demo, DemoMaker

CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.it]
resolver = "table"
"""


def digest(demo: Demo) -> str:
    return dyncachekeys.resolve(demo.root, demo.environ).digest


@pytest.mark.parametrize(
    ("options", "before", "after", "differs"),
    [
        ('tables = ["a"]', "a = 1\nb = 1", "b = 2\na = 1 # so", False),
        ('tables = ["a"]', "a = 1", "a = 1.0", True),
        ('tables = ["a"]', "a = 1", "", True),
        ('tables = ["a.b"]', "a.b = 1\na.c = 1", "[a]\nb = 1\nc = 2", False),
        ("tables = ['a.\"x.y\"']", '[a]\n"x.y" = 1', '[a]\n"x.y" = 2', True),
        ('tables = ["a"]\nexclude = ["a.b"]', "a.b = 1\na.c = 1", "a.b = 2\na.c = 1", False),
        ('tables = ["a"]\nexclude = ["a.b"]', "a.b = 1\na.c = 1", "a.b = 1\na.c = 2", True),
        ('exclude = ["a"]', "a = 1\nb = 1", "a = 2\nb = 1", False),
        ("", "[a]\nx = 1\ny = 2", "[a]\ny = 2\nx = 1", False),
        ("", "[[a]]\nx = 1\n[[a]]\nx = 2", "[[a]]\nx = 2\n[[a]]\nx = 1", True),
    ],
)
def test_toml_by_value(demo_maker: DemoMaker, options: str, before: str, after: str, differs: bool) -> None:
    demo = demo_maker(CONFIG + f'file = "data.toml"\n{options}\n', {"data.toml": before})
    first = digest(demo)
    demo.write({"data.toml": after})
    assert (digest(demo) != first) is differs


@pytest.mark.parametrize(
    ("tables", "before", "after", "differs"),
    [
        ('["V"]', "V = '1'\n", 'import os\n\n# more\nV   =   "1"\nW = os.name\n', False),
        ('["V"]', "V = '1'\n", "V: str = '1'\n", False),
        ('["V"]', "V = 1\n", "V = 1.0\n", True),
        ('["V"]', "V = 1\n", "V = '1'\n", True),
        ('["V"]', "V = 1\n", "", True),
        ('["V"]', "V = (1, 2)\n", "V = (1,\n     2)\n", False),
        ('["V"]', "V = (1, 2)\n", "V = (1, 3)\n", True),
        ('["V.major"]', "V = {'major': 1, 'minor': 1}\n", "V = {'major': 1, 'minor': 2}\n", False),
        ('["V.major"]', "V = {'major': 1, 'minor': 1}\n", "V = {'major': 2, 'minor': 1}\n", True),
        ('["V"]', "A = V = 1\n", "A = 2\nV = 1\n", False),
        # What only running it could tell: the whole module counts.
        ('["V"]', "V = f()\n", "V = f()\n# more\n", True),
        ('["V"]', "from a import V\n", "from a import V\n# more\n", True),
        ('["V"]', "V = 1\nV = 2\n", "V = 1\nV = 2\n# more\n", True),
        ('["V"]', "V = 1\nif f():\n    V += 1\n", "V = 1\nif f():\n    V += 1\n# more\n", True),
        ('["V"]', "V, W = 1, 2\n", "V, W = 1, 2\n# more\n", True),
        ('["V"]', "V = 1\ndel V\n", "V = 1\ndel V\n# more\n", True),
        ('["V"]', "V = 1e999\n", "V = 1e999\n# more\n", True),
        ('["V"]', "V = {1: 2}\n", "V = {1: 2}\n# more\n", True),
        ('["V.major"]', "V = f()\n", "V = f()\n# more\n", True),
        ('["V"]', "V = 1\nthis is no Python\n", "V = 1\nthis is no Python\n# more\n", True),
        ('["V"]', "V = 1\n", "V = 1\n\0", True),
        ('["V"]', "V = '\\\\d'\n", "V = '\\\\d'  # more\n", False),
        ('["V"]', "V = '\\ud800'\n", "V = '\\ud800'  # more\n", True),
        ('["V"]', f"V = 0x{'f' * 9000}\n", f"V = 0x{'f' * 9000}  # more\n", True),
        ('["V"]', "\ufeffV = 1\n", "V = 1  # more\n", False),
        ('["V"]', "V = '\u00e9'\n", "# coding: utf-8\nV = '\u00e9'\n", False),
        ('["V"]', "# coding: latin-1\nV = 1\n", "# coding: latin-1\nV = 2\n", True),
        ('["V"]', "# coding: nowhere\nV = 1\n", "# coding: nowhere\nV = 1  # more\n", True),
        ('["V"]', "(" * 500 + "1" + ")" * 500 + "\nV = 1\n", "V = 1\n", True),
        ('["V"]', "if f():\n    V = 1\n", "if g():\n    V = 1\n", True),
        ('["V"]', "V = 1\ndef f():\n    global V\n    V = 2\n", "V = 1\ndef f():\n    global V\n    V = 3\n", True),
        ('["V"]', "V = [1]\nV[0] = 2\n", "V = [1]\nV[0] = 3\n", True),
        ('["V"]', "V = 1\nmatch f():\n    case [V]: pass\n", "V = 1\nmatch g():\n    case [V]: pass\n", True),
        ('["V"]', "V = 1\ndef f(x=(V := 2)): pass\n", "V = 1\ndef f(x=(V := 3)): pass\n", True),
        ('["V"]', "V = 1\ntry: f()\nexcept E as V: pass\n", "V = 1\ntry: g()\nexcept E as V: pass\n", True),
        ('["V"]', "from .a import *\n", "from .b import *\n", True),
        ('["V"]', "V = '1'\nW = V.split('.')\nprint(V)\n", "V = '1'\nW = V.split(',')\nprint(V)\n", False),
        ('["V"]', "V = [1]\nV.append(2)\n", "V = [1]\nV.append(3)\n", True),
        ('["V"]', "V = 1\nglobals()['V'] = 2\n", "V = 1\nglobals()['V'] = 3\n", True),
        ('["V"]', "V = 1\nlog = getLogger(__name__)\n", "V = 1\nlog = getLogger(__name__ + 'x')\n", False),
        ('["V"]', "V = W = [1]\nW.append(2)\n", "V = W = [1]\nW.append(3)\n", True),
        ('["V"]', "V = 1\nvars()['V'] = 2\n", "V = 1\nvars()['V'] = 3\n", True),
        ('["V"]', "V = 1\nsys.modules[__name__].V = 2\n", "V = 1\nsys.modules[__name__].V = 3\n", True),
        ('["V"]', "V = 1\nfrom .a import *\n", "V = 1\nfrom .b import *\n", True),
        # Names inside of functions and classes are others.
        ('["V"]', "V = 1\ndef f():\n    V = 2\n", "V = 1\ndef f():\n    V = 3\n", False),
        ('["V"]', "V = 1\nclass A:\n    V = 2\n", "V = 1\nclass A:\n    V = 3\n", False),
        ('["V"]', "V = 1\ndef V(): pass\n", "V = 1\ndef V(): return\n", True),
        (None, "V = 1\nW = 1\n", "W = 1\nV = 1\n# more\n", False),
        (None, "V = 1\nW = 1\n", "V = 1\nW = 2\n", True),
        (None, "V = 1\nW = f()\n", "V = 1\nW = f()\n# more\n", True),
    ],
)
def test_python_by_value(demo_maker: DemoMaker, tables: str | None, before: str, after: str, differs: bool) -> None:
    options = f"tables = {tables}\n" if tables else ""
    demo = demo_maker(CONFIG + f'file = "about.py"\n{options}', {"about.py": before})
    first = digest(demo)
    demo.write({"about.py": after})
    assert (digest(demo) != first) is differs


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("V = 1\n", []),
        ("V = f()\n", ["`V` is not assigned just once, to a literal, in about.py: the whole file counts"]),
        ("W = 1\n", ["about.py assigns no `V`"]),
        ("this is no Python\n", ["`V` is not assigned just once, to a literal, in about.py: the whole file counts"]),
    ],
)
def test_what_is_told_of_a_module(demo_maker: DemoMaker, source: str, told: list[str]) -> None:
    demo = demo_maker(CONFIG + 'file = "about.py"\ntables = ["V"]\n', {"about.py": source})
    resolution = dyncachekeys.resolve(demo.root, demo.environ)
    assert [notice.message for notice in resolution.notices] == told


def test_a_pipe_is_an_error_and_not_waited_for(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'file = "pipe.toml"\n')
    os.mkfifo(demo.root / "pipe.toml")
    with pytest.raises(DyncachekeysError, match="Not a regular file"):
        dyncachekeys.resolve(demo.root, demo.environ)


def test_a_region_in_another_pyproject_does_not_count(demo_maker: DemoMaker) -> None:
    """It would be a build for each change of that one's digest."""
    demo = demo_maker(CONFIG + 'file = "../pyproject.toml"\n')
    other = '[project]\nname = "root"\nversion = "1"\n[tool.dyncachekeys]\ntransport = "digest"\n'
    demo.write({"../pyproject.toml": other + '[tool.dyncachekeys.keys.f]\nresolver = "files"\npatterns = ["a.txt"]\n'})
    demo.write({"../a.txt": "1\n"})
    before = digest(demo)
    dyncachekeys.sync(demo.root.parent, demo.environ)
    assert "sha256-" in (demo.root.parent / "pyproject.toml").read_text(encoding="utf-8")
    assert digest(demo) == before


def test_json_null_is_not_nothing(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'file = "data.json"\ntables = ["a"]\n', {"data.json": '{"a": null}'})
    null = digest(demo)
    demo.write({"data.json": "{}"})
    nothing = digest(demo)
    demo.write({"data.json": '{ "b": 1 }'})
    assert nothing != null
    assert digest(demo) == nothing


def test_missing_file_is_a_state_and_a_warning(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'file = "data.toml"\ntables = ["a"]\n')
    resolution = dyncachekeys.resolve(demo.root, demo.environ)
    assert [notice.message for notice in resolution.notices] == [
        "there is no file `data.toml`: fix the name, or make it; until then it counts as missing"
    ]
    demo.write({"data.toml": "a = 1"})
    assert digest(demo) != resolution.digest


def test_broken_file_is_an_error_with_its_place(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + 'file = "data.toml"\n', {"data.toml": "a = 1\nb ="})
    with pytest.raises(DyncachekeysError) as caught:
        dyncachekeys.sync(demo.root, demo.environ)
    (problem,) = caught.value.problems
    assert problem.where == "tool.dyncachekeys.keys.it"
    assert problem.message.startswith("data.toml can't be parsed: ")
    assert "at end of document" in problem.message
    assert not (demo.root / ".dyncachekeys").exists()


def test_our_own_table_and_region_do_not_count(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG)
    first = digest(demo)
    demo.sync()
    assert digest(demo) == first
    demo.edit("pyproject.toml", "defaults = false", 'defaults = false\nwatch = "digest"')
    assert digest(demo) == first
    demo.append("pyproject.toml", "[tool.other]\nx = 1\n")
    assert digest(demo) != first
