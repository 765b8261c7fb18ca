"""Entries that mean something else to uv than their author intended."""

from __future__ import annotations

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import WHERE, Package, file_of
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv.entries import DEFAULTS, is_glob, malformed

_SINCE = {"dir": (0, 6, 7), "env": (0, 5, 12), "tags": (0, 4, 23)}
"""The first uv that knows an entry (U24)."""
_NATIVE = (".c", ".cc", ".cpp", ".cu", ".f90", ".h", ".hpp", ".nim", ".pyx", ".rs", ".zig")
_ENOUGH_FILES = 1000
_LOWER_BOUND = re.compile(r"(?:>=|==|~=|>)\s*(\d+(?:\.\d+)*)")


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with the entries one by one."""
    for place, entry in enumerate(package.entries):
        where = f"{WHERE}[{place}]"
        problem = malformed(entry)
        if problem is not None:
            remedy = "write a path, or a table with one of `file`, `dir`, `env` and `git`"
            yield Finding("DCK001", problem, where, remedy)
        elif place < len(package.project.user_entries):  # ours name what was there
            yield from _of_a_file(package, file_of(entry), where)
            yield from _of_a_dir(package, entry.get("dir") if isinstance(entry, dict) else None, where)
            yield from _of_an_old_uv(package, entry, where)


def _of_a_file(package: Package, text: str | None, where: str) -> Iterator[Finding]:
    if text is None:
        return
    full = package.files.full(text)
    if text.startswith("!"):
        yield Finding("DCK003", f"`{text}` leaves nothing out", where, "name what counts instead of what does not")
    elif is_glob(text):
        if os.path.lexists(full):
            message = f"`{text}` is there, but to uv it is a glob, which does not match itself"
            yield Finding("DCK004", message, where, "rename it, or let dyncachekeys watch it", (text,))
    elif Path(full).is_dir():
        remedy = f'write `{{ file = "{text.rstrip("/")}/**" }}`, or a narrower glob, for what it holds'
        yield Finding("DCK006", f"`{text}` is a folder", where, remedy, (text,))
    elif not os.path.lexists(full) and {"file": text} not in DEFAULTS and not text.startswith(".dyncachekeys/"):
        yield Finding("DCK007", f"`{text}` is not there", where, "check its name", (text,))


def _of_a_dir(package: Package, folder: Any, where: str) -> Iterator[Finding]:
    if not isinstance(folder, str) or folder.startswith(".dyncachekeys/"):
        return
    inside = _files_below(package, folder.rstrip("/"))
    if {"dir": folder} in DEFAULTS:  # uv's own default is for Python, where no edit needs a build
        inside = [path for path in inside if path.endswith(_NATIVE)]
    if inside and not any(package.watches(path) for path in inside):
        message = f"uv sees only that `{folder}` comes or goes, not what changes in it"
        remedy = f'write `{{ file = "{folder.rstrip("/")}/**/*.c" }}` or the like for the files that count'
        yield Finding("DCK005", message, where, remedy, tuple(inside[:3]))


def _files_below(package: Package, folder: str) -> list[str]:
    """Return the first files below a folder."""
    paths = (f"{path}/{name}" for path, _, names in os.walk(package.files.full(folder)) for name in sorted(names))
    return [package.files.relative(path) for path in itertools.islice(paths, _ENOUGH_FILES)]


def _of_an_old_uv(package: Package, entry: Any, where: str) -> Iterator[Finding]:
    oldest = lower_bound(at(package.project.pyproject, "tool.uv.required-version"))
    if oldest is None or not isinstance(entry, dict):
        return
    git = entry.get("git")
    kinds = {*entry, *(git if isinstance(git, dict) else ())}
    for kind in sorted(kinds & _SINCE.keys()):
        if oldest < _SINCE[kind]:
            since = ".".join(map(str, _SINCE[kind]))
            message = f"`{kind}` is known from uv {since} on, and `required-version` allows older ones"
            yield Finding("DCK002", message, where, f"set `tool.uv.required-version` to `>={since}` or newer")


def lower_bound(specifier: Any) -> tuple[int, ...] | None:
    """Return the oldest version that a specifier such as ``>=0.5,<1`` allows; nothing if it has no lower bound."""
    found = _LOWER_BOUND.search(specifier) if isinstance(specifier, str) else None
    return tuple(map(int, found.group(1).split("."))) if found else None
