"""Lines of text on a stream, with or without colour."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO

_COLOURS = {"+": "32", "-": "31", "~": "33", "error": "1;31", "warning": "1;33"}


class Printer:
    """A stream that knows whether to colour."""

    def __init__(self, stream: TextIO, when: str = "auto") -> None:
        self._stream = stream
        wished = when == "always" or (when == "auto" and stream.isatty() and not os.environ.get("NO_COLOR"))
        self._colour = wished

    def __call__(self, text: str) -> None:
        """Print a line."""
        # A file name that is not UTF-8 must not be the end of a report.
        encoding = self._stream.encoding or "utf-8"
        self._stream.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")

    def painted(self, text: str, colour: str) -> str:
        """Return text in the colour of what it says, such as ``error``, or as it is."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text
