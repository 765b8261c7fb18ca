"""A trace: what a build depends on and does, by relative paths and names of variables; and what lies outside of it."""

from __future__ import annotations

import fnmatch
import functools
import os
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from dyncachekeys.paths import check_path
from dyncachekeys.trace.in_build.protocol import PROJECT

INPUTS = ("read", "listed", "missing", "there", "variables")
"""The fields of a trace that hold inputs."""


@dataclass(frozen=True, slots=True)
class Trace:
    """What a build depends on and does. Paths are relative to the project; each subject with who asked for it."""

    read: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    walked: tuple[str, ...] = ()
    """Those of the folders listed that were listed to go into what lies in them."""
    missing: Mapping[str, str] = field(default_factory=dict)
    """Looked for, and not there."""
    there: Mapping[str, str] = field(default_factory=dict)
    """Looked at, but neither read nor listed: that it is there is what counts."""
    variables: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    """Files and folders; none of them is an input, nor what lies below, unless it is among those made."""
    made: tuple[str, ...] = ()
    """Folders that the build asks to make, and those they lie in, whether or not they are there. Others may put files
    into them."""
    products: tuple[str, ...] = ()
    """Of what it writes, what it also reads. Whoever else changes these changes what the build makes."""
    processes: Mapping[str, str] = field(default_factory=dict)
    """Programs that were started and can't be traced from inside: all but those of Python."""
    unseen: Mapping[str, str] = field(default_factory=dict)
    """Those of them of which nobody saw what they read."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """What it asked for under a name that holds a credential: only so much of it is written down as may be shown."""
    programs: Mapping[str, str] = field(default_factory=dict)
    """Where programs were found that lie outside of the repository: absolute paths."""
    git: Mapping[str, str] = field(default_factory=dict)
    """What git was asked: a folder relative to the project, and the arguments, with U+001F between."""
    environment: str = ""
    """Who went through the whole environment."""
    looped: str = ""
    """The line of the project's own code that did so by value, so that each variable may count."""
    network: str = ""
    """Who asked for a host."""

    @property
    def new_folders(self) -> frozenset[str]:
        """Folders that were not there before."""
        return frozenset(self.made) & frozenset(self.written)

    @property
    def subjects(self) -> dict[str, Mapping[str, str]]:
        """What counts as an input, by how it was asked for."""
        return {name: getattr(self, name) for name in INPUTS}

    def without(self, products: AbstractSet[str]) -> Trace:
        """Return the trace of a build that writes these files, too."""
        trace = self._only(("read", "missing", "there"), lambda path: path not in products)
        read_too = products & self.read.keys()
        return replace(trace, written=_union(self.written, products), products=_union(self.products, read_too))

    def _only(self, names: Iterable[str], counts: Callable[[str], bool]) -> Trace:
        """Return the trace with fewer paths in some of its fields."""
        fields: dict[str, Any] = {
            name: {path: who for path, who in getattr(self, name).items() if counts(path)} for name in names
        }
        return replace(self, **fields)

    def with_earlier(self, earlier: Trace) -> Trace:
        """Return the trace together with an earlier one of the same build, nothing of which has changed."""
        both: dict[str, Any] = {
            name: {**getattr(earlier, name), **getattr(self, name)}
            for name in (*INPUTS, "processes", "unseen", "hidden", "programs", "git")
        }
        both |= {name: _union(getattr(earlier, name), getattr(self, name)) for name in ("made", "walked")}
        both["looped"] = self.looped or earlier.looped
        return replace(self, **both).without({*earlier.written, *self.written} - self.read.keys())

    def with_folders(self, folders: AbstractSet[str]) -> Trace:
        """Return the trace of a build that asks to make these folders, too."""
        trace = self._only(("missing", "there"), lambda path: path not in folders)
        return replace(trace, made=_union(self.made, folders))

    def without_folders(self, folders: AbstractSet[str]) -> Trace:
        """Return the trace without what was looked for below folders that are gone again."""
        return self._only(("missing", "listed"), lambda path: folders.isdisjoint([path, *parents(path)]))


def _union(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*first, *second}))


