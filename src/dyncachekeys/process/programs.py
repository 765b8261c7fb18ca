"""Programs by their names."""

from __future__ import annotations

import os
import sys


def on_path(name: str, folders: str) -> str | None:
    """Return where a program is; nothing if there is none.

    Args:
        name: The program's, without a folder.
        folders: As ``PATH``. One that is relative may be the tree's, so it does not count.
    """
    paths = (os.path.join(folder, name) for folder in folders.split(os.pathsep) if os.path.isabs(folder))
    if sys.platform == "win32":
        import shutil  # noqa: PLC0415  it knows what counts there, and takes 2 ms to import

        return next(filter(None, map(shutil.which, paths)), None)
    return next((path for path in paths if os.path.isfile(path) and os.access(path, os.X_OK)), None)
