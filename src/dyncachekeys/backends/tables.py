"""Which tables of ``pyproject.toml`` a build reads, going by its backend and by what is installed for it.

What each build backend and build plugin reads was looked up in its source; the versions stand beside it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from dyncachekeys.backends.files import list_at
from dyncachekeys.names import normalised_name, required_name
from dyncachekeys.pyproject.tables import at, table_at

Path = tuple[str, ...]
"""The keys that lead to a table."""
_OTHER_NAMES = {"mesonbuild": "meson", "mesonpy": "meson-python"}
"""Distributions by their module, where the one does not follow from the other."""
_SETUPTOOLS = ("tool.setuptools", "tool.distutils")
_POETRY = ("tool.poetry",)
_SCM = ("tool.setuptools_scm", "tool.vcs-versioning", "tool.towncrier.directory")
READ: dict[str, tuple[str, ...]] = {
    "dyncachekeys": (),
    "flit": ("tool.flit",),
    "flit-core": ("tool.flit",),  # 4.2
    "flit-scm": ("tool.flit", *_SCM),  # 1.7
    "hatch-fancy-pypi-readme": ("tool.hatch.metadata.hooks.fancy-pypi-readme",),  # 25.1; scikit-build-core has it too
    "hatch-mypyc": ("tool.mypy",),  # 0.16; mypyc reads the configuration of mypy (2.4: mypyc/build.py)
    "hatchling": ("tool.hatch.build", "tool.hatch.metadata", "tool.hatch.version"),  # 1.33; `envs` are the CLI's
    "jupyter-packaging": ("tool.jupyter-packaging", *_SETUPTOOLS),  # 0.12: wraps setuptools
    "pbr": ("tool.pbr", *_SETUPTOOLS),  # 7.1: wraps setuptools
    "pdm-backend": ("tool.pdm.build", "tool.pdm.version"),  # 2.5
    "pdm-pep517": ("tool.pdm",),  # 1.1: `Config` gets the whole table
    "poetry": _POETRY,
    "poetry-core": _POETRY,  # 2.5
    "poetry-dynamic-versioning": ("tool.poetry-dynamic-versioning", *_POETRY),  # 1.10: wraps poetry-core
    "pyqt-builder": ("tool.sip",),  # 1.21
    # 1.1: build/metadata.py; its providers may bring in their packages; it has a wrapper of setuptools.
    "scikit-build-core": (
        "tool.scikit-build",
        "tool.dynamic-metadata",
        "tool.hatch.metadata.hooks.fancy-pypi-readme",
        *_SCM,
        *_SETUPTOOLS,
    ),
    "setuptools": _SETUPTOOLS,  # 84.2: config/_apply_pyprojecttoml.py
    "setuptools-scm": _SCM,  # 10.3: reads through vcs-versioning
    "uv": (),
    "uv-build": ("tool.uv.build-backend",),  # 0.13
    "vcs-versioning": _SCM,  # 2.6: _pyproject_reading.py, _version_schemes/_towncrier.py
}
"""By the name of the distribution. Of any other, the table of its own name is taken."""
NOT_READ = {
    # poetry-core 2.5: masonry/api.py passes `with_groups=False`, and factory.py then leaves both alone.
    "tool.poetry": frozenset({"group", "dev-dependencies"}),
}
BACKENDS = {
    "mesonpy": "meson-python",
    "pdm.backend": "pdm-backend",
    "pdm.pep517": "pdm-pep517",
    "poetry.core": "poetry-core",
    "sipbuild": "sip",
}
"""The distribution of a backend's module, where it does not have the name of the module's first part."""
_FAMILIES = {
    "tool.hatch": frozenset({"hatchling"}),
    "tool.pdm": frozenset({"pdm-backend", "pdm-pep517"}),
    "tool.poetry": frozenset({"poetry", "poetry-core", "poetry-dynamic-versioning"}),
    "tool.scikit-build": frozenset({"scikit-build-core"}),
    "tool.setuptools": frozenset({"setuptools"}),
}
"""The distributions of backends by the table that says what they are to run."""
OF_UV: tuple[str, ...] = ("tool.uv.build-constraint-dependencies", "tool.uv.config-settings")
OF_UV_BY_PROJECT = (
    "tool.uv.config-settings-package",
    "tool.uv.extra-build-dependencies",
    "tool.uv.extra-build-variables",
)
"""What uv takes for the environment in which it builds; the latter by the name of what is built."""


def build_tables(pyproject: Mapping[str, Any]) -> dict[Path, str]:
    """Return the tables that the build reads, sorted, none inside another, each with who reads it.

    ``project`` and ``build-system`` are always among them, all others only if they are there. What is not
    of the right type is left out: the build reports it.
    """
    found: dict[Path, str] = {("build-system",): "uv", ("project",): "every backend"}
    names = distributions(pyproject)
    for name in names:
        for path in _of_distribution(pyproject, name):
            found.setdefault(path, name)
    for path in _of_uv(pyproject, names):
        found.setdefault(path, "uv")
    return {
        path: reader
        for path, reader in sorted(found.items())
        if not any(path[:length] in found for length in range(1, len(path)))
    }


def distributions(pyproject: Mapping[str, Any]) -> list[str]:
    """Return the normalised names of the backend and of all that is installed for the build."""
    module = at(pyproject, "build-system.build-backend")
    backend = _of_module(module) if isinstance(module, str) else "setuptools"  # PEP 517: the default
    required = [*list_at(pyproject, "build-system.requires"), *_dependencies(table_at(pyproject, "tool.hatch.build"))]
    for path in _named(pyproject, "tool.uv.extra-build-dependencies", _own(pyproject)):
        extra = list_at(pyproject, path)
        required += [one.get("requirement") if isinstance(one, Mapping) else one for one in extra]
    return list(dict.fromkeys([backend, *filter(None, map(required_name, required))]))


def is_built_with(pyproject: Mapping[str, Any], table: str) -> bool:
    """Tell whether the backend is one that reads a table, such as ``tool.hatch``; one in the tree may wrap any."""
    return bool(at(pyproject, "build-system.backend-path")) or not _FAMILIES[table].isdisjoint(distributions(pyproject))


def _of_module(backend: str) -> str:
    """Return the distribution of a backend, going by its module's name; a setuptools wrapper is its own."""
    known = (name for module, name in BACKENDS.items() if f"{backend}.".startswith(f"{module}."))
    return next(known, normalised_name(re.split(r"[.:]", backend.strip(), maxsplit=1)[0]))


