"""From starting points to all files of the tree that are imported, each with the reason that came first."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from dyncachekeys.pysource.finder import Finder, Place
from dyncachekeys.pysource.module import Doubt, Import, Reading, Run
from dyncachekeys.pysource.reader import Reader
from dyncachekeys.pysource.reads import Read
from dyncachekeys.pysource.search_path import SearchDirectory
from dyncachekeys.pysource.syntax import Derive, Tree
from dyncachekeys.pysource.values import relative

_ALL = "*"
"""All that a module has, as a star import takes it."""


class Start(NamedTuple):
    """Something to import or to run, why, and where its modules are looked for, in order."""

    what: Import | Run
    reason: str
    directories: tuple[str, ...]


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
    with them: reading can't tell which import runs before the addition, so names are looked up both
    with and without them, and both answers count.

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
        new = [directory for directory in walk.directories if directory not in added]
        if not new:
            walk.closure.doubts = list(dict.fromkeys(reader.doubts))
            walk.closure.reads = list(dict.fromkeys(walk.reads()))
            return walk.closure
        added += new


class _Pass:
    """One passage with a given set of added search directories."""

    def __init__(self, tree: Tree, reader: Reader, finder: Finder, added: Sequence[SearchDirectory]) -> None:
        self.closure = Closure()
        self.directories: list[SearchDirectory] = []
        self._tree = tree
        self._reader, self._finder = reader, finder
        self._front = tuple(directory.path for directory in reversed(added) if directory.front)
        self._back = tuple(directory.path for directory in added if not directory.front)
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
        for directories in self._searches(request.directories):
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
        for path, name, _ in sorted(self._seen):
            taken = self._taken.get(path, set())
            for one in self._reader(path, name).reads:
                if not one.functions or _ALL in taken or not taken.isdisjoint(one.functions):
                    yield path, one

    def _searches(self, base: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
        return dict.fromkeys([tuple(dict.fromkeys(self._front + base + self._back)), base])

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
            # The reason that came first stays, so what was asked for already changes nothing.
            asked = (*what[1:], directories)  # wherever it stands
            if asked not in self._asked:
                self._asked.add(asked)
                self._queue.append(Start(what, f"imported by {path}:{what.line}", directories))
