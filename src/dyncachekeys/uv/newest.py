"""The one maximum into which uv collapses all file entries (U1)."""

from __future__ import annotations

import itertools
import os
import re
from typing import TYPE_CHECKING

from dyncachekeys.files import changed_ns
from dyncachekeys.patterns import compiled
from dyncachekeys.uv.accepts import is_glob

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def newest(root: Path, paths: Iterable[str]) -> int | None:
    """Return the latest time of the files that entries name or match, in nanoseconds; nothing without any."""
    times = (_changed(os.path.join(root, path)) for path in _expanded(root, paths))
    return max((time for time in times if time is not None), default=None)


def _changed(full: str) -> int | None:
    try:
        info = os.stat(full)  # follows links, as uv does (U13)
    except OSError:
        return None
    return None if os.path.isdir(full) else changed_ns(info)  # U4


def _expanded(root: Path, paths: Iterable[str]) -> Iterator[str]:
    for path in paths:
        if is_glob(path):
            for plain in _without_braces(path):
                yield from _matches(root, plain)
        else:
            yield path


def _without_braces(glob: str) -> Iterator[str]:
    found = re.search(r"\{([^{}]*)\}", glob)
    if not found:
        yield glob
        return
    for choice in found.group(1).split(","):
        yield from _without_braces(glob[: found.start()] + choice + glob[found.end() :])


def _matches(root: Path, glob: str) -> Iterator[str]:
    """Yield what a glob matches for uv: gitignore-like below its literal folder, nothing left out (U12, U13)."""
    parts = glob.split("/")
    plain = list(itertools.takewhile(lambda part: not is_glob(part), parts[:-1]))
    rest = compiled(["/".join(parts[len(plain) :])])
    base = os.path.join(root, *plain)
    for folder, _, names in os.walk(base):
        below = os.path.relpath(folder, base).replace(os.sep, "/")
        for name in names:
            if rest.match_file(name if below == "." else f"{below}/{name}"):
                yield os.path.join(folder, name)
