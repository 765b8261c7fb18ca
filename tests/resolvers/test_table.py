"""The `table` resolver: by value, and nothing else."""

from __future__ import annotations

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
    assert [notice.message for notice in resolution.notices] == ["there is no file `data.toml`"]
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
