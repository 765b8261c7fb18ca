"""uv's record of a local package: the one that is installed, and the one that it will make (U, "The record")."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys import git
from dyncachekeys.digest import sealed, value_digest
from dyncachekeys.document import parse
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.uv.accepts import CURRENT
from dyncachekeys.uv.newest import newest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

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
        return {"timestamp": self.timestamp, "git": self.git, "env": sealed(salt, values)}


def installed_record(root: Path, name: str, environ: Mapping[str, str]) -> Record | None:
    """Return the record of the project in its environment; nothing if it is not installed there.

    Args:
        root: The project's folder.
        name: The project's name, in whatever spelling.
        environ: For ``UV_PROJECT_ENVIRONMENT``.
    """
    venv = project_environment(root, environ)
    wanted = _normalised(name)
    for site in (*venv.glob("lib/python*/site-packages"), venv / "Lib" / "site-packages"):
        for info in site.glob("*.dist-info"):
            if _normalised(info.name.split("-")[0]) == wanted and (record := _read(info / "uv_cache.json")):
                return record
    return None


def project_environment(root: Path, environ: Mapping[str, str]) -> Path:
    """Return the folder of the project's environment: ``UV_PROJECT_ENVIRONMENT``, else ``.venv``.

    At the workspace's root if there is one above, as uv does it; it need not exist.
    """
    home = next((folder for folder in (root, *root.parents) if _is_workspace(folder)), root)
    return home / (environ.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _is_workspace(folder: Path) -> bool:
    try:
        data = parse((folder / "pyproject.toml").read_bytes())
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


def expected_record(root: Path, entries: Sequence[Any], environ: Mapping[str, str]) -> Record:
    """Return the record that uv makes if it builds from the project as it is now.

    Args:
        root: The project's folder.
        entries: The whole list ``tool.uv.cache-keys``, the user's entries included.
        environ: The environment that uv will see.
    """
    tables = [{"file": entry} if isinstance(entry, str) else entry for entry in entries]
    return Record(
        timestamp=newest(root, [str(table["file"]) for table in tables if "file" in table]),
        git=value_digest(_git(root, [table["git"] for table in tables if table.get("git")])),
        env={str(table["env"]): environ.get(str(table["env"])) for table in tables if "env" in table},
        current=None,
    )


def _git(root: Path, wanted: Sequence[Any]) -> list[Any]:
    """Return ``[commit, tags]`` as uv would read them; ``None`` for what no entry asks for (U9)."""
    asked = {name for one in wanted for name in (["commit"] if one is True else [n for n, on in one.items() if on])}
    commit = git.ask(root, "rev-parse", "HEAD") if "commit" in asked else None
    if "tags" not in asked:
        return [commit, None]
    tags = git.ask(root, "for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags") or ""
    return [commit, dict(line.rsplit(" ", 1) for line in tags.splitlines())]
