"""Entries that mean something else to uv than their author intended: one by one, globs, and where they stand."""

from __future__ import annotations

import itertools
import os
import posixpath
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import tomli

from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import SLOW, WHERE, Package, file_of
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.propose.source_patterns import is_source
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import above, workspace
from dyncachekeys.uv.entries import DEFAULTS, is_glob, malformed
from dyncachekeys.uv.required_version import lower_bound

_SINCE = {"dir": (0, 6, 7), "env": (0, 5, 12), "tags": (0, 4, 23)}
"""The first uv that knows an entry (U24)."""
_PYTHON = (".py", ".pyi", "py.typed")
_ENOUGH_FILES = 1000
_OF_TOOLS = frozenset({".git", ".venv", "venv", "__pycache__", "node_modules", ".tox", ".nox", ".mypy_cache"})
_SHOWN = 3


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
    if {"dir": folder} in DEFAULTS:  # uv's own default is for Python
        inside = [path for path in inside if is_source(path)]
    if inside and not any(package.watches("file", path) for path in inside):
        message = f"uv sees only that `{folder}` comes or goes, not what changes in it"
        globs = [f'`{{ file = "{folder.rstrip("/")}/**/{name}" }}`' for name in _names_like(inside)]
        yield Finding(
            "DCK005", message, where, f"write {first(globs, _SHOWN)}, as far as they count", tuple(inside[:3])
        )


def _files_below(package: Package, folder: str) -> list[str]:
    """Return the first files below a folder that may count: nothing that git ignores, no Python, whose edits need no build."""
    rules = IgnoreRules(package.files)
    found = (f"{path}/{name}" for path, _, names in os.walk(package.files.full(folder)) for name in sorted(names))
    paths = map(package.files.relative, itertools.islice(found, _ENOUGH_FILES))
    return [one for one in paths if not (one.endswith(_PYTHON) or _is_of_tools(one) or rules.ignores(one))]


def _is_of_tools(path: str) -> bool:
    return not _OF_TOOLS.isdisjoint(path.split("/"))


def _names_like(paths: Sequence[str]) -> list[str]:
    """Return globs for the names of files by their endings, the most frequent one first."""
    names = [posixpath.basename(path) for path in paths]
    counts = Counter(f"*{ending}" if (ending := posixpath.splitext(name)[1]) else name for name in names)
    return [glob for glob, _ in counts.most_common()]


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


def of_globs(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with each glob."""
    rules = IgnoreRules(package.files)
    for glob in package.globs:
        where = f"{WHERE}[{glob.place}]"
        if not glob.paths:
            yield Finding("DCK008", f"`{glob.text}` matches nothing", where, "check it, or remove it")
        written = [path for path in glob.paths if _is_of_tools(path) or rules.ignores(path)]
        if written:
            message = f"`{glob.text}` matches what git ignores or tools write: {first(written, _SHOWN)}"
            remedy = "name the folders that count; uv can't exclude, a `files` key of dyncachekeys can"
            yield Finding("DCK009", message, where, remedy, tuple(written[:_SHOWN]))
        if len(glob.paths) > SLOW:
            remedy = "narrow it, or let dyncachekeys watch the files"
            yield Finding("DCK010", f"`{glob.text}` matches more than {SLOW:,} files", where, remedy)


def of_placement(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with the place of the keys."""
    pyproject = package.project.pyproject
    is_root = (
        isinstance(at(pyproject, "tool.uv.workspace"), dict) and workspace.home(package.files) == package.project.root
    )
    if is_root and not package.project.is_package and package.project.user_entries:
        message = "the root of the workspace is not a package, so uv never reads these keys"
        remedy = "write them into each member; `[tool.dyncachekeys.workspace.keys]` does that for you"
        yield Finding("DCK011", message, WHERE, remedy)
    if _in_uv_toml(package):
        remedy = "move them to `[tool.uv]` in pyproject.toml"
        yield Finding("DCK012", "`cache-keys` is in uv.toml", "uv.toml: cache-keys", remedy)
    found = above.masked(package.files, pyproject) if package.listed and package.project.is_package else None
    if found is not None:
        message = f"uv does not read {found.path} for this project, since there is [tool.uv] here"
        yield Finding("DCK016", message, "tool.uv", found.remedy)
    if package.listed and package.project.is_package and not package.watches("file", "pyproject.toml"):
        message = "the list replaces uv's defaults, and `pyproject.toml` is not in it"
        remedy = 'add `{ file = "pyproject.toml" }`'
        yield Finding("DCK013", message, WHERE, remedy, ("pyproject.toml",))


def _in_uv_toml(package: Package) -> bool:
    try:
        data = package.files.read("uv.toml")
        return "cache-keys" in tomli.loads(data.decode("utf-8-sig"))
    except (OSError, ValueError):
        return False
