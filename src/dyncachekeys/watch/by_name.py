"""The coverage under `transport = "digest"`: the name of an entry carries the content (U7). Pure.

``{ dir = ".dyncachekeys/sha256-<hex>" }`` names a directory that never exists. uv compares directories by
name, so another name is a change, and the same name is none: on any clone, and whatever the times of files.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dyncachekeys.config.model import DEFAULTS, WHERE
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files import repository
from dyncachekeys.model import Entry, Input, Notice
from dyncachekeys.names import is_credential
from dyncachekeys.pyproject.project import FILE, HOME, load
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.resolving.inputs import digests_of
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage, Naming

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.quick.digest import Triple
    from dyncachekeys.resolving.engine import Resolution, ResolvedKey

_NAME = re.compile(re.escape(HOME) + r"/(sha256-[0-9a-f]{64})")


def cover(resolution: Resolution, files: Files) -> Coverage:
    """Decide for each input what carries it: the name, an entry of its own, or the stamp.

    Only what is a function of the tree enters the name. Whether there is a stamp at all depends on the
    configuration alone, since its entry is committed.

    Args:
        resolution: All inputs.
        files: The project's files, where they were looked at.

    Raises:
        ConfigurationError: ``watch = "uv"`` on what uv can't see, or a key that yields what it said it never does.
    """
    problems = [problem for key in resolution.keys for problem in _problems(key)]
    if problems:
        raise ConfigurationError(problems)
    inputs = [one for key in resolution.keys for one in key.inputs.single]
    watched = dict.fromkeys(sorted(filter(_has_entry, inputs), key=lambda one: one.identity))
    others = [one for one in inputs if not _has_entry(one)]
    named = frozenset(one for one in others if one.tree)
    stamped = {*(one for one in others if not one.tree), *(one for one in watched if _is_unread(one, files))}
    selections = tuple(key.inputs.selected for key in resolution.keys if key.inputs.selected is not None)
    digest = digests_of(map(_triple, named), selections, files, resolution.digests).digest
    naming = Naming(digest, named, selections)
    has_stamp = any(key.machine for key in resolution.keys)
    entries = dict.fromkeys(Entry("git" if one.kind == "git" else "env", one.subject) for one in watched)
    return Coverage(
        entries=(*entries, Entry("dir", naming.path), *([Entry("dir", CURRENT)] if has_stamp else [])),
        watched=frozenset(watched),
        linked={},
        walked=(),
        stamped=frozenset(stamped),
        selections=(),
        digests=digests_of(map(_triple, stamped), (), files, resolution.digests),
        naming=naming,
        has_stamp=has_stamp,
    )


def names(entries: Iterable[Any]) -> list[str]:
    """Return the digests that entries carry in their names."""
    paths = (entry.get("dir") for entry in entries if isinstance(entry, dict))
    found = (_NAME.fullmatch(path) for path in paths if isinstance(path, str))
    return [match[1] for match in found if match]


def loaded(root: Path, owned: Sequence[Mapping[str, Any]]) -> Project:
    """Read a project; a name that carries a digest is ours even where both markers and memory are gone.

    Then the stamp's entries are, too: what counts of ``pyproject.toml``, and so the name, must not depend on them.
    Arguments and errors as `project.load`.
    """
    project = load(root, owned)
    lost = [Entry("dir", f"{HOME}/{digest}") for digest in names(project.user_entries)]
    return load(root, (*owned, *(entry.as_toml() for entry in (*lost, *STAMP_ENTRIES)))) if lost else project


def require_absence(coverage: Coverage, files: Files) -> None:
    """Refuse a project in which the named directory exists: uv would compare its birth time as well (U6).

    Raises:
        ConfigurationError: something stands there.
    """
    if coverage.naming is not None and files.exists(coverage.naming.path):
        message = 'is there; under `transport = "digest"` it is a name only, and uv must find nothing'
        raise ConfigurationError(
            [Problem("name-taken", message, coverage.naming.path, f"remove `{coverage.naming.path}`")]
        )


def spoilers(user_entries: Iterable[Any]) -> Iterator[Notice]:
    """Warn of the user's own entries by which uv would compare times after all (U1, U6)."""
    tables = entry_tables(user_entries)
    said = [f"{kind} `{table[kind]}`" for table in tables for kind in ("file", "dir") if kind in table]
    if said:
        message = (
            f"uv compares the times of your own entries ({', '.join(said)}), and so rebuilds for nothing, and on each "
            'fresh clone: give them to a key with `resolver = "files"`'
        )
        yield Notice("entry-spoils-digest", message, f"{FILE}: tool.uv.cache-keys")


def _has_entry(one: Input) -> bool:
    return one.kind == "git" or (one.kind == "env" and one.entry and not is_credential(one.subject))


def _is_unread(one: Input, files: Files) -> bool:
    return one.kind == "git" and not repository.is_read_by_every_uv(files, one.subject)  # U9


def _problems(key: ResolvedKey) -> Iterator[Problem]:
    if key.watch == "uv":
        unseen = [one for one in key.inputs if not _has_entry(one)]
        if unseen:
            more = f" and {len(unseen) - 1:,} more" if len(unseen) > 1 else ""
            message = (
                f'`watch = "uv"` on {unseen[0].kind} `{unseen[0].subject}`{more}: under `transport = "digest"` '
                "uv sees by itself only variables by name, commit and tags"
            )
            remedy = 'leave `watch` out, or set `transport = "stamp"`'
            where = f"{WHERE}.watch" if key.name == DEFAULTS else key.where
            yield Problem("uv-cannot-watch", message, where, remedy)
    if not key.machine:
        # Commit and tags too: it depends on the repository whether every uv reads them.
        asked = [
            f"{one.kind} `{one.subject}`"
            for one in key.inputs.single
            if one.kind == "git" or not (one.tree or _has_entry(one))
        ]
        asked += [f"output `{one.pattern}`" for one in key.outputs]
        if asked:
            message = f"its resolver says that it never asks the machine, but {asked[0]} is not taken from the tree"
            remedy = "mark it with `tree=True` if it is; else take `machine=False` off the resolver"
            yield Problem("machine-denied", message, key.where, remedy)


def _triple(one: Input) -> Triple:
    return (one.kind, one.subject, one.state)
