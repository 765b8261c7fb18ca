"""What `watch` waits for: each thing that a sync looks at, and next to nothing else."""

from __future__ import annotations

import os

import pytest

from dyncachekeys.syncing import wake
from dyncachekeys.syncing.scope import Scope
from kit import DemoMaker

KEYS = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["very/deep/csrc/**/*.c"]

[tool.dyncachekeys.keys.settings]
resolver = "table"
file = "etc/settings.json"
tables = ["a"]
"""
FILES = {
    "very/deep/csrc/a.c": "",
    "very/deep/csrc/sub/b.c": "",
    "very/deep/other/c.c": "",
    "etc/settings.json": '{"a": 1}',
    "linked.c": "",
    "env/pyvenv.cfg": "",
    "env/lib/x.py": "",
}
COUNT = {
    "very/deep/csrc/a.c": True,
    "very/deep/csrc/new.c": True,
    "very/deep/csrc/sub/new.c": True,
    "very/deep/csrc/sub": True,
    "very/deep/csrc": True,
    "very/deep": True,
    "very": True,
    "pyproject.toml": True,
    "setup.py": True,
    "src": True,
    "etc/settings.json": True,
    "etc": True,
    ".": True,
    "etc/other.json": False,
    "very/deep/csrc/__pycache__": False,
    "../elsewhere": False,
    "env/lib/x.py": False,
    ".git/index": False,
    ".dyncachekeys/state.json": False,
    ".dyncachekeys/current": False,
}


def test_what_counts(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, FILES)
    demo.git("init", "-q")
    demo.sync()
    found = wake.places(Scope(demo.root), everywhere=False)
    assert {path: found.has(os.path.normpath(demo.root / path)) for path in COUNT} == COUNT
    assert all(os.path.isdir(folder) for folder in found.folders)  # noqa: PTH112


def test_what_a_link_leads_to_counts(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, FILES)
    (demo.root / "very/deep/csrc/link.c").symlink_to("../../../linked.c")
    demo.sync()
    assert wake.places(Scope(demo.root), everywhere=False).has(os.fspath(demo.root / "linked.c"))


@pytest.mark.parametrize("why", ["a failure", "never synced", "a key that may look anywhere"])
def test_all_of_a_project_counts(demo_maker: DemoMaker, why: str) -> None:
    own = '[tool.dyncachekeys.keys.own]\nresolver = "own:keys"\n'
    demo = demo_maker(KEYS + own * (why == "a key that may look anywhere"), FILES)
    demo.write({"own.py": "def keys(context):\n    return []\n"})
    if why != "never synced":
        demo.sync()
    found = wake.places(Scope(demo.root), everywhere=why == "a failure")
    here = os.fspath(demo.root)
    assert found.has(f"{here}/unrelated")
    assert found.has(f"{here}/very/deep/other/new.c")
    assert not any(found.has(f"{here}/{path}") for path in (".git/index", "env/lib/x.py", ".dyncachekeys/current"))
