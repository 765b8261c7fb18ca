"""The one ``.pth`` file of an environment: text to data and back. Python runs its last line at each start.

That line must cost nothing, so it holds a finder that compares one name for each import, and as text what is done once
the name of a guarded package comes up. It has to be harmless on any Python, and without dyncachekeys.
"""

from __future__ import annotations

import json
import os
import sys
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.guard.in_python import ask

FILE = "zz_dyncachekeys_guard.pth"
"""Python takes them in alphabetical order: the finders of editable installations come first, and stand behind ours."""
_TEXT = """\
# Made by `dyncachekeys sync`, for `guard` in [tool.dyncachekeys]; `dyncachekeys clean` takes it away.
# {data}
import sys; hasattr(sys, "{mark}") or sys.version_info < (3, 8) or exec({finder})
"""
"""In a virtual environment Python reads the file twice, and it compiles the line each time: the less stands outside of
a text, the less that takes. All of it takes a tenth of a millisecond or two."""
_FINDER = (
    "sys.{mark} = 1; sys.meta_path.insert(0, type('DyncachekeysGuard', (), {{'names': {names}, 'code': {code}, "
    "'find_spec': classmethod(lambda guard, name, path=None, target=None, sys=sys: (sys.meta_path[:1] == [guard] "
    "or guard in sys.meta_path and (sys.meta_path.remove(guard), sys.meta_path.insert(0, guard)) or 1) "
    "and name in guard.names and exec(guard.code) or None)}}))"
)
"""It stays the first: pytest and others put finders in front that give out modules themselves."""
_CODE = """\
file, own = {file}, "dyncachekeys_guard"
try:
    code = sys.modules["_frozen_importlib_external"].SourceFileLoader(own, file).get_code(own)
except (OSError, ValueError, SyntaxError, LookupError):  # dyncachekeys was uninstalled
    guard.names = {{}}
else:
    if not hasattr(guard, "asker"):
        space = {{"__name__": own, "__file__": file}}
        exec(code, space)
        guard.asker = space["Asker"]({python}, {owner}, {place}, {projects})
    guard.asker.ask(name, guard.names[name])
"""
"""It sees the arguments of ``find_spec``. What it loads is kept compiled, as an imported module is."""


class Guarded(NamedTuple):
    """A project that is guarded in an environment."""

    names: tuple[str, ...]
    """By which it is imported."""
    consumer: str
    """The folder of the project whose environment it is, if it is another one; else empty."""
    mode: str
    seconds: float
    environment: str | None
    """``UV_PROJECT_ENVIRONMENT``, by which uv finds the environment."""


def render(site: Path, projects: Mapping[str, Guarded]) -> bytes:
    """Return the file for some projects. Pure ASCII: until 3.13, Python reads it in any encoding.

    Args:
        site: The folder that it lies in: in a copy of the environment it does nothing, since the copy is not asked for.
        projects: By their folders.
    """
    place = os.path.realpath(site)
    folders: dict[str, tuple[str, ...]] = {}
    for folder, project in sorted(projects.items()):
        for name in project.names:
            folders[name] = (*folders.get(name, ()), folder)
    code = _CODE.format(
        file=ascii(os.path.abspath(ask.__file__)),
        python=ascii(sys.executable or ""),
        place=ascii(place),
        owner=os.geteuid() if hasattr(os, "geteuid") else 0,
        projects=ascii({folder: tuple(project[1:]) for folder, project in sorted(projects.items())}),
    )
    mark = f"_dyncachekeys_{zlib.crc32(code.encode()):08x}"  # another environment's may be read as well
    finder = ascii(_FINDER.format(mark=mark, names=ascii(folders), code=ascii(code)))
    return _TEXT.format(data=json.dumps([place, projects], sort_keys=True), mark=mark, finder=finder).encode("ascii")


def parse(site: Path, data: bytes) -> dict[str, Guarded]:
    """Return the projects of a file; none if it is not one of ours, or was made for another folder."""
    try:
        place, given = json.loads(data.splitlines()[1][2:])
        if place != os.path.realpath(site):
            return {}
        return {str(folder): _guarded(*row) for folder, row in given.items()}
    except (ValueError, TypeError, IndexError, AttributeError):
        return {}


def _guarded(names: list[str], consumer: str, mode: str, seconds: float, environment: str | None) -> Guarded:
    return Guarded(tuple(map(str, names)), str(consumer), str(mode), float(seconds), environment)


def read(path: Path) -> bytes:
    """Return what a file holds; nothing if it is not there."""
    try:
        return path.read_bytes()
    except OSError:
        return b""
