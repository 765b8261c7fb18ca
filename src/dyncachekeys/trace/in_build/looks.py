"""Reports what has no audit event: looks whether something is there, and where links lead. Loaded by `install`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dyncachekeys.trace.in_build import paths  # noqa: TC004  `install` gives it
    from dyncachekeys.trace.in_build.tracer import Tracer


class Looking:
    """A function such as ``os.stat``. Not a function itself: it must not become a method where it is an attribute."""

    def __init__(self, tracer: Tracer, function: Callable[..., Any]) -> None:
        self.__wrapped__: Callable[..., Any] = function
        self.__name__: str = function.__name__
        self.__doc__ = function.__doc__
        self.__qualname__, self.__module__ = function.__name__, "os"
        self._tracer = tracer

    def __reduce__(self) -> str:
        """Be pickled as the function is: by its name."""
        return self.__name__

    def __repr__(self) -> str:
        return repr(self.__wrapped__)

    def __call__(self, path: Any, *arguments: Any, **options: Any) -> Any:
        """Call it, and report what it was asked for."""
        try:
            found = self.__wrapped__(path, *arguments, **options)
        except (FileNotFoundError, NotADirectoryError):
            self._report(path, options, is_there=False)
            raise
        self._report(path, options, is_there=found is not False or paths.exists(path))
        return found

    def _report(self, path: Any, options: dict[str, Any], *, is_there: bool) -> None:
        is_link = is_there and self.__name__ == "readlink"
        self._tracer.quietly(self._tracer.looked, path, options.get("dir_fd"), is_there, is_link)


class Opening(Looking):
    """``os.open``, whose audit event leaves out ``dir_fd``."""

    def __call__(self, path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        """Call it, and report what it was asked for."""
        if dir_fd is None:
            return self.__wrapped__(path, flags, mode)  # type: ignore[no-any-return]
        self._tracer.quietly(self._report_open, path, flags, dir_fd)
        self._tracer.reported.append(path)
        try:
            return self.__wrapped__(path, flags, mode, dir_fd=dir_fd)  # type: ignore[no-any-return]
        finally:
            self._tracer.reported.remove(path)

    def _report_open(self, path: Any, flags: int, dir_fd: int) -> None:
        full = self._tracer.path(path, dir_fd)
        if full is not None:
            self._tracer.files.on_open(full, None, flags)


def wrap(tracer: Tracer) -> None:
    """Wrap what looks whether something is there, and os.open; also where pathlib has taken it already."""
    for name in ("stat", "lstat", "access", "readlink", "open"):
        original = getattr(os, name)
        wrapped = (Opening if name == "open" else Looking)(tracer, original)
        for known in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks, os.supports_effective_ids):
            if original in known:
                known.add(wrapped)
        setattr(os, name, wrapped)
        accessor = getattr(sys.modules.get("pathlib"), "_NormalAccessor", None)  # to Python 3.10
        if accessor is not None and vars(accessor).get(name) is original:
            setattr(accessor, name, wrapped)
