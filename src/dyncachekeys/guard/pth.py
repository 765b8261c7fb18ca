"""The one ``.pth`` file of an environment: text to data and back. Python runs its last line at each start.

That line must cost nothing, so it holds a finder that compares one name for each import, and as text what is done once
the name of a guarded package comes up. It has to be harmless on any Python, and without dyncachekeys.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.guard.in_python import ask

FILE = "zz_dyncachekeys_guard.pth"
"""Python takes them in alphabetical order: the finders of editable installations come first, and stand behind ours."""
_TEXT = """\
# Made by `dyncachekeys sync`, for `guard` in [tool.dyncachekeys]; `dyncachekeys clean` takes it away.
# {data}
import sys; sys.version_info >= (3, 8) and (lambda guard, sys=sys: any(getattr(one, "code", None) == guard.code \
for one in sys.meta_path) or sys.meta_path.insert(0, guard))(type("DyncachekeysGuard", (), {finder}))
"""
"""In a virtual environment, Python reads the file twice."""
_FINDER = (
    '{{"names": {names}, "code": {code}, '
    '"first": classmethod(lambda guard, sys=sys: guard in sys.meta_path'
    " and (sys.meta_path.remove(guard), sys.meta_path.insert(0, guard)) or True), "
    '"find_spec": classmethod(lambda guard, name, path=None, target=None, sys=sys: '
    "(sys.meta_path[:1] == [guard] or guard.first()) and name in guard.names "
    'and exec(guard.code, {{"guard": guard, "name": name}}) or None)}}'
)
"""It stays the first: pytest and others put finders in front that give out modules themselves."""
_CODE = """\
file = {file}
try:
    with open(file, encoding="utf-8") as stream:
        code = compile(stream.read(), file, "exec")
except (OSError, ValueError, SyntaxError):  # dyncachekeys was uninstalled
    guard.names = {{}}
else:
    if not hasattr(guard, "asker"):
        space = {{"__name__": "dyncachekeys_guard", "__file__": file}}
        exec(code, space)
        guard.asker = space["Asker"]({python}, {owner}, {projects})
    guard.asker.ask(name, guard.names[name])
"""


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


def render(projects: Mapping[str, Guarded]) -> bytes:
    """Return the file for some projects, by their folders. Pure ASCII: until 3.13, Python reads it in any encoding."""
    folders: dict[str, tuple[str, ...]] = {}
    for folder, project in sorted(projects.items()):
        for name in project.names:
            folders[name] = (*folders.get(name, ()), folder)
    code = _CODE.format(
        file=ascii(os.path.abspath(ask.__file__)),
        python=ascii(sys.executable or ""),
        owner=os.geteuid() if hasattr(os, "geteuid") else 0,
        projects=ascii({folder: tuple(project[1:]) for folder, project in sorted(projects.items())}),
    )
    finder = _FINDER.format(names=ascii(folders), code=ascii(code))
    return _TEXT.format(data=json.dumps(projects, sort_keys=True), finder=finder).encode("ascii")


def parse(data: bytes) -> dict[str, Guarded]:
    """Return the projects of a file; none if it is not one of ours."""
    try:
        given = json.loads(data.splitlines()[1][2:])
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
