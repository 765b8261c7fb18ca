"""Files by which keys find their inputs have links too: plain uv sees an edit of these, and a sync what it comes to."""

from __future__ import annotations

import json

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker, link_texts, sees_links

SETTINGS = """
[tool.dyncachekeys.keys.settings]
resolver = "table"
file = "settings.json"
tables = ["build"]
"""
OWN = """
[tool.dyncachekeys.keys.own]
resolver = "keys:level"
"""
LEVEL = """
from dyncachekeys import Value

def level(context):
    yield Value("level", context.read_text("settings.json").count("1"))
"""
SOURCES = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["cs?c/**"]
"""
FILES = {
    "settings.json": '{"build": {"level": 1}, "editor": {"tabs": 4}}',
    "keys.py": LEVEL,
    "csrc/one.c": "1\n",
    "csrc/two.local.c": "2\n",
}
pytestmark = sees_links


def settled(maker: DemoMaker, config: str) -> Demo:
    demo = maker(config, FILES)
    demo.settled()
    demo.tick()
    return demo


def linked(demo: Demo) -> set[str]:
    """Return what there are links to, relative to the project."""
    return {text.removeprefix("../../") for text in link_texts(demo.root / ".dyncachekeys/inputs").values()}


def test_plain_uv_sees_an_edit_behind_a_value(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SETTINGS)
    demo.edit("settings.json", ": 1", ": 2")
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)
    report = demo.sync()
    assert (report.changed, report.move) == (True, "kept"), "uv has built with it"
    assert demo.uv_sync() == 0


def test_a_function_of_the_project_says_by_what_it_goes(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, OWN)
    demo.edit("settings.json", ": 1", ": 2")
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)
    assert "keys.py" not in linked(demo), "what it is written in is nothing that a build depends on"


def test_with_a_sync_only_what_counts_is_built(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SETTINGS)
    for tabs in "567":
        demo.edit("settings.json", '"tabs": ', f'"tabs": {tabs}')
        assert demo.both() == 0
        assert "settings.json" not in linked(demo), "uv would build for it"
    demo.edit("settings.json", ": 1", ": 2")
    assert (demo.both(), demo.both()) == (1, 0)
    assert "settings.json" in linked(demo)
    demo.edit("settings.json", ": 2", ": 3")
    assert demo.uv_sync() == 1


def test_a_build_that_is_due_waits_with_its_links(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SETTINGS)
    demo.edit("settings.json", ": 1", ": 2")
    assert [demo.sync().move, demo.sync().move] == ["moved", "kept"]
    assert "settings.json" in linked(demo)
    assert (demo.uv_sync(), demo.both()) == (1, 0)


@pytest.mark.parametrize("rule", ["*.local.c", "csrc/nothing"])
def test_plain_uv_sees_ignore_rules(demo_maker: DemoMaker, rule: str) -> None:
    """By the rules before, `csrc/two.local.c` is an input."""
    demo = settled(demo_maker, SOURCES)
    demo.append(".gitignore", f"{rule}\n")
    assert (demo.uv_sync(), demo.uv_sync()) == (1, 0)
    assert demo.both() == 0


def test_rules_without_effect_cost_nothing_with_a_sync(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, SOURCES)
    demo.append(".gitignore", "csrc/nothing\n")
    assert demo.both() == 0
    demo.append(".gitignore", "csrc/one.c\n")
    assert (demo.both(), demo.both()) == (1, 0)


@pytest.mark.parametrize("watch", ["digest", "uv"])
def test_who_has_it_watched_otherwise_has_no_such_links(demo_maker: DemoMaker, watch: str) -> None:
    demo = settled(demo_maker, f'[tool.dyncachekeys]\nwatch = "{watch}"\n{SOURCES}')
    assert ".gitignore" not in linked(demo)


def test_pyproject_by_value_is_seen_by_nobody_but_a_sync(demo_maker: DemoMaker) -> None:
    """`defaults = false` is there so that a linter's settings cost no build."""
    config = '[tool.dyncachekeys]\ndefaults = false\n[tool.dyncachekeys.keys.build]\nresolver = "table"\n'
    demo = settled(demo_maker, f"{config}tables = ['project']\n{BACKEND_KEY}")
    demo.append("pyproject.toml", "\n[tool.ruff]\nline-length = 80\n")
    assert demo.uv_sync() == 0
    assert "pyproject.toml" not in linked(demo)


def test_explain_says_by_whom_it_is_watched_and_what_a_sync_spares(demo_maker: DemoMaker) -> None:
    demo = settled(demo_maker, f"{SETTINGS}{SOURCES}")
    through_link = "plain uv sees an edit of it, through a link"
    assert (
        f"settings: some of its values, not its layout; {through_link}" in demo.cli("explain", "settings.json").stdout
    )
    assert (
        f"sources: by what it holds, the key finds its inputs; {through_link}"
        in demo.cli("explain", ".gitignore").stdout
    )
    demo.edit("settings.json", ": 4", ": 8")
    explained = demo.cli("explain").stdout
    assert "uv would build all the same: settings.json is newer than all that uv saw" in explained
    assert "Next: `dyncachekeys run -- uv sync`, which builds nothing" in explained
    assert json.loads(demo.cli("explain", "--format", "json").stdout)["projects"][0]["outlook"]["spared"] == [
        "settings.json"
    ]
    assert demo.both() == 0
    assert "without `dyncachekeys sync`" not in demo.cli("explain").stdout
    assert "uv sees an edit of it once `dyncachekeys sync` has run" in demo.cli("explain", "settings.json").stdout
