"""The program, by its name or as ``python -m dyncachekeys``: a run with nothing to do ends here.

What every run imports stands at the top; all else is imported where it is needed, since this sits in front
of every uv command.
"""

from __future__ import annotations

import os
import sys

_NO_FOLDER_IN_FRONT: bool = bool(sys.flags.isolated or getattr(sys.flags, "safe_path", False))
if __name__ == "__main__" and not _NO_FOLDER_IN_FRONT and os.path.dirname(os.path.dirname(__file__)) != sys.path[0]:
    del sys.path[0]  # `python -m` puts the current folder there, which may be a tree with a `json.py` of its own

from dyncachekeys.quick.answer import answer  # what stands above must come first


def main() -> None:
    """Run the command line of this process, and exit."""
    if sys.stdin is None or sys.stdout is None or sys.stderr is None:
        from dyncachekeys.quick.streams import fill

        fill()
    code = _code()
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:  # noqa: PERF203  there are two of them
            from dyncachekeys.quick.streams import end

            code = end(stream, error, code)
    # Nothing is open: taking the interpreter down in order takes as long as a quick look, or a tenth of a full run.
    os._exit(code)


def _code() -> int:
    """Carry out the command line, and return the exit code."""
    try:
        answered = answer(sys.argv[1:])
        if answered.done:
            return 0
        import gc

        from dyncachekeys.cli.main import run

        # What is imported stays, and a run is short: looking for garbage all the while takes a tenth of it.
        gc.set_threshold(100_000)
        return run(sys.argv[1:], answered.quick_checks)
    except SystemExit as end:  # after `--help` and `--version`
        return int(end.code or 0)
    except KeyboardInterrupt as stop:  # before there was anybody else to handle it
        from dyncachekeys.cli.main import interrupted

        return interrupted(stop, sys.argv[1:])
    except Exception as error:  # noqa: BLE001  whatever else comes up here is ours
        from dyncachekeys.cli.render import failure
        from dyncachekeys.quick.streams import UnwrittenOutputError, report

        return report(error) if isinstance(error, UnwrittenOutputError) else failure(error)


if __name__ == "__main__":
    main()
