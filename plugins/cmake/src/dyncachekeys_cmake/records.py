"""What each file that CMake, ninja, make or a compiler leaves in a build folder says of the build's inputs.

Facts: CMake 3.25. Paths are absolute or relative to the top of the build folder.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from dyncachekeys_cmake import makefile, ninja

_MADE_FROM = re.compile(r"set\(CMAKE_MAKEFILE_DEPENDS(.*?)\n\s*\)", re.DOTALL)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SEARCHED = re.compile(r'(?:^|[\s"])(?:-I|-isystem[ ]|-iquote[ ])(?:"([^"]+)"|\\"(.+?)\\"|([^\s"]+))')


@dataclass
class Record:
    """What one file says."""

    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)
    """Where compilers look for headers."""


def read(name: str, data: bytes) -> Record:
    """Read a file by its name.

    Raises:
        ValueError: it is not what its name says.
    """
    if name == ".ninja_deps":
        return Record(list(ninja.inputs_of_log(data)))
    text = data.decode("utf-8", "surrogateescape")
    return _READERS.get(name, _depfile)(text)


def _depfile(text: str) -> Record:
    return Record(list(makefile.dependencies(text)))


def _build_make(text: str) -> Record:
    return Record(list(makefile.rules(text)))


def _build_ninja(text: str) -> Record:
    record = Record(folders=list(_searched(text)))
    for outputs, inputs in ninja.edges(text):
        record.outputs += outputs
        record.inputs += inputs
    return record


def _makefile_cmake(text: str) -> Record:
    """Return what CMake made the Makefiles from: the scripts, and the templates of ``configure_file``."""
    found = _MADE_FROM.search(text)
    return Record(_QUOTED.findall(found.group(1)) if found else [])


def _flags_make(text: str) -> Record:
    return Record(folders=list(_searched(text)))


def _compile_commands(text: str) -> Record:
    commands = json.loads(text)
    record = Record()
    for one in commands if isinstance(commands, list) else ():
        if not isinstance(one, dict) or not isinstance(one.get("file"), str):
            continue
        record.inputs.append(one["file"])
        arguments = one.get("arguments")
        record.folders += _searched(
            " ".join(map(str, arguments)) if isinstance(arguments, list) else str(one.get("command"))
        )
    return record


def _searched(text: str) -> Iterator[str]:
    yield from dict.fromkeys("".join(found.groups("")) for found in _SEARCHED.finditer(text))


_READERS: dict[str, Callable[[str], Record]] = {
    "Makefile.cmake": _makefile_cmake,
    "build.make": _build_make,
    "build.ninja": _build_ninja,
    "compile_commands.json": _compile_commands,
    "flags.make": _flags_make,
}
NAMES = (".ninja_deps", *_READERS, "*.d")
"""The files that are read, as patterns."""
TOPS = frozenset({"CMakeCache.txt", "build.ninja", ".ninja_deps"})
"""Files that stand at the top of a build folder."""
