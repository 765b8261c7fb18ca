"""The page of `show` and `explain`: what it holds, and what a real browser makes of it."""

from __future__ import annotations

import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from kit import Demo, DemoMaker

CONFIG = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["/csrc/"]
[tool.dyncachekeys.keys.more]
resolver = "env"
names = ["CC"]
"""
FILES = {"csrc/a.c": "a", "csrc/<script>alert(1)<!--.c": "b", "csrc/b&amp;.c": "c"}
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Reader(HTMLParser):
    """Reads the cells of tables, and holds that what is opened is closed."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.rows: list[list[str]] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name in {"src", "href"} for name, _ in attrs), "a page fetches nothing"
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self.rows[-1].append("")
        if tag not in {"meta", "input"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open[-1:] in (["td"], ["th"]):
            self.rows[-1][-1] += data


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def synced(demo_maker: DemoMaker) -> Demo:
    demo = demo_maker(CONFIG, FILES)
    demo.settled()
    return demo


def test_each_input_is_a_row_and_names_are_text(demo_maker: DemoMaker) -> None:
    demo = synced(demo_maker)
    page = demo.cli("show", "--format", "html").stdout
    rows = [row for row in read(page).rows if row[0] != "Kind"]
    assert {row[2] for row in rows} >= {*FILES, "CC"}
    assert all(len(row) == 4 and row[3] for row in rows)
    assert "<script>alert" not in page
    assert "folder link: a link to its folder" in page


def test_the_explanation_stands_in_front(demo_maker: DemoMaker) -> None:
    demo = synced(demo_maker)
    demo.write({"csrc/new.c": ""})
    page = demo.cli("explain", "--format", "html").stdout
    text = demo.cli("explain").stdout
    assert text.splitlines()[1] in page
    row = next(row for row in read(page).rows if row[2] == "csrc/new.c")
    assert row[3].endswith("; changed since the last sync")


def test_a_graph(demo_maker: DemoMaker) -> None:
    lines = synced(demo_maker).cli("show", "sources", "--format", "mermaid").stdout.splitlines()
    assert lines[:3] == ["flowchart LR", '  p0(["demo"])', '  p0 --> p0k0["sources"]']
    assert any(line.endswith('["csrc/#60;script#62;alert#40;1#41;#60;#33;--.c"]') for line in lines)
    assert len(lines) == 3 + len(FILES)


@pytest.mark.thorough
@pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium")
@pytest.mark.parametrize(
    ("wanted", "left"), [("", ["more", "sources"]), ("A.C", ["sources"]), ("cc", ["more"]), ("nowhere", [])]
)
def test_a_browser_finds_inputs(wanted: str, left: list[str], demo_maker: DemoMaker) -> None:
    demo = synced(demo_maker)
    page = demo.cli("show", "--format", "html").stdout
    script = f"""<script>
const field = document.getElementById("find"); field.value = "{wanted}"; field.dispatchEvent(new Event("input"));
document.title = [...document.querySelectorAll("details:not([hidden]) h2")].map(one => one.textContent).join(",");
</script></body>"""
    path = demo.beside / "page.html"
    path.write_text(page.replace("</body>", script), encoding="utf-8")
    assert CHROMIUM
    argv = [CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom", path.as_uri()]
    profile = [f"--user-data-dir={demo.beside / 'profile'}"]
    done = subprocess.run([*argv[:-1], *profile, argv[-1]], check=True, capture_output=True, text=True)
    title = done.stdout.partition("<title>")[2].partition("</title>")[0]
    assert sorted(set(title.split(",")) & {"more", "sources"}) == left


def test_where_it_is_not_known_it_is_refused(demo_maker: DemoMaker) -> None:
    done = demo_maker(CONFIG, FILES).cli("sync", "--format", "html", check=False)
    assert done.returncode == 2
    assert "there is: `json`, `text`" in done.stderr


def test_the_page_is_in_the_package() -> None:
    import dyncachekeys.cli  # noqa: PLC0415

    assert Path(dyncachekeys.cli.__file__).with_name("page.html").is_file()
