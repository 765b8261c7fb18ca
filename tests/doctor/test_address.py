"""Where the documentation explains a code: one address, written down in our metadata alone."""

from __future__ import annotations

import json
import re
from email.message import Message
from pathlib import Path

import importlib_metadata
import pytest

from dyncachekeys.cli.main import run
from dyncachekeys.doctor.address import PAGE, address
from dyncachekeys.doctor.finding import CATALOGUE
from kit import DemoMaker

ROOT = Path(__file__).parents[2]
SITE = "https://dyncachekeys.example/docs/"


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the package be one of which the address of the documentation is known."""
    metadata = Message()
    metadata["Project-URL"] = "Changelog, https://dyncachekeys.example/changes"
    metadata["Project-URL"] = f"Documentation, {SITE}"
    monkeypatch.setattr(importlib_metadata, "metadata", lambda _: metadata)


def test_the_page_has_an_anchor_for_each_code() -> None:
    assert (ROOT / PAGE).is_file()
    anchors = re.findall(r'<a id="(dck\d+)"></a>(DCK\d+) \|', (ROOT / PAGE).read_text(encoding="utf-8"))
    assert anchors == [(code.lower(), code) for code in CATALOGUE]


@pytest.mark.usefixtures("published")
def test_the_address_leads_to_that_anchor() -> None:
    assert address("DCK020") == f"{SITE}doctor/#dck020"


def test_there_is_none_as_long_as_the_package_names_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Message:
        raise importlib_metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib_metadata, "metadata", lambda _: Message())
    assert address("DCK020") is None
    monkeypatch.setattr(importlib_metadata, "metadata", missing)
    assert address("DCK020") is None


@pytest.mark.parametrize("known", [False, True])
def test_each_form_of_a_finding_has_it(
    known: bool,
    demo_maker: DemoMaker,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    if known:
        request.getfixturevalue("published")
    demo = demo_maker('[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { file = "none.c" }]\n')
    monkeypatch.chdir(demo.root)
    expected = f"{SITE}doctor/#dck007" if known else None

    def said(*arguments: str) -> str:
        assert run([*arguments]) == 0
        return capsys.readouterr().out

    (finding,) = json.loads(said("doctor", "--select", "DCK007", "--format", "json"))["findings"]
    assert finding["url"] == expected
    (log,) = json.loads(said("doctor", "--select", "DCK007", "--format", "sarif"))["runs"]
    assert log["tool"]["driver"]["rules"][0].get("helpUri") == expected
    assert said("doctor", "--select", "DCK007", "--format", "github").rstrip().endswith(expected or "check its name")
    assert json.loads(said("explain", "DCK007", "--format", "json"))["url"] == expected
    assert said("explain", "DCK007").rstrip().endswith(f"More: {expected or 'docs/doctor.md#dck007'}")
