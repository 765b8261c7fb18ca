"""A command line that the quick check has not answered; errors become exit codes here and nowhere else."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.check import QuickCheck

INTERRUPTED = 130


def interrupted(stop: KeyboardInterrupt, arguments: Sequence[str]) -> int:
    """Say what was written before Ctrl-C came, and return the exit code.

    Args:
        stop: It carries that, as `rewrite.interrupted` notes it.
        arguments: The command line.
    """
    from dyncachekeys.cli import render

    render.interrupted(stop.args, arguments)
    return INTERRUPTED


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
    except KeyboardInterrupt as stop:
        return interrupted(stop, arguments)
    except Exception as error:  # whatever else comes up here is ours
        from dyncachekeys.cli import render
        from dyncachekeys.quick.streams import UnwrittenOutputError

        if isinstance(error, UnwrittenOutputError):
            raise

        return render.failure(error, as_json=render.wants_json(arguments))
