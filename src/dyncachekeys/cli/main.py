"""The boundary: a run with nothing to do ends here, and errors become exit codes here and nowhere else.

What every run imports stands at the top; all else is imported where it is needed, since this sits in front
of every uv command.
"""

from __future__ import annotations

import os
import sys

from dyncachekeys.quick.answer import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck

INTERRUPTED = 130


def main() -> None:
    """Run the command line of this process, and exit."""
    try:
        answered = answer(sys.argv[1:])
        code = 0
        if not answered.done:
            import gc

            # What is imported stays, and a run is short: looking for garbage all the while takes a tenth of it.
            gc.set_threshold(100_000)
            code = run(sys.argv[1:], answered.quick_checks)
        sys.stdout.flush()
        sys.stderr.flush()
        # Nothing is open: taking the interpreter down in order takes as long as a quick look, or a tenth of a full run.
        os._exit(code)
    except BrokenPipeError:  # whoever read our output has gone, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:  # before there was anybody else to handle it
        code = INTERRUPTED
    sys.exit(code)


def run(arguments: Sequence[str], quick_checks: Mapping[str, QuickCheck] | None = None) -> int:
    """Run a command line, without the program, after some quick checks by folder of the project; return its exit code."""
    try:
        from dyncachekeys.cli import usual

        options = usual.parse(arguments)
        if options is None:
            from dyncachekeys.cli.parser import parse

            options = parse(arguments)
        from dyncachekeys.cli import commands  # an error of the command line needs none of them

        return commands.execute(options, quick_checks)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # not a bug: `main` handles it
        raise
    except Exception as error:  # noqa: BLE001  whatever else comes up here is ours
        from dyncachekeys.cli import render

        return render.failure(error, as_json=render.wants_json(arguments))
