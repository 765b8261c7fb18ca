"""What a trace found as inputs of a key: which names count in a listed folder, and what a build merely came by."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias

from dyncachekeys.files.ignore import ignored_from_above, read_ignore_file
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Env, File, Value
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import without_our_table
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.model import METADATA, Trace, is_like, parents

Found: TypeAlias = File | Env | Value
_PACKED = (".*", *METADATA, "*.egg", "*.pyc", "uv.lock")
"""Hidden names, and what packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = (FILE, "setup.py")


class ListedNames(NamedTuple):
    """The names in a folder that may say anything to a build, sorted."""

    counted: list[str]
    ignored: list[str]
    """What builds make there and git ignores: it does not count by its name. But the build may read it, so when one
    comes or goes it has to be traced again."""
    incidental: list[str]
    """Those, what packing makes, and what is hidden: of no interest to who goes through all that there is."""


class TracedInputs(NamedTuple):
    """What a build depends on."""

    results: list[Found]
    incidental: list[Found]
    """What it asked of names that do not count. When that changes, the build has to be traced again; nothing more."""


def inputs_of(trace: Trace, files: Files, pyproject: Mapping[str, object]) -> TracedInputs:
    """Return what a build was seen to depend on. None of it asks for an entry: it is this machine's.

    The parsed ``pyproject.toml`` counts by value, and without our own table.
    """
    names = listed_names(trace, files)
    came_by = incidental(trace, files, names)
    inputs = TracedInputs([], [])

    def add(asked: str, path: str, found: Found) -> None:
        (inputs.incidental if (asked, path) in came_by else inputs.results).append(found)

    for path, who in trace.read.items():
        found = Value(FILE, without_our_table(pyproject)) if path == FILE else File(path, tree=False)
        add("read", path, replace(found, reason=f"read by {who}"))
    for path, who in trace.missing.items():
        add("missing", path, File(path, f"absent; looked for by {who}", tree=False))
    for path, who in trace.there.items():
        add("there", path, Value(f"what is at {path}", _what_is_at(path, files), f"looked for by {who}"))
    for path, who in trace.listed.items():
        listed = names[path]
        add("listed", path, Value(f"names in {path}", listed and listed.counted, f"listed by {who}"))
        inputs.incidental.append(Value(f"other names in {path}", listed and listed.ignored))
    inputs.results.extend(Env(name, f"read by {who}", entry=False) for name, who in trace.variables.items())
    return inputs


def incidental(trace: Trace, files: Files, names: Mapping[str, ListedNames | None]) -> set[tuple[str, str]]:
    """Return what a build merely came by as it went through whole folders, each with how it was asked for.

    That is, names that do not count and what lies there, unless it read something there or asked for it in particular.
    """
    listers = _listers(trace, names)
    return {
        (asked, path)
        for asked in ("missing", "there", "listed")
        for path, who in trace.subjects[asked].items()
        if _came_by(asked, path, who, listers, files)
    }


def _listers(trace: Trace, names: Mapping[str, ListedNames | None]) -> dict[str, str]:
    """Return the paths of names that do not count and below which nothing was read, each with who listed its folder."""
    listers = {
        joined(folder, name): trace.listed[folder]
        for folder, listed in names.items()
        for name in (listed.incidental if listed else ())
    }
    for path in trace.read:
        for above in (path, *parents(path)):
            listers.pop(above, None)
    return listers


def _came_by(asked: str, path: str, who: str, listers: Mapping[str, str], files: Files) -> bool:
    """Tell whether who asked for a path did so only because it was in a folder that he went through.

    A line of the project's own code that lists one folder and then another one in it goes through them; any other
    asks in particular. A build requirement goes through them; but that a file is there may tell it where a package is.
    """
    top = next((above for above in (path, *parents(path)) if above in listers), None)
    if top is None:
        return False
    if ":" in who:
        return who == listers[top]
    return asked != "there" or path == top or not files.is_file(path)


def _what_is_at(path: str, files: Files) -> str:
    """Return what stands at a path, and where it leads if it is a link; not what it holds."""
    what = "directory" if files.is_dir(path) else "file" if files.is_file(path) else "nothing"
    link = Path(files.full(path))
    if not link.is_symlink():
        return what
    files.exists(path)  # so that it is looked at again
    return f"{what} -> {os.fsencode(link.readlink()).decode('utf-8', 'backslashreplace')}"


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder, which is ``.`` for the project's own."""
    return posixpath.normpath(f"{folder}/{name}")


def listed_names(trace: Trace, files: Files) -> dict[str, ListedNames | None]:
    """Return the names in each folder that was listed; nothing where there is none any more."""
    return {folder: _names_in(folder, files, trace) if files.is_dir(folder) else None for folder in trace.listed}


def _names_in(path: str, files: Files, trace: Trace) -> ListedNames:
    """Return the names in a folder, but not what the build itself writes there."""
    folder = "" if path == "." else path
    left_out = LEFT_OUT | _names_of(folder, (*trace.written, *trace.made))
    entries = [entry for entry in files.entries(folder) if entry.name not in left_out]
    packed = {entry.name for entry in entries if is_like(entry.name, _PACKED)}
    others = [entry for entry in entries if entry.name not in packed]
    ignored = {*_ignored(folder, others, files, trace)}
    counted = {entry.name for entry in others} - ignored
    return ListedNames(sorted(counted), sorted(ignored), sorted(packed | ignored))


def _names_of(folder: str, paths: Iterable[str]) -> set[str]:
    """Return the names of those paths that lie in a folder itself."""
    return {posixpath.basename(path) for path in paths if posixpath.dirname(path) == folder}


def _ignored(folder: str, entries: Sequence[os.DirEntry[str]], files: Files, trace: Trace) -> Iterator[str]:
    """Yield what builds make, and what git ignores, but no file that ends like one that the build reads there."""
    rules, _ = ignored_from_above(files, folder)
    text = read_ignore_file(files, folder)
    rules = rules if text is None else rules.with_file(text)
    endings = {*map(_ending, _names_of(folder, trace.read))} - {""}
    built = _BUILT if any(entry.name in _OF_PROJECTS for entry in entries) else ()
    for entry in entries:
        is_dir = _is_dir(entry)
        counts = not is_dir and _ending(entry.name) in endings
        is_ignored = not counts and rules.ignores(entry.name, is_dir=is_dir and not entry.is_symlink())
        if is_ignored or entry.name in built:
            yield entry.name


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1]


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself, or where nobody may go
        return False
