"""What a trace found as inputs of a key, and which of it the build merely came by."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from dyncachekeys.model import Env, File, Value
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.tables import without_our_table
from dyncachekeys.trace.listing import ListedNames, joined, listed_names
from dyncachekeys.trace.model import parents

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dyncachekeys.files.tree import Files
    from dyncachekeys.trace.model import Trace

Found: TypeAlias = File | Env | Value


class TracedInputs(NamedTuple):
    """What a build depends on."""

    results: list[Found]
    incidental: list[Found]
    """What it asked of names that do not count. When that changes, the build has to be traced again; nothing more."""


def inputs_of(trace: Trace, files: Files, pyproject: Mapping[str, object]) -> TracedInputs:
    """Return what a build was seen to depend on. None of it asks for an entry: it is this machine's.

    Args:
        trace: What was found.
        files: The project's files.
        pyproject: The parsed ``pyproject.toml``, which counts by value, and without our own table.
    """
    names = listed_names(trace, files)
    came_by = incidental(trace, files, names)
    inputs = TracedInputs([], [])

    def add(asked: str, path: str, found: Found) -> None:
        (inputs.incidental if (asked, path) in came_by else inputs.results).append(found)

    for path, who in trace.read.items():
        reason = f"read by {who}"
        is_ours = path == FILE
        add("read", path, Value(FILE, without_our_table(pyproject), reason) if is_ours else _file(path, reason))
    for path, who in trace.missing.items():
        add("missing", path, _file(path, f"absent; looked for by {who}"))
    for path, who in trace.there.items():
        add("there", path, Value(f"what is at {path}", _what_is_at(path, files), f"looked for by {who}"))
    for path, who in trace.listed.items():
        listed = names[path]
        add("listed", path, Value(f"names in {path}", listed and listed.counted, f"listed by {who}"))
        inputs.incidental.append(Value(f"other names in {path}", listed and listed.ignored))
    inputs.results.extend(Env(name, f"read by {who}", entry=False) for name, who in trace.variables.items())
    return inputs


def _file(path: str, reason: str) -> File:
    return File(path, reason, tree=False)


def incidental(trace: Trace, files: Files, names: Mapping[str, ListedNames | None]) -> set[tuple[str, str]]:
    """Return what a build merely came by as it went through whole folders, each with how it was asked for.

    That is, names that do not count and what lies there, unless it read something there or asked for it in particular.

    Args:
        trace: What was found.
        files: The project's files.
        names: As `listed_names` returns them.
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
