"""uv's record of a local package: the one that is installed, and the one that it will make (U, "The record")."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys import git
from dyncachekeys.digest import digest_of
from dyncachekeys.document import parse
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.uv.accepts import CURRENT
from dyncachekeys.uv.newest import newest
from dyncachekeys.values import sealed, value_digest
from dyncachekeys.witnesses import TIMED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from dyncachekeys.files import Files

_SECOND = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Record:
    """uv's note of what it compared when it installed the project: ``uv_cache.json``."""

    timestamp: int | None
    """Nanoseconds since the epoch: the maximum over all file entries (U1)."""
    git: str
    """A digest of the commit and tags."""
    env: Mapping[str, str | None]
    current: int | None
    """The birth time in nanoseconds, or the inode, of the stamp folder that it names (U25)."""
    identity: tuple[int, int] = (0, 0)
    """Inode and modification time of the file itself: another one was written anew."""

    def facts(self, salt: bytes) -> dict[str, Any]:
        """Return what two records are compared by, with the values of variables sealed; not the stamp."""
        values = ((name, "unset" if value is None else "set", value or "") for name, value in self.env.items())
        return {"timestamp": self.timestamp, "git": self.git, "env": sealed(salt, digest_of(values))}


def installed_record(files: Files, name: str, environ: Mapping[str, str]) -> Record | None:
    """Return the record of the project in its environment; nothing if it is not installed there.

    Args:
        files: The project's files.
        name: The project's name, in whatever spelling.
        environ: For ``UV_PROJECT_ENVIRONMENT``.
    """
    venv = project_environment(files, environ)
    wanted = _normalised(name)
    sites = (*venv.glob("lib/python*/site-packages"), venv / "Lib" / "site-packages")
    for site in sites:
        for info in site.glob("*.dist-info"):
            path = info / "uv_cache.json"
            if _normalised(info.name.split("-")[0]) == wanted and (record := _read(path)):
                files.note(files.relative(os.fspath(path)), TIMED)
                return record
    _note_absence(files, venv, sites)
    return None


def _note_absence(files: Files, venv: Path, sites: Iterable[Path]) -> None:
    """Have it noticed when the project comes to be installed, or not any more."""
    for folder in (venv, venv / "lib", *sites):
        path = files.relative(os.fspath(folder))
        if files.is_dir(path):
            files.entries(path)


def project_environment(files: Files, environ: Mapping[str, str]) -> Path:
    """Return the folder of the project's environment: ``UV_PROJECT_ENVIRONMENT``, else ``.venv``.

    At the workspace's root if there is one above, as uv does it; it need not exist.
    """
    root = files.root
    home = next((folder for folder in (root, *root.parents) if _is_workspace(files, folder)), root)
    return home / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _is_workspace(files: Files, folder: Path) -> bool:
    path = folder / "pyproject.toml"
    files.note(files.relative(os.fspath(path)))
    try:
        data = parse(path.read_bytes())
    except (OSError, DyncachekeysError):
        return False
    uv = data.get("tool", {}).get("uv", {}) if isinstance(data.get("tool"), dict) else {}
    return isinstance(uv, dict) and "workspace" in uv


def _normalised(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()  # PEP 503


def _read(path: Path) -> Record | None:
    try:
        data = json.loads(path.read_bytes())
        info = path.stat()
        return Record(
            timestamp=_nanoseconds(data["timestamp"]),
            git=value_digest([data["commit"], data["tags"]]),
            env=dict(data["env"]),
            current=_nanoseconds(data["directories"].get(CURRENT)),
            identity=(info.st_ino, info.st_mtime_ns),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _nanoseconds(stored: Any) -> int | None:
    if isinstance(stored, dict):
        return int(stored["secs_since_epoch"]) * _SECOND + int(stored["nanos_since_epoch"])
    return None if stored is None else int(stored)


def expected_record(files: Files, entries: Sequence[Any], environ: Mapping[str, str]) -> Record:
    """Return the record that uv makes if it builds from the project as it is now.

    Args:
        files: The project's files.
        entries: The whole list ``tool.uv.cache-keys``, the user's entries included.
        environ: The environment that uv will see.
    """
    tables = [{"file": entry} if isinstance(entry, str) else entry for entry in entries]
    return Record(
        timestamp=newest(files, [str(table["file"]) for table in tables if "file" in table]),
        git=value_digest(_git(files, [table["git"] for table in tables if table.get("git")])),
        env={str(table["env"]): environ.get(str(table["env"])) for table in tables if "env" in table},
        current=None,
    )


def _git(files: Files, wanted: Sequence[Any]) -> list[Any]:
    """Return ``[commit, tags]`` as uv would read them; ``None`` for what no entry asks for (U9)."""
    asked = {name for one in wanted for name in (["commit"] if one is True else [n for n, on in one.items() if on])}
    if asked:
        _note_repository(files)
    commit = git.ask(files.root, "rev-parse", "HEAD") if "commit" in asked else None
    if "tags" not in asked:
        return [commit, None]
    tags = git.ask(files.root, "for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags") or ""
    return [commit, dict(line.rsplit(" ", 1) for line in tags.splitlines())]


def _note_repository(files: Files) -> None:
    """Have it noticed when the commit or a tag becomes another: by git's own files."""
    for folder in git.folders(files.root):
        for name in ("HEAD", "packed-refs", "reftable/tables.list"):
            files.note(files.relative(os.path.join(folder, name)))
        for below, _, names in os.walk(os.path.join(folder, "refs")):
            files.entries(files.relative(below))
            for name in names:
                files.note(files.relative(os.path.join(below, name)))
