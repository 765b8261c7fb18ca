"""Asks, when a guarded package is first imported in a process, whether it is up to date, and acts on the answer.

Run by the line that stands in the environment's ``.pth`` file (`guard.place`), in the interpreter of the environment,
once there is something to ask. The answer comes from a process of our own interpreter: what the environment has
installed, and which Python it is, does not matter. Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys

try:
    from _thread import RLock
except ImportError:  # pragma: no cover  not CPython
    from threading import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

VARIABLE = "DYNCACHEKEYS_GUARD"
"""``off``: nothing is asked. Set in all that the guard itself starts."""
_IN_A_BUILD = ("DYNCACHEKEYS_TRACE_LOG", "PEP517_BUILD_BACKEND", "_PYPROJECT_HOOKS_BUILD_BACKEND")
"""Set in the processes of a build: by our tracer, by pip and build."""
_END = b"\0end"
"""Ends an answer: without it, whoever answers was killed."""
_ENVIRONMENT = "UV_PROJECT_ENVIRONMENT"
_GRACE = 60
"""Seconds that the answer may be late: it keeps to its own bound, and says so."""
_CODE = """\
import os, sys
sys.path.append(sys.argv[1])
try:
    from dyncachekeys.quick import guard
except ImportError:  # it was uninstalled
    os.write(1, b"fresh\\0\\0end")
    os._exit(0)
turn = guard.turn(*sys.argv[2:])
if turn is not None:
    import site
    site.main()
    from dyncachekeys.syncing.guarded import main
    main(turn)
