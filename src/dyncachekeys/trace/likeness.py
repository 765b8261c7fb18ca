"""Which names count in a folder that a build listed: those that are like what it used there.

A name counts if it ends like a file that was read there; or if the build asked of a folder in it whether it holds
something (``*/__init__.py``), and this one does. A rule is a text, so that it can be stored: an ending such as
``.csv``; ``/__init__.py`` for such a question; ``!docs`` for a folder that was there and not gone into; `ALL`, `NAMES`,
`WALKED` or `OWN`.
"""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import join
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.trace.model import BUILD, METADATA, Trace, is_like, parents

ALL, NAMES, WALKED, OWN = "all", "names", "walked", "own"
"""Each file counts; each name counts, whatever it is; a new folder is looked through in the same way; it is the project's
own code that listed the folder."""
MARKERS = frozenset(
    [
        "__init__.py",
        "pyproject.toml",
        "setup.py",
        "setup.cfg",
        "package.json",
        "Cargo.toml",
        "CMakeLists.txt",
        "meson.build",
        "Makefile",
    ]
)
"""Names by which a folder is known for what it is, also where all that it holds was looked at."""
_OF_ROOTS = frozenset({"", ".cfg", ".in", ".lock", ".md", ".rst", ".toml", ".txt"})
"""How files end that lie in the folder of a project for people and tools."""
_PACKED = (".*", *METADATA, "*.egg", "*.pyc", "*.pyo", "uv.lock")
"""Hidden names, and what packing and locking bring about in folders that builds list."""
_BUILT = ("build", "dist")
"""What building brings about in the folder of a project."""
_OF_PROJECTS = ("pyproject.toml", "setup.py")
_DEEPEST = 6
"""How many new folders, one in the other, are looked through."""


class Rules(NamedTuple):
    """The rules for one folder."""

    texts: frozenset[str]

    @property
    def questions(self) -> list[str]:
        """What is asked of folders: the paths in them."""
        return sorted(text[1:] for text in self.texts if text.startswith("/"))

    def takes(self, name: str) -> bool:
        """Tell whether a file counts by its name."""
        return bool(self.texts & {ALL, NAMES, _ending(name)})


def rules_of(trace: Trace, files: Files) -> dict[str, tuple[str, ...]]:
    """Return the rules for each folder that was listed, sorted; a folder without rules is left out.

    Where the project's own code lists a folder and neither reads nor asks for anything in it, nor in the tree that it
    goes through there, the names themselves are what it wanted.
    """
    placed = _Placed(trace)
    found = {folder: {*_rules(folder, placed, trace, files)} for folder in trace.listed}
    choosing = {folder for folder, rules in found.items() if that_choose(rules)}
    for folder in [folder for folder, who in trace.listed.items() if is_of_project(who) and folder not in choosing]:
        inherited = next((one for one in _around(folder, trace) if one in choosing), None)
        found[folder] |= {NAMES} if inherited is None else {one for one in found[inherited] if one[:1] != "!"}
    return {folder: tuple(sorted(rules)) for folder, rules in found.items() if that_choose(rules)}


def _around(folder: str, trace: Trace) -> Iterator[str]:
    """Yield the folders above one, then those below it, that the same line went through."""
    who = trace.listed[folder]
    for one in (*parents(folder), "."):
        if trace.listed.get(one) == who:
            yield one
    yield from (one for one, other in trace.listed.items() if other == who and folder in {*parents(one), "."})


def that_choose(rules: Iterable[str]) -> set[str]:
    """Return the rules by which anything counts."""
    return {rule for rule in rules if rule not in {WALKED, OWN} and not rule.startswith("!")}


def _rules(folder: str, placed: _Placed, trace: Trace, files: Files) -> Iterator[str]:
    is_own = is_of_project(trace.listed[folder])
    names = placed.read[is_own].get(folder, set())
    endings = {_ending(name) for name in names} - {""}
    entries = _entries(folder, trace, files)
    there = {entry.name for entry in entries if not _is_dir(entry)}
    if folder == "." and not is_own:  # what lies there is read for other reasons, as a readme
        endings -= _OF_ROOTS
    elif there and there <= names and (len(endings) > 1 or not is_own):
        yield ALL
    yield from endings
    yield from (f"/{question}" for question in placed.questions[is_own].get(folder, ()))
    if is_own:
        yield OWN
    if placed.listed.get(folder) or folder in trace.walked:
        yield WALKED
        listed = placed.listed.get(folder, set())
        yield from (f"!{entry.name}" for entry in entries if _is_dir(entry) and entry.name not in listed)


