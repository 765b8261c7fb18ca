"""Names that nobody expects: they count like others, they forge no line of a report, and they move no cursor."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from dyncachekeys.quick import check
from dyncachekeys.quick.output import Printer
from dyncachekeys.quick.snapshot import Snapshot
from kit import Demo, DemoMaker, make_demo

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, some of these are no names")
NAMES = (
    *(
        b"new\nline",
        b"\nerror: forged",
        b"x\n  do: forged",
        b"esc\x1b[31mred\x1b[0m",
        b"\xff\xfe-bytes",
        b"\r",
        b"tab\t",
    ),
    *(
        b"[br]ack{et}*?",
        b"x" * 255,
        b"-dash",
        b" space ",
        b"back\\slash",
        b"quote\"'",
        b"#hash",
        b"!bang",
        b"a\x7f\x9b",
    ),
    *("ünï-\u202ertl".encode(), "\u2028".encode(), "全角\u3000".encode(), b"%s{0}", b"$(x)`y`", b"~", b"con."),
)
CONFIG = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["odd/", "*/deep*"]
"""


def _write(demo: Demo, content: str) -> None:
    for name in NAMES:
        inside = demo.root / "odd" / os.fsdecode(b"in" + name[:250])
        inside.mkdir(parents=True, exist_ok=True)
        for path in (demo.root / "odd" / os.fsdecode(name), inside / "file"):
            path.write_text(content)


def _is_safe(text: str) -> bool:
    """Tell whether a terminal shows it as it is, and each line is one of ours."""
    signs = {sign for sign in text if not sign.isprintable()} - {"\n", "\u3000"}
    return not signs and "\nerror: forged" not in text and "\n  do: forged" not in text


@pytest.mark.parametrize("watch", ["auto", pytest.param("digest", marks=pytest.mark.thorough)])
def test_odd_names_count_like_others(demo_maker: DemoMaker, watch: str) -> None:
    demo = demo_maker(CONFIG.format(watch=watch))
    _write(demo, "1")
    demo.settled()
    known = Snapshot.load(os.fspath(demo.root / ".dyncachekeys"))
    assert known is not None
    assert len(check.differences(os.fspath(demo.root), known, demo.environ)) == len(known.racy)
    demo.tick()
    _write(demo, "2")
    done = demo.cli("check", "--stamp", "--format", "json", check=False)
    (project,) = json.loads(done.stdout)["projects"]
    changed = {os.fsencode(change["subject"]) for key in project["keys"] for change in key["changes"]}
    assert changed >= {b"odd/" + name for name in NAMES} | {b"odd/in" + name[:250] + b"/file" for name in NAMES}
    assert demo.both() == 1
    assert demo.both() == 0
    (demo.root / "odd" / os.fsdecode(NAMES[0])).unlink()
    assert demo.both() == 1
    assert demo.both() == 0


def test_odd_names_forge_nothing(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG.format(watch="auto"))
    for content in "12":
        _write(demo, content)
        for command in (
            ["explain", "-v"],
            ["check", "--stamp"],
            ["sync", "-v"],
            ["show"],
            ["explain", "-v"],
            ["doctor"],
        ):
            done = demo.cli(*command, check=False)
            assert done.returncode in {0, 1}
            assert _is_safe(done.stdout), command
            assert _is_safe(done.stderr), command
    time.sleep(2.1)
    demo.cli("sync")
    (demo.root / "odd/\nerror: forged").write_text("3")
    done = demo.cli("sync")  # which is answered by the path for edits
    assert "forged changed" in done.stdout
    assert _is_safe(done.stdout)


@pytest.mark.parametrize("color", ["always", "never"])
def test_colours_are_ours_alone(capsys: pytest.CaptureFixture[str], color: str) -> None:
    out = Printer(sys.stdout, color)
    out(f"{out.painted('error', 'error')}: \x1b]0;title\x07 \x1b[2J\x1b[0m\x9b1m")
    text = capsys.readouterr().out
    ours = text.replace("\x1b[1;31m", "").replace("\x1b[0m", "") if color == "always" else text
    assert ours.rstrip("\n").isprintable()
    assert ("\x1b[1;31merror\x1b[0m" in text) == (color == "always")


def test_names_in_errors_and_warnings(demo_maker: DemoMaker) -> None:
    demo = demo_maker('[tool.dyncachekeys.keys.k]\nresolver = "files"\npatterns = ["no\\u001b[31m\\nerror: forged"]\n')
    for _ in range(2):  # the second one is quiet
        done = demo.cli("sync")
        assert "matches nothing" in done.stderr
        assert _is_safe(done.stderr)
    demo.edit("pyproject.toml", "patterns", '"opt\\n\\u001b[2J" = 1\npatterns')
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert _is_safe(done.stderr)


def test_deep_folders(demo_maker: DemoMaker) -> None:
    """As deep as a path can be named, and deeper, which no program can open by its path."""
    demo = demo_maker(CONFIG.format(watch="auto"))
    room = 4_095 - len(os.fsencode(demo.root)) - len("/odd/") - len("/deepest")
    way = "/".join(["d" * 100] * (room // 101))
    (demo.root / "odd" / way).mkdir(parents=True)
    (demo.root / "odd" / way / "deepest").write_text("1")
    demo.settled()
    demo.tick()
    (demo.root / "odd" / way / "deepest").write_text("2")
    assert demo.both() == 1
    here = Path.cwd()
    os.chdir(demo.root / "odd" / way)
    try:
        for _ in range(3):
            Path("e" * 200).mkdir()
            os.chdir("e" * 200)
        Path("file").write_text("")
    finally:
        os.chdir(here)
    done = demo.cli("sync", check=False)
    assert done.returncode == 2, done.stdout
    assert os.strerror(36) in done.stderr
    assert "bug" not in done.stderr


@pytest.mark.parametrize("name", ["prüfung", "a%41b", "one #2? [x]", "全角"], ids=ascii)
def test_the_projects_own_folder(tmp_path: Path, name: str) -> None:
    """Also where Python takes file names to be ASCII. Where a name is no UTF-8, uv itself can't build (0.13.9)."""
    demo = make_demo(tmp_path / name, CONFIG.format(watch="auto"), {"odd/one": "1"})
    demo.settled()
    demo.tick()
    demo.write({"odd/one": "2", "odd/two": "1"})
    assert demo.both() == 1
    ascii_only = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for command in ("show", "explain", "check", "doctor"):
        assert demo.cli(command, check=False, **ascii_only).returncode == 0
