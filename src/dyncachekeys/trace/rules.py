"""The rules by which names count in a folder that a build listed: it is found out what the build used there.

A name counts if it ends like a file that was read there; or if the build asked of a folder in it whether it holds
something (``*/__init__.py``), and this one does. A rule is a text, so that it can be stored: an ending such as
``.csv``; ``/__init__.py`` for such a question; ``!docs`` for a folder that was there and not gone into; `ALL`, `NAMES`,
`WALKED` or `OWN`.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping

from dyncachekeys.files.tree import Files
from dyncachekeys.paths import by_folder
from dyncachekeys.trace.entries import Entries, is_dir
from dyncachekeys.trace.model import BUILD, Trace, parents

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


def rules_of(trace: Trace, files: Files) -> dict[str, tuple[str, ...]]:
    """Return the rules for each folder that was listed, sorted; a folder without rules is left out.

    Where the project's own code lists a folder and neither reads nor asks for anything in it, nor in the tree that it
    goes through there, the names themselves are what it wanted.
    """
    placed, entries = _Placed(trace), Entries(trace, files)
    found = {folder: {*_rules(folder, placed, trace, entries)} for folder in trace.listed}
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


def _rules(folder: str, placed: _Placed, trace: Trace, known: Entries) -> Iterator[str]:
    is_own = is_of_project(trace.listed[folder])
    names = placed.read[is_own].get(folder, set())
    endings = {ending(name) for name in names} - {""}
    entries = known.of(folder)
    there = {entry.name for entry in entries if not is_dir(entry)}
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
        yield from (f"!{entry.name}" for entry in entries if is_dir(entry) and entry.name not in listed)


class _Placed:
    """What was read, asked for and listed, by folder; the first two apart for the project's own code and for others."""

    def __init__(self, trace: Trace) -> None:
        self.listed = _names(path for path in trace.listed if path != ".")
        both = (True, False)
        self.read = {own: _names(one for one, who in trace.read.items() if is_of_project(who) == own) for own in both}
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


def _names(paths: Iterable[str]) -> dict[str, set[str]]:
    """Return the names of paths by folder; ``.`` for the project's own folder."""
    return {folder or ".": {*names} for folder, names in by_folder(paths).items()}


def _parted(path: str) -> tuple[str, str]:
    """Return the folder and the name of a path; ``.`` for the project's own folder."""
    folder, name = posixpath.split(path)
    return folder or ".", name


def is_question(path: str, who: str, trace: Trace, rules: Mapping[str, Iterable[str]]) -> bool:
    """Tell whether a path was looked for as the answer to a question that is put to each folder."""
    folder, name = _parted(path)
    above, _ = _parted(folder)
    return f"/{name}" in rules.get(above, ()) and _asks_each(above, who, trace)


def is_mere_entry(path: str, trace: Trace) -> bool:
    """Tell whether a path was looked at as an entry of a folder that was listed."""
    return _parted(path)[0] in trace.listed


def ending(name: str) -> str:
    """Return how a name ends, by which a file counts."""
    return posixpath.splitext(name)[1]
