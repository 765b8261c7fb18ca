"""A trace as it is stored, in the manner of a depfile: it stands as long as nothing that it names has changed."""

from __future__ import annotations

import dataclasses
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dyncachekeys.encoding import sealed, value_digest
from dyncachekeys.files import state_file
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.trace.model import Trace

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

FILE = "trace.json"
"""In the project's ``.dyncachekeys``. Beside it lie traces of packages that the project uses, by a digest of where
they are."""


@dataclass(frozen=True, slots=True)
class StoredTrace:
    """A trace, and by what is known whether it stands. Names only: states are sealed."""

    trace: Trace = field(default_factory=Trace)
    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    """Seals the states; of this trace only."""
    basis: str = ""
    """A seal over what the build is made with: interpreter, requirements, the tracer's version."""
    seal: str = ""
    """Over the states of all that the build depends on."""
    incidental: str = ""
    """Over what may tell that it depends on more: names that do not count, and its own products."""
    python: str = ""
    """The interpreter that ran it."""
    products: Mapping[str, str] = field(default_factory=dict)
    """The sealed state of each file that the build both writes and reads."""
    suspects: Mapping[str, int] = field(default_factory=dict)
    """What changed while the build was traced, and in how many traces in a row (`concurrent`)."""

    def sealed(self, state: str) -> str:
        """Return the seal of a state or digest."""
        return sealed(bytes.fromhex(self.salt), state)


class Depfiles:
    """The traces that one project stores: of its own build, and of those of packages that it uses.

    Args:
        root: The project's folder.
        is_trusted: Tells whether what is stored below a project's folder may be trusted: not if git tracks it.
    """

    def __init__(self, root: Path, is_trusted: Callable[[Path], bool] = lambda _: True) -> None:
        self._root, self._is_trusted = root, is_trusted
        self.fresh: dict[str, StoredTrace] = {}
        """What is to be stored, by the name of the file."""

    def new(self, package: Path) -> StoredTrace | None:
        """Return the trace that this very run made of a build, if it did; arguments as `stored`."""
        return self.fresh.get(self._file(package))

    def stored(self, package: Path) -> list[StoredTrace]:
        """Return what earlier runs found of a build: for this project, or for the package itself.

        Args:
            package: Its folder, absolute.
        """
        places = dict.fromkeys([self._root / HOME / self._file(package), package / HOME / FILE])
        found = (load(path) for path in places if self._is_trusted(path.parent.parent))
        return [trace for trace in found if trace is not None]

    def add(self, package: Path, trace: StoredTrace) -> None:
        """Have a new trace stored."""
        self.fresh[self._file(package)] = trace

    def _file(self, package: Path) -> str:
        where = os.path.relpath(package, self._root).replace(os.sep, "/")
        return FILE if where == "." else f"trace-{value_digest(where)[:16]}.json"


def load(path: Path) -> StoredTrace | None:
    """Read a trace; nothing where there is none that can be trusted."""
    try:
        stored: StoredTrace = _like(StoredTrace(), state_file.read(path))
        bytes.fromhex(stored.salt)
        return dataclasses.replace(stored, suspects={name: int(times) for name, times in stored.suspects.items()})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def dump(stored: StoredTrace) -> bytes:
    """Return a trace as it is written."""
    return state_file.dump(dataclasses.asdict(stored))


def _like(example: Any, data: Any) -> Any:
    """Return what JSON says, as a value of the same kind as another one."""
    match example:
        case StoredTrace() | Trace():
            names = [each.name for each in dataclasses.fields(example)]
            return type(example)(**{name: _like(getattr(example, name), data[name]) for name in names})
        case bool():
            return bool(data)
        case str():
            return str(data)
        case tuple():
            return tuple(map(str, data))
    return {str(name): str(value) for name, value in data.items()}