os._exit(0)
"""
"""Without `site`, that starts faster by a fifth; what has more to do than a quick look needs it."""


class Asker:
    """Asks for the projects of an environment, for each once.

    Args:
        python: The interpreter in which dyncachekeys is installed.
        owner: The number of the user whose it all is.
        place: The folder in which the ``.pth`` file was put.
        projects: For each its folder, the project whose environment this is if it is another one, what is done about a
            package that is out of date, for how many seconds all may take, and ``UV_PROJECT_ENVIRONMENT``.
    """

    def __init__(self, python: str, owner: int, place: str, projects: Mapping[str, Any]) -> None:
        self._python, self._owner, self._place, self._projects = python, owner, place, projects
        self._lock = RLock()
        self._answers: dict[str, str] = {}
        """By folder of the project: why it must not be imported; empty if it may."""

    def ask(self, name: str, folders: tuple[str, ...]) -> None:
        """Ask for the projects in some folders, to which the import of a name leads.

        Raises:
            ImportError: it is out of date, and that is an error, or the build failed.
        """
        if self._is_silent():
            return
        for folder in folders:
            bound = float(self._projects[folder][2]) + 2 * _GRACE
            if not self._lock.acquire(timeout=bound):  # held by a thread of the process that this one was forked from
                return
            try:
                if folder not in self._answers:
                    self._first(folder)
                why_not = self._answers[folder]
            finally:
                self._lock.release()
            if why_not:
                raise ImportError(why_not, name=name)

    def _is_silent(self) -> bool:
        if os.environ.get(VARIABLE, "").lower() in {"off", "0"} or getattr(sys, "frozen", False):
            return True
        if hasattr(os, "geteuid") and os.geteuid() != self._owner:
            return True
        if any(name in os.environ for name in _IN_A_BUILD):
            return True
        # A copy of the environment has a file that speaks of the original.
        return self._place not in sys.path and self._place not in map(os.path.realpath, sys.path)

    def _first(self, folder: str) -> None:
        self._answers[folder] = ""  # what is imported while this goes on does not ask again
        try:
            kind, text, *changed = self._answer(folder)
        except BaseException:  # as Ctrl-C: the next import asks again
            del self._answers[folder]
            raise
        if kind == "error":
            self._answers[folder] = text
            return
        if kind == "built":
            _renew(changed)
        if text:
            _warn(text)

    def _answer(self, folder: str) -> list[str]:
        if not os.path.isfile(os.path.join(folder, "pyproject.toml")):  # the environment alone was copied, or it moved
            return ["fresh", ""]
        consumer, mode, seconds, environment = self._projects[folder]
        environ = {name: value for name, value in os.environ.items() if name != _ENVIRONMENT}
        environ.update({} if environment is None else {_ENVIRONMENT: environment})
        parent = os.path.abspath(__file__)
        for _ in range(4):  # the folder that holds our package
            parent = os.path.dirname(parent)
        words = [self._python, "-I", "-S", "-c", _CODE, parent, folder, consumer, mode, str(seconds)]
        try:
            data = _output(words, environ, float(seconds) + _GRACE)
        except OSError:  # the interpreter is gone, or can't be started
            return ["fresh", ""]
        if data.endswith(_END):
            return os.fsdecode(data[: -len(_END)]).split("\0")
        text = f"dyncachekeys: whether the package in {folder} is up to date could not be found out within {seconds} s"
        return ["warn" if mode == "warn" else "error", text]


def _output(words: list[str], environ: dict[str, str], seconds: float) -> bytes:
    """Run a program and return what it writes, up to the end of an answer, or until it had its seconds."""
    if not hasattr(os, "posix_spawn"):
        import subprocess

        try:
            done = subprocess.run(  # noqa: S603
                words, env=environ, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return b""
        return done.stdout
    reading, writing = os.pipe()
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0), (os.POSIX_SPAWN_DUP2, writing, 1)]
    try:
        process = os.posix_spawn(words[0], words, environ, file_actions=actions)
    except BaseException:
        os.close(reading)
        os.close(writing)
        raise
    os.close(writing)
    is_done = False
    try:
        data = b"".join(_chunks(reading, seconds))
        is_done = data.endswith(_END)
        return data
    finally:
        os.close(reading)
        _end(process, is_done)


def _chunks(descriptor: int, seconds: float) -> Iterator[bytes]:
    import select
    import time

    until, last = time.monotonic() + seconds, b""
    while not last.endswith(_END):
        left = until - time.monotonic()
        if left <= 0:
            return
        if hasattr(select, "poll"):  # it knows descriptors of any number
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            is_there = bool(poll.poll(left * 1000))
        else:
            is_there = bool(select.select([descriptor], [], [], left)[0])
        if not is_there:
            return
        chunk = os.read(descriptor, 65536)
        if not chunk:
            return
        last = (last + chunk)[-len(_END) :]
        yield chunk


def _end(process: int, is_done: bool) -> None:
    """Wait for a process that has answered; have one end that has not, and what it has started with it."""
    try:
        if is_done:
            os.waitpid(process, 0)
            return
        # A terminal's Ctrl-C has reached it, too, and then it is about to end. SIGINT does the same, else SIGKILL.
        for number, seconds in ((0, 0.5), (2, 5), (9, 5)):
            os.kill(process, number)
            if _has_ended(process, seconds):
                return
    except OSError:  # somebody here waits for all processes
        pass


def _has_ended(process: int, seconds: float) -> bool:
    import time

    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(process, os.WNOHANG)[0]:
            return True
        time.sleep(0.01)
    return False


def _warn(text: str) -> None:
    import warnings

    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and "importlib" not in frame.f_code.co_filename:
        level, frame = level + 1, frame.f_back
    warnings.warn(text, stacklevel=level)  # at whoever imports


def _renew(paths: list[str]) -> None:
    """Have this process see what was installed: forget what was looked up, and read changed ``.pth`` files again.

    An editable installation may have come with a finder of its own, which this process has loaded at its start.
    """
    import importlib
    import site

    importlib.invalidate_caches()
    for path in paths:
        folder, name = os.path.split(path)
        try:
            with open(path, encoding="utf-8") as stream:
                lines = stream.read().splitlines()
        except (OSError, ValueError):
            continue
        for line in lines:
            if line.startswith(("import ", "import\t")):
                _forget(line[7:].replace(";", " ").replace(",", " ").split()[0], folder)
        site.addpackage(folder, name, None)


def _forget(name: str, folder: str) -> None:
    """Forget a module that a ``.pth`` file imports from its own folder, and the finders that it has installed."""
    module = sys.modules.get(name)
    if module is None or os.path.dirname(getattr(module, "__file__", None) or "") != folder:
        return
    del sys.modules[name]
    places: list[list[Any]] = [sys.meta_path, sys.path_hooks]
    for finders in places:
        finders[:] = [one for one in finders if getattr(one, "__module__", None) != name]
