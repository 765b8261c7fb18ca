"""The environment as keys may see it: the same in the shell, inside a git hook and under ``uv run``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase

_GIT = (
    "ALTERNATE_OBJECT_DIRECTORIES AUTHOR_DATE AUTHOR_EMAIL AUTHOR_NAME COMMON_DIR CONFIG CONFIG_COUNT CONFIG_PARAMETERS"
    " DIR EDITOR EXEC_PATH IMPLICIT_WORK_TREE INDEX_FILE INTERNAL_SUPER_PREFIX NAMESPACE OBJECT_DIRECTORY PREFIX"
    " QUARANTINE_PATH REFLOG_ACTION SHALLOW_FILE WORK_TREE"
)
_NO_GUARD = {"DYNCACHEKEYS_GUARD": "off"}
"""What a key has started asks nothing of the import guard, which would run the keys again."""
_SET_BY_HOOKS = frozenset({"VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT", *(f"GIT_{name}" for name in _GIT.split()), *_NO_GUARD})
"""githooks(5) and ``git rev-parse --local-env-vars``; an active virtual environment's own; the guard's."""


class Environment(Mapping[str, str]):
    """Variables, and which of them were asked for."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        self.asked: dict[str, None] = {}
        """Names."""
        self.prefixes: dict[str, None] = {}
        """Beginnings of names; the empty one stands for all names."""

    def __getitem__(self, name: str) -> str:
        self.asked[name] = None
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        self.prefixes[""] = None
        return iter(self._values)

    def __len__(self) -> int:
        return len(list(iter(self)))

    def whole(self) -> dict[str, str]:
        """Return all variables, for a process that is started with them; that asks for none of them."""
        return {**self._values, **_NO_GUARD}

    def matching(self, wildcard: str) -> list[str]:
        """Return the names of the set variables that a wildcard matches, sorted."""
        self.prefixes[re.split(r"[*?\[]", wildcard, maxsplit=1)[0]] = None
        return sorted(name for name in self._values if fnmatchcase(name, wildcard))


def for_keys(environ: Mapping[str, str]) -> Environment:
    """Return the environment without what git hooks and an active virtual environment put there.

    From ``PATH``, git's own folder and that of the active virtual environment are taken off.
    """
    own = {name: value for name, value in environ.items() if name not in _SET_BY_HOOKS}
    if "PATH" in own:
        folders = own["PATH"].split(os.pathsep)
        own["PATH"] = os.pathsep.join(folder for folder in folders if not _is_temporary(folder, environ))
    return Environment(own)


def _is_temporary(folder: str, environ: Mapping[str, str]) -> bool:
    """Tell whether a folder is on ``PATH`` only for a git hook or an active virtual environment."""
    scripts = "Scripts" if sys.platform == "win32" else "bin"
    venv = environ.get("VIRTUAL_ENV")
    of_venv = os.path.join(venv, scripts) if venv else None
    of_git = environ.get("GIT_EXEC_PATH")
    plain = folder.rstrip("/\\")
    return plain in {of_venv, of_git} or os.path.basename(plain) == "git-core"
