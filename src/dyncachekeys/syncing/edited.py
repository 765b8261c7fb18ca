"""Whether somebody has edited anything since a moment. What is looked at is not noted: it decides no answer of a key."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files import refs
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files

_MOST = 20_000
"""In a larger tree, so many files are looked at."""
_TICK_NS = 10_000_000
"""More than a tick of the coarse clock from which files get their times: a look may seem to have begun before the file was written."""


def was_edited(files: Files, since: int) -> bool:
    """Tell whether a file that git does not ignore was written since then, or a commit or tag was made.

    ``since`` is in nanoseconds of the file system's clock.
    """
    fresh = Files(files.root, FileMemory())
    return any(fresh.changed_at(path) > since + _TICK_NS for path in (*_of_git(fresh), *islice(_of_tree(fresh), _MOST)))


def _of_git(files: Files) -> Iterator[str]:
    """Yield what a commit, a checkout or a tag writes, and a mere look does not."""
    folder = refs.find(files)
    if folder is not None:
        yield from (f"{folder.own}/HEAD", f"{folder.own}/logs/HEAD", f"{folder.common}/{refs.TAGS}")
        yield f"{folder.common}/packed-refs"


def _of_tree(files: Files) -> Iterator[str]:
    try:
        yield from Selection(["*"]).among(files)
    except DyncachekeysError:  # a folder that can't be listed: nobody knows
        return
