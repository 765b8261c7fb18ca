"""What uv takes in ``cache-keys``. U-numbers are rows of ``docs/uv-facts.md``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from dyncachekeys.witnesses import LINK_FOLDER, STAMP_LINK

if TYPE_CHECKING:
    from collections.abc import Mapping

CURRENT = STAMP_LINK
"""What uv watches as a directory (U25)."""
DIGEST = ".dyncachekeys/sha256-"
"""How the name begins of a directory that never exists, and whose name carries a digest (U7)."""
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
_GLOB_SIGNS = re.compile(r"[*?\[{]")


def is_glob(path: str) -> bool:
    """Tell whether uv takes a path for a glob: as soon as it holds one of ``* ? [ {`` (U12)."""
    return bool(_GLOB_SIGNS.search(path))


def is_literal_path(path: str) -> bool:
    """Tell whether an entry can name just this path; what is not UTF-8 can't be written in TOML."""
    return not is_glob(path) and path.isprintable()
