"""How uv makes an environment of a resolver's own requirements, and what is said where it can't."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from typing import TYPE_CHECKING

from dyncachekeys import processes
from dyncachekeys.errors import Problem, ResolverError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LONGEST = 600
"""Seconds that uv may take, whatever the key's timeout."""
_LINES_SHOWN = 12
_NO_NETWORK = re.compile(r"network (was|connectivity is) disabled|error sending request", re.IGNORECASE)


def make(  # noqa: PLR0913  what crosses to uv is listed here and nowhere else
    made: Path, python: Path, requirements: Sequence[str], where: str, root: Path, environ: dict[str, str]
) -> None:
    """Let uv make an environment, and install requirements into it.

    Args:
        made: Its folder, which is not there yet.
        python: Where its interpreter will be.
        requirements: What goes into it.
        where: The path of the option that names them.
        root: Where uv runs, and so whose settings it takes.
        environ: The environment of uv.

    Raises:
        ResolverError: there is no uv, or it fails.
    """
    plain = ("--no-progress", "--color", "never")
    # Files of one's own, not links into uv's cache: else what uv does there would touch them.
    install = ("--link-mode", "copy", "--compile-bytecode", "--python", str(python), "--", *requirements)
    uv, left = _uv(environ, where), float(LONGEST)
    for argv in (
        (uv, "venv", *plain, "--relocatable", "--python", sys.executable, str(made)),
        (uv, "pip", "install", *plain, *install),
    ):
        began = time.monotonic()
        try:
            done = processes.run(argv, folder=root, environ=environ, timeout=left, max_output=1 << 20)
        except OSError as error:
            said = f"{uv}: {error}"
            raise _failed(said, where) from error
        left -= time.monotonic() - began
        if done.code:
            raise _failed(done.error.decode("utf-8", "replace"), where)


def _uv(environ: Mapping[str, str], where: str) -> str:
    found = shutil.which("uv", path=environ.get("PATH", os.defpath))
    if found:
        return found
    try:
        from uv import find_uv_bin  # noqa: PLC0415  it need not be there

        return str(find_uv_bin())
    except (ImportError, OSError) as error:
        message = "the key's requirements need uv, which can't be found"
        remedy = "put uv on PATH, or install the package `uv` beside dyncachekeys"
        raise ResolverError([Problem("no-uv", message, where, remedy)]) from error


def _failed(said: str, where: str) -> ResolverError:
    shown = "\n".join(f"    {line}" for line in said.strip().splitlines()[-_LINES_SHOWN:])
    if _NO_NETWORK.search(" ".join(said.split())):
        message = "the environment of the key's requirements is not there yet, and uv can't reach the network"
        remedy = "run this once with a network and without UV_OFFLINE; the environment is kept"
        return ResolverError([Problem("environment-missing", f"{message}\n  uv said:\n{shown}", where, remedy)])
    message = "uv can't make the environment of the key's requirements"
    remedy = "mend the requirements, or the settings of uv"
    return ResolverError([Problem("environment-not-made", f"{message}\n  uv said:\n{shown}", where, remedy)])
