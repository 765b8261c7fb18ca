"""A `PYTHONPATH` of the shell, which uv hands on to its builds: the one that has them watched takes its place."""

from __future__ import annotations

import json
import os
import sys

import pytest

from dyncachekeys.doctor import builds
from dyncachekeys.doctor.examine import examine
from kit import Demo, DemoMaker
from traced import KEY, LINE, WATCHED, both, settled, traced, watches

pytestmark = [watches, pytest.mark.skipif(sys.platform != "linux", reason="uv's variables are found in /proc")]

LOOKS = """
import json, subprocess, sys
import shared_helper
code = "import json, os, shared_helper, sys; print(json.dumps([sys.path[1:], os.environ['PYTHONPATH']]))"
child = json.loads(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout)
Path("../seen.json").write_text(json.dumps([sys.path[1:], os.environ["PYTHONPATH"], *child]))
"""
"""The first of a path is of the program that is run."""
PATHS = {
    "absolute": "{beside}/lib",
    "with the current folder": ":{beside}/lib",
    "relative": "../beside/lib",
    "several": "{beside}/none:{beside}/lib:{beside}/lib:src",
}


def looking(demo_maker: DemoMaker, path: str, config: str = WATCHED) -> Demo:
    """Return a project whose build takes a module from where the shell's `PYTHONPATH` leads."""
    demo = traced(demo_maker, LOOKS, {"../beside/lib/shared_helper.py": "ONE = 1\n"}, config)
    demo.environ["PYTHONPATH"] = path.format(beside=demo.root.parent / "beside")
    return demo


def seen(demo: Demo) -> list[list[str]]:
    """Return what the last build saw: its path and variable, and those of a child, without the folder that is ours."""
    found = json.loads((demo.root / "../seen.json").read_text(encoding="utf-8"))
    paths = [one if isinstance(one, list) else one.split(os.pathsep) for one in found]
    return [[one for one in path if ".dyncachekeys" not in one and "builds-v0" not in one] for path in paths]


@pytest.mark.parametrize("which", PATHS)
def test_a_watched_build_has_it(demo_maker: DemoMaker, which: str) -> None:
    """In the order that it has without us, and its children as well."""
    demo = looking(demo_maker, PATHS[which], "")
    assert demo.uv_sync() == 1
    without_us = seen(demo)
    demo.append("pyproject.toml", WATCHED)
    settled(demo)
    assert seen(demo) == without_us
    demo.write({"../beside/lib/shared_helper.py": "ONE = 2\n"})
    assert [demo.uv_sync(), both(demo)] == [1, 0]


def test_a_start_module_of_it_runs(demo_maker: DemoMaker) -> None:
    demo = looking(demo_maker, PATHS["absolute"])
    demo.write({"../beside/lib/sitecustomize.py": "import os\nos.environ['STARTED'] = 'yes'\n"})
    demo.append("build_backend/core.py", '\n\nassert os.environ["STARTED"] == "yes"\n')
    settled(demo)


def test_a_path_in_the_settings_takes_its_place(demo_maker: DemoMaker) -> None:
    """As uv has it without us, too."""
    config = KEY + LINE.replace('"', '"own:', 1)
    demo = looking(demo_maker, PATHS["absolute"], config)
    demo.sync()
    assert "No module named 'shared_helper'" in demo.uv("sync", check=False).stderr
    demo.write({"own/shared_helper.py": "ONE = 1\n"})
    settled(demo)


def test_where_it_can_not_be_given_back(demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch) -> None:
    demo = looking(demo_maker, PATHS["absolute"])
    demo.sync()
    codes = [one.code for one in examine(demo.root, demo.environ)]
    assert "DCK058" not in codes
    monkeypatch.setattr(builds, "GIVES_BACK", False)
    (found,) = [one for one in examine(demo.root, demo.environ) if one.code == "DCK058"]
    assert "PYTHONPATH" in found.message
    assert f'PYTHONPATH = "{demo.environ["PYTHONPATH"]}:.dyncachekeys/watch"' in found.remedy
    assert not [one for one in examine(demo.root, demo.environ | {"PYTHONPATH": ""}) if one.code == "DCK058"]
