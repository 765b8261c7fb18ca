"""Lines of text on a stream, with or without colour, and what a sync reports."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import TextIO

    from dyncachekeys.quick.change import Change

JSON_VERSION = 1
"""Of all documents that are printed: fields may be added, none renamed."""
_COLOURS = {"+": "32", "-": "31", "~": "33", "error": "1;31", "warning": "1;33", "note": "36"}
OUTCOMES = {
    "moved": "Stamped {name}: uv will rebuild it",
    "returned": "Stamped {name}: back to what uv has installed",
    "kept": "{name}: uv sees the change by itself",
    "built": "{name}: this is what the last build was made from, so uv has nothing to do",
}
NAMED = {
    "kept": "{name} names the right digest",
    "moved": "{name} names a new digest: uv will rebuild it",
    "returned": "{name} names the digest again that uv has installed",
}
_SHOWN = 10
_MINUTE = 60
_TURNING = "\u2028\u2029\u200e\u200f\u061c\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""What begins a line, can't be seen, or changes the direction of writing."""


class Printer:
    """A stream that knows whether to colour."""

    def __init__(self, stream: TextIO, when: str = "auto") -> None:
        self._stream = stream
        self._colour = when == "always" or (when == "auto" and _takes_colour(stream))

    def __call__(self, text: str) -> None:
        """Print a line."""
        if not text.isprintable():
            text = self._harmless(text)
        # A file name that is not UTF-8 must not be the end of a report.
        encoding = self._stream.encoding or "utf-8"
        write(self._stream, text.encode(encoding, "backslashreplace").decode(encoding) + "\n")

    def _harmless(self, text: str) -> str:
        """Return text that can't move the cursor or colour anything: but for colours of ours, if there are any."""
        own = {f"\x1b[{code}m" for code in (*_COLOURS.values(), "0")} if self._colour else set[str]()
        parts, at = [""], 0
        while at < len(text):
            sequence = text[at : text.find("m", at) + 1] if own and text[at] == "\x1b" else ""
            if sequence not in own:
                sequence = ""
            parts.append(sequence or (text[at] if text[at] in "\n\t" else _visible(text[at])))
            at += len(sequence) or 1
        return "".join(parts)

    def diff(self, lines: Sequence[str]) -> None:
        """Print the lines of a unified diff."""
        for line in lines:
            self(self.painted(line, line[0]) if line[:1] in {"+", "-"} else line)

    @property
    def width(self) -> int | None:
        """How many columns a line may take; nothing if it may be as long as it is. As `table.columns`."""
        if not self._stream.isatty():
            return None
        from dyncachekeys.quick.table import columns  # noqa: PLC0415  a pipe need not wait for it

        return columns(self._stream)

    def painted(self, text: str, colour: str) -> str:
        """Return text in the colour of what it says, such as ``error``, or as it is."""
        return f"\x1b[{_COLOURS[colour]}m{text}\x1b[0m" if self._colour else text


def _takes_colour(stream: TextIO) -> bool:
    """Tell whether a stream shows colour, as Python itself and uv decide it: the first of these that says anything."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (stream.isatty() and os.environ.get("TERM") != "dumb")


def shown(text: str) -> str:
    """Return text that is not ours, as the name of a file, on one line that shows it as it is."""
    return text if text.isprintable() else "".join(map(_visible, text))


def paragraph(text: str) -> str:
    """Return a message of several lines: but for the first, ours are indented, so that no name in it can forge one."""
    first, *others = text.split("\n")
    return first + "".join(f"\n{line}" if line[:1] == " " else f"\\n{line}" for line in others)


def _visible(sign: str) -> str:
    """Return a character, or how it is written where it can't be seen, moves the cursor, or turns the line around."""
    is_control = sign < " " or "\x7f" <= sign < "\xa0" or sign in _TURNING
    return sign.encode("unicode_escape").decode("ascii") if is_control else sign


def write(stream: TextIO, text: str) -> None:
    """Write text to a stream. Errors as `streams.failed`."""
    try:
        stream.write(text)
    except OSError as error:
        from dyncachekeys.quick.streams import failed  # noqa: PLC0415

        failed(stream, error)


def counted(number: int, noun: str) -> str:
    """Return a number and what it counts, such as ``1,204 inputs``."""
    plural = noun if number == 1 else noun[:-1] + "ies" if noun.endswith("y") and noun != "key" else noun + "s"
    return f"{number:,} {plural}"


def counts(keys: int, inputs: int) -> str:
    """Return how many keys and inputs there are, in words."""
    return f"{counted(keys, 'key')}, {counted(inputs, 'input')}"


def duration(seconds: float) -> str:
    """Return a time as uv prints it: ``0.45ms``, ``38ms``, ``1.20s``, ``2m 05s``; what is left is cut off, not rounded."""
    if seconds >= _MINUTE:
        return f"{int(seconds / _MINUTE)}m {int(seconds % _MINUTE):02}s"
    if seconds >= 1:
        return f"{int(seconds * 100) / 100:.2f}s"
    milliseconds = max(seconds, 0) * 1000
    return f"{int(milliseconds)}ms" if milliseconds >= 1 else f"{int(milliseconds * 100) / 100:.2f}ms"


def in_sync(out: Printer, names: Sequence[str], found: str = "", seconds: float = 0) -> None:
    """Print that there is nothing to do; with what was looked at, and how long it took, if that is given."""
    who = f"{names[0]} is" if len(names) == 1 else f"{counted(len(names), 'package')} are"
    out(f"{who} in sync" + (f" ({found}) in {duration(seconds)}" if found else ""))


def resolved(out: Printer, counts: str, seconds: float) -> None:
    """Print how much was looked at, and how long it took."""
    out(f"Resolved {counts} in {duration(seconds)}")


def warnings(err: Printer, told: Sequence[str], *, all_of_them: bool) -> None:
    """Print warnings; of many only the first, unless all are wanted."""
    limit = len(told) if all_of_them else _SHOWN
    for text in told[:limit]:
        err(f"{err.painted('warning', 'warning')}: {text}")
    if len(told) > limit:
        err(f"{err.painted('warning', 'warning')}: and {len(told) - limit} more (-v lists them)")


def changes(
    out: Printer, by_key: Mapping[str, Sequence[Change]], *, all_of_them: bool, with_reasons: bool = False
) -> None:
    """Print what changed, key by key; of many changes only the first and so that they fit, unless all is wanted."""
    from dyncachekeys.quick.change import CAUSES, SIGNS  # noqa: PLC0415  there seldom is a change

    name = max(map(len, map(shown, by_key)), default=0)
    room = None if all_of_them else out.width
    for key, some in by_key.items():
        limit = len(some) if all_of_them else _SHOWN
        for change in some[:limit]:
            sign = SIGNS[change.kind]
            told = [shown(change.subject), f" {CAUSES[change.cause]}" if CAUSES[change.cause] else ""]
            told += [f"  ({shown(change.reason)})"] if with_reasons and change.reason else []
            if room is not None:
                from dyncachekeys.quick.table import fitting  # noqa: PLC0415  as in `width`

                told = fitting(told, room - len(f" {sign} {shown(key):{name}}  "))
            out(f" {out.painted(sign, sign)} {shown(key):{name}}  {''.join(told)}")
        if len(some) > limit:
            out(f"   {shown(key):{name}}  and {len(some) - limit} more (-v lists them)")