class _Placed:
    """What was read, asked for and listed, by folder; the first two apart for the project's own code and for others."""

    def __init__(self, trace: Trace) -> None:
        self.listed = _by_folder(path for path in trace.listed if path != ".")
        both = (True, False)
        self.read = {
            own: _by_folder(one for one, who in trace.read.items() if is_of_project(who) == own) for own in both
        }
        self.questions: dict[bool, dict[str, set[str]]] = {own: {} for own in both}
        for path, who in (*trace.there.items(), *trace.missing.items(), *trace.read.items()):
            folder, name = _parted(path)
            above, _ = _parted(folder)
            is_mere = folder in trace.listed and name not in MARKERS
            if folder != "." and not is_mere and _asks_each(above, who, trace):
                self.questions[is_of_project(who)].setdefault(above, set()).add(name)


def is_of_project(who: str) -> bool:
    """Tell whether it is the project's own code that asked, by how it is shown: it stands with its line."""
    return ":" in who or who == BUILD


def _asks_each(folder: str, who: str, trace: Trace) -> bool:
    """Tell whether who asks of something in a folder may do so of each: whether the same code has listed it."""
    return folder in trace.listed and is_of_project(trace.listed[folder]) == is_of_project(who)


def _by_folder(paths: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for path in paths:
        folder, name = _parted(path)
        found.setdefault(folder, set()).add(name)
    return found


def _parted(path: str) -> tuple[str, str]:
    """Return the folder and the name of a path; ``.`` for the project's own folder."""
    folder, name = posixpath.split(path)
    return folder or ".", name


def names_like(folder: str, rules: Iterable[str], trace: Trace, files: Files, ignored: IgnoreRules) -> list[str] | None:
    """Return what counts in a folder now, sorted: names, and paths in folders that answer a question.

    Nothing where there is no such folder.
    """
    if not files.is_dir(folder):
        return None
    return sorted({*_like(folder, Rules(frozenset(rules)), trace, files, ignored, _DEEPEST)})


def _like(  # noqa: PLR0913
    folder: str, rules: Rules, trace: Trace, files: Files, ignored: IgnoreRules, depth: int
) -> Iterator[str]:
    is_ignored = folder != "." and ignored.ignores(join(folder, "x"))
    for entry in _entries(folder, trace, files):
        path = entry.name if folder == "." else join(folder, entry.name)
        # What git ignores mostly comes from builds. It counts where the project's own code lists a folder of such things,
        # or reads something like it there.
        is_wanted = OWN in rules.texts and (is_ignored or _ending(entry.name) in rules.texts)
        is_seen = is_wanted or path in trace.read
        if not _is_dir(entry):
            if rules.takes(entry.name) and (is_seen or not ignored.ignores(path)):
                yield entry.name
            continue
        if NAMES in rules.texts and (is_seen or not ignored.ignores(join(path, "x"))):
            yield f"{entry.name}/"
        yield from (f"{entry.name}/{one}" for one in rules.questions if files.exists(join(path, one)))
        is_new = (
            WALKED in rules.texts and path not in trace.listed and f"!{entry.name}" not in rules.texts and depth > 0
        )
        if is_new and not ignored.ignores(join(path, "x")):
            yield from (f"{entry.name}/{one}" for one in _like(path, rules, trace, files, ignored, depth - 1))


def is_mere_entry(path: str, trace: Trace) -> bool:
    """Tell whether a path was looked at as an entry of a folder that was listed."""
    return _parted(path)[0] in trace.listed


def is_question(path: str, who: str, trace: Trace, rules: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether a path was looked for as the answer to a question that is put to each folder."""
    folder, name = _parted(path)
    above, _ = _parted(folder)
    return f"/{name}" in rules.get(above, ()) and _asks_each(above, who, trace)


def _entries(folder: str, trace: Trace, files: Files) -> list[os.DirEntry[str]]:
    """Return what a folder holds, but not what the build writes there, what packing makes, and what is hidden."""
    place = "" if folder == "." else folder
    own = {name for path in (*trace.written, *trace.made) for above, name in [posixpath.split(path)] if above == place}
    read = {name for path in trace.read for above, name in [posixpath.split(path)] if above == place}
    entries = [one for one in files.listing(place) if one.name not in LEFT_OUT and one.name not in own]
    names = {entry.name for entry in entries}
    built = _BUILT if names.intersection(_OF_PROJECTS) else ()
    return [one for one in entries if one.name in read or not (is_like(one.name, _PACKED) or one.name in built)]


def _ending(name: str) -> str:
    return posixpath.splitext(name)[1]


def _is_dir(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads back to itself, or where nobody may go
        return False
