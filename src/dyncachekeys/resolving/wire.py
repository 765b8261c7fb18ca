"""What goes to the process of a resolver, and what comes back of the files and variables that it looked at."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, NamedTuple

from dyncachekeys.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import Self

    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.registry import Reference


class Request(NamedTuple):
    """Which key is to be resolved, and of which project."""

    root: str
    bare: str
    """The content of ``pyproject.toml``, without the generated entries."""
    home: str
    """The root of the workspace that declares keys for its members; empty if there is none."""
    key: str
    where: str
    name: str
    """The resolver's, as `Reference`; so are the next two."""
    target: str
    origin: str

    @classmethod
    def of(cls, project: Project, key: str, where: str, reference: Reference) -> Self:
        """Return the request for a key of a project."""
        home = os.fspath(project.home) if project.home is not None else ""
        named = (reference.name, reference.target, reference.origin)
        return cls(os.fspath(project.root), project.bare.decode("utf-8"), home, key, where, *named)

    @property
    def in_tree(self) -> bool:
        """Whether the resolver may be in the project's own tree."""
        return self.name == self.target

    def problem(self, what: str, remedy: str, code: str = "resolver-failed") -> Problem:
        """Return a problem with the resolver: the message names it and its origin, and says what it did."""
        return Problem(code, f"the resolver `{self.name}` ({self.origin}) {what}", self.where, remedy)


def packed(files: Files, environ: Environment) -> dict[str, Any]:
    """Return what was looked at, and which variables were asked for, as JSON has it."""
    return {
        "facts": list(files.facts),
        "folders": [
            [
                path,
                [
                    [name, folder.stats[row * 4 : row * 4 + 4].tolist(), folder.content(name).hex(), folder.roles[row]]
                    for name, row in folder.names.items()
                ],
                list(folder.non_regular_stats.items()),
                folder.listed,
                folder.listing.hex(),
            ]
            for path, folder in files.folders.items()
        ],
        "asked": list(environ.asked),
        "prefixes": list(environ.prefixes),
    }


def merge(data: Mapping[str, Any], files: Files, environ: Environment) -> None:
    """Add what another process looked at. A file that was seen to differ here has changed between the two looks."""
    files.facts.update(dict.fromkeys(data["facts"]))
    environ.asked.update(dict.fromkeys(data["asked"]))
    environ.prefixes.update(dict.fromkeys(data["prefixes"]))
    for path, rows, non_regular, listed, listing in data["folders"]:
        folder = files.folder(path)
        for name, stat, content, role in rows:
            row = folder.names.get(name)
            if row is None:
                folder.add(name, tuple(stat), bytes.fromhex(content), role)
            else:
                folder.roles[row] |= role
                files.settled &= folder.stats[row * 4 : row * 4 + 4].tolist() == stat
        for name, stat in non_regular:
            files.settled &= folder.non_regular_stats.setdefault(name, stat) == stat
        if listed is not None:
            seen = tuple(listed)
            files.settled &= folder.listed in {None, seen}
            folder.listed, folder.listing = seen, bytes.fromhex(listing)
