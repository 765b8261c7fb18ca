"""The user's own entries as keys: what each was meant to watch."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dyncachekeys.config.model import DEFAULTS
from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.propose.facts import Facts, OldEntry
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.propose.source_patterns import from_uv, rooted
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.uv.entries import is_glob

_DEFAULT_FILES = (FILE, "setup.py", "setup.cfg")
_MACHINE = re.compile(r"[/~\\]|[A-Za-z]:")
_LOCAL = re.compile(r"(?:^|/)[^/.]+$|\.(?:cfg|conf|env|ini|json|local|toml|txt|ya?ml)$")
"""What git ignores and is rather a setting of this checkout than a product."""
_FROM_ENTRY = ("From cache-keys.",)
_PYTHON = (
    "Python sources, since they were in cache-keys. In an editable install, which is uv's default, an edit of them",
    "needs no build: remove this key, unless the build itself reads them.",
)
_PRODUCT = ("Was in cache-keys, but git ignores it: a product. Its absence counts, not its content.",)


@dataclass(frozen=True, slots=True)
class Migrated:
    """What becomes of one entry."""

    entry: Any
    by: str | None
    """The key that covers it; nothing if it stays where it is."""
    why: str = ""
    """Why it stays."""
    declared: tuple[Declaration, ...] = ()
    """The keys that have to be declared for it."""


def migrate(facts: Facts, declared: Mapping[str, Declaration]) -> list[Migrated]:
    """Return what becomes of each of the user's entries, beside the keys that are declared without them."""
    return [_migrated(old, facts, declared) for old in facts.old]


def watches_pyproject(facts: Facts) -> bool:
    """Tell whether ``pyproject.toml`` shall count as a whole: unless a list of entries leaves it out."""
    if not facts.listed:
        return True
    named = [old for old in facts.old if _file(old.entry) is not None]
    return not named or any(_file(old.entry) == FILE or FILE in old.files for old in named)


def _migrated(old: OldEntry, facts: Facts, declared: Mapping[str, Declaration]) -> Migrated:
    text = _file(old.entry)
    if text is not None:
        return _of_a_file(old, text, facts, declared)
    match old.entry:
        case {"dir": str(folder), **others} if not others:
            return _of_a_dir(old, folder.rstrip("/"), facts, declared)
        case {"env": str(variable), **others} if variable and not others:
            key = Declaration("environment", "env", {"names": [variable]}, _FROM_ENTRY)
            return _unless_covered(old.entry, key, declared)
        case {"git": asked, **others} if not others:
            return _of_git(old.entry, {"commit": True} if asked is True else asked, declared)
    return Migrated(old.entry, None, "uv can't read it, or not as meant: `dyncachekeys doctor` says more")


def _of_git(entry: Any, asked: Any, declared: Mapping[str, Declaration]) -> Migrated:
    if not isinstance(asked, dict) or not asked.keys() <= {"commit", "tags"}:
        return Migrated(entry, None, "uv can't read it: `dyncachekeys doctor` says more")
    options = {name: True for name in ("commit", "tags") if asked.get(name) is True}
    if not options:
        return Migrated(entry, None, "it asks for nothing")
    return _unless_covered(entry, Declaration("git", "git", options, _FROM_ENTRY), declared)


def _unless_covered(entry: Any, key: Declaration, declared: Mapping[str, Declaration]) -> Migrated:
    """Return an entry with the key that it asks for, unless that is declared already and includes it."""
    known = declared[key.name].options if key.name in declared else {}
    covered = all(_includes(known.get(name), value) for name, value in key.options.items())
    return Migrated(entry, key.name, declared=() if covered else (key,))


def _includes(known: object, value: object) -> bool:
    return set(value) <= set(known) if isinstance(known, list) and isinstance(value, list) else known == value


def _of_a_file(old: OldEntry, text: str, facts: Facts, declared: Mapping[str, Declaration]) -> Migrated:
    if _MACHINE.match(text):
        return Migrated(old.entry, None, "it names a place of this machine, and keys are the same for everybody")
    if posixpath.normpath(text.removeprefix("!")) == ".":
        return Migrated(old.entry, None, "it is the project's own folder, which uv ignores: name what counts in it")
    covering = _covering(posixpath.normpath(text), facts, declared)
    if covering is not None:
        return Migrated(old.entry, covering)
    found = from_uv(text.removeprefix("!"), old.files)
    why_not = _left_out(old, text) or next(filter(None, map(files_pattern.check, found)), None)
    if why_not is not None:
        return Migrated(old.entry, None, why_not)
    key = _key_for(old, text, [f"{pattern.rstrip('/')}/" for pattern in found] if old.is_folder else found)
    return Migrated(old.entry, key.name, declared=(key,))


def _left_out(old: OldEntry, text: str) -> str | None:
    """Return why a key would not find what an entry names: git ignores it, and it is not merely a product."""
    products = is_glob(text) and old.ignored == old.files
    local = [path for path in old.ignored if not products or _LOCAL.search(path)]
    return f"git ignores {local[0]}, which a key would leave out" if local and not text.startswith("!") else None


def _key_for(old: OldEntry, text: str, found: list[str]) -> Declaration:
    if text.startswith("!"):
        return Declaration("sources", "files", {"patterns": [], "exclude": found}, ())
    if is_glob(text) and old.ignored and old.ignored == old.files:
        return Declaration("outputs", "outputs", {"patterns": found}, _PRODUCT)
    if is_glob(text) and text.endswith((".py", ".pyi")):
        return Declaration("python", "files", {"patterns": found}, _PYTHON)
    return Declaration("sources", "files", {"patterns": found}, _FROM_ENTRY)


def _of_a_dir(old: OldEntry, folder: str, facts: Facts, declared: Mapping[str, Declaration]) -> Migrated:
    python = set(filter(_is_python, old.files))
    native = set(facts.natives).intersection(old.files)
    if native and native | python == set(old.files) and "sources" in declared:
        return Migrated(old.entry, "sources")
    pattern = f"{rooted(posixpath.normpath(folder))}/"
    if old.files and not python and files_pattern.check(pattern) is None:
        why = f"Of `{folder}`, uv saw only that it came or went; its content counts now."
        return Migrated(
            old.entry, "sources", declared=(Declaration("sources", "files", {"patterns": [pattern]}, (why,)),)
        )
    if folder == "src" and watches_pyproject(facts):
        return Migrated(old.entry, DEFAULTS)
    return Migrated(old.entry, None, "only uv itself can watch whether a folder comes or goes")


def _is_python(path: str) -> bool:
    return path.endswith((".py", ".pyi", "/py.typed"))


def _covering(path: str, facts: Facts, declared: Mapping[str, Declaration]) -> str | None:
    """Return the key that watches a file anyway."""
    if path in _DEFAULT_FILES and watches_pyproject(facts):
        return DEFAULTS
    watched = {
        "backend": facts.in_tree,
        "requirements": facts.requirement_files,
        "version": facts.version_files,
        "metadata": facts.metadata_files,
    }
    covering = next((name for name, paths in watched.items() if path in paths and name in declared), None)
    written = declared["outputs"].options["patterns"] if "outputs" in declared else []
    return covering or ("outputs" if isinstance(written, list) and files_pattern.exactly(path) in written else None)


def _file(entry: Any) -> str | None:
    text = entry.get("file") if isinstance(entry, dict) and len(entry) == 1 else entry
    if not isinstance(text, str):
        return None
    while text.startswith("./"):
        text = text[2:]
    return text or None
