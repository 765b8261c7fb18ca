"""uv's record of a local package: the one that is installed, and the one that it will make (U, "The record")."""

from __future__ import annotations

import itertools
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from dyncachekeys.encoding import sealed, value_digest
from dyncachekeys.files import repository
from dyncachekeys.files.tree import Files
from dyncachekeys.names import normalised_name
from dyncachekeys.pyproject.source import entry_tables
from dyncachekeys.quick.digest import digest_of
from dyncachekeys.quick.snapshot import FOLDER_LINKS, TIMED
from dyncachekeys.uv.entries import CURRENT, DIGEST, LINKS
from dyncachekeys.uv.mtimes import newest

_SECOND = 1_000_000_000


class Record(NamedTuple):
    """uv's note of what it compared when it installed the project: ``uv_cache.json``."""

    timestamp: int | None
    """Nanoseconds since the epoch: the maximum over all file entries (U1)."""
    git: str | None
    """A digest of the commit and tags; nothing if it depends on uv's version whether it reads them (U9)."""
    env: Mapping[str, str | None]
    current: int | None
    """The birth time in nanoseconds, or the inode, of the stamp folder that it names (U25)."""
    folders: Mapping[str, bool] = MappingProxyType({})
    """What it watches as directories, each with whether it is there."""
    name: str | None = None
    """The name that carries the digest, under the transport `digest` (U7)."""
    identity: tuple[int, int] = (0, 0)
    """Inode and modification time of the file itself: another identity is another record."""

    def missed(self, time: int) -> bool:
        """Tell whether a watched file that was written at a time, in nanoseconds, was written during the build.

        What is newer than the newest file that uv saw was written after uv had looked (U15), and what is not
        newer than the record itself before the build had ended.
        """
        return self.timestamp is not None and self.timestamp < time <= self.identity[1]

    def is_among(self, identities: Iterable[tuple[int, int]]) -> bool:
        """Tell whether this is one of some records, or a copy of one: a copy has another inode and the same time."""
        inode, changed = self.identity
        # Two records are never written in one nanosecond; in one second they are, where no fractions are stored.
        return any(one == (inode, changed) or (one[1] == changed and changed % _SECOND) for one in identities)

    def facts(self, salt: bytes) -> dict[str, Any]:
        """Return what two records are compared by, with the values of variables sealed; not the stamp."""
        values = ((name, "unset" if value is None else "set", value or "") for name, value in self.env.items())
        env = sealed(salt, digest_of(values))
        return {"timestamp": self.timestamp, "git": self.git, "env": env, "name": self.name}

    def fits(self, expected: Mapping[str, Any], salt: bytes) -> bool:
        """Tell whether these are the facts of an expected record."""
        facts = self.facts(salt)
        return expected == (facts if expected["git"] is not None else {**facts, "git": None})


def installed_record(files: Files, name: str, venv: Path) -> Record | None:
    """Return the record of the project of a name, however spelled, in an environment; nothing if it is not there."""
    for info in installed(venv, name):
        path = info / "uv_cache.json"
        if is_from(info, files.root) and (record := _read(path)):
            files.note(files.relative(path), TIMED)
            return record
    _note_absence(files, venv, sites(venv))
    return None


def is_editable(files: Files, name: str, venv: Path) -> bool:
    """Tell whether the project of a name is installed editable (PEP 610); so it will be, if it is not there yet."""
    for info in installed(venv, name):
        path = info / "direct_url.json"
        files.note(files.relative(path), TIMED)
        try:
            return bool(json.loads(path.read_bytes())["dir_info"].get("editable"))
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
    return True


def is_from(info: Path, root: Path) -> bool:
    """Tell whether a distribution was installed from a folder (PEP 610), and not from another checkout of the same."""
    try:
        url = str(json.loads((info / "direct_url.json").read_bytes())["url"])
    except (OSError, ValueError, KeyError, TypeError):
        return True  # nobody says
    if "%" in url:
        from urllib.parse import unquote_to_bytes  # noqa: PLC0415  few paths have what must be quoted

        url = os.fsdecode(unquote_to_bytes(url))
    path = url.removeprefix("file://").rstrip("/")
    return sys.platform == "win32" or path == url or os.path.realpath(path) == os.path.realpath(root)


