"""uv's paths and globs as gitignore patterns, which is what a `files` key takes."""

from __future__ import annotations

import itertools
import posixpath
import re
from collections.abc import Sequence

from dyncachekeys.uv.entries import is_glob
from dyncachekeys.uv.mtimes import without_braces


def patterns(text: str, matched: Sequence[str]) -> list[str]:
    """Return the gitignore patterns, which know no braces, for a path or a glob of uv that matches these files now."""
    return [_pattern(plain, matched) for plain in without_braces(re.sub(r"\{([^{}]*)\}", _with_range, text))]


def rooted(path: str) -> str:
    """Return the pattern for a path."""
    return path if path.startswith("../") else f"/{path}"


def _with_range(braces: re.Match[str]) -> str:
    """Return braces with their single letters as a range: `{c,h,cpp}` is `{[ch],cpp}`."""
    choices = braces[1].split(",")
    letters = [choice for choice in choices if len(choice) == 1 and choice.isalnum()]
    if len(letters) <= 1:
        return braces[0]
    others = [choice for choice in choices if choice not in letters]
    letter = f"[{''.join(letters)}]"
    return f"{{{','.join([letter, *others])}}}" if others else letter


def _pattern(text: str, matched: Sequence[str]) -> str:
    """Return the pattern for a path or a glob without braces.

    Below its literal folder, a glob without a slash matches at any depth for uv (U12), which its author
    mostly does not know: the pattern does so, too, if something deeper is matched now.
    """
    parts = text.split("/")
    literal = list(itertools.takewhile(lambda part: not is_glob(part), parts))
    if len(literal) == len(parts):
        return rooted(posixpath.normpath(text))
    base, rest = "/".join(literal), "/".join(parts[len(literal) :])
    if base:
        deep = "/" not in rest and any("/" in path[len(base) + 1 :] for path in matched)
        return f"{rooted(base)}/{'**/' if deep else ''}{rest}"
    anywhere = rest.removeprefix("**/")
    if "/" not in anywhere:
        return anywhere
    return rest if rest.startswith("**/") else f"/{rest}"
