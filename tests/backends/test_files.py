"""What the configuration of a build backend names; where it is of a wrong type, it names nothing."""

from __future__ import annotations

import pytest
import tomli

from dyncachekeys.backends.files import requirement_files, version_files

DYNAMIC = "tool.setuptools.dynamic"


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f'{DYNAMIC}.version.file = ["./VERSION"]', [(f"{DYNAMIC}.version.file", "VERSION")]),
        (f'{DYNAMIC}.version.attr = "p.about.V"', [(f"{DYNAMIC}.version.attr", "src/p/about.py")]),
        ('tool.hatch.version.path = "a.py"', [("tool.hatch.version.path", "a.py")]),
        ('tool.hatch.version = { path = "a.py", source = "code" }', [("tool.hatch.version.path", "a.py")]),
        ('tool.hatch.version = { path = "a.py", source = "vcs" }', []),
        ('tool.hatch.version = { path = "a.py", source = [] }', []),
        ('tool.pdm.version = { path = "a.py", source = "file" }', [("tool.pdm.version.path", "a.py")]),
        ('tool.pdm.version.path = "a.py"', []),
        ('tool.scikit-build.metadata.version.input = "a.h"', [("tool.scikit-build.metadata.version.input", "a.h")]),
        ("tool.hatch.version = 1\ntool.pdm = []\ntool.scikit-build.metadata = [1]\ntool.setuptools = 2", []),
    ],
)
def test_version_files(text: str, files: list[tuple[str, str]]) -> None:
    assert list(version_files(tomli.loads(text), lambda path: path.startswith("src/"))) == files


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (f'{DYNAMIC}.dependencies.file = "a.txt"', {f"{DYNAMIC}.dependencies": ["a.txt"]}),
        (
            f'{DYNAMIC}.optional-dependencies."x.y".file = ["a.txt", 1]',
            {f"{DYNAMIC}.optional-dependencies.x.y": ["a.txt"]},
        ),
        (f'{DYNAMIC}.optional-dependencies = {{ x = 1 }}\n{DYNAMIC}.dependencies = ["a.txt"]', {}),
        (
            'tool.hatch.metadata.hooks.requirements_txt.files = ["a.txt"]',
            {"tool.hatch.metadata.hooks.requirements_txt.files": ["a.txt"]},
        ),
    ],
)
def test_requirement_files(text: str, files: dict[str, list[str]]) -> None:
    assert requirement_files(tomli.loads(text)) == files
