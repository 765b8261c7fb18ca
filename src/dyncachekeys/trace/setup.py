"""What uv's own builds need to be watched: the tracer, copied to where `extra-build-variables` leads (U35)."""

from __future__ import annotations

import functools
import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from dyncachekeys.files.content import content_of
from dyncachekeys.files.tree import Files
from dyncachekeys.pyproject.project import BUILDS
from dyncachekeys.quick import atomic
from dyncachekeys.quick.clear import make_folder
from dyncachekeys.trace.in_build import install
from dyncachekeys.uv import workspace
from dyncachekeys.uv.build_variables import WATCH_FOLDER

_REFRESH = """\
import gc, os, sys
gc.disable()  # it ends soon
sys.path += {path!r}
from dyncachekeys.syncing.after_build import main
if os.read(0, 2) == b"go":
    main(sys.argv[1])
    os._exit(0)  # the build waits, and nothing is left to be done
"""
"""Run without `site`: it has to find what we ourselves have found."""


class WatchFolder:
    """``.dyncachekeys/watch`` of one project.

    Args:
        files: The project's files.
        programs: Whether programs other than Python are watched, too.
    """

    def __init__(self, files: Files, *, programs: bool) -> None:
        self._folder = files.root / WATCH_FOLDER
        self._files, self._programs = files, programs

    def is_ready(self) -> bool:
        """Tell whether it holds what it has to; whoever removes or changes that is noticed by the next run."""
        if any(content_of(self._folder / name) != data for name, data in self._wanted.items()):
            return False
        self._files.note(f"{WATCH_FOLDER}/sitecustomize.py")
        self._files.note(f"{WATCH_FOLDER}/settings")
        return True

    def make(self) -> None:
        """Make it hold that.

        Raises:
            OSError: it can't be written.
        """
        for folder in (self._folder, self._files.root / BUILDS):
            make_folder(folder)
        for name, data in self._wanted.items():
            if content_of(self._folder / name) != data:
                atomic.replace(self._folder / name, data, home=os.fspath(self._folder.parent))
        for path in (f"{WATCH_FOLDER}/sitecustomize.py", f"{WATCH_FOLDER}/settings"):
            self._files.renew(path)

    @functools.cached_property
    def _wanted(self) -> Mapping[str, bytes]:
        return {
            **_copied(),
            "settings": "".join(f"{one}\0" for one in self._settings()).encode("utf-8", "surrogateescape"),
        }

    def _settings(self) -> list[str]:
        home = workspace.repository(self._files)
        own = Path(install.__file__).resolve().parents[3]  # the folder that holds our package
        path = [os.fspath(own), *(one for one in sys.path if os.path.isabs(one) and "-packages" in one)]
        return [
            *("repository", os.path.relpath(home, self._files.root)),
            *("python", sys.executable or ""),
            *("refresh", _REFRESH.format(path=path)),
            *("strace", strace() if self._programs else ""),
        ]


def strace() -> str:
    """Return where the strace is below which programs are started; empty if there is none, or this is not Linux."""
    return (shutil.which("strace") or "") if sys.platform == "linux" else ""


@functools.cache
def _copied() -> dict[str, bytes]:
    folder = Path(install.__file__).parent
    return {name: (folder / source).read_bytes() for name, source in install.COPIED.items()}
