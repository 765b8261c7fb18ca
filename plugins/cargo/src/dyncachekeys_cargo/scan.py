"""What a Rust source names: other files, modules and variables. Only what stands there as plain text.

Facts: the Rust Reference, "Modules" and "Macros"; the Cargo Book, "Build Scripts".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

Kind = Literal["file", "crate-file", "folder", "module", "variable"]

_LITERAL = r'r?\#*"((?:[^"\\]|\\.)*)"'
_TOKEN = re.compile(
    rf"""
    //[^\n]* | /\*.*?\*/ | '(?:\\.|[^'\\])'             # comments, and characters such as a quote
    | \b(?:include|include_str|include_bytes)\s*!\s*[(\[{{]\s*{_LITERAL}
    | \b(?:include|include_str|include_bytes)\s*!\s*[(\[{{]\s*
      concat!\s*\(\s*env!\s*\(\s*"CARGO_MANIFEST_DIR"\s*\)\s*,\s*{_LITERAL}\s*,?\s*\)
    | \binclude_dir\s*!\s*\(\s*"\$CARGO_MANIFEST_DIR/?([^"\\]*)"
    | \#\s*!?\[\s*(?:cfg_attr\s*\([^\]]*?,\s*)?path\s*=\s*{_LITERAL}
    | \bmod\s+(?:r\#)?(\w+)\s*;
    | \b(?:option_)?env\s*!\s*\(\s*"(\w+)"
    | \bb?r(?P<marks>\#*)".*?"(?P=marks) | "(?:[^"\\]|\\.)*"      # other texts
    """,
    re.VERBOSE | re.DOTALL,
)
_KINDS: dict[int, Kind] = {1: "file", 2: "crate-file", 3: "folder", 4: "file", 5: "module", 6: "variable"}
_RERUN = re.compile(r'"cargo::?rerun-if-(env-)?changed=([^"\\{}]+)(?:\\n)?"')
_SET_BY_CARGO = re.compile(r"CARGO(_|$)|OUT_DIR$|TARGET$|HOST$|PROFILE$")


class Named(NamedTuple):
    """What a source names."""

    kind: Kind
    text: str


def named_in(text: str) -> Iterator[Named]:
    """Yield what a source names: files relative to itself or to its crate, folders, modules, variables.

    Comments and texts are skipped.
    """
    for found in _TOKEN.finditer(text):
        number = found.lastindex or 0
        if number in _KINDS and found.group(number) is not None:
            kind, name = _KINDS[number], found.group(number)
            if kind != "variable" or not _SET_BY_CARGO.match(name):
                yield Named(kind, name)


def rerun_in(text: str) -> Iterator[Named]:
    """Yield what a build script tells Cargo to look at, where it is spelled out."""
    for env, name in _RERUN.findall(text):
        if not env:
            yield Named("crate-file", name.strip())
        elif not _SET_BY_CARGO.match(name):
            yield Named("variable", name.strip())
