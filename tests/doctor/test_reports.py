"""`doctor` for programs and for who wants only some of it: codes chosen, SARIF, GitHub's lines; `explain CODE`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dyncachekeys.cli.main import run
from dyncachekeys.doctor.finding import CATALOGUE
from kit import Demo, DemoMaker

LISTED = '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "none.c" }, { glob = "a%b:c" }]\n'


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    return demo_maker(LISTED)


def codes(demo: Demo, *options: str) -> set[str]:
    done = demo.cli("doctor", "--format", "json", *options, check=False)
    return {one["code"] for one in json.loads(done.stdout)["findings"]}


def test_only_what_is_selected_and_not_ignored(demo: Demo) -> None:
    everything = codes(demo)
    assert {"DCK001", "DCK007", "DCK020"} <= everything
    assert codes(demo, "--select", "DCK00") == {code for code in everything if code.startswith("DCK00")}
    assert codes(demo, "--select", "dck007,DCK020") == {"DCK007", "DCK020"}
    assert codes(demo, "--select", "DCK007", "--select", "DCK020", "--ignore", "DCK02") == {"DCK007"}
    assert codes(demo, "--ignore", "DCK001") == everything - {"DCK001"}
    assert demo.cli("doctor", "--ignore", "DCK001", check=False).returncode == 0


def test_a_code_that_is_none(demo: Demo) -> None:
    done = demo.cli("doctor", "--select", "DCK999", check=False)
    assert done.returncode == 2
    assert "--select: `DCK999` is no code, nor the beginning of one" in done.stderr
    assert "did you mean `DCK0" in done.stderr
    far = demo.cli("doctor", "--select", "X", check=False)
    assert "give one such as `DCK020`, or `DCK02` for all that begin so" in far.stderr


def test_lines_for_github(demo: Demo) -> None:
    lines = demo.cli("doctor", "--select", "DCK001,DCK007", "--format", "github", check=False).stdout.splitlines()
    assert lines[0].startswith("::error file=pyproject.toml,title=DCK001::tool.uv.cache-keys[2]: ")
    assert "%0Ado: " in lines[0]
    assert lines[1].startswith("::notice file=pyproject.toml,title=DCK007::")
    assert len(lines) == 2


def test_a_log_in_sarif(demo: Demo) -> None:
    done = demo.cli("doctor", "--format", "sarif", check=False)
    log = json.loads(done.stdout)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert (
        {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        == {one["ruleId"] for one in run["results"]}
        == codes(demo)
    )
    assert {one["level"] for one in run["results"]} <= {"error", "warning", "note"}
    places = {one["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for one in run["results"]}
    assert places == {"pyproject.toml"}
    assert done.returncode == 1


@pytest.mark.parametrize("code", CATALOGUE)
def test_each_code_is_explained_also_where_there_is_no_project(
    code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert run(["explain", code.lower()]) == 0
    told = capsys.readouterr().out
    assert CATALOGUE[code][1] in told
    assert f"doctor --select {code}" in told


def test_a_code_that_is_not_explained(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["explain", "DCK050", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["code"] == "DCK050"
    assert run(["explain", "DCK998"]) == 2
    assert "there is no code `DCK998`" in capsys.readouterr().err
