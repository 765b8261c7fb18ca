"""Where the traces of builds are stored; what is stored is the matter of `store`, which most runs need not import."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.encoding import value_digest
from dyncachekeys.pyproject.project import HOME

if TYPE_CHECKING:
    from dyncachekeys.trace.store import StoredTrace

FILE = "trace.json"
"""In the project's ``.dyncachekeys``. Beside it lie traces of packages that the project uses, by a digest of where
they are."""


class Depfiles:
    """The traces that one project stores: of its own build, and of those of packages that it uses.

    What is stored below a project's folder is trusted or not as `is_trusted` tells: not if git tracks it.
    """

    def __init__(self, root: Path, is_trusted: Callable[[Path], bool] = lambda _: True) -> None:
        self._root, self._is_trusted = root, is_trusted
        self.fresh: dict[str, StoredTrace] = {}
        """What is to be stored, by the name of the file."""

    def new(self, package: Path) -> StoredTrace | None:
        """Return the trace that this very run made of the build of a package, by its absolute folder, if it did."""
        return self.fresh.get(self._file(package))

    def stored(self, package: Path) -> list[StoredTrace]:
        """Return what earlier runs found of it: for this project, or for the package itself."""
        places = dict.fromkeys([self._root / HOME / self._file(package), package / HOME / FILE])
        from dyncachekeys.trace.store import load  # noqa: PLC0415  most projects trace no build

        found = (load(path) for path in places if self._is_trusted(path.parent.parent))
        return [trace for trace in found if trace is not None]

    def add(self, package: Path, trace: StoredTrace) -> None:
        """Have a new trace stored."""
        self.fresh[self._file(package)] = trace

    def dumped(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and the content of each file that is to be written."""
        for name, trace in self.fresh.items():
            from dyncachekeys.trace.store import dump  # noqa: PLC0415

            yield name, dump(trace)

    def _file(self, package: Path) -> str:
        where = os.path.relpath(package, self._root).replace(os.sep, "/")
        return FILE if where == "." else f"trace-{value_digest(where)[:16]}.json"
