"""The coverage under `transport = "digest"`: the name of an entry carries the content (U7). Pure.

``{ dir = ".dyncachekeys/sha256-<hex>" }`` names a directory that never exists. uv compares directories by
name, so another name is a change, and the same name is none: on any clone, and whatever the times of files.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from operator import attrgetter
from pathlib import Path
from typing import Any

from dyncachekeys.config.model import DEFAULTS, WHERE
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files import repository
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Entry, Input, Notice
from dyncachekeys.names import is_credential
from dyncachekeys.pyproject.project import BUILD_RESOLVER, FILE, HOME, Project, load
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.resolving.engine import Resolution, ResolvedKey
from dyncachekeys.resolving.inputs import digests_of
from dyncachekeys.uv.entries import CURRENT
from dyncachekeys.watch.coverage import STAMP_ENTRIES, Coverage, Naming, own_entries

_NAME = re.compile(re.escape(HOME) + r"/(sha256-[0-9a-f]{64})")


def cover(resolution: Resolution, files: Files, *, packed: bool) -> Coverage:
    """Decide for each input what carries it: the name, an entry of its own, or the stamp.

    Only what is a function of the tree enters the name. Whether there is a stamp at all depends on the
    configuration alone, since its entry is committed. Of git, `packed` says what uv reads (`is_read_by_uv`).

    Raises:
        ConfigurationError: ``watch = "uv"`` on what uv can't see, or a key that yields what it said it never does.
    """
    problems = [problem for key in resolution.keys for problem in (*_unseen(key), *_untrue(key))]
    if problems:
        raise ConfigurationError(problems)
    inputs = list(chain.from_iterable(key.inputs.single for key in resolution.keys))
    watched = sorted(set(filter(_has_entry, inputs)), key=attrgetter("identity"))
    stamped = frozenset(one for one in inputs if _moves_stamp(one, files, packed=packed))
    naming = _naming(inputs, resolution, files)
    has_stamp = any(key.machine for key in resolution.keys)
    of_builds = frozenset(one for key in resolution.keys if key.of_builds for one in key.inputs.single)
    others = (one.triple for one in stamped - of_builds)
    is_watched = any(key.of_builds for key in resolution.keys)
    return Coverage(
        entries=(*own_entries(watched), Entry("dir", naming.path), *([Entry("dir", CURRENT)] if has_stamp else [])),
        watched=frozenset(watched),
        linked={},
        walked=(),
        stamped=stamped,
        selections=(),
        digests=digests_of((one.triple for one in stamped), (), files, resolution.digests),
        naming=naming,
        has_stamp=has_stamp,
        of_builds=of_builds,
        others_digest=digests_of(others, (), files, resolution.digests).digest if is_watched else "",
        awaits_build=any(key.resolver == BUILD_RESOLVER and not key.inputs.single for key in resolution.keys),
    )


def _naming(inputs: Iterable[Input], resolution: Resolution, files: Files) -> Naming:
    named = frozenset(one for one in inputs if one.tree and not _has_entry(one))
    selections = tuple(key.inputs.selected for key in resolution.keys if key.inputs.selected is not None)
    return Naming(
        digests_of((one.triple for one in named), selections, files, resolution.digests).digest, named, selections
    )


def names(entries: Iterable[Any]) -> Iterator[str]:
    """Yield the digests that entries carry in their names."""
    paths = (entry.get("dir") for entry in entries if isinstance(entry, dict))
    matches = (_NAME.fullmatch(path) for path in paths if isinstance(path, str))
    yield from (match[1] for match in matches if match)


def loaded(root: Path, owned: Sequence[Mapping[str, Any]]) -> Project:
    """Read a project; a name that carries a digest is ours even where both markers and memory are gone.

    Then so are the stamp's entries: what counts of ``pyproject.toml``, and so the name, must not depend on them.
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
    timed = [
        f"{kind} `{table[kind]}`" for table in entry_tables(user_entries) for kind in ("file", "dir") if kind in table
    ]
    if timed:
        message = (
            f"uv compares the times of your own entries ({', '.join(timed)}), and so rebuilds for nothing, and on each "
            'fresh clone: give them to a key with `resolver = "files"`'
        )
        yield Notice("entry-spoils-digest", message, f"{FILE}: tool.uv.cache-keys")


def _has_entry(one: Input) -> bool:
    return one.kind == "git" or (one.kind == "env" and one.entry and not is_credential(one.subject))


def _moves_stamp(one: Input, files: Files, *, packed: bool) -> bool:
    if one.kind == "git":
        return not repository.is_read_by_uv(files, one.subject, packed=packed)  # U9
    return not (one.tree or _has_entry(one))


def _unseen(key: ResolvedKey) -> Iterator[Problem]:
    """Yield what is wrong with a key that uv shall watch, but can't."""
    unseen = [one for one in key.inputs if not _has_entry(one)] if key.watch == "uv" else []
    if unseen:
        more = f" and {len(unseen) - 1:,} more" if len(unseen) > 1 else ""
        message = (
            f'`watch = "uv"` on {unseen[0].kind} `{unseen[0].subject}`{more}: under `transport = "digest"` '
            "uv sees by itself only variables by name, commit and tags"
        )
        remedy = 'leave `watch` out, or set `transport = "stamp"`'
        yield Problem("uv-cannot-watch", message, f"{WHERE}.watch" if key.name == DEFAULTS else key.where, remedy)


def _untrue(key: ResolvedKey) -> Iterator[Problem]:
    """Yield what is wrong with a key whose resolver says that it never asks the machine, but does."""
    if key.machine:
        return
    # Commit and tags too: it depends on the repository whether every uv reads them.
    unmarked = (one for one in key.inputs.single if one.kind == "git" or not (one.tree or _has_entry(one)))
    asked = [*(f"{one.kind} `{one.subject}`" for one in unmarked), *(f"output `{one.pattern}`" for one in key.outputs)]
    if asked:
        message = f"its resolver says that it never asks the machine, but {asked[0]} is not taken from the tree"
        remedy = "mark it with `tree=True` if it is; else take `machine=False` off the resolver"
        yield Problem("machine-denied", message, key.where, remedy)
