"""A trace as it is kept, in the manner of a depfile: it stands as long as nothing that it names has changed."""

from __future__ import annotations

import dataclasses
import os
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dyncachekeys.encoding import value_digest
from dyncachekeys.files import state_file
from dyncachekeys.pyproject.project import HOME
from dyncachekeys.trace.filter import Trace

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
    """What changed while the build was traced, and in how many traces running (`meanwhile`)."""


class Depfiles:
    """The traces that one project keeps: of its own build, and of those of packages that it uses.

    Args:
        root: The project's folder.
        is_believed: Tells whether what is kept below a project's folder may be believed: not if git tracks it.
    """

    def __init__(self, root: Path, is_believed: Callable[[Path], bool] = lambda _: True) -> None:
        self._root, self._is_believed = root, is_believed
        self.fresh: dict[str, StoredTrace] = {}
        """What is to be kept, by the name of the file."""

    def new(self, package: Path) -> StoredTrace | None:
        """Return the trace that this very run made of a build, if it did; arguments as `known`."""
        return self.fresh.get(self._file(package))

    def known(self, package: Path) -> list[StoredTrace]:
        """Return what earlier runs found of a build: for this project, or for the package itself.

        Args:
            package: Its folder, absolute.
        """
        places = dict.fromkeys([self._root / HOME / self._file(package), package / HOME / FILE])
        found = (load(path) for path in places if self._is_believed(path.parent.parent))
        return [one for one in found if one is not None]

    def keep(self, package: Path, trace: StoredTrace) -> None:
        """Have a new trace kept."""
        self.fresh[self._file(package)] = trace

    def _file(self, package: Path) -> str:
        where = os.path.relpath(package, self._root).replace(os.sep, "/")
        return FILE if where == "." else f"trace-{value_digest(where)[:16]}.json"


def load(path: Path) -> StoredTrace | None:
    """Read a trace; nothing where there is none that can be trusted."""
    try:
        data = state_file.read(path)
        texts = {name: str(data[name]) for name in ("salt", "basis", "seal", "incidental", "python")}
        bytes.fromhex(texts["salt"])
        suspects = {str(path): int(times) for path, times in data["suspects"].items()}
        products = {str(path): str(state) for path, state in data["products"].items()}
        return StoredTrace(_trace(data["trace"]), **texts, products=products, suspects=suspects)
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def dump(kept: StoredTrace) -> bytes:
    """Return a trace as it is written."""
    return state_file.dump(dataclasses.asdict(kept))


def _trace(data: Mapping[str, Any]) -> Trace:
    named: dict[str, Any] = {
        name: {str(subject): str(who) for subject, who in data[name].items()}
        for name in ("read", "listed", "missing", "there", "variables", "processes")
    }
    several: dict[str, Any] = {name: tuple(map(str, data[name])) for name in ("written", "made", "products", "lines")}
    texts: dict[str, Any] = {name: str(data[name]) for name in ("environment", "network")}
    return Trace(**named, **several, **texts, whole=bool(data["whole"]))
