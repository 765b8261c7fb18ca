"""What a resolver looked at in a process of its own, as it crosses to ours."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment


def packed(files: Files, environ: Environment) -> dict[str, Any]:
    """Return what was looked at, and which variables were asked for, as JSON has it."""
    return {
        "facts": list(files.facts),
        "folders": [
            [
                path,
                [
                    [name, folder.stats[row * 4 : row * 4 + 4].tolist(), folder.content(name).hex(), folder.roles[row]]
                    for name, row in folder.names.items()
                ],
                list(folder.non_regular_stats.items()),
                folder.listed,
                folder.listing.hex(),
            ]
            for path, folder in files.folders.items()
        ],
        "asked": list(environ.asked),
        "prefixes": list(environ.prefixes),
    }


def merge(data: Mapping[str, Any], files: Files, environ: Environment) -> None:
    """Add what was looked at elsewhere; where we saw something else, it changed meanwhile."""
    files.facts.update(dict.fromkeys(data["facts"]))
    environ.asked.update(dict.fromkeys(data["asked"]))
    environ.prefixes.update(dict.fromkeys(data["prefixes"]))
    for path, rows, non_regular, listed, listing in data["folders"]:
        folder = files.folder(path)
        for name, stat, content, role in rows:
            row = folder.names.get(name)
            if row is None:
                folder.add(name, tuple(stat), bytes.fromhex(content), role)
            else:
                folder.roles[row] |= role
                files.settled &= folder.stats[row * 4 : row * 4 + 4].tolist() == stat
        for name, stat in non_regular:
            files.settled &= folder.non_regular_stats.setdefault(name, stat) == stat
        if listed is not None:
            seen = tuple(listed)
            files.settled &= folder.listed in {None, seen}
            folder.listed, folder.listing = seen, bytes.fromhex(listing)


def note_modules(files: Files, before: Iterable[str], search: Iterable[str]) -> None:
    """Remember the code that a resolver is made of: what it imported, and where it was looked for.

    Args:
        files: The project's files.
        before: The names of the modules that were there before it was imported.
        search: The project's own folders that are searched for modules, absolute.
    """
    known = set(before)
    standard = Path(os.__file__).parent
    for name, module in sorted(sys.modules.items()):
        file = getattr(module, "__file__", None)
        if name in known or not isinstance(file, str):
            continue
        path = Path(file)
        if not path.is_relative_to(standard) or "site-packages" in path.parts:
            files.note(files.relative(file))
    for folder in search:
        path_here = files.relative(folder)
        if files.is_dir(path_here):
            files.entries(path_here)
