"""What a trace found as inputs of a key, and how a listed folder and a path that was looked at count."""

from __future__ import annotations

import fnmatch
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.ignoring import ignored_from_above, read_ignore_file
from dyncachekeys.model import Env, File, Value
from dyncachekeys.project import FILE
from dyncachekeys.pyproject_tables import without_our_table
from dyncachekeys.witnesses import LEFT_OUT

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.files import Files
    from dyncachekeys.tracing.facts import Trace

_PACKED = ("*.egg-info", "*.dist-info", "*.egg", "*.pyc", "uv.lock")
"""What packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = (FILE, "setup.py")


class Names(NamedTuple):
    """The names in a folder that may say anything to a build, sorted."""

    counted: list[str]
    others: list[str]
    """What builds make there and git ignores: it does not count by its name. But the build may read it, so when one
    comes or goes it has to be watched again."""


def results(trace: Trace, files: Files, pyproject: Mapping[str, object]) -> Iterator[File | Env | Value]:
    """Yield what a build was seen to depend on. None of it asks for an entry: it is this machine's.

    Args:
        trace: What was found.
        files: The project's files.
        pyproject: The parsed ``pyproject.toml``, which counts by value, and without our own table.
    """
    for path, who in (*trace.read.items(), *trace.missing.items()):
        if path == FILE:
            yield Value(FILE, without_our_table(pyproject), f"read by {who}")
        else:
            reason = f"read by {who}" if path in trace.read else f"absent; looked for by {who}"
            yield File(path, reason, tree=False)
    for path, who in trace.there.items():
        yield Value(f"what is at {path}", _what_is_at(path, files), f"looked for by {who}")
    for path, who in trace.listed.items():
        names = names_in(path, files, trace)
        yield Value(f"names in {path}", names and names.counted, f"listed by {who}")
    for name, who in trace.variables.items():
        yield Env(name, f"read by {who}", entry=False)


def names_in(path: str, files: Files, trace: Trace) -> Names | None:
    """Return the names in a folder; nothing where there is none.

    Not hidden names, nor what the build writes there itself. What git ignores counts if it looks like what
    the build asks for: a name that ends like something that it reads there, a folder where it goes down.
    """
    folder = "" if path == "." else path
    if not files.is_dir(path):
        return None
    own = {posixpath.basename(one) for one in (*trace.written, *trace.made) if posixpath.dirname(one) == folder}
    found = [one for one in files.entries(folder) if not (one.name in own or one.name in LEFT_OUT or _is_passing(one))]
    others = {one.name for one in _passed_over(folder, found, files, trace)}
    return Names(sorted(one.name for one in found if one.name not in others), sorted(others))


def _is_passing(entry: os.DirEntry[str]) -> bool:
    return entry.name.startswith(".") or any(fnmatch.fnmatchcase(entry.name, product) for product in _PACKED)


def _passed_over(
    folder: str, found: Sequence[os.DirEntry[str]], files: Files, trace: Trace
) -> Iterator[os.DirEntry[str]]:
    ignored, _ = ignored_from_above(files, folder)
    text = read_ignore_file(files, folder)
    ignored = ignored if text is None else ignored.with_file(text)
    read = {posixpath.splitext(one)[1] for one in trace.read if posixpath.dirname(one) == folder} - {""}
    goes_down = any(one != "." and posixpath.dirname(one) == folder for one in trace.listed)
    is_projects = not {one.name for one in found}.isdisjoint(_OF_PROJECTS)
    for entry in found:
        if is_projects and entry.name in _BUILT:
            yield entry
            continue
        is_like = goes_down if entry.is_dir() else posixpath.splitext(entry.name)[1] in read
        if not is_like and ignored.says(entry.name, is_dir=entry.is_dir(follow_symlinks=False)):
            yield entry


def _what_is_at(path: str, files: Files) -> str:
    if files.is_dir(path):
        return "directory"
    return "file" if files.is_file(path) else "nothing"
