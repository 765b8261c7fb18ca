"""The command lines that a run with nothing to do can answer: `sync`, `check` and `run` in text."""

from __future__ import annotations

import os
import sys
import time

from dyncachekeys.quick import check
from dyncachekeys.quick.check import QuickCheck
from dyncachekeys.quick.snapshot import SCOPE_FILE, Snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.quick.edit import AppliedEdit

FLAGS: dict[str, tuple[str, ...]] = {"sync": ("--hook",), "check": ("--stamp", "--hook"), "run": ("--no-fail",)}
"""By command: its options that change nothing where there is nothing to do."""
UV_PROGRAMS = frozenset({"uv", "uv.exe", "uvx", "uvx.exe"})
"""Names of uv, of which the command line says which project it is about; `uvx` is `uv tool run`."""
_FILE = "pyproject.toml"


class Answer:
    """Whether a command line is answered, and else what was seen already, by the folder of the project."""

    __slots__ = ("done", "quick_checks")

    def __init__(self, *, done: bool, quick_checks: Mapping[str, QuickCheck] | None = None) -> None:
        self.done: bool = done
        self.quick_checks: Mapping[str, QuickCheck] | None = quick_checks


def answer(arguments: Sequence[str]) -> Answer:
    """Answer a command line if there is nothing to do, or next to nothing.

    Whatever is asked in another form, or is not certain, is left to the full path. ``run`` becomes its
    command and does not return.
    """
    began, look = time.perf_counter(), QuickChecks(time.monotonic_ns())
    command = _understood(arguments)
    if command is None:
        return Answer(done=False)
    where = command.where()
    if where is None:  # uv itself won't build
        return Answer(done=_has_become(command.argv))
    root = _root(where)
    if root is None:
        # A folder that was named and has no project is an error.
        return Answer(done=command.name == "run" and command.project is None and _has_become(command.argv))
    own = Snapshot.load(f"{root}/{check.HOME}")
    if own is not None and own.alone:
        certain = look.at(root, own)
    elif roots := _roots(root):
        certain = look.at_all(roots)
    else:
        return Answer(done=command.name == "run" and _is_undeclared(root) and _has_become(command.argv))
    try:
        if certain and _is_done(command, look, began):
            return Answer(done=command.name != "run" or _has_become(command.argv))
    except (check.NotQuick, OSError):
        pass
    usable = {folder: one for folder, one in look.quick_checks.items() if not one.known.changed}
    return Answer(done=False, quick_checks=usable)


class _Command:
    """A command line of the usual form."""

    __slots__ = ("argv", "name", "project", "quiet")

    def __init__(self, name: str) -> None:
        self.name = name
        self.project: str | None = None
        self.quiet = False
        self.argv: list[str] = []

    def where(self) -> str | None:
        """Return the folder from which on the project is looked for; nothing if there is no need to."""
        if self.project is not None:
            return self.project
        if not self.argv or self.argv[0].rpartition("/")[2] not in UV_PROGRAMS:
            return "."
        from dyncachekeys.quick.uv_command import project_of

        return project_of(self.argv, os.environ)


def _understood(arguments: Sequence[str]) -> _Command | None:
    if not arguments or arguments[0] not in FLAGS:
        return None
    command = _Command(arguments[0])
    rest = iter(arguments[1:])
    for argument in rest:
        if argument == "--" and command.name == "run":
            command.argv = list(rest)
        elif argument in {"-q", "--quiet"}:
            command.quiet = True
        elif argument == "--project":
            command.project = next(rest, "")
        elif argument not in FLAGS[command.name]:
            return None
    return None if command.name == "run" and not command.argv else command


def _root(start: str) -> str | None:
    """Return the folder of the nearest ``pyproject.toml`` upwards, links resolved."""
    if not start:
        return None
    try:
        folder = os.path.realpath(start)
    except OSError:  # the current folder was removed
        return None
    while not os.path.isfile(f"{folder}/{_FILE}"):
        above = os.path.dirname(folder)
        if above == folder:
            return None
        folder = above
    return folder


def _roots(root: str) -> Sequence[str]:
    """Return the folders of the projects that a command there is about; none if that is not known."""
    scope = Snapshot.load(f"{root}/{check.HOME}", SCOPE_FILE)
    try:
        if scope is None or check.looks(root, scope):
            return ()
    except check.NotQuick:
        return ()
    return [os.path.normpath(f"{root}/{folder}") for folder in scope.keys]


