"""What uv takes in ``cache-keys``. U-numbers are rows of ``docs/uv-facts.md``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from dyncachekeys.quick.snapshot import LINK_FOLDER, STAMP_LINK

CURRENT = STAMP_LINK
"""What uv watches as a directory (U25)."""
DIGEST = ".dyncachekeys/sha256-"
"""The beginning of a directory's name that carries a digest; the directory never exists (U7)."""
STAMP_FILE = ".dyncachekeys/stamp"
"""The file that it watches where links can't be made."""
LINKS = f"{LINK_FOLDER}/*"
"""The glob behind which it sees the inputs that have a link (U27)."""
DEFAULTS: tuple[Mapping[str, str], ...] = (
    {"file": "pyproject.toml"},
    {"file": "setup.py"},
    {"file": "setup.cfg"},
    {"dir": "src"},
)
"""What it watches where there are no ``cache-keys`` (U10)."""
_KINDS = frozenset({"file", "dir", "env", "git"})
_GLOB_SIGNS = re.compile(r"[*?\[{]")


def is_glob(path: str) -> bool:
    """Tell whether uv takes a path for a glob: as soon as it holds one of ``* ? [ {`` (U12)."""
    return bool(_GLOB_SIGNS.search(path))


def is_literal_path(path: str) -> bool:
    """Tell whether an entry can name just this path; what is not UTF-8 can't be written in TOML."""
    return not is_glob(path) and path.isprintable()


def malformed(entry: Any) -> str | None:
    """Return why uv can't read an entry; nothing if it can. Tried on 0.6.17, 0.12.24 and 0.13.9."""
    if isinstance(entry, str):
        return None
    if not isinstance(entry, dict):
        return f"an entry is a path or a table, not {type(entry).__name__}"
    if len(entry) != 1 or not entry.keys() <= _KINDS:
        named = ", ".join(f"`{name}`" for name in entry) or "an empty table"
        return f"an entry has one field, not {named}" if entry.keys() & _KINDS else f"{named} is not a kind of entry"
    ((kind, value),) = entry.items()
    if kind == "git":
        return _malformed_git(value)
    return None if isinstance(value, str) else f"`{kind}` must be text"


def _malformed_git(value: Any) -> str | None:
    if isinstance(value, dict):
        unknown = [name for name, on in value.items() if name not in {"commit", "tags"} or not isinstance(on, bool)]
        return f"`git` has no `{unknown[0]}`" if unknown else None
    return None if isinstance(value, bool) else "`git` is `true`, or a table with `commit` and `tags`"
