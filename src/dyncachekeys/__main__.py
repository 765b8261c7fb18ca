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
    try:
        answered, code = answer(sys.argv[1:]), 0
        if not answered.done:
            import gc

            from dyncachekeys.cli.main import run

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
        from dyncachekeys.cli.main import INTERRUPTED

        code = INTERRUPTED
    sys.exit(code)


if __name__ == "__main__":
    main()
