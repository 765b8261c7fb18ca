"""The one maximum into which uv collapses all file entries (U1)."""

from __future__ import annotations

import itertools
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from dyncachekeys.files.folder import changed_ns
from dyncachekeys.files.gitignore import FolderRules, Rules
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join
from dyncachekeys.quick.snapshot import TIMED
from dyncachekeys.uv.entries import is_glob


def newest(files: Files, paths: Iterable[str]) -> int | None:
    """Return the latest time of the files that entries name or match, in nanoseconds; nothing without any."""
    return latest(files, expanded(files, paths))


def latest(files: Files, paths: Iterable[str]) -> int | None:
    """Return the latest time of some files, by their paths whatever these hold, as `newest`."""
    times = (_changed(files, path) for path in paths)
    return max((time for time in times if time is not None), default=None)


def newest_linked(files: Files, linked: Mapping[str, Sequence[str]]) -> int | None:
    """Return the latest time of the files to which there are links, by folder, as `newest`. All were looked at."""
    times: list[int] = []
    for folder, names in linked.items():
        seen = files.folders[folder]
        regular = (seen.changed(name) for name in names)
        others = (_changed(files, join(folder, name)) for name in seen.non_regular.keys() & names)
        times += [time for time in (*regular, *others) if time is not None]
    return max(times, default=None)


def _changed(files: Files, path: str) -> int | None:
    full = files.full(path)
    files.note(path, TIMED)
    try:
        info = os.stat(full)  # follows links, as uv does (U13)
    except OSError:
        return None
    return None if stat.S_ISDIR(info.st_mode) else changed_ns(info)  # U4


def matches(files: Files, glob: str) -> Iterator[str]:
    """Yield the files that uv finds for a glob (U12, U13)."""
    for plain in without_braces(glob):
        yield from _matches(files, plain)


def found_below(files: Files, folder: str, globs: Iterable[str]) -> Iterator[str]:
    """Yield the files that uv finds in a folder for globs that begin there."""
    yield from _below(files, folder, rules_of(globs).top)


def finds_below(folder: str, globs: Iterable[str]) -> Callable[[str], bool]:
    """Return what tells of a path whether uv would find a file there, in a folder for globs that begin in that."""
    top = rules_of(globs).top

    def finds(path: str) -> bool:
        if not path.startswith(f"{folder}/"):
            return False
        *above, name = path[len(folder) + 1 :].split("/")
        place = top
        for part in above:
            place = place.enter(part)
        return place.find(name, is_dir=False) >= 0

    return finds


def expanded(files: Files, paths: Iterable[str]) -> Iterator[str]:
    """Yield the files that entries name, there or not, and those that they match."""
    for path in paths:
        if is_glob(path):
            yield from matches(files, path)
        else:
            yield path if _is_shortest(path) else files.relative(files.full(path))


def _is_shortest(path: str) -> bool:
    """Tell whether a path leads down into the project by the shortest way, as nearly all do."""
    return not {"", ".", ".."} & set(path.split("/")) and not set(path) & set(":\\")


def without_braces(glob: str) -> Iterator[str]:
    """Yield the globs that one with braces stands for."""
    found = re.search(r"\{([^{}]*)\}", glob)
    if not found:
        yield glob
        return
    for choice in found.group(1).split(","):
        yield from without_braces(glob[: found.start()] + choice + glob[found.end() :])


def rules_of(globs: Iterable[str]) -> Rules:
    """Return globs, relative to one folder, as rules of which `FolderRules.find` tells what uv matches.

    Gitignore-like, but nothing is left out, a lone ``*`` does not go down, and a folder that matches is not its
    content (U12).
    """
    return Rules("/*" if glob == "*" else glob for glob in globs)


def _matches(files: Files, glob: str) -> Iterator[str]:
    """Yield what a glob matches for uv below its literal folder; links to folders are not followed (U13)."""
    parts = glob.split("/")
    plain = list(itertools.takewhile(lambda part: not is_glob(part), parts[:-1]))
    rules = rules_of(["/".join(parts[len(plain) :])])
    yield from _below(files, files.relative(files.full("/".join(plain) or ".")), rules.top)


def _below(files: Files, folder: str, place: FolderRules) -> Iterator[str]:
    for entry in files.listing(folder):
        path = join(folder, entry.name)
        if entry.is_dir(follow_symlinks=False):
            below = place.enter(entry.name)
            if below.can_match:
                yield from _below(files, path, below)
        elif place.find(entry.name, is_dir=False) >= 0:
            yield path
