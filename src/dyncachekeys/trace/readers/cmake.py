"""What CMake's own files ask for: variables of the environment. Pure.

Facts: CMake 3.25, `cmake-language(7)`: ``$ENV{NAME}`` anywhere, ``ENV{NAME}`` after ``DEFINED``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_VARIABLE = re.compile(r"(?:\$|\bDEFINED\s+)ENV\{(\w+)\}")
_ENDS = (".cmake", "/CMakeLists.txt")


def is_script(path: str) -> bool:
    """Tell whether a file is one of CMake's."""
    return path.endswith(_ENDS)


def variables(text: str) -> Iterator[tuple[str, int]]:
    """Yield the variables that a script asks for, each with the line."""
    for number, line in enumerate(text.splitlines(), 1):
        code = line.partition("#")[0]
        yield from ((name, number) for name in _VARIABLE.findall(code))
