"""What users read: no numbers of our own notes, and pictures that everybody can see or have read out."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import tomli

ROOT = Path(__file__).parent.parent
SITE = tomli.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]
OF_THE_WORKSHOP = re.compile(r"\bU\d+\b|(?i:\bcase \d+\b|\b(?:anew|witness(?:es)?|hindrance|outlook|advice)\b(?!`))")
"""Rows of docs/uv-facts.md, cases of the benchmark, and what parts of the source were once called."""
FENCE = re.compile(r"^( *)(```+).*?^ *\2`*$", re.DOTALL | re.MULTILINE)
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")


def pages(nav: list[Any]) -> Iterator[str]:
    for one in nav:
        if isinstance(one, Mapping):
            for below in one.values():
                yield from pages([below] if isinstance(below, str) else below)
        else:
            yield one


FOR_CONTRIBUTORS = {page for part in SITE["nav"] for page in pages(part.get("For contributors", []))}
FOR_USERS = sorted({*pages(SITE["nav"])} - FOR_CONTRIBUTORS)
OTHERS = ("README.md", "plugins/cargo/README.md", "plugins/cmake/README.md", "tests/messages/messages.txt")
PICTURES = sorted((ROOT / "docs/img").glob("*.svg"))


def test_contributors_have_their_part() -> None:
    assert {"uv-facts.md", "dependencies.md", "quality.md", "speed.md", "staleness.md"} <= FOR_CONTRIBUTORS


@pytest.mark.parametrize("page", [*(f"docs/{page}" for page in FOR_USERS), *OTHERS])
def test_users_read_none_of_our_numbers(page: str) -> None:
    found = OF_THE_WORKSHOP.findall((ROOT / page).read_text(encoding="utf-8"))
    assert not found, "say it in words, or link to the page for contributors"


@pytest.mark.parametrize("page", sorted({*FOR_USERS, *FOR_CONTRIBUTORS}))
def test_the_site_shows_what_github_shows(page: str) -> None:
    """A bar in a table's code keeps its backslash on the site, and a nested list needs four spaces there."""
    text = FENCE.sub("", (ROOT / "docs" / page).read_text(encoding="utf-8"))
    assert not re.findall(r"`[^`\n|]*\\\|[^`\n]*`", text), "write <code>a &#124; b</code>"
    assert not re.findall(r"^ {1,3}(?:[-*]|\d+\.|\w).*", text, re.MULTILINE), "indent by four spaces"


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.name)
def test_picture(picture: Path) -> None:
    """It is small, fetches nothing, has a title, is readable light and dark, and no wider than a phone."""
    text = picture.read_text(encoding="utf-8")
    root = ET.fromstring(text)
    space = {"": "http://www.w3.org/2000/svg"}
    assert len(text) < 4096
    assert root.findtext("title", namespaces=space)
    assert int(root.attrib["width"]) <= 440
    assert "@media (prefers-color-scheme: dark)" in text
    assert re.findall(r"https?://[^\s\"]+", text) == ["http://www.w3.org/2000/svg"]


def test_no_picture_needs_a_program() -> None:
    """For `mermaid` the site would fetch one from elsewhere; GitHub, which draws it, has one."""
    assert not [
        page for page in pages(SITE["nav"]) if "```mermaid" in (ROOT / "docs" / page).read_text(encoding="utf-8")
    ]
    assert SITE["theme"]["font"] is False


def test_pictures_say_in_words_what_they_show() -> None:
    shown = {}
    for page in FOR_USERS:
        path = ROOT / "docs" / page
        for words, target in PICTURE.findall(path.read_text(encoding="utf-8")):
            shown[(path.parent / target).resolve()] = words
    assert shown.keys() == set(PICTURES)
    assert all(len(words.split()) > 12 for words in shown.values())
