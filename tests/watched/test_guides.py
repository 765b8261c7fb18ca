"""The guides by situation, and the examples that they play in: each line typed as it is printed, by a stranger's hands."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blocks import Shell
from kit import Demo
from watched.conftest import offline
from watched.stranger import needs
from watched.test_native import has_header

ROOT = Path(__file__).parents[2]
EXAMPLES, GUIDES = ROOT / "examples", ROOT / "docs/guides"
QUICK = ("examples/in_tree_backend/README.md",)
"""The pages that are followed in each run of the tests; the others, where all tests run."""
NEEDS = {
    "setuptools_cython": (needs("gcc"), has_header),
    "scikit_build_core": (needs("cmake", "ninja", "gcc"), has_header),
    "meson_python": (needs("ninja", "gcc"), has_header),
    "maturin": (needs("cargo", "gcc"),),
}
LEFT_BEHIND = shutil.ignore_patterns(
    ".venv", ".dyncachekeys", "__pycache__", "uv.lock", "*.egg-info", "target", "build"
)
"""What whoever has tried an example where it lies may have left there."""


def example_of(page: Path) -> str:
    """Return the example that a page begins with, if it does."""
    found = re.search(r"^\$ cp -r examples/(\w+) ~ ", page.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1] if found else ""


def pages() -> Iterator[Any]:
    for page in sorted((*EXAMPLES.glob("*/README.md"), *GUIDES.glob("*.md"))):
        name = page.relative_to(ROOT).as_posix()
        slow = () if name in QUICK else (pytest.mark.thorough,)
        yield pytest.param(name, marks=[*slow, *NEEDS.get(example_of(page), ())])


@pytest.fixture
def shell(tmp_path: Path, wheels: Path) -> Shell:
    """Return a terminal in a clone of this repository, in which there are only the examples."""
    clone, beside = tmp_path / "clone", tmp_path / "beside"
    (beside / "home").mkdir(parents=True)
    shutil.copytree(EXAMPLES, clone / "examples", ignore=LEFT_BEHIND)
    demo = Demo(clone, beside)
    demo.environ |= offline(wheels)
    return Shell(demo)


@pytest.mark.parametrize("page", [*pages()])
def test_each_line_as_printed(shell: Shell, page: str) -> None:
    shell.follow(ROOT / page)


def test_each_example_has_a_guide_and_each_guide_a_place() -> None:
    examples = {path.name for path in EXAMPLES.iterdir() if path.is_dir()}
    assert {path.parent.name for path in EXAMPLES.glob("*/README.md")} == examples
    assert {example_of(EXAMPLES / name / "README.md") for name in examples} == examples
    guides = {path.name for path in GUIDES.glob("*.md")}
    assert {example_of(GUIDES / name) for name in guides} >= examples
    index = (GUIDES.parent / "situations.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\(guides/([\w-]+\.md)\)", index)) == guides
    for name in examples:
        linked = re.findall(
            r"\(\.\./\.\./docs/guides/([\w-]+\.md)\)", (EXAMPLES / name / "README.md").read_text("utf-8")
        )
        assert [example_of(GUIDES / guide) for guide in linked] == [name]
