"""A backend whose build does something, and is watched as uv makes it."""

from __future__ import annotations

import textwrap

import pytest

from kit import UV_VERSION, Demo, DemoMaker

KEY = """
[tool.dyncachekeys.keys.build]
resolver = "build"
"""
LINE = """
[tool.uv.extra-build-variables]
demo = { PYTHONPATH = ".dyncachekeys/watch" }
"""
WATCHED = KEY + LINE
"""A key for what is seen, and the line by which uv has its own builds watched."""
watches = pytest.mark.skipif(UV_VERSION < (0, 8, 10), reason="this uv does not know `extra-build-variables` (U36)")
_HOOK = """

_without_us = build_editable


def build_editable(directory, config_settings=None, metadata_directory=None):
{body}
    return _without_us(directory)
"""


def hook(body: str) -> str:
    """Return the code of the hook, to stand at the end of the backend."""
    return _HOOK.replace("{body}", textwrap.indent(textwrap.dedent(body).strip("\n"), "    "))


def both(demo: Demo, **environ: str) -> int:
    """Sync, which builds nothing, and return how many builds `uv sync` then takes."""
    before = demo.builds
    demo.sync(**environ)
    assert demo.builds == before, "a sync has built something"
    return demo.uv_sync(**environ)


def traced(demo_maker: DemoMaker, body: str, files: dict[str, str] | None = None, config: str = WATCHED) -> Demo:
    """Return a project whose build does something."""
    demo = demo_maker(config, files or {})
    demo.append("build_backend/core.py", hook(body))
    return demo


def settled(demo: Demo) -> None:
    """Have it built and watched; then nothing is left to do."""
    assert both(demo) == 1
    assert [both(demo), both(demo)] == [0, 0]
