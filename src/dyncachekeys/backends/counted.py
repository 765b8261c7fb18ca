"""What counts of ``pyproject.toml`` where a build reads it as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dyncachekeys.backends.tables import build_tables
from dyncachekeys.pyproject.tables import at, table_at, without_our_table

_OF_OTHERS = frozenset(
    [
        "autoflake",
        "bandit",
        "basedpyright",
        "black",
        "bumpversion",
        "bumpver",
        "check-sdist",
        "cibuildwheel",
        "codespell",
        "commitizen",
        "coverage",
        "deptry",
        "docformatter",
        "dyncachekeys",
        "flake8",
        "importlinter",
        "interrogate",
        "isort",
        "licensecheck",
        "mypy",
        "nox",
        "pydocstyle",
        "pylint",
        "pyright",
        "pytest",
        "pyupgrade",
        "ruff",
        "semantic_release",
        "taskipy",
        "tombi",
        "tox",
        "ty",
        "typos",
        "vulture",
        "yapf",
    ]
)
"""Tables of tools that take no part in builds."""


def counted(pyproject: Mapping[str, Any]) -> tuple[object, object]:
    """Return what counts of ``pyproject.toml``: where the project's own code reads it, and where a backend does.

    Nobody sees which tables its reader looks up. The project's own code may look up any, but for those of tools that
    take no part in builds; of a backend, and of what it requires, it is known (`backends.tables`).
    """
    tool = {name: table for name, table in table_at(pyproject, "tool").items() if name not in _OF_OTHERS}
    whole = without_our_table({**pyproject, "tool": {**tool, "uv": _of_uv(pyproject)}})
    return whole, {".".join(path): at(pyproject, ".".join(path)) for path in build_tables(pyproject)}


def _of_uv(pyproject: Mapping[str, Any]) -> dict[str, object]:
    """Return what stands in ``tool.uv``, but for what says when to build."""
    return {name: value for name, value in table_at(pyproject, "tool.uv").items() if name != "cache-keys"}
