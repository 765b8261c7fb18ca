"""By which names a project is imported: as wheels of many kinds are installed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from dyncachekeys.guard.import_names import import_names

SETUPTOOLS = """\
from __future__ import annotations
import sys
MAPPING: dict[str, str] = {{'demo': '{root}/src/demo', 'other': '{root}/other'}}
NAMESPACES: dict[str, list[str]] = {{'space': ['{root}/src/space']}}
PATH_PLACEHOLDER = '__editable__.demo-1.0.finder' + ".__path_hook__"
class _EditableFinder:
    extra = {{"no": 1}}
"""
SCIKIT_BUILD_CORE = """\
import os
def install(known, wheel):
    return {{"nor", "this"}}
install({{'demo': '{root}/src/demo/__init__.py', 'demo.part': '{root}/src/demo/part.py'}}, {{'demo._core': 'demo/_core.so'}}, None)
"""
MESON = "import os\ninstall('demo', {{'demo', '_speed'}}, '{root}/build/cp311', ['ninja'], False)\n"
CASES: dict[str, tuple[Mapping[str, str], set[str]]] = {
    "a wheel": (
        {
            "demo/__init__.py": "",
            "demo/part/__init__.py": "",
            "_speed.cpython-311-x86_64-linux-gnu.so": "",
            "one.py": "",
        },
        {"demo", "_speed", "one"},
    ),
    "a namespace": (
        {"space/demo/__init__.py": "", "space/demo/deep.py": "", "space/alone.py": "", "other-1.data/x.py": ""},
        {"space.demo", "space.alone", "demo"},
    ),
    "a path": ({"_demo.pth": "{root}/src\n"}, {"demo", "space.inner", "single"}),
    "setuptools": (
        {
            "__editable__.demo-1.0.pth": "import __editable___demo_1_0_finder; __editable___demo_1_0_finder.install()",
            "__editable___demo_1_0_finder.py": SETUPTOOLS,
        },
        {"demo", "other", "space"},
    ),
    "scikit-build-core": (
        {"_demo_editable.pth": "import _demo_editable\n", "_demo_editable.py": SCIKIT_BUILD_CORE},
        {"demo"},
    ),
    "meson-python": (
        {"demo-editable.pth": "import _demo_editable_loader", "_demo_editable_loader.py": MESON},
        {"demo", "_speed"},
    ),
    "what has no names": ({"demo.pth": "import gone_finder\n/no/such/folder\n# note\n"}, {"demo"}),
}


@pytest.mark.parametrize("case", CASES)
def test_names_of_what_is_installed(tmp_path: Path, case: str) -> None:
    files, expected = CASES[case]
    root, site = tmp_path / "project", tmp_path / "venv/lib/python3.11/site-packages"
    for name in (
        "src/demo/__init__.py",
        "src/space/inner/__init__.py",
        "src/single.py",
        "src/os.py",
        "src/not-one/x.py",
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text.format(root=root) if "{" in text else text, encoding="utf-8")
    info = site / "demo-1.0.dist-info"
    info.mkdir()
    (info / "RECORD").write_text("".join(f"{name},,\n" for name in [*files, "demo-1.0.dist-info/RECORD"]))
    (info / "direct_url.json").write_text(f'{{"url": "file://{root}", "dir_info": {{}}}}')
    assert set(import_names("demo", root, tmp_path / "venv")) == expected


def test_before_it_is_installed(tmp_path: Path) -> None:
    for name in ("src/demo/__init__.py", "flat/__init__.py", ".venv/lib/x/__init__.py", "setup.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    assert {"demo", "flat", "my_demo"} <= set(import_names("My-Demo", tmp_path, tmp_path / ".venv"))
