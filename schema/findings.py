"""The codes of `doctor` as a table for people: the middle of ``docs/doctor.md`` is made of this."""

from __future__ import annotations

import re
from pathlib import Path

from dyncachekeys.doctor.finding import CATALOGUE

PAGE = Path(__file__).parent.parent / "docs/doctor.md"
_TABLE = re.compile(r"(?<=<!-- made by `python schema/generate.py`: -->\n).*?(?=\n<!-- end -->)", re.DOTALL)


def page() -> str:
    """Return the page of `doctor` as it stands, with the table of codes renewed; each has an anchor, `#dck001`."""
    text, count = _TABLE.subn(lambda _: _table(), PAGE.read_text(encoding="utf-8"))
    if count != 1:
        msg = f"{PAGE.name} has {count} places for the table of codes"
        raise ValueError(msg)
    return text


def _table() -> str:
    rows = [
        f'| <a id="{code.lower()}"></a>{code} | {level} | {meaning} |' for code, (level, meaning) in CATALOGUE.items()
    ]
    return "\n".join(["| code | level | |", "| --- | --- | --- |", *rows])
