r"""Dependencies in the syntax of make, as compilers, cargo and others write them into ``.d`` files. Pure.

Facts: ninja 1.11, ``depfile_parser.in.cc``; gcc's ``mkdeps.cc``: ``\ ``, ``\#``, ``\:`` and ``$$`` are
escapes, a backslash before a line break continues, any other backslash stands for itself. rustc 1.95 writes
``# env-dep:NAME=VALUE``, without the value if the variable is not set.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_WORD = re.compile(r"(?:\\[ #:]|\\(?!\r?\n)|[^\s\\])+")
_ESCAPE = re.compile(r"\\([ #:])|\$(\$)")
_COMMENT = re.compile(r"^#.*$", re.MULTILINE)
_VARIABLE = re.compile(r"^# env-dep:(\w+)", re.MULTILINE)


def dependencies(text: str) -> Iterator[str]:
    """Yield what stands to the right of a colon; of ``a b: c`` also ``a``, which is a product as well."""
    pending = ""
    for found in _WORD.finditer(_COMMENT.sub("", text)):
        word = found.group()
        is_target = word.endswith(":") and not word.endswith("\\:")
        if pending and word != ":":  # `target : dependency` names its target one word before
            yield _ESCAPE.sub(r"\1\2", pending)
        pending = "" if is_target else word
    if pending:
        yield _ESCAPE.sub(r"\1\2", pending)


def variables(text: str) -> list[str]:
    """Return the names of the variables that a crate was compiled with (``env!``, ``option_env!``)."""
    return _VARIABLE.findall(text)
