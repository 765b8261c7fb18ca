"""Which tables of ``pyproject.toml`` each build backend and build plugin reads.

Looked up in the source of each; the versions stand beside it. `presets` applies them to a project.
"""

from __future__ import annotations

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


OF_UV: tuple[str, ...] = ("tool.uv.build-constraint-dependencies", "tool.uv.config-settings")
OF_UV_BY_PROJECT = (
    "tool.uv.config-settings-package",
    "tool.uv.extra-build-dependencies",
    "tool.uv.extra-build-variables",
)
"""What uv takes for the environment in which it builds; the latter by the name of what is built."""
