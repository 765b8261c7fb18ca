"""What a requirement file includes, read as pip reads it (26.3: ``req/req_file.py``), and nothing else of it."""

from __future__ import annotations

import codecs
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

_BOMS = (
    # UTF-32 first: its mark for little endian begins with that of UTF-16.
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_CODING = re.compile(rb"#.*?coding[:=]\s*([-\w.]+)")
_COMMENT = re.compile(r"(?:^|\s+)#.*$")
_VARIABLE = re.compile(r"\$\{([A-Z0-9_]+)\}")
_URL = re.compile(r"(?:https?|file):", re.IGNORECASE)
_TAKE_VALUES = frozenset({"-e", "--editable", "-f", "--find-links", "-i", "--index-url", "--extra-index-url"})
"""Other options, whose values could look like ours."""
_LONG = (("--requirement", len("--require")), ("--constraint", len("--con")))
"""Our long options, and how much of their beginning another one has too."""


@dataclass(frozen=True, slots=True)
class Include:
    """A ``-r`` or ``-c`` of a requirement file."""

    line: int
    """Where it stands; of a continued line, the first."""
    target: str
    """As it is written, without quotes; variables not expanded. Empty if nothing follows the option."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A line of options that can't be split into words."""

    line: int
    why: str


def decoded(raw: bytes) -> tuple[str, str]:
    """Return a file's text, and the encoding that it claims but is not in, if so.

    A byte order mark counts, then a ``coding:`` comment in one of the first two lines, as in pip; else
    it is UTF-8, not the encoding of the locale, which differs between machines. Bytes that are not text stay
    recognisable as in file names, so that a comment in another encoding hides no include.
    """
    mark, encoding = next(((mark, name) for mark, name in _BOMS if raw.startswith(mark)), (b"", ""))
    if not mark:
        declared = [found.group(1).decode("ascii") for line in raw.split(b"\n")[:2] if (found := _CODING.match(line))]
        encoding = declared[0] if declared else ""
    try:
        return raw[len(mark) :].decode(encoding or "utf-8"), ""
    except (LookupError, UnicodeError):
        return raw[len(mark) :].decode("utf-8", "surrogateescape"), encoding


def includes(text: str) -> Iterator[Include | Unreadable]:
    """Yield what a requirement file includes, in its order, and the lines of options that can't be read.

    A line that begins with a requirement includes nothing, whatever options follow it.
    """
    for number, line in _joined(text):
        stripped = _COMMENT.sub("", line).strip()
        if not stripped.startswith("-"):
            continue
        try:
            words = shlex.split(stripped)
        except ValueError as error:
            yield Unreadable(number, str(error))
            continue
        for target in _targets(iter(words)):
            yield Include(number, target)


def expanded(target: str, environ: Mapping[str, str]) -> tuple[str, list[str]]:
    """Replace ``${VARIABLE}``, capitals only, and return the names of the variables too.

    One that is unset or empty stays as it stands, as in pip. Unlike there, a space in a value splits nothing.
    """
    names = list(dict.fromkeys(_VARIABLE.findall(target)))
    return _VARIABLE.sub(lambda found: environ.get(found.group(1)) or found.group(), target), names


def is_url(target: str) -> bool:
    """Tell whether an include is named by a URL."""
    return _URL.match(target) is not None


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """Yield lines, continued ones as one, with the number of the first. A comment line ends a continuation."""
    first, pending = 0, ""
    for number, line in enumerate(text.splitlines(), start=1):
        first = first or number
        is_comment = _COMMENT.match(line) is not None
        if line.endswith("\\") and not is_comment:
            pending += line.strip("\\")
            continue
        yield first, pending + (f" {line}" if is_comment else line)
        first, pending = 0, ""
    if pending:
        yield first, pending


def _targets(words: Iterator[str]) -> Iterator[str]:
    """Yield what our options name in a line: ``-r X``, ``-rX``, ``--requirement X``, ``--requirement=X``."""
    for word in words:
        name, equals, value = word.partition("=")
        if word in _TAKE_VALUES:
            next(words, "")
        elif word.startswith(("-r", "-c")):
            yield word[2:] or next(words, "")
        elif _is_ours(name):
            yield value if equals else next(words, "")


def _is_ours(name: str) -> bool:
    """Tell whether a long option is ours. optparse takes its beginning too, where no other option has the same."""
    return any(len(name) > shared and option.startswith(name) for option, shared in _LONG)
