"""What is printed of an error, and which exit code it has."""

from __future__ import annotations

import dataclasses
import json
import sys
import traceback
from collections.abc import Iterable, Sequence
from itertools import pairwise

from dyncachekeys.errors import DyncachekeysError, OrphanedRegionError, Problem
from dyncachekeys.quick.output import JSON_VERSION, Printer

FINDING, USER_ERROR, BUG = 1, 2, 3


def wants_json(arguments: Sequence[str]) -> bool:
    """Tell whether a command line asks for JSON, even one that can't be understood otherwise."""
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    return "--format=json" in own or ("--format", "json") in pairwise(own)


def report(error: Exception, *, as_json: bool = False, level: str = "error") -> int:
    """Print an error: to standard error, or as the one JSON document on standard output; return its exit code."""
    if isinstance(error, DyncachekeysError):
        _print(error.problems, as_json=as_json, level=level)
        return FINDING if isinstance(error, OrphanedRegionError) else USER_ERROR
    sys.stderr.write("".join(traceback.format_exception(error)))
    remedy = "this is a bug in dyncachekeys: please report it with what stands above"
    problem = Problem("bug", f"{type(error).__name__}: {error}", "dyncachekeys", remedy)
    _print([problem], as_json=as_json, level=level)
    return BUG


def _print(problems: Iterable[Problem], *, as_json: bool, level: str) -> None:
    if as_json:
        content = {"version": JSON_VERSION, "errors": [dataclasses.asdict(problem) for problem in problems]}
        sys.stdout.write(json.dumps(content, indent=2) + "\n")
        return
    err = Printer(sys.stderr)
    for problem in problems:
        err(f"{err.painted(level, level)}: {problem.where}: {problem.message}")
        err(f"  {err.painted('do:', '~')} {problem.remedy}")
