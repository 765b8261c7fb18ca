"""gitignore-style patterns, relative to the project: which are allowed, and where they can match."""

from __future__ import annotations

import re
from typing import NamedTuple

from dyncachekeys.files.gitignore import Rules

_UP = re.compile(r"(?:\.\./)*")
_WILDCARD = re.compile(r"[*?\[\\]")


class Pattern(NamedTuple):
    """A pattern, taken apart."""

    text: str
    """As the user wrote it."""
    base: str
    """The folder that the body is relative to: the project (empty), or ``..``, ``../..``, ..."""
    body: str
    """The gitignore pattern below that folder."""

    @property
    def anchored(self) -> bool:
        """Whether it can match only from its base, not at any depth below: git's rule of the inner slash."""
        return "/" in self.body.rstrip("/")

    @property
    def literal(self) -> str | None:
        """The one path below the base that a pattern without wildcards names; nothing for a folder's."""
        named = self.body.removeprefix("/")
        return None if named.endswith("/") or _WILDCARD.search(named) else named


def parse(text: str) -> Pattern:
    """Take a pattern apart.

    Raises:
        ValueError: what is wrong with it, and what to write instead.
    """
    base = _UP.match(text).group()  # type: ignore[union-attr]  # it matches the empty text, too
    body = text[len(base) :]
    for wrong, message in (
        (not body.strip("/") or "\0" in body, "it chooses nothing; name a file, a folder (`src/`) or a glob"),
        (text.startswith("!"), "`!` does not work here; name it in `exclude`"),
        (re.match(r"~|[A-Za-z]:", text), "it must be relative to the project, the same on every machine"),
        (".." in body.split("/"), "`..` can only stand at the beginning"),
    ):
        if wrong:
            error = f"pattern `{text}`: {message}"
            raise ValueError(error)
    if base and not body.startswith("/"):
        # git: a slash at the beginning or in the middle anchors, and `../x` has one. Without this,
        # `../*.toml` would search everything below the parent folder.
        body = "/" + body
    return Pattern(text, base.rstrip("/"), body)


def check(text: str) -> str | None:
    """Return what is wrong with a pattern, or nothing: for the checking of options."""
    try:
        parse(text)
    except ValueError as error:
        return str(error)
    return None


def escaped(body: str) -> str:
    """Return a pattern's body as it stands in a list of rules: what starts with ``#`` is a comment there."""
    return f"\\{body}" if body.startswith("#") else body


def exactly(path: str) -> str:
    """Return the pattern that chooses just one path, whatever characters it has."""
    quoted = _WILDCARD.sub(r"\\\g<0>", path)
    return quoted if quoted.startswith("../") else f"/{quoted}"


def matches(text: str, path: str) -> bool:
    """Tell whether a pattern chooses a path, whether or not anything is there; one that is wrong chooses nothing."""
    try:
        pattern = parse(text)
    except ValueError:
        return False
    base = f"{pattern.base}/" if pattern.base else ""
    below = path.removeprefix(base)
    if not path.startswith(base) or below.startswith("../"):
        return False
    *folders, name = below.split("/")
    place = Rules([escaped(pattern.body)]).top
    for folder in folders:
        place = place.enter(folder)
    return place.below >= 0 or place.find(name, is_dir=False) >= 0