def sites(venv: Path) -> list[Path]:
    """Return the folders into which an environment may install, whether they are there or not."""
    return [*venv.glob("lib/python*/site-packages"), venv / "Lib" / "site-packages"]


def installed(venv: Path, name: str) -> Iterator[Path]:
    """Yield the ``.dist-info`` folders of a distribution, however its name is spelled."""
    wanted = normalised_name(name)
    for site in sites(venv):
        yield from (info for info in site.glob("*.dist-info") if normalised_name(info.name.split("-")[0]) == wanted)


def _note_absence(files: Files, venv: Path, sites: Iterable[Path]) -> None:
    """Make the next run notice that the project was installed or removed."""
    for folder in (venv, venv / "lib", *sites):
        files.listing(files.relative(folder))


def _read(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_bytes())
        info = path.stat()
        return Record(
            timestamp=_nanoseconds(data["timestamp"]),
            git=value_digest([data["commit"], data["tags"] or None]),
            env=dict(data["env"]),
            current=_nanoseconds(data["directories"].get(CURRENT)),
            folders={str(folder): birth is not None for folder, birth in data["directories"].items()},
            name=_name(data["directories"]),
            identity=(info.st_ino, info.st_mtime_ns),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _nanoseconds(stored: Any) -> int | None:
    if isinstance(stored, dict):
        return int(stored["secs_since_epoch"]) * _SECOND + int(stored["nanos_since_epoch"])
    return None if stored is None else int(stored)


def expected_record(
    files: Files, entries: Sequence[Any], environ: Mapping[str, str], linked: int | None = None, *, packed: bool
) -> Record:
    """Return the record that uv makes if it builds from the project as it is now, in this environment.

    ``entries`` is the whole list ``tool.uv.cache-keys``, the user's entries included; ``linked`` the latest time of
    what uv sees through links, in nanoseconds; ``packed`` says what it reads of git (`repository.is_read_by_uv`).
    """
    of_kind: dict[str, list[Any]] = {"file": [], "dir": [], "env": [], "git": []}
    for entry in entry_tables(entries):
        for kind, value in entry.items():
            of_kind.get(kind, []).append(value)
    folders = list(map(str, of_kind["dir"]))
    others = [path for path in map(str, of_kind["file"]) if path != LINKS and not path.startswith(f"{FOLDER_LINKS}/")]
    times = (newest(files, others), linked)
    return Record(
        timestamp=max((time for time in times if time is not None), default=None),
        git=_git(files, of_kind["git"], packed=packed),
        env={name: environ.get(name) for name in map(str, of_kind["env"])},
        current=None,
        folders={folder: os.path.isdir(files.full(folder)) for folder in folders},
        name=_name(folders),
    )


def _name(directories: Iterable[str]) -> str | None:
    return next((name for name in directories if name.startswith(DIGEST)), None)


def _asked_of_git(value: Any) -> list[str]:
    """Return what an entry of the kind `git` has uv look at."""
    if isinstance(value, dict):
        return [name for name, on in value.items() if on]
    return ["commit"] if value is True else []


def _git(files: Files, wanted: Iterable[Any], *, packed: bool) -> str | None:
    """Return a digest of ``[commit, tags]`` as uv reads them, ``None`` for what no entry asks for (U9)."""
    asked = {"commit", "tags"}.intersection(itertools.chain.from_iterable(map(_asked_of_git, wanted)))
    if not all(repository.is_read_by_uv(files, what, packed=packed) for what in asked):
        return None
    return value_digest(
        [
            repository.commit(files) if "commit" in asked else None,
            # Without a repository there are no tags, and with one there is an empty list of them.
            repository.tags(files) or None if "tags" in asked else None,
        ]
    )
