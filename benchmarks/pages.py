"""A benchmark whose report is a page of the documentation, at the command line."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

from processes import FailedError


def main(about: str | None, document: Path, measured: Callable[[int], str]) -> None:
    """Measure, print, and if wanted write.

    Args:
        about: The docstring of the benchmark, whose first line stands in its help.
        document: The page.
        measured: Takes the number of rounds, and returns the report.
    """
    parser = argparse.ArgumentParser(description=(about or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write docs/{document.name}")
    parser.add_argument("--rounds", type=int, default=21)
    chosen = parser.parse_args()
    try:
        text = measured(chosen.rounds)
    except FailedError as error:
        sys.exit(str(error))
    print(text, end="")
    if chosen.write:
        document.write_text(text, encoding="utf-8")


def replaced(page: str, name: str, text: str) -> str:
    """Return the page with the text between the comments ``<!-- NAME -->`` and ``<!-- end of NAME -->``."""
    begin, end = f"<!-- {name} -->\n", f"\n<!-- end of {name} -->"
    changed, count = re.subn(f"(?s)(?<={re.escape(begin)}).*?(?={re.escape(end)})", lambda _: text, page)
    if count != 1:
        message = f"not one stretch {begin.strip()} ... {end.strip()} in the page, but {count}"
        raise ValueError(message)
    return changed