def _is_undeclared(root: str) -> bool:
    """Tell whether certainly no project here has keys, so that `run` has nothing to do before its command."""
    from dyncachekeys.quick.become import is_undeclared

    return is_undeclared(root)


def _has_become(argv: list[str]) -> bool:
    if sys.platform == "win32":  # there exec returns to the shell at once
        return False
    from dyncachekeys.quick.become import become

    try:  # what was printed must be there before what the command prints
        sys.stderr.flush()
    except OSError as error:
        from dyncachekeys.quick.streams import failed

        failed(sys.stderr, error)
    try:  # noqa: SIM105  contextlib takes 2 ms to import
        become(argv[0], argv)
    except OSError:  # no such command: the full path reports it
        pass
    return False


class QuickChecks:
    """The quick checks of the projects in scope.

    Args:
        started: When the look began, in nanoseconds (`clock.monotonic`).
    """

    __slots__ = ("elsewhere", "quick_checks", "started")

    def __init__(self, started: int) -> None:
        self.started: int = started
        self.quick_checks: dict[str, QuickCheck] = {}
        """By the folder of the project."""
        self.elsewhere: tuple[int, int, int] = (0, 0, 0)
        """How many projects, keys and inputs another process checked and found unchanged, without warnings."""

    def at_all(self, roots: Sequence[str]) -> bool:
        """Check several projects, as `at`; of many, half of them in a second process."""
        from dyncachekeys.quick import halves

        return halves.check(self, roots) if halves.pays(roots) else self.at_each(roots)

    def at_each(self, roots: Sequence[str]) -> bool:
        """Check several projects, as `at`: all of them, since what was seen is of use to the full path."""
        certain = True
        for folder in roots:
            certain &= self.at(folder, Snapshot.load(f"{folder}/{check.HOME}"))
        return certain

    def at(self, root: str, known: Snapshot | None) -> bool:
        """Check a project; tell whether nothing but files and folders may differ."""
        if known is None:
            return False
        certain = True
        try:
            places = check.differences(root, known, os.environ)
        except check.NotQuick:
            certain = False
            try:
                places = check.places(root, known)
            except check.NotQuick:
                return False
        self.quick_checks[root] = QuickCheck(known, places, self.started)
        return certain


def _is_done(command: _Command, look: QuickChecks, began: float) -> bool:
    """Do what is to be done, if it is edits in one project at most, and print it."""
    differing = [root for root, one in look.quick_checks.items() if one.places]
    if len(differing) > (command.name != "check"):
        return False
    applied, name = None, ""
    if differing:
        from dyncachekeys.quick import edit

        quick_check = look.quick_checks[differing[0]]
        applied, name = edit.apply_edit(differing[0], quick_check), quick_check.known.name
    if command.quiet:
        return True
    if applied is not None and applied.changes:
        _print_warnings(look)
        _print_edit(command, look, applied, name, began)
    elif command.name != "run":
        _print_warnings(look)
        _print_in_sync(command, look, began)
    return True


def _print_warnings(look: QuickChecks) -> None:
    if not any(one.known.warnings for one in look.quick_checks.values()):
        return
    from dyncachekeys.quick.output import Printer, paragraph, shown, warnings

    several = len(look.quick_checks) + look.elsewhere[0] > 1
    told = [
        (f"{one.known.name}: " if several else "") + f"{shown(place)}: {paragraph(message)}"
        for one in look.quick_checks.values()
        for place, message in one.known.warnings
    ]
    warnings(Printer(sys.stderr), told, all_of_them=False)


def _print_in_sync(command: _Command, look: QuickChecks, began: float) -> None:
    from dyncachekeys.quick.output import Printer, in_sync

    names = [one.known.name for one in look.quick_checks.values()] + [""] * look.elsewhere[0]
    details = (_counts(look), time.perf_counter() - began) if command.name == "sync" else ()
    in_sync(Printer(sys.stdout), names, *details)


def _print_edit(command: _Command, look: QuickChecks, applied: AppliedEdit, name: str, began: float) -> None:
    from dyncachekeys.quick import output

    out = output.Printer(sys.stderr if command.name == "run" else sys.stdout)
    output.resolved(out, _counts(look), time.perf_counter() - began)
    output.changes(out, applied.changes, all_of_them=False)
    out(output.OUTCOMES[applied.move].format(name=name))


def _counts(look: QuickChecks) -> str:
    from dyncachekeys.quick.output import counts

    _, keys, inputs = look.elsewhere
    for one in look.quick_checks.values():
        keys += len(one.known.keys)
        inputs += one.known.inputs
    return counts(keys, inputs)
