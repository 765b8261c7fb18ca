"""What a trace found as inputs of a key, and how a listed folder and a path that was looked at count."""

from __future__ import annotations

import fnmatch
import posixpath
from typing import TYPE_CHECKING

from dyncachekeys.ignoring import ignored_from_above, read_ignore_file
from dyncachekeys.model import Env, File, Value
from dyncachekeys.project import FILE
from dyncachekeys.witnesses import LEFT_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dyncachekeys.files import Files
    from dyncachekeys.tracing.facts import Trace

PRODUCTS = ("build", "dist", "*.egg-info", "*.dist-info", "*.egg", "*.pyc", "uv.lock")
"""Names that building, packing and locking bring about: they come and go in folders that builds list."""


def results(trace: Trace, files: Files, pyproject: Mapping[str, object]) -> Iterator[File | Env | Value]:
    """Yield what a build was seen to depend on. None of it asks for an entry: it is this machine's.

    Args:
        trace: What was found.
        files: The project's files.
        pyproject: The parsed ``pyproject.toml``, which counts by value, and without our own table.
    """
    for path, who in (*trace.read.items(), *trace.missing.items()):
        if path == FILE:
            yield Value(FILE, _without_our_table(pyproject), f"read by {who}")
        else:
            reason = f"read by {who}" if path in trace.read else f"absent; looked for by {who}"
            yield File(path, reason, tree=False)
    for path, who in trace.there.items():
        yield Value(f"what is at {path}", _what_is_at(path, files), f"looked for by {who}")
    for path, who in trace.listed.items():
        yield Value(f"names in {path}", names_in(path, files, trace), f"listed by {who}")
    for name, who in trace.variables.items():
        yield Env(name, f"read by {who}", entry=False)


def names_in(path: str, files: Files, trace: Trace) -> list[str] | None:
    """Return what counts of the names in a folder, sorted; nothing where there is none.

    Not hidden names, what the build writes there itself, what builds make in general, nor what git ignores, unless
    the build may ask for it, too: a name that ends like something that it reads there, a folder where it goes down.
    """
    folder = "" if path == "." else path
    if not files.is_dir(path):
        return None
    ignored, _ = ignored_from_above(files, folder)
    text = read_ignore_file(files, folder)
    ignored = ignored if text is None else ignored.with_file(text)
    written = {posixpath.basename(one) for one in trace.written if posixpath.dirname(one) == folder}
    read = {posixpath.splitext(one)[1] for one in trace.read if posixpath.dirname(one) == folder} - {""}
    goes_down = any(one != "." and posixpath.dirname(one) == folder for one in trace.listed)
    return sorted(
        entry.name
        for entry in files.entries(folder)
        if not (
            entry.name.startswith(".")
            or entry.name in written
            or entry.name in LEFT_OUT
            or any(fnmatch.fnmatchcase(entry.name, product) for product in PRODUCTS)
            or (
                ignored.says(entry.name, is_dir=entry.is_dir(follow_symlinks=False))
                and not (goes_down if entry.is_dir() else posixpath.splitext(entry.name)[1] in read)
            )
        )
    )


def _what_is_at(path: str, files: Files) -> str:
    if files.is_dir(path):
        return "directory"
    return "file" if files.is_file(path) else "nothing"


def _without_our_table(pyproject: Mapping[str, object]) -> dict[str, object]:
    tool = pyproject.get("tool")
    kept = {name: table for name, table in tool.items() if name != "dyncachekeys"} if isinstance(tool, dict) else {}
    others = {name: table for name, table in pyproject.items() if name != "tool"}
    return {**others, "tool": kept} if kept else others
