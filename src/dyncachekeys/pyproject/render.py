"""Entries as TOML text, and an edit as a diff."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping

from dyncachekeys.errors import EditError, Problem
from dyncachekeys.pyproject.source import decode

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_SPECIAL = re.compile(r'["\\\x00-\x1f\x7f]')
_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"}


def render(value: object) -> str:
    """Return a string, a truth value or a table of such in TOML's one-line form.

    Raises ``EditError`` for text that UTF-8 can't express: a file name that is not Unicode.
    """
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key(name)} = {render(item)}' for name, item in value.items())} }}"
    message = f"an entry can't hold {value!r}"
    raise TypeError(message)


def key(name: str) -> str:
    """Return one part of a key in TOML."""
    return name if _BARE.fullmatch(name) else _string(name)


def _string(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        remedy = "rename the file, or exclude it: TOML has no way to write this name"
        problem = Problem("not-unicode", f"{text!r} is not Unicode text", "tool.uv.cache-keys", remedy)
        raise EditError([problem]) from error
    return '"' + _SPECIAL.sub(lambda found: _SHORT.get(found[0]) or f"\\u{ord(found[0]):04x}", text) + '"'


def diff(name: str, before: bytes, after: bytes) -> list[str]:
    """Return the lines of a unified diff of a file, which it calls by its name."""
    old, new = (decode(data, name)[1].splitlines() for data in (before, after))
    return list(difflib.unified_diff(old, new, f"a/{name}", f"b/{name}", lineterm=""))