def parents(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, relative to the project as it is, the nearest first."""
    while path := posixpath.dirname(path):
        if path == "/" or posixpath.basename(path) == "..":
            return
        yield path


def folders_of(paths: Iterable[str]) -> set[str]:
    """Return the folders that some paths lie in, as `parents` yields them."""
    return {folder for path in paths for folder in parents(path)}


BUILD = "the build"
"""Who asked where no code did, as where Python imports the backend."""
METADATA = ("*.egg-info", "*.dist-info")
"""What backends leave of the last build."""
_INTERMEDIATE = ("build", "dist", "target", "_skbuild", ".*", "__pycache__", *METADATA)
"""Folders of what a build makes on its way, which may be removed when it has ended, and what is hidden."""
_LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", ".dyncachekeys", ".venv", "-c"})
"""Folders whose files are not inputs by themselves: a git key watches commits, and the rest is made of something else.
``-c`` is the name under which uv starts a backend."""
_LONGEST_NAME = 255
"""No file system has longer ones, so nothing will ever be there."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the project is, and what around it is of no interest. All absolute, links resolved."""

    root: Path
    """The project."""
    repository: Path
    """The folder of its repository, or of its workspace, or its own."""
    left_out: tuple[str, ...] = ()
    """Folders outside the repository that hold nothing of a build's inputs: temporary folders and caches."""
    environments: tuple[str, ...] = ()
    """The build's environment and the interpreter's folders, wherever they are."""
    _real: dict[str, str] = field(default_factory=dict, init=False, compare=False, repr=False)
    """Where folders lead, of those that were asked about: many paths lie in the same."""

    def relative(self, path: str, who: str) -> str | None:
        """Return a path relative to the project; nothing if it is of no interest.

        In the repository, whatever is asked for counts. Outside of it, what the project's own code asks for.
        """
        is_inside = self._is_inside(path)
        if not is_inside:  # it may be given by other links
            folder, name = os.path.split(path)
            if folder not in self._real:
                self._real[folder] = os.path.realpath(folder)
            path = os.path.join(self._real[folder], name)
            is_inside = self._is_inside(path)
        if _is_below(path, self.environments):
            return None
        if not is_inside and (_is_below(path, self.left_out) or not who.startswith(PROJECT)):
            return None
        relative = os.path.relpath(path, self.root).replace(os.sep, "/")
        if any(map(_is_left_out, relative.split("/"))):
            return None
        return relative if check_path(relative) is None else f"./{relative}"  # a folder may well be called `~`

    def is_own(self, path: str) -> bool:
        """Tell whether a path lies in the repository or in the build's environment."""
        return self._is_inside(path) or _is_below(path, self.environments)

    def _is_inside(self, path: str) -> bool:
        return _is_below(path, (os.fspath(self.repository),))

    def asker(self, who: str) -> str:
        """Return who asked, as it is shown: ``core.py:12``, the name of a requirement, or the build."""
        if not who.startswith(PROJECT):
            return who.partition(":")[2] or BUILD
        file, _, line = who.removeprefix(PROJECT).rpartition(":")
        return os.path.relpath(self.repository / file, self.root).replace(os.sep, "/") + f":{line}"


def by(who: str) -> str:
    """Return what a reason says of who asked; nothing where no code did."""
    return "" if who == BUILD else f" by {who}"


def is_like(name: str, patterns: Iterable[str]) -> bool:
    """Tell whether a name matches one of some patterns (`fnmatch`)."""
    plain, prefixes, suffixes, others = _sorted(tuple(patterns))
    if name in plain or name.startswith(prefixes) or name.endswith(suffixes):
        return True
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in others)


@functools.cache
def _sorted(patterns: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """Return the names, beginnings and ends that patterns stand for, and the rest: most take no regular expression."""
    simple = [one for one in patterns if one.count("*") <= 1 and "?" not in one and "[" not in one]
    plain = frozenset(one for one in simple if "*" not in one)
    prefixes = tuple(one[:-1] for one in simple if one.endswith("*"))
    suffixes = tuple(one[1:] for one in simple if one.startswith("*") and one != "*")
    known = {*plain, *(f"{one}*" for one in prefixes), *(f"*{one}" for one in suffixes)}
    return plain, prefixes, suffixes, tuple(one for one in patterns if one not in known)


def is_intermediate(path: str) -> bool:
    """Tell whether a build needs a file that it writes only on its way, going by the folders that it lies in."""
    return any(is_like(part, _INTERMEDIATE) for part in path.split("/"))


def _is_below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _is_left_out(name: str) -> bool:
    return len(name) > _LONGEST_NAME or name in _LEFT_OUT or is_like(name, METADATA)
