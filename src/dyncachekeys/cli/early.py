"""The command lines that a run with nothing to do can answer: `sync`, `check` and `run` in text."""

from __future__ import annotations

import os
import sys
import time

from dyncachekeys import quiet
from dyncachekeys.cli.printer import Printer
from dyncachekeys.quiet import Glance
from dyncachekeys.witnesses import Witnesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COMMANDS = ("sync", "check", "run")
_FILE = "pyproject.toml"


class Answer:
    """Whether a command line is answered, and else what was seen of the project."""

    __slots__ = ("done", "glance")

    def __init__(self, *, done: bool, glance: Glance | None = None) -> None:
        self.done = done
        self.glance = glance


def answer(arguments: Sequence[str]) -> Answer:
    """Answer a command line if there is nothing to do, or next to nothing.

    Whatever is asked in another form, or is not certain, is left to the full path. ``run`` becomes its
    command and does not return.
    """
    began, started = time.perf_counter(), time.time_ns()
    asked = _understood(arguments)
    root = _root(asked.project) if asked is not None else None
    known = Witnesses.load(f"{root}/{quiet.HOME}") if root is not None else None
    if asked is None or root is None or known is None:
        return Answer(done=False)
    glance = None
    try:
        places = quiet.differences(root, known, os.environ)
        glance = Glance(known, places, started)
        if not places:
            _tell_quiet(asked, known, began)
        elif asked.command == "check":
            return Answer(done=False, glance=glance)
        else:
            _settle(asked, root, glance, began)
        sys.stdout.flush()
        sys.stderr.flush()
        return Answer(done=asked.command != "run" or _become(asked.argv))
    except (quiet.Aside, OSError):  # also if nobody listens: that is met by the full path
        return Answer(done=False, glance=_glance(root, glance, known, started))


def _glance(root: str, glance: Glance | None, known: Witnesses, started: int) -> Glance | None:
    """Return what the full path need not look at again."""
    if known.changed:
        return None
    try:
        return glance or Glance(known, quiet.places(root, known), started)
    except quiet.Aside:
        return None


def _settle(asked: _Asked, root: str, glance: Glance, began: float) -> None:
    from dyncachekeys import edits
    from dyncachekeys.cli import telling

    known = glance.known
    edited = edits.settle(root, glance)
    if not edited.changes:
        _tell_quiet(asked, known, began)
    elif not asked.quiet:
        out = Printer(sys.stderr if asked.command == "run" else sys.stdout)
        _tell_warnings(known)
        telling.resolved(out, known.counts, time.perf_counter() - began)
        telling.changes(out, edited.changes, all_of_them=False)
        out(telling.OUTCOMES[edited.move].format(name=known.name))


class _Asked:
    """A command line of the usual form."""

    __slots__ = ("argv", "command", "project", "quiet")

    def __init__(self, command: str) -> None:
        self.command = command
        self.project = "."
        self.quiet = False
        self.argv: list[str] = []


def _understood(arguments: Sequence[str]) -> _Asked | None:
    if not arguments or arguments[0] not in _COMMANDS:
        return None
    asked = _Asked(arguments[0])
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--" and asked.command == "run":
            asked.argv = list(rest)
        elif argument in {"-q", "--quiet"}:
            asked.quiet = True
        elif argument == "--project":
            asked.project = next(rest, "")
        elif (asked.command, argument) not in {("check", "--stamp"), ("run", "--no-fail")}:
            return None
    return None if asked.command == "run" and not asked.argv else asked


def _root(start: str) -> str | None:
    """Return the folder of the nearest ``pyproject.toml`` upwards, links resolved."""
    if not start:
        return None
    folder = os.path.realpath(start)
    while not os.path.isfile(f"{folder}/{_FILE}"):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _become(argv: list[str]) -> bool:
    if sys.platform != "win32":  # there exec returns to the shell at once
        try:  # noqa: SIM105  contextlib takes 2 ms to import
            os.execvp(argv[0], argv)  # noqa: S606
        except OSError:  # no such command: the full path says so
            pass
    return False


def _tell_quiet(asked: _Asked, known: Witnesses, began: float) -> None:
    if asked.quiet or asked.command == "run":
        return
    _tell_warnings(known)
    took = f" ({known.counts}) in {(time.perf_counter() - began) * 1000:.0f}ms" if asked.command == "sync" else ""
    Printer(sys.stdout)(f"{known.name} is in sync{took}")


def _tell_warnings(known: Witnesses) -> None:
    error = Printer(sys.stderr)
    for where, message in known.warnings:
        error(f"{error.painted('warning', 'warning')}: {where}: {message}")
