r"""Dependencies in Makefile syntax: the depfiles of gcc and clang, and the ``build.make`` of CMake.

Facts: ninja 1.11, ``depfile_parser.in.cc``; gcc's ``mkdeps.cc``: ``\ ``, ``\#``, ``\:`` and ``$$`` are
escapes, a backslash before a line break continues, any other backslash stands for itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"(?:\\[ #:]|\\(?!\r?\n)|[^\s\\])+")
_ESCAPE = re.compile(r"\\([ #:])|\$(\$)")
_NO_RULE = re.compile(r"^(?:\t|[ ]*\#|\.PHONY|[A-Z_]+[ ]*=|include[ ]).*$\n?", re.MULTILINE)


def dependencies(text: str) -> Iterator[str]:
    """Yield what stands to the right of a colon; of ``a b: c`` also ``a``, which is a product as well."""
    pending = ""
    for found in _WORD.finditer(text):
        word = found.group()
        is_target = word.endswith(":") and not word.endswith("\\:")
        if pending and word != ":":  # `target : dependency` names its target one word before
            yield _ESCAPE.sub(r"\1\2", pending)
        pending = "" if is_target else word
    if pending:
        yield _ESCAPE.sub(r"\1\2", pending)


def rules(text: str) -> Iterator[str]:
    """Yield the dependencies of a whole Makefile, without its recipes, comments and variables."""
    return dependencies(_NO_RULE.sub("", text))
