"""Have uv build one project and install it in place of what is installed of it: nothing else in the environment changes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from dyncachekeys.model import Completed
from dyncachekeys.process import run
from dyncachekeys.process.interpreter import python_in

_SET_FOR_OTHERS = ("UV_SYSTEM_PYTHON", "UV_TARGET", "UV_PREFIX", "UV_PYTHON", "UV_EDITABLE", "UV_NO_EDITABLE")
"""What would have ``uv pip install`` go to another environment, or install otherwise than it is installed."""


def reinstall(  # noqa: PLR0913  all of it bounds the program
    uv: str, root: Path, home: Path, venv: Path, environ: Mapping[str, str], *, editable: bool, seconds: float
) -> Completed:
    """Run ``uv pip install --no-deps`` for a project, and return how that ended.

    It reads ``cache-keys`` and the settings of ``[tool.uv]`` as ``uv sync`` does, and makes the same record, so that
    the next ``uv sync`` has nothing to do (run with uv 0.6.17, 0.8.24 and 0.13.9).

    Args:
        uv: The program.
        root: The project's folder.
        home: The root of its workspace, whose settings count.
        venv: The folder of the environment.
        environ: The environment variables.
        editable: Whether it is installed editable, and so shall be.
        seconds: How long it may take.

    Raises:
        OSError: it can't be started, or took too long.
    """
    target = ["--editable", os.fspath(root)] if editable else [os.fspath(root)]
    argv = [uv, "pip", "install", "--no-deps", "--python", os.fspath(python_in(venv)), *target]
    own = {name: value for name, value in environ.items() if name not in _SET_FOR_OTHERS}
    return run.run(argv, folder=home, environ=own, timeout=seconds, max_output=None)
