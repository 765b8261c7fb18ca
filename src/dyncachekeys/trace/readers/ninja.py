"""What ninja knows: its build file, its log, and the binary log of what compilers read. Pure.

Facts: ninja 1.11, ``lexer.in.cc``, ``build_log.cc`` and ``deps_log.cc``; CMake 3.25 writes ``VerifyGlobs.cmake``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import NamedTuple

_SIGNATURE = b"# ninjadeps\n"
_HEADS = {3: 8, 4: 12}
"""By version, the bytes before the inputs of a record: the output, and the time in 4 or 8 bytes."""
_SMALLEST, _LARGEST = 8, (1 << 19) - 1
"""An id or a name, and more."""
_EDGE = re.compile(r"^build (.*)$", re.MULTILINE)
_CONTINUED = re.compile(r"\$\r?\n[ ]*")
_WORD = re.compile(r"(?:\$.|[^\s:$])+|:")
_ESCAPE = re.compile(r"\$(.)")
_BUILD_FILE = "build.ninja"
_COLUMNS = 5
_GLOB = re.compile(r'^file\(GLOB(_RECURSE)? NEW_GLOB .*?"((?:[^"\\]|\\.)*)"\)$', re.MULTILINE)
_WILD = re.compile(r"[*?\[]")


class Edge(NamedTuple):
    """One ``build`` of a build file: its outputs, and its inputs, the implicit and order-only ones too."""

    outputs: list[str]
    inputs: list[str]


def edges(text: str) -> Iterator[Edge]:
    """Yield each ``build`` that makes something: what is ``phony`` does not, nor need its inputs be files."""
    for found in _EDGE.finditer(_CONTINUED.sub("", text)):
        words = _WORD.findall(found.group(1))
        if ":" not in words:
            continue
        colon = words.index(":")
        if words[colon + 1 : colon + 2] not in ([], ["phony"]):
            yield Edge(_paths(words[:colon]), _paths(words[colon + 2 :]))


def phonies(text: str) -> set[str]:
    """Return the names that stand for something else, and are no files; CMake lists its own scripts so, too."""
    found = (_WORD.findall(one.group(1)) for one in _EDGE.finditer(_CONTINUED.sub("", text)))
    return {name for words in found if ":" in words and "phony" in words for name in _paths(words[: words.index(":")])}


def _paths(words: list[str]) -> list[str]:
    return [_ESCAPE.sub(r"\1", word) for word in words if word not in {"|", "||", "|@"} and "${" not in word]


def built(log: str) -> set[str]:
    """Return the outputs that were made, by ``.ninja_log``; empty if it is not such a log."""
    lines = [line.split("\t") for line in log.splitlines() if log.startswith("# ninja log v")]
    return {line[3] for line in lines if len(line) >= _COLUMNS}


def known(text: str, log: str) -> list[Edge]:
    """Return the edges that have been built, and the one that makes the build file; all, if there is no log."""
    made = built(log)
    return [edge for edge in edges(text) if not made or made.union([_BUILD_FILE]).intersection(edge.outputs)]


def inputs_of_log(data: bytes) -> Iterator[str]:
    """Yield the inputs of all outputs, each output's by its last record, of a ``.ninja_deps``.

    What is damaged ends the log, as in ninja: the end may not be written yet. What is no such log has none.
    """
    version = int.from_bytes(data[len(_SIGNATURE) : len(_SIGNATURE) + 4], "little")
    if not data.startswith(_SIGNATURE) or version not in _HEADS:
        return
    paths: list[str] = []
    last: dict[int, tuple[int, ...]] = {}
    for is_dependencies, record in _records(data, len(_SIGNATURE) + 4):
        if is_dependencies:
            ids = struct.unpack(f"<{len(record) // 4}I", record)
            last[ids[0]] = ids[_HEADS[version] // 4 :]
        elif int.from_bytes(record[-4:], "little") != ~len(paths) & 0xFFFFFFFF:
            break
        else:
            padded = record[:-4]  # with up to three NUL bytes, to a multiple of four
            paths.append(padded.rstrip(b"\0").decode("utf-8", "surrogateescape"))
    used = dict.fromkeys(number for numbers in last.values() for number in numbers)
    yield from (paths[number] for number in used if number < len(paths))


def _records(data: bytes, at: int) -> Iterator[tuple[bool, bytes]]:
    """Yield whole records: whether it lists dependencies (else it is a path), and its bytes."""
    while at + 4 <= len(data):
        head = int.from_bytes(data[at : at + 4], "little")
        size = head & 0x7FFFFFFF
        at += 4
        if size < _SMALLEST or size % 4 or size > _LARGEST or at + size > len(data):
            return
        yield bool(head >> 31), data[at : at + size]
        at += size


def globs(text: str) -> Iterator[tuple[str, bool]]:
    """Yield the folders that ``file(GLOB ... CONFIGURE_DEPENDS)`` lists, and whether what lies below them too."""
    for deep, pattern in _GLOB.findall(text):
        wild = _WILD.search(pattern)
        fixed = pattern[: wild.start()] if wild else pattern
        yield fixed.rpartition("/")[0] or "/", bool(deep)