def _of_distribution(pyproject: Mapping[str, Any], name: str) -> Iterator[Path]:
    """Yield the tables that a distribution reads and that are there."""
    if name not in READ:
        yield from _named(pyproject, "tool", [name])
        return
    for dotted in READ[name]:
        value, path = at(pyproject, dotted), tuple(dotted.split("."))
        if dotted in NOT_READ and isinstance(value, Mapping):
            yield from ((*path, key) for key in value if key not in NOT_READ[dotted])
        elif value is not None:
            yield path


def _of_uv(pyproject: Mapping[str, Any], names: Sequence[str]) -> Iterator[Path]:
    """Yield what uv reads to make the build's environment and to call the backend."""
    yield from (tuple(dotted.split(".")) for dotted in OF_UV if at(pyproject, dotted) is not None)
    yield from _named(pyproject, "tool.uv.sources", names)
    for dotted in OF_UV_BY_PROJECT:
        yield from _named(pyproject, dotted, _own(pyproject))


def _dependencies(table: Mapping[str, Any]) -> Iterator[object]:
    """Yield what a table and those inside it list as `dependencies`: so hatchling's hooks ask for packages."""
    yield from list_at(table, "dependencies")
    for inner in table.values():
        if isinstance(inner, Mapping):
            yield from _dependencies(inner)


def _named(pyproject: Mapping[str, Any], dotted: str, names: Sequence[str]) -> list[Path]:
    """Return the paths to what a table holds under one of the names, however it is spelled."""
    return [(*dotted.split("."), key) for key in table_at(pyproject, dotted) if normalised_name(key) in names]


def _own(pyproject: Mapping[str, Any]) -> list[str]:
    name = at(pyproject, "project.name")
    return [normalised_name(name)] if isinstance(name, str) else []


def distribution_of(module: str) -> str:
    """Return the name under which people install a module that builds."""
    return _OTHER_NAMES.get(module, normalised_name(module))
