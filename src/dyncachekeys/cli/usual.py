"""The command lines that stand in front of uv, read without `argparse`: that takes a fifth of a full run."""

from __future__ import annotations

from types import SimpleNamespace

from dyncachekeys.quick.answer import FLAGS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

_OF_ALL = {"-q": "quiet", "--quiet": "quiet", "-v": "verbose", "--verbose": "verbose"}


def parse(arguments: Sequence[str]) -> Any:
    """Return the options as `parser.parse` does; nothing for a command line of any other form."""
    name = arguments[0] if arguments else ""
    if name not in FLAGS or (name == "run") != ("--" in arguments):
        return None
    end = arguments.index("--") if name == "run" else len(arguments)
    known = _OF_ALL | {flag: flag[2:].replace("-", "_") for flag in FLAGS[name]}
    given = {known.get(argument) for argument in arguments[1:end]}
    if None in given or (name == "run" and end + 1 == len(arguments)):
        return None
    if {"quiet", "verbose"} <= given:
        return None
    options = {option: option in given for option in known.values()}
    argv = {"argv": list(arguments[end:])} if name == "run" else {}
    diff = {"diff": False} if name == "check" else {}
    return SimpleNamespace(
        command=name, project=None, package=[], format="text", color="auto", **diff, **options, **argv
    )
