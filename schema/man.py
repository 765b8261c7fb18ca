r"""The man page, ``share/man/man1/dyncachekeys.1``, from the tables of the command line.

In the macros of man(7), by the advice of groff's man-pages: a minus is written ``\\-``, so that what is copied from the page
can be typed (groff 1.23 shows ``-`` as a hyphen).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from command_line import Command, Option, commands
from dyncachekeys.cli.options import GLOBAL

_PROGRAM, *_COMMANDS = commands()
_COMMON = {"-h", "--help", *GLOBAL}
_HEAD = """\
.\\" Made by `python schema/generate.py`; do not edit.
.TH DYNCACHEKEYS 1 "" dyncachekeys "User Commands"
.SH NAME
dyncachekeys \\- dynamic cache keys for uv
.SH SYNOPSIS
.B dyncachekeys
.RI [ options ]
.I COMMAND
.RI [ arguments ]
.SH DESCRIPTION
"""
_ABOUT = """\
What uv watches of a package that it builds from a folder is a static list of files, `tool.uv.cache-keys`. \
dyncachekeys runs the code that knows what the build depends on, and hands uv a result that its list can watch. \
The keys stand in `[tool.dyncachekeys]` of pyproject.toml; `dyncachekeys init` writes them."""
_STATUS = {
    "0": "In sync, or written.",
    "1": "Out of sync (`check`), or a finding of level error (`doctor`).",
    "2": "Something for you to fix: the message says what, where, and what to do.",
    "3": "A bug of ours.",
    "130": "Interrupted. The message says what had been written by then.",
}
_VARIABLES = {
    "NO_COLOR, FORCE_COLOR, TERM": "The first of them that is set decides whether there is colour; `TERM=dumb`: there is none.",
    "COLUMNS": "How wide tables may be on a terminal, if not as wide as that is.",
    "DYNCACHEKEYS_CACHE_DIR": "Where the environments of resolvers with requirements of their own are kept.",
    "DYNCACHEKEYS_GUARD": "`off`: no import asks whether the package is up to date.",
    "DYNCACHEKEYS_LOCK_TIMEOUT": "For how many seconds to wait for another process that is at work on the project (60).",
    "UV_PROJECT, UV_WORKING_DIR": "Read by `run -- uv ...` as uv reads them: they say which project is synced.",
}
_FILES = {
    "pyproject.toml": "The keys, and between two markers the entries of `tool.uv.cache-keys` that come of them.",
    ".dyncachekeys/": "The stamp that uv watches, links, and what the last runs saw. Git ignores it; removing it costs a build at most.",
}
_EXAMPLES = {
    "dyncachekeys init": "Set up the project of this folder.",
    "dyncachekeys run -- uv sync": "Sync, then have uv do the same.",
    "dyncachekeys explain src/fft.c": "Tell who watches a file, and why.",
    "dyncachekeys check --diff": "In CI: fail if what `sync` writes was not committed.",
}


def page() -> str:
    """Return the page."""
    return _HEAD + "\n".join(_body()) + "\n"


def _body() -> Iterator[str]:
    yield _text(_PROGRAM.description)
    yield from (".PP", _text(_ABOUT), ".SH COMMANDS")
    for command in _COMMANDS:
        yield from _command(command)
    yield ".SH OPTIONS"
    yield _text("Of all commands, in front of the command or behind it:")
    shared = next(command for command in _COMMANDS if command.name == "sync")
    yield from _options(option for option in shared.options if _COMMON.issuperset(option.names) and option.names)
    yield from _options(option for option in _PROGRAM.options if "--version" in option.names)
    for title, terms in (
        ("EXIT STATUS", _STATUS),
        ("ENVIRONMENT", _VARIABLES),
        ("FILES", _FILES),
        ("EXAMPLES", _EXAMPLES),
    ):
        yield f".SH {title}" if " " not in title else f'.SH "{title}"'
        for term, meaning in terms.items():
            yield from (".TP", f".B {_escaped(term)}", _text(meaning))


def _command(command: Command) -> Iterator[str]:
    yield f".SS {_escaped(command.name)}"
    yield f".B dyncachekeys {_escaped(command.name)}"
    if command.usage.removeprefix(f"{command.name} "):
        yield _escaped(command.usage.removeprefix(f"{command.name} "))
    yield from (".PP", _text(command.description))
    is_own = (option for option in command.options if not _COMMON.issuperset(option.names) or not option.names)
    yield from _options(is_own)
    formats = next(option.choices for option in command.options if "--format" in option.names)
    if len(formats) > 2:  # noqa: PLR2004  more than all have
        yield from (".TP", f'.BR \\-\\-format " " {"|".join(formats)}', _text("How to print results."))


def _options(options: Iterator[Option]) -> Iterator[str]:
    for option in options:
        names = ", ".join(f"\\fB{_escaped(name)}\\fR" for name in option.names)
        value = f"\\fI{_escaped(option.value)}\\fR"
        if option.names and option.takes_value:
            names += f" {value}" if option.is_value_needed else f" [{value}]"
        yield from (".TP", names or value, _text(option.help[:1].upper() + option.help[1:] + "."))


def _text(text: str) -> str:
    """Return prose, a sentence on each line; what stands between backticks is bold."""
    parts = re.split(r"`([^`]+)`", text)
    bold = "".join(f"\\fB{_escaped(part)}\\fR" if number % 2 else _escaped(part) for number, part in enumerate(parts))
    return re.sub(r"(?<=[.:]) (?=[A-Z])", "\n", bold)


def _escaped(text: str) -> str:
    """Return text that says itself: nothing in it is a request or an escape."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in {".", "'"} else escaped
