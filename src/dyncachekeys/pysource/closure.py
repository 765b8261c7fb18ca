"""From starting points to all files of the tree that are imported, each with the reason that came first."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dyncachekeys.pysource.calls import Given
from dyncachekeys.pysource.finder import Finder, Place
from dyncachekeys.pysource.module import Doubt, Import, Reading, Run
from dyncachekeys.pysource.reader import Reader
from dyncachekeys.pysource.reads import Read
from dyncachekeys.pysource.search_path import SearchDirectory
from dyncachekeys.pysource.syntax import Derive, Tree
from dyncachekeys.pysource.values import relative

_ALL = "*"
"""All that a module has, as a star import takes it."""
_SETTINGS = ("pyproject.toml", "setup.cfg", "hatch.toml")
"""Where a function may be named that a backend calls."""
_CALLED_FROM_OUTSIDE = re.compile(r"__|build|get_|prepare_|pdm_build_|setup|main$")
"""How the names of functions begin that frontends and backends call by themselves (PEP 517, hatchling, pdm-backend)."""


class Start(NamedTuple):
    """Something to import or to run, why, and where its modules are looked for, in order."""

    what: Import | Run
    reason: str
    directories: tuple[str, ...]
    before: tuple[SearchDirectory, ...] = ()
    """What the same file has surely added to ``sys.path`` by then."""
    after: tuple[SearchDirectory, ...] = ()
    """What it adds only later."""


@dataclass
class Closure:
    """Project-relative paths with their reasons: what is imported, and what would be if it existed."""

    found: dict[str, str] = field(default_factory=dict)
    absent: dict[str, str] = field(default_factory=dict)
    doubts: list[tuple[str, Doubt]] = field(default_factory=list)
    """What can't be told by reading, each with the path of its file."""
    reads: list[tuple[str, Read]] = field(default_factory=list)
    """What the code reads under a name that stands there, each with the path of its file."""


def follow(tree: Tree, starts: Sequence[Start], derive: Derive | None = None) -> Closure:
    """Follow all imports from the starting points, breadth first, so that a reason is the nearest one.

    Each file is read once. If the code adds directories to ``sys.path``, it is gone through again
    with them: but for lines at the top of the same file, reading can't tell which import runs before the addition, so
    names are looked up both with and without them, and both answers count. What stands in a function that nobody
    names is never added.

    Args:
        tree: The tree.
        starts: The starting points.
        derive: Knows what was read of the files in earlier runs.
    """
    reader, finder = Reader(tree, derive), Finder(tree)
    added: list[SearchDirectory] = []
    while True:
        walk = _Pass(tree, reader, finder, added)
        walk.run(starts)
        named = Named(tree, reader, starts)
        new = [one for one in walk.directories if one not in added and not (one.function and not named(one.function))]
        if not new:
            walk.closure.doubts = list(dict.fromkeys(reader.doubts))
            walk.closure.reads = list(dict.fromkeys(walk.reads()))
            return walk.closure
        added += new


class Named:
    """Whether anything may call a function, going by its name: some file that is read, a setting, or a frontend.

    Args:
        tree: The tree.
        reader: What was read of it.
        starts: With what the build begins.
    """

    def __init__(self, tree: Tree, reader: Reader, starts: Iterable[Start]) -> None:
        self._tree, self._reader = tree, reader
        self._imported = {name for start in starts if isinstance(start.what, Import) for name in start.what.names}

    def __call__(self, function: str) -> bool:
        """Tell whether a function may be called; no is certain, but for names that are put together."""
        if function in self._imported or _CALLED_FROM_OUTSIDE.match(function) or not function.isascii():
            return True
        word = re.compile(rb"(?<!\bdef )\b%s\b" % re.escape(function.encode()))
        return any(word.search(self._text(path)) for path in (*self._reader.paths, *_SETTINGS))

    def _text(self, path: str) -> bytes:
        try:
            return self._tree.read_bytes(path) if self._tree.is_file(path) else b""
        except OSError:
            return b""


