"""`docs/json.md` names the fields that come, and none that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker

PAGE = (Path(__file__).parents[2] / "docs/json.md").read_text(encoding="utf-8")
SECTIONS = {
    title.replace("`", ""): text
    for title, text in re.findall(r"^## (.*?)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
}
RULE = '[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = ["csrc/*.c"]\nwatch = "digest"\n'


def examples(title: str) -> list[Any]:
    """Return the documents that a section shows."""
    return [json.loads(text) for text in re.findall(r"```json\n(.*?)```", SECTIONS[title], re.DOTALL)]


def fields(title: str, of: str) -> set[str]:
    """Return what a table of a section names."""
    table = re.search(rf"^\| field of {re.escape(of)} \|.*?\n\n", SECTIONS[title] + "\n", re.MULTILINE | re.DOTALL)
    assert table, f"{title} has no table of {of}"
    firsts = re.findall(r"^\| (`.*?) \|", table[0], re.MULTILINE)
    return {name for first in firsts for name in re.findall(r"`(\w+)`", first)}


def document(demo: Demo, *arguments: str) -> Any:
    return json.loads(demo.cli(*arguments, "--format", "json", check=False).stdout)


def differences(shown: Any, came: Any, where: str = "") -> Iterator[str]:
    """Yield where two documents have other fields; of lists, the first elements are compared, unless they are as in TOML."""
    if isinstance(shown, dict) and isinstance(came, dict):
        for name in sorted({*shown, *came}):
            if name not in came or name not in shown:
                yield f"{where}.{name} only {'on the page' if name in shown else 'in what comes'}"
            else:
                yield from differences(shown[name], came[name], f"{where}.{name}")
    elif (
        isinstance(shown, list)
        and isinstance(came, list)
        and shown
        and came
        and not where.endswith((".additions", ".entries"))
    ):
        yield from differences(shown[0], came[0], f"{where}[]")


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    return demo_maker(BACKEND_KEY + RULE, {"csrc/a.c": "a\n"})


def test_sync_check_show(demo: Demo) -> None:
    title = "sync, check, show, digest"
    demo.sync()
    demo.tick()
    demo.write({"csrc/a.c": "edited\n"})
    (shown,), came = examples(title), document(demo, "show")
    (project,) = came["projects"]
    keys = {key["name"]: key for key in project["keys"]}
    assert fields(title, "a project") == project.keys()
    assert fields(title, "a key") == keys["sources"].keys()
    assert fields(title, "a change") == keys["sources"]["changes"][0].keys()
    for key in keys.values():
        key.pop("found")
    project["keys"] = [keys["sources"]]
    assert [*differences(shown, came)] == []

    (project,) = document(demo, "explain")["projects"]
    assert fields("explain", "a project") == project.keys() - fields(title, "a project")
    text = SECTIONS["explain"]
    for part in (project["outlook"], project["outlook"]["seen"][0], project["since"], project["last"]):
        assert all(f"`{name}`" in text for name in part)
    of_path = document(demo, "explain", "csrc/a.c")["projects"][0]
    assert all(f"`{name}`" in text for name in {**of_path["path"], **of_path["path"]["watching"][0]})
    assert of_path.keys() == {"name", "root", "path"}


@pytest.mark.thorough
def test_doctor(demo: Demo) -> None:
    demo.append("pyproject.toml", '\n[tool.uv]\ncache-keys = [{ glob = "*" }]\n')
    came = document(demo, "doctor")
    page, of_explain = SECTIONS["doctor"].split("`explain CODE`")
    (of_a_finding,) = re.findall(
        r"A finding has (.*?)\. \[All codes\]", re.sub(r" \([^()]*\)", "", page).replace("](doctor.md)", "]")
    )
    assert came.keys() == {"version", "findings"}
    assert set(re.findall(r"`(\w+)`", of_a_finding)) == came["findings"][0].keys()
    assert {"version", *re.findall(r"`(\w+)`", of_explain)} == document(demo, "explain", "DCK001").keys()


@pytest.mark.thorough
def test_init_undo_clean_failure(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    demo.git("init", "--quiet")
    of_init, of_undo = examples("init")
    came = document(demo, "init", "--dry-run")
    assert [*differences(of_init, came)] == []
    assert fields("init", "`init`") == came["projects"][0]["init"].keys()
    demo.cli("init")
    (of_clean,) = examples("clean")
    assert [*differences(of_clean, document(demo, "clean"))] == []
    assert [*differences(of_undo, document(demo, "init", "--undo"))] == []
    demo.append("pyproject.toml", '[tool.dyncachekeys]\nwatsch = "digest"\n')
    (of_failure,) = examples("Failure")
    assert [*differences(of_failure, document(demo, "check"))] == []


@pytest.mark.thorough
def test_trace(demo_maker: DemoMaker) -> None:
    demo = demo_maker("", {"reqs/a.txt": ""})
    demo.append("build_backend/helper.py", 'open("reqs/a.txt").read()\n')
    demo.git("init", "--quiet")
    demo.cli("init")
    demo.uv("sync")
    (shown,), came = examples("trace"), document(demo, "trace")
    assert [*differences(shown, came)] == []
    assert fields("trace", "`trace`") == came["projects"][0]["trace"].keys()
