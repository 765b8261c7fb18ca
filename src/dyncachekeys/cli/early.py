"""The command lines that a run with nothing to do can answer: `sync`, `check` and `run` in text."""

from __future__ import annotations

import os
import sys
import time

from dyncachekeys import quiet
from dyncachekeys.cli.printer import Printer, counts, in_sync
from dyncachekeys.quiet import Glance
from dyncachekeys.witnesses import SCOPE_FILE, Witnesses

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.edits import Edited

_COMMANDS = ("sync", "check", "run")
_FILE = "pyproject.toml"


class Answer:
    """Whether a command line is answered, and else what was seen already, by the folder of the project."""

    __slots__ = ("done", "glances")

    def __init__(self, *, done: bool, glances: Mapping[str, Glance] | None = None) -> None:
        self.done = done
        self.glances = glances


def answer(arguments: Sequence[str]) -> Answer:
    """Answer a command line if there is nothing to do, or next to nothing.

    Whatever is asked in another form, or is not certain, is left to the full path. ``run`` becomes its
    command and does not return.
    """
    began, started = time.perf_counter(), time.time_ns()
    asked = _understood(arguments)
    root = _root(asked.project) if asked is not None else None
    roots = _roots(root) if root is not None else ()
    if asked is None or not roots:
        return Answer(done=False)
    glances: dict[str, Glance] = {}
    certain = True
    for folder in roots:
        certain &= _look(folder, started, glances)
    try:
        if not certain or not _is_done(asked, glances, began):
            return Answer(done=False, glances=_usable(glances))
        sys.stdout.flush()
        sys.stderr.flush()
        return Answer(done=asked.command != "run" or _become(asked.argv))
    except (quiet.Aside, OSError):  # also if nobody listens: that is met by the full path
        return Answer(done=False, glances=_usable(glances))


def _roots(root: str) -> Sequence[str]:
    """Return the folders of the projects that a command there is about; none if that is not known."""
    alone = Witnesses.load(f"{root}/{quiet.HOME}")
    if alone is not None and alone.alone:
        return [root]
    scope = Witnesses.load(f"{root}/{quiet.HOME}", SCOPE_FILE)
    try:
        if scope is None or quiet.looks(root, scope):
            return ()
    except quiet.Aside:
        return ()
    return [os.path.normpath(f"{root}/{folder}") for folder in scope.keys]


def _look(root: str, started: int, glances: dict[str, Glance]) -> bool:
    """Look at a project; tell whether nothing but files and folders may differ."""
    known = Witnesses.load(f"{root}/{quiet.HOME}")
    if known is None:
        return False
    certain = True
    try:
        places = quiet.differences(root, known, os.environ)
    except quiet.Aside:
        certain = False
        try:
            places = quiet.places(root, known)
        except quiet.Aside:
            return False
    glances[root] = Glance(known, places, started)
    return certain


def _usable(glances: Mapping[str, Glance]) -> Mapping[str, Glance]:
    return {root: glance for root, glance in glances.items() if not glance.known.changed}


def _is_done(asked: _Asked, glances: Mapping[str, Glance], began: float) -> bool:
    """Do what is to be done, if it is edits in one project at most, and say so."""
    differing = [root for root, glance in glances.items() if glance.places]
    edited = None
    if differing:
        if asked.command == "check" or len(differing) > 1:
            return False
        from dyncachekeys import edits

        edited = edits.settle(differing[0], glances[differing[0]])
    _tell(
        asked,
        [glance.known for glance in glances.values()],
        edited,
        glances[differing[0]].known if differing else None,
        began,
    )
    return True


def _tell(
    asked: _Asked, all_known: Sequence[Witnesses], edited: Edited | None, where: Witnesses | None, began: float
) -> None:
    if asked.quiet or (asked.command == "run" and (edited is None or not edited.changes)):
        return
    error = Printer(sys.stderr)
    for known in all_known:
        project = f"{known.name}: " if len(all_known) > 1 else ""
        for place, message in known.warnings:
            error(f"{error.painted('warning', 'warning')}: {project}{place}: {message}")
    out = Printer(sys.stderr if asked.command == "run" else sys.stdout)
    names = [known.name for known in all_known]
    found = counts(sum(len(known.keys) for known in all_known), sum(known.inputs for known in all_known))
    seconds = time.perf_counter() - began
    if edited is None or where is None or not edited.changes:
        in_sync(out, names, *((found, seconds) if asked.command == "sync" else ()))
        return
    from dyncachekeys.cli import telling

    telling.resolved(out, found, seconds)
    telling.changes(out, edited.changes, all_of_them=False)
    out(telling.OUTCOMES[edited.move].format(name=where.name))


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
