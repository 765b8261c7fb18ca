"""What ninja knows: its build file, and the binary log of the dependencies that compilers reported.

Facts: ninja 1.11, ``lexer.in.cc`` and ``deps_log.cc``.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

_SIGNATURE = b"# ninjadeps\n"
_HEADS = {3: 8, 4: 12}
"""By version, the bytes before the inputs of a record: the output, and the time in 4 or 8 bytes."""
_LARGEST = (1 << 19) - 1
_EDGE = re.compile(r"^build (.*)$", re.MULTILINE)
_CONTINUED = re.compile(r"\$\r?\n[ ]*")
_WORD = re.compile(r"(?:\$.|[^\s:$])+|:")
_ESCAPE = re.compile(r"\$(.)")


def inputs_of_log(data: bytes) -> Iterator[str]:
    """Yield the inputs of all outputs, each output's by its last record.

    What is damaged ends the log, as in ninja: the end may not be written yet.

    Raises:
        ValueError: it is not such a log, or of an unknown version.
    """
    version = int.from_bytes(data[len(_SIGNATURE) : len(_SIGNATURE) + 4], "little")
    if not data.startswith(_SIGNATURE) or version not in _HEADS:
        message = f"not a log of dependencies of the versions {', '.join(map(str, _HEADS))}"
        raise ValueError(message)
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
        if size < 8 or size % 4 or size > _LARGEST or at + size > len(data):  # noqa: PLR2004  an id or name, and more
            return
        yield bool(head >> 31), data[at : at + size]
        at += size


def edges(text: str) -> Iterator[tuple[list[str], list[str]]]:
    """Yield each ``build`` of a build file: its outputs and its inputs, the implicit and order-only ones too.

    What is ``phony`` makes nothing: CMake lists its own scripts so, lest ninja stop when one is gone.
    """
    for found in _EDGE.finditer(_CONTINUED.sub("", text)):
        words = _WORD.findall(found.group(1))
        if ":" not in words:
            continue
        colon = words.index(":")
        rule = words[colon + 1] if colon + 1 < len(words) else "phony"
        yield [] if rule == "phony" else _paths(words[:colon]), _paths(words[colon + 2 :])


def _paths(words: list[str]) -> list[str]:
    return [_ESCAPE.sub(r"\1", word) for word in words if word not in {"|", "||", "|@"} and "${" not in word]
