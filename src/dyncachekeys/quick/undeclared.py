"""Whether no project here can have keys, told from ``pyproject.toml`` alone.

People put ``dyncachekeys run --`` in front of every uv command, also where nothing is declared: then the full
path must not be loaded.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


def is_undeclared(root: str) -> bool:
    """Tell whether certainly neither a project, nor what uv would build with it, has keys or a region of ours.

    Args:
        root: The folder of the nearest ``pyproject.toml``. Those above it count, since one may be the root of
            its workspace.
    """
    import tomli  # noqa: PLC0415  a file that is not TOML is an error, which the full path reports

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
