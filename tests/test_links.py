"""What the pages link to within the repository is there: files, folders and headings."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "plugins/*/*.md", "examples/*/*.md", ".github/**/*.md")
    for path in ROOT.glob(pattern)
)
FENCE = re.compile(r"^( *)(```+|~~~+).*?^ *\2`*$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(<?([^()<>\s]+)>?(?:\s+\"[^\"]*\")?\)|^\[[^\]]+\]:\s*<?([^<>\s]+)>?", re.MULTILINE)
HEADING = re.compile(r"^#{1,6} +(.*?)[ #]*$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//", re.IGNORECASE)


def prose(path: Path) -> str:
    """Return the text of a page without its blocks of code."""
    return FENCE.sub("", path.read_text(encoding="utf-8"))


def links(path: Path) -> list[str]:
    """Return the links of a page that stay within the repository."""
    text = re.sub(r"`[^`\n]*`", "``", prose(path))
    return [target for found in LINK.findall(text) if not ELSEWHERE.match(target := found[0] or found[1])]


def anchors(path: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    made: set[str] = set(re.findall(r'<a (?:id|name)="([^"]+)"', prose(path)))
    seen = Counter[str]()
    for heading in HEADING.findall(prose(path)):
        shown = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", shown.lower()).replace(" ", "-")
        made.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return made


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    path, broken = ROOT / page, []
    for link in links(path):
        name, _, anchor = unquote(link).partition("#")
        target = (path.parent / name).resolve() if name else path
        if not target.exists() or not target.is_relative_to(ROOT) or (anchor and anchor not in anchors(target)):
            broken.append(link)
    assert not broken


def test_how_links_and_anchors_are_read(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# One `key`, two\n## Why, and _how_\n## Why, and _how_\n[a](x.md#y) ![b](<c.png>) [d](https://e/f)\n"
        "`[not](this)`\n```md\n# nor\n[this](one)\n```\n[e]: f.md\n",
        encoding="utf-8",
    )
    assert links(page) == ["x.md#y", "c.png", "f.md"]
    assert anchors(page) == {"one-key-two", "why-and-_how_", "why-and-_how_-1"}


def test_each_page_has_a_place_on_the_site() -> None:
    places = set(re.findall(r'"([\w/-]+\.md)"', (ROOT / "zensical.toml").read_text(encoding="utf-8")))
    assert places == {path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")}
