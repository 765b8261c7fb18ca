"""Begins the log of a build that uv makes: runs in the first process of each of its steps, one hook of the backend.

uv (0.6 to 0.13) starts a process ``python -c CODE`` for each hook, in the project's folder. CODE calls the hook, and
then writes what it returned to a file: that tells a hook that ended from one that failed. Python 3.8 or newer.
"""

from __future__ import annotations

import atexit
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import Any

STEPS: dict[str, tuple[str, str]] = {
    "get_requires_for_build_editable": ("requires", "editable"),
    "get_requires_for_build_wheel": ("requires", "wheel"),
    "prepare_metadata_for_build_editable": ("metadata", "editable"),
    "prepare_metadata_for_build_wheel": ("metadata", "wheel"),
    "build_editable": ("build", "editable"),
    "build_wheel": ("build", "wheel"),
}
"""By the hook that is called: the step, and what is built. What else uv starts, as for an sdist, is not traced."""
_LONGEST_REFRESH = 5.0
"""Seconds for which the end of a build waits for the refresh; it goes on without us then."""


def start(folder: str, tracer: Any, of_uv: Mapping[str, str] | None) -> None:
    """Trace this process from here on, if it is a step of a build.

    Args:
        folder: Where the tracer was copied to, ``.dyncachekeys/watch`` of the project, absolute.
        tracer: The module `install`.
        of_uv: The variables of uv itself; nothing where they can't be known.
    """
    code = command()
    step = next((STEPS[name] for name in STEPS if name in code), None)
    if step is None:
        return
    home = os.path.realpath(os.path.dirname(folder))
    settings = dict(read_settings(os.path.join(folder, "settings")))
    own = own_variables(of_uv)
    place = os.path.join(home, "builds", f"{time.time_ns():016x}-{os.getpid()}")
    os.mkdir(place, 0o700)
    log = os.path.join(place, "log")
    root = os.path.normpath(os.path.join(os.path.dirname(home), settings.get("repository", ".")))
    environ = dict(os.environ if of_uv is None else of_uv)
    salt = os.urandom(16).hex()
    names = tracer.protocol
    given = {names.LOG: log, names.ROOT: root, names.OWN: "=".join(sorted(own)), names.SALT: salt}
    given.update({names.STRACE: settings["strace"]} if settings.get("strace") else {})
    path = os.environ["PYTHONPATH"].split(os.pathsep)
    os.environ.update(given)
    os.environ["PYTHONPATH"] = os.pathsep.join([folder, *(one for one in path if os.path.abspath(one) != folder)])
    with open(os.path.join(place, "start"), "wb"):
        pass  # its time is when the build began, by the clock of the file system
    facts = [("build", *step), ("salt", salt, ""), *described(home, code)]
    answers = {path for path in quoted(code) if not os.path.isdir(path)}
    python = settings.get("python", "") if step[0] == "build" and hasattr(os, "posix_spawn") else ""
    arguments = [python, "-I", "-S", "-c", settings.get("refresh", ""), os.path.dirname(home)]
    refresh = Refresh(arguments, environ, os.path.join(place, "refresh")) if python else None
    watched = tracer.install(log, root)
    for fact in facts:
        watched.log(*fact)
    watched.answers = answers
    atexit.register(watched.quietly, end, watched, refresh)


def described(home: str, code: str) -> Iterator[tuple[str, str, str]]:
    """Yield the facts with which a log begins: interpreter, environment, where the stamp led, where uv has results put."""
    yield ("python", ".".join(map(str, sys.version_info[:3])), os.path.realpath(sys.executable))
    for prefix in sorted({sys.prefix, sys.base_prefix, os.path.realpath(sys.base_prefix)}):
        yield ("prefix", prefix, "")
    try:
        yield ("stamp", os.readlink(os.path.join(home, "current")), "")
    except OSError:
        pass
    for path in quoted(code):
        yield ("result", path, "")


def command() -> str:
    """Return the code that this process was started with; empty if it runs something else."""
    words = getattr(sys, "orig_argv", None)  # from Python 3.10 on
    if words is None:
        with open("/proc/self/cmdline", "rb") as stream:
            words = os.fsdecode(stream.read()).split("\0")
    return words[words.index("-c") + 1] if "-c" in words[:-1] else ""


def quoted(code: str) -> Iterator[str]:
    """Yield the absolute paths that stand as literals in some code."""
    return (part for part in code.split('"')[1::2] if os.path.isabs(part))


def own_variables(of_uv: Mapping[str, str] | None) -> set[str]:
    """Return the names of the variables that uv has set for the build: those that it does not have itself."""
    if of_uv is None:
        return {"PATH", "PYTHONIOENCODING", "PYTHONPATH", "PYTHONUNBUFFERED", "VIRTUAL_ENV", "UV"}
    return {name for name, value in os.environ.items() if of_uv.get(name) != value}


def read_settings(path: str) -> Iterator[tuple[str, str]]:
    """Yield the settings that lie beside the tracer, each a name and a text, both ended by a NUL."""
    try:
        with open(path, "rb") as stream:
            texts = os.fsdecode(stream.read()).split("\0")
    except OSError:
        return
    for at in range(0, len(texts) - 1, 2):
        yield texts[at], texts[at + 1]


def end(watched: Any, refresh: Refresh | None) -> None:
    """End the log, and have the link folder refreshed if the hook has returned."""
    if watched.programs is not None:
        watched.programs.finish()
    watched.log("ended", "", "")
    if refresh is not None and watched.is_done:
        refresh.go()


class Refresh:
    """What brings the link folder up to date at the end of a build: a process that sees the variables as uv does.

    It is started at the beginning, and waits to be told, so that its start costs the build no time. If this process
    ends in any other way, it ends, too. Ctrl-C does not reach it.
    """

    def __init__(self, arguments: list[str], environ: dict[str, str], output: str) -> None:
        self._program, self._output = arguments[0], output
        reading, self._writing = os.pipe()
        actions = [
            (os.POSIX_SPAWN_DUP2, reading, 0),
            (os.POSIX_SPAWN_OPEN, 1, output, os.O_WRONLY | os.O_CREAT, 0o600),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ]
        theirs = {name: value for name, value in environ.items() if not name.startswith("PYTHON")}
        try:
            self._process = os.posix_spawn(self._program, arguments, theirs, file_actions=actions, setpgroup=0)
        except OSError:
            self._process = 0
        os.close(reading)

    def go(self) -> None:
        """Have it done, and wait for it, though not for ever."""
        if not self._process:
            complain(self._output, self._program + " is not there any more")
            return
        try:
            os.write(self._writing, b"go")
        except OSError:  # it has ended already
            pass
        os.close(self._writing)
        until = time.monotonic() + _LONGEST_REFRESH
        ended, status = os.waitpid(self._process, os.WNOHANG)
        while not ended and time.monotonic() < until:
            time.sleep(0.001)
            ended, status = os.waitpid(self._process, os.WNOHANG)
        if ended and status and not os.path.getsize(self._output):
            complain(self._output, self._program + " failed, and did not say why")


def complain(output: str, problem: str) -> None:
    """Leave word of what went wrong, for a sync to find."""
    with open(output, "w", encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(problem + "\n")
