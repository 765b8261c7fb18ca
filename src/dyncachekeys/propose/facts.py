"""What is known of a project from reading it: plain values, from which keys are decided."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dyncachekeys.propose.natives import Natives
from dyncachekeys.propose.origins import Origins
from dyncachekeys.propose.packed import Modules
from dyncachekeys.pyproject.tables import at

_WRITES_PYPROJECT = frozenset({"hatch-mypyc", "poetry-dynamic-versioning"})
"""They move the file away for a while (0.16: plugin.py, `hide_project_file`), or put the version in (1.10), and give
back what was there: so uv, which goes by times, builds at each command."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A package that uv builds."""

    pyproject: Mapping[str, Any]
    backend: str
    """``build-system.build-backend``; setuptools, if there is none (PEP 517)."""
    requires: frozenset[str]
    """The normalised names of what is installed for the build."""
    without_pyproject: bool
    """Whether the user's own entries name files, and not ``pyproject.toml``: they replace uv's defaults (U10)."""
    in_tree: tuple[str, ...]
    """The files that a `backend` key watches: what the build runs, and what that reads under a name."""
    run: tuple[str, ...]
    """The files of the tree that the build runs: backend, ``setup.py`` and hooks with all their helpers."""
    named: tuple[str, ...]
    """Scripts that the configuration makes the build run, there or not."""
    natives: Natives
    """What is compiled, and what describes how."""
    origins: Origins
    """Where metadata come from."""
    present: frozenset[str]
    """Which of ``setup.py``, ``setup.cfg`` and ``src`` there are."""
    siblings: tuple[str, ...]
    """Local packages that uv builds and installs for the build."""
    shared: tuple[str, ...]
    """Distributions that the build takes from the project's own environment: without isolation, all that it requires."""

    setup: Mapping[str, Any] = field(default_factory=dict)
    """What ``setup.py`` gives to ``setup()`` by keyword; `None` for what is no literal."""
    globs: Mapping[str, str] = field(default_factory=dict)
    """Patterns for what code of the build goes through, each with the file that does."""
    asks_git: tuple[str, ...] = ()
    """Code of the build, and what describes it, that asks git."""
    modules: Modules | None = None
    """How to declare what the wheel takes in, where uv installs a copy of it; nothing for an editable install."""
    plugins: frozenset[str] = frozenset()
    """The resolvers that installed packages bring; none where nothing is compiled."""
    records: bool = True
    """Whether uv's own builds can be watched here, so that what they depend on is known from their records."""

    def at(self, dotted: str) -> Any:
        """Return what stands in ``pyproject.toml`` under a dotted key; nothing if it is not there."""
        return at(self.pyproject, dotted)

    @property
    def module(self) -> str:
        """The first part of the backend's module."""
        return self.backend.partition(":")[0].partition(".")[0]

    @property
    def is_in_tree(self) -> bool:
        """Whether the backend is in the tree."""
        return bool(self.at("build-system.backend-path"))

    @property
    def runs_own_code(self) -> bool:
        """Whether the build runs code of this tree."""
        return bool(self.in_tree or self.named or self.is_in_tree)

    @property
    def writes_pyproject(self) -> str:
        """Who of what is installed for the build rewrites ``pyproject.toml`` in each; empty if nobody does."""
        return next(iter(sorted(_WRITES_PYPROJECT & self.requires)), "")

    @property
    def has_dynamic_version(self) -> bool:
        """Whether the build determines the version."""
        return has_dynamic_version(self.pyproject)


def has_dynamic_version(pyproject: Mapping[str, Any]) -> bool:
    """Tell whether the build determines the version."""
    dynamic = at(pyproject, "project.dynamic")
    return not isinstance(at(pyproject, "project"), dict) or (isinstance(dynamic, list) and "version" in dynamic)
