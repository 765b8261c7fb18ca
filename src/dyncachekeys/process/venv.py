"""Virtual environments that uv makes, of a resolver's own requirements or for a build; and its errors explained."""

from __future__ import annotations

import os
import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.process import run

LONGEST = 600
"""Seconds that uv may take, whatever the key's timeout."""
_LINES_SHOWN = 12
_PLAIN = ("--no-progress", "--color", "never")
_KEYS, _BUILDS = "the environment of the key's requirements", "the build's environment"
_NEEDS = {_KEYS: "the key's requirements need", _BUILDS: "the build's environment needs"}
_STORED = {_KEYS: "the environment is kept", _BUILDS: "uv keeps what it downloads"}
_NO_NETWORK = re.compile(r"network (was|connectivity is) disabled|error sending request", re.IGNORECASE)


def make(  # noqa: PLR0913  all that uv needs is listed here and nowhere else
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
    # Files of one's own, not links into uv's cache: else what uv does there would touch them.
    install = ("--link-mode", "copy", "--compile-bytecode", "--python", str(python), "--", *requirements)
    commands = (("venv", "--relocatable", "--python", sys.executable, str(made)), ("pip", "install", *install))
    _run(commands, _KEYS, where, root, environ)


def make_for_build(made: Path, base: Path | None, where: str, root: Path, environ: dict[str, str]) -> None:
    """Let uv make an environment for a build, with nothing in it yet.

    It is made of the interpreter ``base``, or if there is none, of that which uv chooses for the project.
    All other arguments, and errors, as `make`.
    """
    chosen = ("--python", str(base)) if base is not None else ()
    _run([("venv", *chosen, str(made))], _BUILDS, where, root, environ)


def install_for_build(
    python: Path, requirements: Sequence[str], where: str, root: Path, environ: dict[str, str]
) -> None:
    """Let uv install what a build requires into its environment. Arguments and errors as `make`."""
    if requirements:
        _run([("pip", "install", "--python", str(python), "--", *requirements)], _BUILDS, where, root, environ)


def _run(commands: Iterable[tuple[str, ...]], what: str, where: str, root: Path, environ: dict[str, str]) -> None:
    uv, left = _uv(environ, what, where), float(LONGEST)
    for command in commands:
        began = time.monotonic()
        words = 2 if command[0] == "pip" else 1
        argv = (uv, *command[:words], *_PLAIN, *command[words:])
        try:
            done = run.run(argv, folder=root, environ=environ, timeout=left, max_output=1 << 20)
        except OSError as error:
            message = f"{uv}: {error}"
            raise _failed(message, what, where) from error
        left -= time.monotonic() - began
        if done.code:
            raise _failed(done.error.decode("utf-8", "replace"), what, where)


def _uv(environ: Mapping[str, str], what: str, where: str) -> str:
    found = shutil.which("uv", path=environ.get("PATH", os.defpath))
    if found:
        return found
    try:
        from uv import find_uv_bin  # noqa: PLC0415  it need not be there

        return str(find_uv_bin())
    except (ImportError, OSError) as error:
        message = f"{_NEEDS[what]} uv, which can't be found"
        remedy = "put uv on PATH, or install the package `uv` beside dyncachekeys"
        raise ResolverError([Problem("no-uv", message, where, remedy)]) from error


def _failed(output: str, what: str, where: str) -> ResolverError:
    shown = "\n".join(f"    {line}" for line in output.strip().splitlines()[-_LINES_SHOWN:])
    if _NO_NETWORK.search(" ".join(output.split())):
        message = f"{what} is not there yet, and uv can't reach the network"
        remedy = f"run this once with a network and without UV_OFFLINE; {_STORED[what]}"
        return ResolverError([Problem("environment-missing", f"{message}\n  uv said:\n{shown}", where, remedy)])
    message = f"uv can't make {what}"
    remedy = "fix the requirements, or the settings of uv"
    return ResolverError([Problem("environment-not-made", f"{message}\n  uv said:\n{shown}", where, remedy)])
