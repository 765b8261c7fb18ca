"""What the splice costs grows with the length of the document, not with its square. Counted, no clock is asked."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, TypeVar

import pytest

from dyncachekeys.errors import ConfigurationError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.region import END, START
from dyncachekeys.pyproject.remove import cut

T = TypeVar("T")
SMALL, TIMES = 60, 4
_HEAD = "[tool.uv]\ncache-keys = ["
_CONFLICT = "<<<<<<< a\n@,\n=======\n'other@',\n>>>>>>> b\n"
SHAPES = {
    "lines": (f"{_HEAD}\n", "  '@',\n", "]\n"),
    "one line": (_HEAD, "'@', ", "]\n"),
    "inline table": ("tool = { uv = { cache-keys = [", "'@', ", "] } }\n"),
    "pairs of markers": (f"{_HEAD}\n", f"'user@',\n{START}\n'@',\n{END}\n", "]\n"),
    "starts": (f"{_HEAD}\n", f"'user@',\n{START}\n'@',\n", "]\n"),
    "ends": (f"{_HEAD}\n", f"'user@',\n{END}\n'@',\n", "]\n"),
    "commas apart": (f"{_HEAD}\n", "'@' # c\n,\n", "]\n"),
    "other tables": ("", "[table@]\na.b = 1\n", f"{_HEAD}'x']\n"),
    "other settings": ("", "tool.x.key@ = 1\n", f"{_HEAD}'x']\n"),
    "conflicts": (f"{_HEAD}\n{START}\n", _CONFLICT, f"{END}\n]\n"),
}
"""Documents: what stands at the beginning, what stands in between many times, with a number for ``@``, and at the end."""


def document(shape: str, number: int) -> str:
    """Return a document with so many of what it is made of."""
    head, unit, tail = SHAPES[shape]
    return head + "".join(unit.replace("@", str(one)) for one in range(number)) + tail


class Counted(dict[str, str]):
    """An entry whose comparisons are counted, as instructions."""

    __hash__ = None

    def __eq__(self, other: object) -> bool:
        return dict.__eq__(self, other)


def instructions(function: Callable[[], T]) -> int:
    """Return how many instructions of bytecode a function takes in our own modules and here."""
    executed = 0

    def entered(frame: FrameType, event: str, argument: Any) -> Any:
        frame.f_trace_lines, frame.f_trace_opcodes = False, True
        return inside if f"{os.sep}dyncachekeys{os.sep}" in frame.f_code.co_filename or _is_here(frame) else None

    def inside(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal executed
        executed += event == "opcode"
        return inside

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # 3.12 looks for it when the tracing starts, and not later
    sys.settrace(entered)
    try:
        function()
    except ConfigurationError:
        pass
    finally:
        sys.settrace(before)
    return executed


def _is_here(frame: FrameType) -> bool:
    return frame.f_code.co_filename == __file__


@pytest.mark.skipif("COVERAGE_RUN" in os.environ, reason="coverage traces as well")
@pytest.mark.parametrize("shape", SHAPES)
def test_instructions_grow_with_the_length(shape: str) -> None:
    def cost(number: int) -> int:
        data = document(shape, number).encode()
        entries = [Counted(file=str(i)) for i in range(number)]
        return sum(
            instructions(one) for one in (lambda: cut(data), lambda: cut(data, entries), lambda: put(data, entries))
        )

    cost(1)  # 3.13 leaves some out of what is traced first in a process
    small, large = cost(SMALL), cost(SMALL * TIMES)
    assert small > SMALL * 20
    assert large < small * TIMES * 1.25, (small, large)


def test_the_first_conflict_outside_is_named_without_trying_each() -> None:
    def cost(number: int) -> int:
        data = (document("conflicts", number) + "<<<<<<< a\nx = 1\n=======\nx = 2\n>>>>>>> b\n").encode()
        with pytest.raises(ConfigurationError, match=rf"pyproject.toml:{number * 5 + 6}: there is a merge conflict"):
            cut(data)
        return instructions(lambda: cut(data))

    cost(1)
    small, large = cost(SMALL), cost(SMALL * TIMES)
    assert large < small * TIMES * 2, (small, large)
