"""Which files a wheel or an sdist takes in, as far as the settings of its build backend say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from dyncachekeys.backends import uv_build
from dyncachekeys.backends.files import built_with
from dyncachekeys.backends.hatch_toml import with_hatch_toml
from dyncachekeys.files.selection import Selection
from dyncachekeys.files.tree import Files

if TYPE_CHECKING:
    from dyncachekeys.backends.hatchling import Target

Kind: TypeAlias = Literal["sdist", "wheel"]
_KINDS: tuple[Kind, ...] = ("sdist", "wheel")
FILES = ("pyproject.toml", "hatch.toml")
"""The settings themselves."""


def wheel_files(pyproject: Mapping[str, Any], files: Files, *, with_hooks: bool) -> list[str] | None:
    """Return the files that a wheel takes in that is not editable, sorted; nothing if the settings don't say so.

    Those of the metadata are not among them.

    Args:
        pyproject: The parsed ``pyproject.toml``.
        files: The project's files.
        with_hooks: Whether the settings say it also where the build runs hooks, whatever these add.
    """
    if built_with(pyproject, "uv_build"):
        patterns = [*uv_build.data(pyproject), *uv_build.modules(pyproject)]
        return sorted(Selection(patterns, uv_build.excluded(pyproject), gitignore=False).among(files))
    target = _of_hatchling("wheel", pyproject, files)
    if target is None or (target.has_hooks and not with_hooks):
        return None
    return sorted({*target.files()})


def takes_in(pyproject: Mapping[str, Any], files: Files, path: str) -> Kind | None:
    """Return what would take in a file, if that was there; nothing if neither does, or nobody knows.

    Arguments as `wheel_files`.
    """
    for kind in _KINDS:
        target = _of_hatchling(kind, pyproject, files)
        if target is not None and target.takes_in(path):
            return kind
    return None


def _of_hatchling(kind: Kind, pyproject: Mapping[str, Any], files: Files) -> Target | None:
    if not built_with(pyproject, "hatchling"):
        return None
    from dyncachekeys.backends.hatchling import Target  # noqa: PLC0415  it imports pathspec: 40 ms

    try:
        return Target(kind, with_hatch_toml(pyproject, files.is_file, files.read), files)
    except (OSError, ValueError):  # hatchling reports it
        return None
