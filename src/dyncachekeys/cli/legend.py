"""What it means who watches an input, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dyncachekeys.syncing.report import ProjectReport

_WATCHERS: Mapping[str, str] = {
    "entry": "an entry of its own in tool.uv.cache-keys: plain uv sees it",
    "link": "a link that uv looks at: plain uv sees an edit",
    "folder link": "a link to its folder: plain uv sees an edit, and what comes there",
    "stamp": "the stamp, which `dyncachekeys sync` moves",
    "digest": "the name of an entry, which `dyncachekeys sync` writes",
}


def legend(report: ProjectReport) -> Iterator[str]:
    """Yield what it means who watches, for each watcher that a project's inputs have."""
    there = {one.watched_by for key in report.keys for one in key.inputs}
    return (f"{name}: {meaning}" for name, meaning in _WATCHERS.items() if name in there)
