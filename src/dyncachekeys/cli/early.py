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
    from typing import NoReturn

    from dyncachekeys.edits import Edited

_MANY = 8
"""From how many projects on a second process pays."""
_COMMANDS = ("sync", "check", "run")
_MATTERS_NOT = frozenset({("check", "--stamp"), ("check", "--hook"), ("sync", "--hook"), ("run", "--no-fail")})
"""Options that change nothing where there is nothing to do."""
_FILE = "pyproject.toml"


class Answer:
    """Whether a command line is answered, and else what was seen already, by the folder of the project."""

    __slots__ = ("done", "glances")

    def __init__(self, *, done: bool, glances: Mapping[str, Glance] | None = None) -> None:
        self.done: bool = done
        self.glances: Mapping[str, Glance] | None = glances


def answer(arguments: Sequence[str]) -> Answer:
    """Answer a command line if there is nothing to do, or next to nothing.

    Whatever is asked in another form, or is not certain, is left to the full path. ``run`` becomes its
    command and does not return.
    """
    began, started = time.perf_counter(), time.time_ns()
    asked = _understood(arguments)
    root = _root(asked.project) if asked is not None else None
    alone = Witnesses.load(f"{root}/{quiet.HOME}") if root is not None else None
    roots = _roots(root, alone) if root is not None else ()
    if asked is None or not roots:
        return Answer(done=False)
    glances: dict[str, Glance] = {}
    if alone is not None and roots == [root]:
        certain, others = _look(roots[0], alone, started, glances), _Others()
    else:
        certain, others = _look_at_all(roots, started, glances)
    try:
        if not certain or not _is_done(asked, glances, others, began):
            return Answer(done=False, glances=_usable(glances))
        sys.stdout.flush()
        sys.stderr.flush()
        return Answer(done=asked.command != "run" or _has_become(asked.argv))
    except (quiet.Aside, OSError):  # also if nobody listens: that is met by the full path
        return Answer(done=False, glances=_usable(glances))


def _roots(root: str, alone: Witnesses | None) -> Sequence[str]:
    """Return the folders of the projects that a command there is about; none if that is not known.

    Args:
        root: The folder of the nearest ``pyproject.toml``.
        alone: What the last run looked at there.
    """
    if alone is not None and alone.alone:
        return [root]
    scope = Witnesses.load(f"{root}/{quiet.HOME}", SCOPE_FILE)
    try:
        if scope is None or quiet.looks(root, scope):
            return ()
    except quiet.Aside:
        return ()
    return [os.path.normpath(f"{root}/{folder}") for folder in scope.keys]


class _Others:
    """Projects without warnings, in which another process found nothing to do."""

    __slots__ = ("inputs", "keys", "projects")

    def __init__(self, projects: int = 0, keys: int = 0, inputs: int = 0) -> None:
        self.projects, self.keys, self.inputs = projects, keys, inputs


def _look_at_all(roots: Sequence[str], started: int, glances: dict[str, Glance]) -> tuple[bool, _Others]:
    """Look at all projects; if there are many, at half of them in a second process, which helps if they are quiet."""
    others = _Others()
    middle = len(roots) // 2 if len(roots) >= _MANY and quiet.two_pay() else len(roots)
    reading, child = _second(roots[middle:], started) if middle < len(roots) else (-1, 0)
    certain = _look_at(roots[:middle], started, glances)
    if child:
        with open(reading, "rb") as stream:
            said = stream.read()
        os.waitpid(child, 0)
        if said:
            others = _Others(len(roots) - middle, *map(int, said.split()))
        else:
            certain &= _look_at(roots[middle:], started, glances)
    return certain, others


def _look_at(roots: Sequence[str], started: int, glances: dict[str, Glance]) -> bool:
    certain = True
    for folder in roots:  # all of them: what was seen is of use even if one is not certain
        certain &= _look(folder, Witnesses.load(f"{folder}/{quiet.HOME}"), started, glances)
    return certain


def _second(roots: Sequence[str], started: int) -> tuple[int, int]:
    """Start a process that looks at projects, and return where it says how many keys and inputs they have.

    It says so only if all of them are quiet.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    try:
        glances: dict[str, Glance] = {}
        if _look_at(roots, started, glances):
            known = [glance.known for glance in glances.values() if not glance.places and not glance.known.warnings]
            if len(known) == len(roots):
                found = f"{sum(len(one.keys) for one in known)} {sum(one.inputs for one in known)}"
                os.write(writing, found.encode("ascii"))
    finally:
        os._exit(0)


def _look(root: str, known: Witnesses | None, started: int, glances: dict[str, Glance]) -> bool:
    """Look at a project; tell whether nothing but files and folders may differ."""
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


def _is_done(asked: _Asked, glances: Mapping[str, Glance], others: _Others, began: float) -> bool:
    """Do what is to be done, if it is edits in one project at most, and say so."""
    differing = [root for root, glance in glances.items() if glance.places]
    edited = None
    if differing:
        if asked.command == "check" or len(differing) > 1:
            return False
        from dyncachekeys import edits

        edited = edits.settle(differing[0], glances[differing[0]])
    where = glances[differing[0]].known if differing else None
    _tell(asked, [glance.known for glance in glances.values()], others, (edited, where), began)
    return True


def _tell(
    asked: _Asked,
    all_known: Sequence[Witnesses],
    others: _Others,
    done: tuple[Edited | None, Witnesses | None],
    began: float,
) -> None:
    edited, where = done
    if asked.quiet or (asked.command == "run" and (edited is None or not edited.changes)):
        return
    error = Printer(sys.stderr)
    for known in all_known:
        project = f"{known.name}: " if len(all_known) + others.projects > 1 else ""
        for place, message in known.warnings:
            error(f"{error.painted('warning', 'warning')}: {project}{place}: {message}")
    out = Printer(sys.stderr if asked.command == "run" else sys.stdout)
    names = [known.name for known in all_known] + [""] * others.projects
    keys = sum((len(known.keys) for known in all_known), others.keys)
    found = counts(keys, sum((known.inputs for known in all_known), others.inputs))
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
        elif (asked.command, argument) not in _MATTERS_NOT:
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


def _has_become(argv: list[str]) -> bool:
    if sys.platform != "win32":  # there exec returns to the shell at once
        try:  # noqa: SIM105  contextlib takes 2 ms to import
            become(argv[0], argv)
        except OSError:  # no such command: the full path says so
            pass
    return False


def become(program: str, argv: list[str]) -> NoReturn:
    """Become a program, which starts as a shell would start it.

    Python ignores two signals from its start on, and what is ignored stays so: ``run -- yes | head`` would
    end in an error message. What Python handles, as SIGINT, the kernel resets by itself.

    Args:
        program: Its path, or its name to be looked up by ``PATH``.
        argv: Its arguments, from its own name on.

    Raises:
        OSError: it can't be executed. What was ignored is ignored again.
    """
    try:  # `signal` takes 1.3 ms to import, for its enumerations; this is in memory from the start
        import _signal as signals  # type: ignore[import-not-found]
    except ImportError:
        import signal as signals
    ignored = [getattr(signals, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signals, name)]
    for one in ignored:
        signals.signal(one, signals.SIG_DFL)
    try:
        os.execvp(program, argv)  # noqa: S606
    finally:
        for one in ignored:
            signals.signal(one, signals.SIG_IGN)