class _Pass:
    """One passage with a given set of added search directories."""

    def __init__(self, tree: Tree, reader: Reader, finder: Finder, added: Sequence[SearchDirectory]) -> None:
        self.closure = Closure()
        self.directories: list[SearchDirectory] = []
        self._tree = tree
        self._reader, self._finder = reader, finder
        self._added = added
        self._queue: deque[Start] = deque()
        self._seen: set[tuple[str, str, tuple[str, ...]]] = set()
        self._asked: set[tuple[object, ...]] = set()
        self._taken: dict[str, set[str]] = {}
        """By path, what is taken from a module: names, or `_ALL`."""
        self._places: dict[tuple[str, tuple[str, ...], tuple[str, ...]], Place | None] = {}

    def run(self, starts: Iterable[Start]) -> None:
        self._queue.extend(starts)
        while self._queue:
            request = self._queue.popleft()
            if isinstance(request.what, Run):
                self._run_file(request, request.what)
            else:
                self._import(request, request.what)

    def _run_file(self, request: Start, run: Run) -> None:
        path = relative(run.path)
        if path is None:
            return
        if self._tree.is_file(path):
            self._take(Place(run.name, path))
            self._enter(path, run.name, request.reason, request.directories)
        else:
            self.closure.absent.setdefault(path, f"absent; would run: {request.reason}")

    def _import(self, request: Start, what: Import) -> None:
        for directories in self._searches(request):
            place = self._find(what.module, request, directories)
            self._take(place, what.names)
            if place and place.inside:
                for name in self._submodules(place, what.names):
                    self._take(self._find(f"{what.module}.{name}", request, directories))

    def _take(self, place: Place | None, names: Iterable[str] = ()) -> None:
        if place and place.file:
            self._taken.setdefault(place.file, set()).update(set(names) or {_ALL})

    def reads(self) -> Iterator[tuple[str, Read]]:
        """Yield what modules read when they are imported, and by what is taken from them; what is run, all."""
        modules = sorted({(path, name) for path, name, _ in self._seen})
        given = self._given(modules)
        for path, name in modules:
            calls = [one for one in given if one.function.rpartition(".")[0] == name]
            more = self._reader.read_when_called(path, name, calls) if calls else ()
            yield from ((path, one) for one in (*self._reader(path, name).reads, *more) if self._counts(path, one))

    def _counts(self, path: str, one: Read | Given) -> bool:
        """Tell whether a line of a module is reached by what is taken from that."""
        taken = self._taken.get(path, set())
        return not one.functions or _ALL in taken or not taken.isdisjoint(one.functions)

    def _given(self, modules: Iterable[tuple[str, str]]) -> list[Given]:
        """Return what modules give to functions of each other that read what the caller says."""
        readings = {(path, name): self._reader(path, name) for path, name in modules}
        awaiting = {name: reading.awaiting for (_, name), reading in readings.items() if reading.awaiting}
        found: list[Given] = []
        for (path, name), reading in readings.items():
            imported = {one.module for one in reading.imports if isinstance(one, Import)}
            asked = [other for other in awaiting if any(f"{other}.".startswith(f"{one}.") for one in imported)]
            if asked:
                functions = [f"{other}.{function}" for other in asked for function in awaiting[other]]
                found += [one for one in self._reader.given(path, name, functions) if self._counts(path, one)]
        return list(dict.fromkeys(found))

    def _searches(self, request: Start) -> Iterable[tuple[str, ...]]:
        """Return where a name may be looked up.

        With all that may have been added by then, with what surely was, and with each of the others besides that: who
        knows what a file adds that is found only with all of them.
        """
        possible = [one for one in self._added if one not in request.after]
        sure = [one for one in possible if one in request.before]
        single = [[one for one in possible if one in sure or one == other] for other in possible if other not in sure]
        return dict.fromkeys(_search_path(request.directories, some) for some in (possible, sure, *single))

    def _submodules(self, package: Place, names: tuple[str, ...]) -> Iterator[str]:
        """Yield the names that ``from package import names`` looks for as submodules.

        They are those that the package does not have as attributes (importlib's ``_handle_fromlist``).
        """
        reading = self._reader(package.file, package.name) if package.file else Reading()
        for name in names:
            for wanted in reading.exported if name == "*" else [name]:
                if wanted not in reading.bound:
                    yield wanted

    def _find(self, module: str, request: Start, directories: tuple[str, ...]) -> Place | None:
        key = (module, directories, request.directories)
        if key not in self._places:
            self._places[key] = self._go(module, request, directories)
        return self._places[key]

    def _go(self, module: str, request: Start, directories: tuple[str, ...]) -> Place | None:
        route = self._finder.find(module, directories)
        for path, would_be in route.absent:
            self.closure.absent.setdefault(path, f"absent; would shadow {would_be} {request.reason}")
        files = [(place.file, place.name) for place in route.places if place.file]
        for number, (path, name) in enumerate(files, 1):
            reason = request.reason if number == len(files) else f"package of {files[-1][0]}"
            self._enter(path, name, reason, request.directories)
        return route.places[-1] if route.complete else None

    def _enter(self, path: str, name: str, reason: str, directories: tuple[str, ...]) -> None:
        self.closure.found.setdefault(path, reason)
        if (path, name, directories) in self._seen:
            return
        self._seen.add((path, name, directories))
        reading = self._reader(path, name)
        self.directories += reading.directories
        for what in reading.imports:
            before, after = _around(what.line, reading)
            # The reason that came first stays, so what was asked for already changes nothing.
            asked = (*what[1:], directories, before, after)  # wherever it stands
            if asked not in self._asked:
                self._asked.add(asked)
                self._queue.append(Start(what, f"imported by {path}:{what.line}", directories, before, after))


def _search_path(base: tuple[str, ...], added: Sequence[SearchDirectory]) -> tuple[str, ...]:
    front = tuple(one.path for one in reversed(added) if one.front)
    return tuple(dict.fromkeys((*front, *base, *(one.path for one in added if not one.front))))


def _around(line: int, reading: Reading) -> tuple[tuple[SearchDirectory, ...], tuple[SearchDirectory, ...]]:
    """Return what a file has surely added to ``sys.path`` before a line at its top, and what it adds only after it."""
    if not reading.directories or any(line in lines for lines in reading.functions):
        return (), ()
    before = tuple(one for one in reading.directories if one.place == "always" and one.line < line)
    return before, tuple(one for one in reading.directories if one.place and one.line > line)
