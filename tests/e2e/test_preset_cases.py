"""`defaults = false` with `preset = "build"` and the real uv. Cases 13 to 15 of the collected situations."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit import BACKEND_KEY, PYPROJECT, Demo, DemoMaker, make_wheel

CONFIG = """
[tool.dyncachekeys]
defaults = false
watch = "{}"

[tool.dyncachekeys.keys.build]
resolver = "table"
preset = "build"
"""
AUTO, DIGEST = CONFIG.format("auto"), CONFIG.format("digest")
TRANSPORT = pytest.param(DIGEST.replace('watch = "', 'transport = "'), id="transport", marks=pytest.mark.thorough)
BOTH = pytest.mark.parametrize(
    "config",
    [
        pytest.param(AUTO, id="auto"),
        pytest.param(DIGEST, id="digest"),
        pytest.param(AUTO + BACKEND_KEY, id="with backend"),
        TRANSPORT,
    ],
)
TABLES = """
[tool.ruff]
line-length = 80

[tool.demo-requirement]
level = 1

[tool.uv]
find-links = ["../beside/wheels"]
"""


def settled(demo_maker: DemoMaker, config: str) -> Demo:
    """Return a project that is built, whose build requires a plugin with a table of its own."""
    demo = demo_maker(TABLES + config)
    make_wheel(demo.beside / "wheels", "demo_requirement")
    make_wheel(demo.beside / "wheels", "another")
    demo.edit("pyproject.toml", "requires = []", 'requires = ["demo_requirement>=1"]')
    demo.settled()
    return demo


def test_uv_alone_rebuilds_for_a_linter(demo_maker: DemoMaker) -> None:
    """What the next test is worth: uv watches the whole of `pyproject.toml`."""
    demo = demo_maker(TABLES.partition("[tool.uv]")[0])
    demo.uv_sync()
    assert demo.uv_sync() == 0
    demo.edit("pyproject.toml", "line-length = 80", "line-length = 120")
    assert demo.uv_sync() == 1


@BOTH
def test_a_linter_is_configured(demo_maker: DemoMaker, config: str) -> None:
    """Case 13."""
    demo = settled(demo_maker, config)
    demo.edit("pyproject.toml", "line-length = 80", "line-length = 120")
    assert demo.uv_sync() == 0
    assert demo.both() == 0
    demo.append("pyproject.toml", "\n[tool.mypy]\nstrict = true\n\n[dependency-groups]\ndev = []\n")
    assert demo.both() == 0


@BOTH
def test_a_console_script_is_added(demo_maker: DemoMaker, config: str) -> None:
    """Case 14."""
    demo = settled(demo_maker, config)
    demo.append("pyproject.toml", '\n[project.scripts]\nhello = "demo:hello"\n')
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("pyproject.toml", 'goodbye = "demo:goodbye"\n')
    assert (demo.both(), demo.both()) == (1, 0)


@BOTH
def test_a_build_requirement_changes(demo_maker: DemoMaker, config: str) -> None:
    """Case 14."""
    demo = settled(demo_maker, config)
    demo.edit("pyproject.toml", '"demo_requirement>=1"', '"demo_requirement>=1", "another"')
    assert (demo.both(), demo.both()) == (1, 0)


@BOTH
def test_the_table_of_a_plugin_changes(demo_maker: DemoMaker, config: str) -> None:
    demo = settled(demo_maker, config)
    demo.edit("pyproject.toml", "level = 1", "level = 2")
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("pyproject.toml", "\n[tool.another]\nlevel = 1\n")
    assert demo.both() == 0
    demo.edit("pyproject.toml", '"demo_requirement>=1"', '"demo_requirement>=1", "another"')
    assert (demo.both(), demo.both()) == (1, 0)
    demo.append("pyproject.toml", "more = true\n")
    assert (demo.both(), demo.both()) == (1, 0)


def _comment(text: str) -> str:
    return "# first\n" + text.replace("level = 1", "level = 1  # for now")


def _spaces(text: str) -> str:
    return text.replace('version = "0.1"', "version   =   '0.1'").replace("[build-system]", "\n\n[ build-system ]")


def _order_of_keys(text: str) -> str:
    return text.replace('name = "demo"\nversion = "0.1"', 'version = "0.1"\nname = "demo"')


def _order_of_tables(text: str) -> str:
    return text.replace("[tool.demo-requirement]\nlevel = 1\n", "") + "\n[tool.demo-requirement]\nlevel = 1\n"


def _dotted(text: str) -> str:
    return text.replace("[tool.demo-requirement]\nlevel = 1", "[tool]\ndemo-requirement.level = 1")


def _lists_over_lines(text: str) -> str:
    return text.replace('["demo_requirement>=1"]', '[\n    "demo_requirement>=1",\n]')


def _line_ends(text: str) -> str:
    return text.replace("\n", "\r\n")


@BOTH
@pytest.mark.parametrize(
    "layout", [_comment, _spaces, _order_of_keys, _order_of_tables, _dotted, _lists_over_lines, _line_ends]
)
def test_another_layout(demo_maker: DemoMaker, config: str, layout: Callable[[str], str]) -> None:
    """Case 15."""
    demo = settled(demo_maker, config)
    path = demo.root / "pyproject.toml"
    before = path.read_bytes().decode()
    after = layout(before)
    assert after != before
    path.write_bytes(after.encode())
    assert demo.both() == 0
    assert demo.both() == 0


def test_the_region_holds_nothing_but_the_stamp(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, AUTO)
    entries = [dict(entry) for entry in demo.sync().entries]
    assert entries == [{"dir": ".dyncachekeys/current"}, {"file": ".dyncachekeys/stamp"}]
    assert PYPROJECT.splitlines()[0] in (demo.root / "pyproject.toml").read_text()
