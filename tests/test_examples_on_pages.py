"""Configuration that pages show is right, and the resolvers that they show do what is said of them."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import tomli

from blocks import blocks
from dyncachekeys import plugin
from dyncachekeys.doctor.examine import examine
from dyncachekeys.plugin import Context
from kit import PYPROJECT, DemoMaker

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("plugins/*/*.md")]
NOT_INSTALLED = {f"there is no resolver `{name}`" for name in ("manifests", "cargo", "cmake")}
RESOLVERS = ROOT / "docs/writing-a-resolver.md"


def configurations() -> Iterator[Any]:
    for page in sorted(PAGES):
        name = page.relative_to(ROOT).as_posix()
        for number, block in enumerate(one for one in blocks(page) if one.kind == "toml"):
            yield pytest.param(block.text, id=f"{name}-{number}")


@pytest.mark.parametrize("text", [*configurations()])
def test_configuration(text: str, demo_maker: DemoMaker) -> None:
    tool = tomli.loads(text).get("tool", {})
    if "dyncachekeys" not in tool:
        return
    demo = demo_maker()
    demo.write({"pyproject.toml": text if "[project]" in text else f"{PYPROJECT}\n{text}"})
    wrong = [one.message for one in examine(demo.root, {}) if one.code == "DCK040"]
    assert [message for message in wrong if message not in NOT_INSTALLED] == []


def _called(shown: str) -> str:
    return ast.dump(ast.parse(f"def f{shown}: ..."))


def _signature(of: Callable[..., object]) -> str:
    """Return how something is called, without types."""
    parameters = [one.replace(annotation=one.empty) for one in inspect.signature(of).parameters.values()]
    return str(inspect.Signature([one for one in parameters if one.name != "self"]))


def test_the_context_is_as_the_page_says() -> None:
    text = RESOLVERS.read_text(encoding="utf-8")
    first_cells = re.findall(r"^\| ((?:`context\.[^`]*`(?:, )?)+) \|", text, re.MULTILINE)
    named = [one for cell in first_cells for one in re.findall(r"`context\.(\w+)([^`]*)`", cell)]
    attributes = set(
        re.findall(r"^- `(\w+)`:", (ROOT / "docs/python-api.md").read_text(encoding="utf-8"), re.MULTILINE)
    )
    assert len(named) > 20
    assert len({name for name, _ in named}) == len(named)
    for name, shown in named:
        if shown:
            assert _called(shown) == _called(_signature(getattr(Context, name))), name
        else:
            assert name in attributes


def test_results_are_as_the_page_says() -> None:
    named = re.findall(r"^\| `(\w+)(\([^`]*\))` \|", RESOLVERS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, _ in named} == {"Directory", "Env", "File", "Git", "Output", "Value"}
    for name, shown in named:
        assert _called(shown) == _called(_signature(getattr(plugin, name))), name


def test_the_resolvers_of_the_page_do_what_it_says(demo_maker: DemoMaker) -> None:
    dependencies, manifests, _ = (one.text for one in blocks(RESOLVERS) if one.kind == "python")
    tables = [one.text for one in blocks(RESOLVERS) if one.kind == "toml"]
    demo = demo_maker(
        tables[0] + tables[2].replace('"manifests"', '"my_resolvers:manifests"'),
        {
            "build_tools/keys.py": dependencies,
            "my_resolvers.py": manifests,
            "deps/a.toml": 'include = ["../other/b.toml", "missing.toml"]',
            "other/b.toml": 'include = ["../deps/a.toml"]',
            "addons/x/manifest.toml": 'depends = ["one"]',
            "addons/y/manifest.toml": "depends =",
        },
    )
    shown = demo.cli("show", "deps").stdout
    assert re.findall(r"(\S+/\S+\.toml)  +(.*)", shown) == [
        ("deps/a.toml", "matches deps/*.toml"),
        ("deps/missing.toml", "included by deps/a.toml"),
        ("other/b.toml", "included by deps/a.toml"),
    ]
    of_addons = demo.cli("show", "addons")
    assert "addons/x/manifest.toml" in of_addons.stdout
    assert "addons/y/manifest.toml can't be parsed" in of_addons.stderr
