"""The boundary: errors become exit codes here and nowhere else."""

from __future__ import annotations

import os
import sys
import traceback
from typing import TYPE_CHECKING

from dyncachekeys.errors import DyncachekeysError, OrphanedRegionError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

FINDING, TO_MEND, BUG, INTERRUPTED = 1, 2, 3, 130


def main() -> None:
    """Run the command line of this process, and exit."""
    try:
        code = run(sys.argv[1:])
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code."""
    from dyncachekeys.cli import commands, render  # noqa: PLC0415  an interrupt must be met here, too
    from dyncachekeys.cli.parser import parse  # noqa: PLC0415

    as_json = render.wants_json(arguments)
    try:
        return commands.execute(parse(arguments))
    except KeyboardInterrupt:
        return INTERRUPTED
    except OrphanedRegionError as error:
        render.errors(error.problems, as_json=as_json)
        return FINDING
    except DyncachekeysError as error:
        render.errors(error.problems, as_json=as_json)
        return TO_MEND
    except Exception as error:  # noqa: BLE001  whatever else comes up here is ours
        told = f"{type(error).__name__}: {error}"
        remedy = "this is a bug in dyncachekeys: please report it with what stands above"
        sys.stderr.write(traceback.format_exc())
        render.errors([Problem("bug", told, "dyncachekeys", remedy)], as_json=as_json)
        return BUG
