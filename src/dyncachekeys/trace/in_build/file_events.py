"""Takes the audit events of files and folders. Loaded by `install`."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dyncachekeys.trace.in_build import frames, paths  # noqa: TC004  `install` gives them
    from dyncachekeys.trace.in_build.tracer import Tracer

_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_access = os.access
_NOTED = {
    "os.remove": ("written", 1),
    "os.chmod": ("touched", 2),
    "os.chown": ("touched", 3),
    "os.utime": ("dated", 3),
    "os.setxattr": ("touched", None),
    "os.removexattr": ("touched", None),
}
"""Events of which only the path counts, which comes first: what is written down, and which argument is its ``dir_fd``."""


class FileEvents:
    """What happens to files and folders; it adds itself to what takes events."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        tracer.files = self
        tracer.handlers.update((event, self._noting(*told)) for event, told in _NOTED.items())
        tracer.handlers.update(
            {
                "open": self.on_open,
                "import": lambda module, file, *rest: self.on_library(file),
                "os.listdir": self.on_list,
                "os.scandir": self.on_list,
                "os.rename": self.on_rename,
                "shutil.rmtree": lambda path, *rest: self.on_leaving(path),
                "os.link": self.on_link,
                "os.symlink": self.on_symlink,
                "os.mkdir": self.on_folder,
                "os.truncate": self.on_truncate,
                "sqlite3.connect": self.on_database,
                "ctypes.dlopen": self.on_library,
            }
        )

    def _noting(self, what: str, at: int | None) -> Callable[..., object]:
        return lambda *arguments: self._tracer.note(what, arguments[0], -1 if at is None else arguments[at])

    def on_open(self, path: Any, mode: str | None, flags: int) -> None:
        """Take the opening of a file."""
        if isinstance(path, int) or path in self._tracer.reported:
            return
        if self._tracer.answers and path in self._tracer.answers:
            self._tracer.is_done = True
            self._tracer.log("done", "")
        path = self._tracer.path(path)
        if path is None:
            return
        if flags & _WRITES or (isinstance(mode, str) and mode.strip("rbtU")):
            self.on_write(path, flags)
        else:
            self.on_read(path)

    def on_write(self, path: str, flags: int) -> None:
        """Take the opening of a file to be written; if it must be new and is not, that fails."""
        if flags & os.O_EXCL and paths.exists(path):
            self._tracer.log("there", path, self._tracer.who())
        elif flags & os.O_RDWR and not flags & os.O_TRUNC and paths.exists(path):
            self._tracer.log("updated", path, self._tracer.who())
        else:
            self._tracer.log("written", path)

    def on_read(self, path: str) -> None:
        """Take the opening of a file to be read, with the source in place of what Python keeps of it."""
        source = paths.source_of(path)
        path = source if paths.exists(source) else path
        is_dir = paths.is_folder(path)
        if is_dir is None and source == path:
            self._tracer.log("missing", path, self._tracer.who())
        elif is_dir is False:  # else it is opened to be a dir_fd
            self._tracer.log("read" if _access(path, os.R_OK) else "there", path, self._tracer.who())

    def on_library(self, path: Any, *_: object) -> None:
        """Take the opening of a library or a database."""
        if isinstance(path, (str, bytes)) and os.sep in os.fsdecode(path):
            path = self._tracer.path(path)
            if path is not None:
                self._tracer.log("read" if paths.exists(path) else "missing", path, self._tracer.who())

    def on_database(self, path: Any, *_: object) -> None:
        """Take the opening of a database of sqlite, which may be given as a URI."""
        path = os.fsdecode(path)
        if path.startswith("file:"):
            path, _, options = path[len("file:") :].partition("?")
            if "mode=memory" in options:
                return
            path = path[len("//localhost") :] if path.startswith("//localhost/") else path
            path = "/" + path.lstrip("/") if path.startswith("/") else path
            path = paths.unquoted(path)
        if path and path != ":memory:":
            self.on_library(os.path.join(os.curdir, path))

    def on_list(self, path: Any = None, *_: object) -> None:
        """Take the listing of a folder."""
        path = self._tracer.path("." if path is None else path)
        if path is None:
            return
        frame, is_walk = frames.outside(), False
        while frame is not None:
            name = frame.f_code.co_filename
            if name.startswith("<frozen importlib") or any(part in name for part in frames.METADATA):
                return
            if not frames.is_standard(name):
                break
            is_walk = is_walk or frame.f_code.co_name in frames.WALKS
            frame = frame.f_back
        is_dir = paths.is_folder(path)
        self._tracer.log("missing" if is_dir is None else "listed" if is_dir else "there", path, self._tracer.who())
        if is_dir and is_walk:
            self._tracer.log("walked", path)

    def on_truncate(self, path: Any, _length: int) -> None:
        """Take the cutting of a file; one that is open was reported when it was opened."""
        if not isinstance(path, int):
            self._tracer.note("written", path)

    def on_folder(self, path: Any, _mode: int, dir_fd: int) -> None:
        """Take the making of a folder; one that is there already is not written."""
        full = self._tracer.note("made", path, dir_fd)
        if full is not None and not paths.exists(full):
            self._tracer.log("written", full)

    def on_rename(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        """Take the renaming of something."""
        first = self._tracer.note("written", old, old_fd)
        self._tracer.note("written", new, new_fd)
        if first is not None and paths.is_folder(first):
            self.on_leaving(first)

    def on_leaving(self, path: Any) -> None:
        """Take that a folder is about to be gone."""
        if self._tracer.programs is not None and not isinstance(path, int):
            self._tracer.programs.leaving(os.path.normpath(os.path.join(os.getcwd(), os.fsdecode(path))))

    def on_link(self, old: Any, new: Any, old_fd: int, new_fd: int) -> None:
        """Take a further name for a file: what is then read by that name is the file."""
        self._tracer.note("written", new, new_fd)
        full = self._tracer.note("touched", old, old_fd)
        if full is not None:
            self._tracer.log("read", full, self._tracer.who())

    def on_symlink(self, target: Any, path: Any, dir_fd: int) -> None:
        """Take a link that is made: whoever reads a file through it reads the file."""
        full = os.path.abspath(self._tracer.note("written", path, dir_fd) or os.fsdecode(path))
        aim = self._tracer.path(os.path.join(os.path.dirname(full), os.fsdecode(target)))
        if aim is not None:
            self._tracer.log("led", full, aim)
