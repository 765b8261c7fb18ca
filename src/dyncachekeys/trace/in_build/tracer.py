"""The audit hook (PEP 578), and what each part of the tracer uses: paths that count, and who asked. Loaded by `install`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType
    from typing import Any

    from dyncachekeys.trace.in_build import frames, paths, protocol  # noqa: TC004  `install` gives them
    from dyncachekeys.trace.in_build.file_events import FileEvents
    from dyncachekeys.trace.in_build.starting import Starting

_OF_PATHS = frozenset({"open", "os.listdir", "os.scandir"})
"""The events of which there are many, and that begin with a path."""
_SDIST_LIST = ("setuptools.command.egg_info", "find_sources")
"""The module and the function of setuptools (84.2) that makes the list of what an sdist holds."""
_set_variable: Callable[[Any, str, str], None] = type(os.environ).__setitem__


class Tracer:
    """Takes what audit events and wrapped functions report, and writes it down.

    Args:
        log: Where it goes.
        folder: The one that holds the tracer.
        unheard: The files of ours whose events are not the build's doing.
    """

    def __init__(self, log: protocol.Log, folder: str, unheard: Iterable[str]) -> None:
        self.log = log
        self.root: str = log.root.rstrip(os.sep) + os.sep
        self.starter: str = os.environ.get(protocol.WHO, "")
        self.answers: set[str] = set()
        """The files to which what a hook returned is written: uv's own code does, when the hook has ended."""
        self.is_done: bool = False
        """Whether that has happened."""
        self.reported: list[Any] = []
        """Paths that are just being opened relative to a folder that is open, or by the tracer itself."""
        self.files: FileEvents
        """What takes the events of files, which looks are reported to as well."""
        self.programs: Starting | None = None
        """What is done around other programs, once processes are wrapped."""
        self.handlers: dict[str, Callable[..., object]] = {
            "socket.connect": self._on_network,
            "socket.getaddrinfo": self._on_network,
        }
        """By event; the parts of the tracer add theirs."""
        self._folder = folder
        self._names: dict[str, str] = {}
        """What the code in files is called."""
        self._unheard = frozenset(unheard)
        self._skipped = self._never_counting(os.path.dirname(log.path))

    def _never_counting(self, *more: str) -> tuple[str, ...]:
        """Return how paths begin that never count: not if the project lies below one of these, as below `/usr`."""
        skipped = {sys.prefix, sys.exec_prefix, sys.base_prefix, sys.base_exec_prefix, os.path.dirname(os.__file__)}
        skipped |= {os.path.realpath(one) for one in skipped}
        skipped |= {*more, "/proc", "/dev", "/sys"}
        prefixes = {one.rstrip(os.sep) + os.sep for one in skipped if one}
        return tuple(prefix for prefix in prefixes if not self.root.startswith(prefix))

    def hook(self) -> Callable[[str, tuple[Any, ...]], None]:
        """Return what takes audit events: a mere function, which Python calls in a fifth of the time of a method."""
        handlers, is_skipped, quietly, unheard = self.handlers, self.is_skipped, self.quietly, self._unheard

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            if event not in handlers or (event in _OF_PATHS and is_skipped(arguments[0])):
                return
            if event == "import" and not arguments[1]:  # no library
                return
            frame = sys._getframe().f_back
            if frame is None or frame.f_globals.get("__file__") not in unheard:
                quietly(handlers[event], *arguments)

        return hook

    def quietly(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call what must not let the build fail, whatever goes wrong."""
        try:
            function(*arguments)
        except Exception:  # noqa: BLE001, S110
            pass

    def _on_network(self, *_: object) -> None:
        self.log("network", "", self.who())

    def note(self, what: str, path: Any, dir_fd: int = -1) -> str | None:
        """Write down what happens to a path, relative to a folder or to the current one, and return it if it counts."""
        full = self.path(path, dir_fd)
        if full is not None:
            self.log(what, full)
        return full

    def looked(self, path: Any, dir_fd: int | None, is_there: bool, is_link: bool) -> None:
        """Write down that somebody looked whether something is there, or where it leads."""
        if isinstance(path, int) or self.is_skipped(path):
            return
        path = self.path(path, dir_fd)
        is_for_imports, is_for_times = (False, False) if path is None else frames.of_look()
        if path is None or is_for_imports:
            return
        who = self.who()
        self.log("there" if is_there else "missing", path, who)
        if is_there and is_for_times:
            self.log("timed", path, who)
        if is_link:
            self.log("link", path)

    def path(self, path: Any, dir_fd: int | None = None) -> str | None:
        """Return an absolute path, or nothing for one that is never of interest."""
        path = paths.behind(path) if isinstance(path, int) else os.fsdecode(path)
        if not os.path.isabs(path):
            path = os.path.join(os.getcwd() if dir_fd is None or dir_fd == -1 else paths.behind(dir_fd), path)
        path = os.path.normpath(path)
        return None if (path + os.sep).startswith(self._skipped) else path

    def is_skipped(self, path: Any) -> bool:
        """Tell at once of most paths that are never of interest, as of all that Python imports, that they are not."""
        return type(path) is str and path.startswith(self._skipped) and ".." not in path and path not in self.answers

    # Who asked.

    def tell_child(self) -> str:
        """Say in the environment who starts a child, and return it."""
        try:
            who = self.who()
            _set_variable(os.environ, protocol.WHO, who)
        except Exception:  # noqa: BLE001  such as that the current directory is gone
            return ""
        return who

    def who(self) -> str:
        """Return the nearest code on the stack that is neither ours nor Python's own."""
        frame, nearest = frames.outside(), ""
        while frame is not None:
            if frame.f_globals.get("__name__") == _SDIST_LIST[0] and frame.f_code.co_name == _SDIST_LIST[1]:
                return protocol.MANIFEST + nearest
            nearest = nearest or self._named(frame)
            frame = frame.f_back
        return nearest or self.starter

    def _named(self, frame: FrameType) -> str:
        """Return what some code is called; Python's is nobody, nor is ours, which calls hooks and starts processes."""
        file = frame.f_code.co_filename
        if file.startswith("<") and not file.startswith("<frozen"):  # as setuptools runs setup.py
            file = frame.f_globals.get("__file__") or file
        name = self._names.get(file)
        if name is None:
            name = self._name_of(file)
            if os.path.isabs(file):  # else it depends on the current folder
                self._names[file] = name
        return f"{name}:{frame.f_lineno}" if name.startswith(protocol.PROJECT) else name

    def _name_of(self, file: str) -> str:
        """Return what the code in a file is called, without its line."""
        if file.startswith("<") or frames.is_standard(file) or os.path.abspath(file).startswith(self._folder):
            return ""
        requirement = frames.requirement_in(file)
        if requirement:
            return protocol.REQUIREMENT + requirement
        path = os.path.normpath(os.path.join(os.getcwd(), file))
        return protocol.PROJECT + path[len(self.root) :].replace(os.sep, "/") if path.startswith(self.root) else ""
