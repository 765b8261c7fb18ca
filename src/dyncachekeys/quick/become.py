"""How this process becomes another program."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn


def become(program: str, argv: list[str]) -> NoReturn:
    """Become a program, which starts as a shell would start it.

    Python ignores two signals from its start on, and what is ignored stays so: ``run -- yes | head`` would
    end in an error message. What Python handles, as SIGINT, the kernel resets by itself.

    Args:
        program: Its path, or its name to be looked up by ``PATH``.
        argv: Its arguments, from its own name on.

    Raises:
        OSError: it can't be executed. What was ignored is ignored again.
    """
    try:  # `signal` takes 1.3 ms to import, for its enumerations; this is in memory from the start
        import _signal as signals  # type: ignore[import-not-found]
    except ImportError:
        import signal as signals
    ignored = [getattr(signals, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signals, name)]
    for number in ignored:
        signals.signal(number, signals.SIG_DFL)
    try:
        os.execvp(program, argv)  # noqa: S606
    finally:
        for number in ignored:
            signals.signal(number, signals.SIG_IGN)
