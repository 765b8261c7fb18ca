"""What `run` needs where there is nothing to do: whether no project here can have keys, and how to become a program."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
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


def is_undeclared(root: str) -> bool:
    """Tell whether certainly neither a project, nor what uv would build with it, has keys or a region of ours.

    Args:
        root: The folder of the nearest ``pyproject.toml``. Those above it count, since one may be the root of
            its workspace.
    """
    import tomli

    folder = root
    while True:
        try:
            with open(f"{folder}/pyproject.toml", "rb") as stream:
                text = stream.read()
            if b"dyncachekeys" in text or _may_lead_on(tomli.loads(text.decode("utf-8-sig"))):
                return False
        except FileNotFoundError:
            pass
        except (OSError, ValueError, TypeError, AttributeError):
            return False
        above = os.path.dirname(folder)
        if above == folder:
            return True
        folder = above


def _may_lead_on(pyproject: Mapping[str, Mapping[str, Mapping[str, Mapping[str, object]]]]) -> bool:
    """Tell whether a project has our table, or uv would build others with it: workspace members, path sources."""
    tool = pyproject.get("tool", {})
    settings = tool.get("uv", {})
    sources = str(settings.get("sources", ""))
    return "dyncachekeys" in tool or "workspace" in settings or "path" in sources or "workspace" in sources
