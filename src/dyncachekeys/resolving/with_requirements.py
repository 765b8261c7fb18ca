"""The environment that a resolver's own requirements (``with``) are in: made by uv, in the user's cache.

It is made once and never changed, so that looking it up costs two stats. It gets its name when it is complete.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import sysconfig
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.names import is_local, normalised
from dyncachekeys.process.environ import Environment
from dyncachekeys.process.interpreter import python_in
from dyncachekeys.process.venv import make
from dyncachekeys.pyproject.project import Project

FORMAT = "1"
MADE = "dyncachekeys-requirements.txt"
"""Written last into an environment: what it was made of."""
_TRIES = 3


@dataclass(frozen=True, slots=True)
class OwnEnvironment:
    """An environment of a resolver's own requirements."""

    folder: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return python_in(self.folder)

    @property
    def site_packages(self) -> Path:
        """Where its packages are."""
        return next(self.folder.glob("lib/*/site-packages"), self.folder / "Lib" / "site-packages")

    @property
    def is_whole(self) -> bool:
        """Whether it was made to the end, and its interpreter is still there."""
        return (self.folder / MADE).is_file() and self.python.exists()


def prepared(requirements: Sequence[str], where: str, project: Project, environ: Environment) -> OwnEnvironment:
    """Return the environment of a key's requirements, which uv makes if it is not there yet.

    Raises:
        ResolverError: a requirement is a path, there is no uv, or it can't make the environment.
    """
    problems = [_refused(one, where) for one in requirements if is_local(one)]
    if problems:
        raise ResolverError(problems)
    wanted = sorted({normalised(one) for one in requirements})
    cache = project.root / cache_folder(environ.whole()) / "environments"
    found = OwnEnvironment(cache / _name(wanted, project))
    if found.is_whole:
        return found
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="making-", dir=cache, ignore_cleanup_errors=True) as folder:
            made = OwnEnvironment(Path(folder, "made"))
            make(made.folder, made.python, requirements, where, project.root, environ.whole())
            (made.folder / MADE).write_text("".join(f"{one}\n" for one in wanted), encoding="utf-8")
            _place(made, found)
    except OSError as error:
        message = f"the environment of the key's requirements can't be stored: {error}"
        remedy = "set DYNCACHEKEYS_CACHE_DIR to a folder that can be written to"
        raise ResolverError([Problem("environment-not-made", message, where, remedy)]) from error
    return found


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Return where environments are stored, for all projects of a user."""
    own, xdg = environ.get("DYNCACHEKEYS_CACHE_DIR"), environ.get("XDG_CACHE_HOME")
    if own:
        return Path(own)
    if xdg and Path(xdg).is_absolute():  # the specification says to ignore any other
        return Path(xdg, "dyncachekeys")
    home = Path(environ.get("HOME") or Path.home())
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "dyncachekeys")
    return home / ("Library/Caches" if sys.platform == "darwin" else ".cache") / "dyncachekeys"


def _refused(requirement: str, where: str) -> Problem:
    message = f"`{requirement}` is a path or an option: a stored environment would not follow its changes"
    remedy = "name a package and its version, or a URL; a module of your own is imported from `plugin-path`"
    return Problem("invalid-option", message, where, remedy)


def _name(wanted: Sequence[str], project: Project) -> str:
    """Return the name of an environment: a digest of all that decides what is in it."""
    settings = project.pyproject["tool"].get("uv", {})
    relevant = {name: value for name, value in settings.items() if name != "cache-keys"}
    base = os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable)
    identity = [FORMAT, wanted, sys.implementation.name, sys.version, base, sysconfig.get_platform(), relevant]
    text = json.dumps(identity, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _place(made: OwnEnvironment, wanted: OwnEnvironment) -> None:
    """Give an environment its name, unless another process was first; a damaged one makes way."""
    for attempt in range(_TRIES):
        if _renamed(made.folder, wanted.folder) or wanted.is_whole:
            return
        _renamed(wanted.folder, made.folder.with_name(f"damaged-{attempt}"))
    made.folder.rename(wanted.folder)


def _renamed(old: Path, new: Path) -> bool:
    try:
        old.rename(new)
    except OSError:
        return False
    return True
