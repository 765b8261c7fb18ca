"""Findings of `doctor` for other programs: SARIF 2.1.0, and the lines by which GitHub marks files."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dyncachekeys import __version__
from dyncachekeys.doctor.address import address
from dyncachekeys.doctor.finding import CATALOGUE, Finding, Level
from dyncachekeys.pyproject.project import FILE

_GITHUB_LEVELS: dict[Level, str] = {"error": "error", "warning": "warning", "note": "notice"}
_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(found: Sequence[Finding], places: Sequence[str]) -> dict[str, Any]:
    """Return findings as a log in SARIF 2.1.0 (OASIS).

    Args:
        found: The findings.
        places: The file that each is about, relative to where the command runs.
    """
    rules = [_rule(code) for code in sorted({one.code for one in found})]
    driver = {"name": "dyncachekeys", "version": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.code,
            "level": one.level,
            "message": {"text": f"{one.where}: {one.message}\n{one.remedy}"},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": place}}}],
        }
        for one, place in zip(found, places, strict=True)
    ]
    return {"version": "2.1.0", "$schema": _SCHEMA, "runs": [{"tool": {"driver": driver}, "results": results}]}


def _rule(code: str) -> dict[str, Any]:
    url = address(code)  # SARIF wants an absolute one
    return {"id": code, "shortDescription": {"text": CATALOGUE[code][1]}, **({"helpUri": url} if url else {})}


def github(found: Sequence[Finding], places: Sequence[str]) -> Iterator[str]:
    """Yield a command of GitHub Actions for each finding. Arguments as `sarif`."""
    for one, place in zip(found, places, strict=True):
        about = f"file={_escaped(place, ':,')},title={_escaped(one.code, ':,')}"
        url = address(one.code)
        text = f"{one.where}: {one.message}\ndo: {one.remedy}" + (f"\n{url}" if url else "")
        yield f"::{_GITHUB_LEVELS[one.level]} {about}::{_escaped(text)}"


def place(one: Finding, package: Path, here: Path) -> str:
    """Return the file that a finding is about, relative to a folder: the one that it names, else `pyproject.toml`."""
    file = one.where if (package / one.where).is_file() else FILE
    path = package / file
    return posixpath.join(*path.relative_to(here).parts) if path.is_relative_to(here) else path.as_posix()


def _escaped(text: str, more: str = "") -> str:
    """Return text as it stands in a command of GitHub Actions."""
    return "".join(f"%{ord(sign):02X}" if sign in f"%\r\n{more}" else sign for sign in text)
