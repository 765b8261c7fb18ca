"""Settings of a folder above, which uv reads only as long as the project has no ``[tool.uv]`` (U43): our keys end that."""

from __future__ import annotations

import pytest

from dyncachekeys.doctor.examine import examine
from kit import Demo, DemoMaker

KEYS = '\n[tool.dyncachekeys.keys.data]\nresolver = "files"\npatterns = ["data/*"]\n'
ABOVE = {
    "uv.toml": 'required-version = "<0.1"\n',
    "pyproject.toml": '[tool.uv]\nrequired-version = "<0.1"\n[tool.uv.sources]\nx = { path = "x" }\n',
}
SILENT = {
    "no settings": ({}, ""),
    "what is for that project alone": ({"../pyproject.toml": "[tool.uv]\npackage = false\nsources = {}\n"}, ""),
    "a file here": ({"../uv.toml": "offline = true\n", "uv.toml": ""}, ""),
    "settings here": ({"../uv.toml": "offline = true\n"}, "[tool.uv]\noffline = true\n"),
    "a list here": ({"../uv.toml": "offline = true\n"}, '[tool.uv]\ncache-keys = ["pyproject.toml"]\n'),
    "what can't be read": ({"../pyproject.toml": "[tool.uv\n"}, ""),
}


def codes(demo: Demo) -> list[str]:
    return [one.code for one in examine(demo.root, demo.environ)]


@pytest.mark.parametrize("name", ABOVE)
def test_it_is_said_when_they_end(demo_maker: DemoMaker, name: str) -> None:
    demo = demo_maker(KEYS, {f"../{name}": ABOVE[name]})
    assert "does not match the running version" in demo.uv("sync", check=False).stderr
    said = demo.cli("check", check=False).stderr
    assert f"uv reads ../{name} only as long as there is no [tool.uv] here" in said
    assert "of its settings (required-version)" in said
    assert "settings-masked" in {one.code for one in demo.sync().warnings}
    assert demo.uv_sync() == 1
    assert "settings-masked" not in {one.code for one in demo.sync().warnings}
    assert "DCK016" in codes(demo)
    demo.append("pyproject.toml", "[tool.uv.pip]\n")
    assert "DCK016" not in codes(demo)


@pytest.mark.parametrize("case", SILENT)
def test_nothing_is_said_of(demo_maker: DemoMaker, case: str) -> None:
    files, own = SILENT[case]
    demo = demo_maker(KEYS + own, files)
    assert "settings-masked" not in {one.code for one in demo.sync().warnings}
    assert "DCK016" not in codes(demo)


def test_init_says_it(demo_maker: DemoMaker) -> None:
    demo = demo_maker("", {"../uv.toml": "offline = true\n"})
    assert "of its settings (offline)" in demo.cli("init").stderr
    assert "DCK016" in codes(demo)
