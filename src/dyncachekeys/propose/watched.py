"""What is watched, and by whom: a key, the user's own ``cache-keys``, or uv's defaults.

A key with the resolver `build` watches whatever a record names, on the machine that has the record: it stands apart.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import DEFAULTS
from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.files.tree import MISSING, Files
from dyncachekeys.pyproject.project import FILE, Project
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.pyproject.tables import at
from dyncachekeys.resolving.engine import ResolvedKey
from dyncachekeys.trace.rules import ALL, NAMES, that_choose
from dyncachekeys.uv import entries
from dyncachekeys.uv.mtimes import expanded

_ENTRIES = "tool.uv.cache-keys"
_BUILD = "build"
_INPUTS: dict[str, dict[str, str]] = {
    "read": {"file": "{}", "value": "{}"},
    "listed": {"value": "names in {}"},
    "missing": {"file": "{}", "value": "{}"},
    "there": {"file": "{}", "value": "what is at {}", "directory": "{}"},
    "variables": {"env": "{}"},
}
"""By how a build asks: the kinds of inputs that watch what it asks for, and their subjects."""


@dataclass(slots=True)
class Watched:
    """What is watched; each with the name of a key, or ``tool.uv.cache-keys``."""

    inputs: dict[tuple[str, str], str] = field(default_factory=dict)
    """By kind and subject."""
    globs: list[tuple[str, str]] = field(default_factory=list)
    present: dict[str, str] = field(default_factory=dict)
    """The files that are there and that somebody named, so not by a default or a `backend` key."""
    resolvers: set[str] = field(default_factory=set)
    """Of all keys."""
    record_key: str = ""
    """The name of the key that watches by the records of builds; empty if there is none."""

    def by(self, asked: str, subject: str, rules: Mapping[str, Sequence[str]]) -> str:
        """Return who watches what the build depends on, for everybody alike; empty if nobody does.

        Args:
            asked: How the build asked for it.
            subject: For what.
            rules: Which names count in the folders that it listed.
        """
        inputs = ((kind, text.format(subject)) for kind, text in _INPUTS.get(asked, {}).items())
        known = next((self.inputs[one] for one in inputs if one in self.inputs), "")
        if known or asked in {"variables", "program"}:
            return known
        if asked == "git":
            return self.inputs.get(("git", "commit"), "")
        return self._names_in(subject, rules.get(subject, ())) if asked == "listed" else self._by_glob(subject)

    def _names_in(self, folder: str, rules: Sequence[str]) -> str:
        """Return whose globs match whatever new name counts in a folder."""
        found = [self._by_glob(posixpath.normpath(f"{folder}/{name}")) for name in new_names(rules)]
        return found[0] if found and all(found) else ""

    def _by_glob(self, path: str) -> str:
        return next((who for glob, who in self.globs if files_pattern.matches(glob, path)), "")

    def add_entries(self, project: Project, files: Files, *, has_keys: bool) -> None:
        """Add what the user's own ``cache-keys`` watch; without any, what uv watches by default."""
        given: Sequence[Any] = project.user_entries
        if not has_keys and at(project.pyproject, _ENTRIES) is None:
            given = entries.DEFAULTS
        pairs = [pair for entry in entry_tables(given) for pair in entry.items()]
        for kind, value in pairs:
            if kind == "file":
                self._add_path(str(value), files, named=given is not entries.DEFAULTS)
            elif kind in {"dir", "env"}:
                self.inputs["directory" if kind == "dir" else "env", str(value)] = _ENTRIES

    def _add_path(self, glob: str, files: Files, *, named: bool) -> None:
        if glob not in {"setup.py", "setup.cfg", FILE}:
            self.globs.append((f"/{glob}" if "/" in glob else glob, _ENTRIES))
        for path in expanded(files, [glob]):
            self.inputs["file", path] = _ENTRIES
            if named and files.is_file(path):
                self.present[path] = _ENTRIES

    def add_key(self, key: ResolvedKey, options: Mapping[str, Any]) -> None:
        """Add what a key with these declared options watches."""
        self.resolvers.add(key.resolver)
        if key.resolver == _BUILD:
            self.record_key = self.record_key or key.name
            return
        self.add_inputs(key)
        for item in key.inputs:
            if item.kind == "file" and item.state != MISSING and key.resolver not in {DEFAULTS, "backend"}:
                self.present.setdefault(item.subject, key.name)
        if key.resolver == "files":
            self.globs += [(str(glob), key.name) for glob in options.get("patterns", [])]
        if key.resolver == "table":
            self.inputs.setdefault(("file", of_table(options)), key.name)

    def add_inputs(self, key: ResolvedKey) -> None:
        """Add the inputs of a key."""
        for item in key.inputs:
            self.inputs.setdefault((item.kind, item.subject), key.name)


def new_names(rules: Sequence[str]) -> list[str]:
    """Return a name for each rule of a folder (`trace.likeness`) that would count if it came."""
    return [_new_name(rule) for rule in sorted(that_choose(rules))]


def _new_name(rule: str) -> str:
    if rule in {ALL, NAMES}:
        return "new-name"
    return f"new-folder{rule}" if rule.startswith("/") else f"new-name{rule}"


def folder_of(path: str) -> str:
    """Return the folder of a path relative to the project; ``.`` for the project's own."""
    return posixpath.dirname(path) or "."
