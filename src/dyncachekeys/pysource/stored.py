"""A reading as text, in which it is kept between runs, and back."""

from __future__ import annotations

import json

from dyncachekeys.pysource.module import Doubt, Import, Reading, Run
from dyncachekeys.pysource.search_path import SearchDirectory

FORMAT = 1
"""To be raised with every change of what is read or of how it is written here."""


def dump(reading: Reading) -> str:
    """Return a reading as text."""
    data = [
        reading.imports,
        [[one.path, one.front] for one in reading.directories],
        sorted(reading.bound),
        reading.exported,
        [[one.line, one.code, one.what, one.function and _ends(one.function)] for one in reading.doubts],
    ]
    return json.dumps(data, ensure_ascii=False, separators=(",", ":"))


def load(text: str) -> Reading:
    """Return a reading that was text."""
    imports, directories, bound, exported, doubts = json.loads(text)
    return Reading(
        imports=[_loaded(*one) for one in imports],
        directories=[SearchDirectory(path, front) for path, front in directories],
        bound=set(bound),
        exported=exported,
        doubts=[Doubt(line, code, what, lines and range(*lines)) for line, code, what, lines in doubts],
    )


def _loaded(line: int, subject: str, rest: str | list[str]) -> Import | Run:
    return Run(line, subject, rest) if isinstance(rest, str) else Import(line, subject, tuple(rest))


def _ends(lines: range) -> list[int]:
    return [lines.start, lines.stop]
