"""The boundary: a run with nothing to do ends here, and errors become exit codes here and nowhere else.

What every run imports stands at the top; all else is imported where it is needed, since this sits in front
of every uv command.
"""

from __future__ import annotations

import os
import sys

from dyncachekeys.quick import answer as quick_answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck

FINDING, USER_ERROR, BUG, INTERRUPTED = 1, 2, 3, 130


def main() -> None:
    """Run the command line of this process, and exit."""
    try:
        answer = quick_answer.answer(sys.argv[1:])
        if answer.done:
            # All is said, and nothing is open: taking the interpreter down in order takes as long as the look did.
            os._exit(0)
        code = run(sys.argv[1:], answer.quick_checks)
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:  # before there was anybody else to meet it
        code = INTERRUPTED
    sys.exit(code)


def run(arguments: Sequence[str], quick_checks: Mapping[str, QuickCheck] | None = None) -> int:
    """Run a command line and return its exit code.

    Args:
        arguments: The command line, without the program.
        quick_checks: What was seen already, by the folder of the project.
    """
    # An interrupt must be met here, too.
    from dyncachekeys.cli import commands, render
    from dyncachekeys.cli.parser import parse
    from dyncachekeys.errors import DyncachekeysError, OrphanedRegionError

    as_json = render.wants_json(arguments)
    try:
        return commands.execute(parse(arguments), quick_checks)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # no bug: `main` meets it
        raise
    except OrphanedRegionError as error:
        render.errors(error.problems, as_json=as_json)
        return FINDING
    except DyncachekeysError as error:
        render.errors(error.problems, as_json=as_json)
        return USER_ERROR
    except Exception as error:  # noqa: BLE001  whatever else comes up here is ours
        render.bug(error, as_json=as_json)
        return BUG
