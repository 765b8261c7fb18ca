"""An environment that stands in for the project's when uv is asked: it says what is installed, and holds no code.

uv starts the interpreter of the environment that it looks at, and so whatever lies there: the program ``bin/python``
itself, ``.pth`` files. The project's may have come with the tree. What uv compares stands in the metadata of what is
installed (``*.dist-info``), so that is all that the stand-in has.
"""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.files import refs
from dyncachekeys.files.tree import Files
from dyncachekeys.process import run
from dyncachekeys.process.interpreter import python_in, settings_of
from dyncachekeys.uv import workspace
from dyncachekeys.uv.program import Program
from dyncachekeys.uv.record import sites

_TIMEOUT = 60
"""Seconds that uv may take to make it."""
_PYTHON = re.compile(r"(python|pypy|graalpy)[\d.]*t?(\.exe)?", re.IGNORECASE)
_PLAIN = ("--offline", "--no-progress", "--color", "never")
_KEPT = (".dist-info", ".egg-info")


@contextlib.contextmanager
def stand_in(files: Files, environ: Mapping[str, str], program: Program, where: str) -> Iterator[tuple[Path, Path]]:
    """Make a stand-in for the environment of a project, for as long as it takes.

    Args:
        files: The project's files.
        environ: The environment of uv.
        program: The uv that makes it.
        where: What asks, for messages.

    Yields:
        Its folder, which is not there if the project has no environment; and the interpreter for uv to take.

    Raises:
        ConfigurationError: it can't be made, or the project's has an interpreter that lies in the tree.
    """
    theirs = Path(os.path.normpath(workspace.project_environment(files, environ)))
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-uv-", ignore_cleanup_errors=True) as name:
        made = Path(os.path.realpath(name), "environment")
        if not theirs.is_dir():
            yield made, Path(os.path.realpath(sys.executable))
            return
        _make(made, _base(theirs, files, where), program, environ, where)
        for site in filter(Path.is_dir, sites(theirs)):
            _copy_metadata(site, made / site.relative_to(theirs))
        yield made, python_in(made)


def _make(made: Path, base: Path, program: Program, environ: Mapping[str, str], where: str) -> None:
    """Have uv make an environment with nothing in it."""
    argv = (program.path, "venv", *_PLAIN, "--python", str(base), str(made))
    try:  # not in the project's folder: its settings have no say in this
        done = run.run(argv, folder=made.parent, environ=environ, timeout=_TIMEOUT, max_output=1 << 20)
    except OSError as error:
        raise _failed(str(error), where) from error
    if done.code:
        raise _failed(" ".join(done.error.decode("utf-8", "replace").split()), where)


def _base(environment: Path, files: Files, where: str) -> Path:
    """Return the interpreter that an environment is made of; it must not lie in the tree."""
    python = Path(os.path.realpath(python_in(environment)))
    if not python.exists() or python.is_relative_to(os.path.realpath(environment)):  # on Windows it is a copy
        python = Path(os.path.realpath(Path(settings_of(environment).get("home", ""), python_in(environment).name)))
    trees = (files.root, workspace.home(files), refs.work_tree(files) or files.root)
    if any(python.is_relative_to(os.path.realpath(tree)) for tree in trees) or not _PYTHON.fullmatch(python.name):
        message = f"the interpreter of `{environment}` lies in the tree, and asking uv would run it"
        raise _failed(message, where)
    return python


def _copy_metadata(site: Path, made: Path) -> None:
    """Copy what is said of each distribution, but not what is installed."""
    if not made.is_dir():
        return
    for info in (one for one in site.iterdir() if one.name.endswith(_KEPT) and one.is_dir()):
        (made / info.name).mkdir(exist_ok=True)
        for file in filter(Path.is_file, info.iterdir()):
            with contextlib.suppress(OSError):  # that one counts as missing
                (made / info.name / file.name).write_bytes(file.read_bytes())


def _failed(message: str, where: str) -> ConfigurationError:
    remedy = "make the environment again: remove it, then run `uv sync`"
    return ConfigurationError([Problem("uv-not-asked", message, where, remedy)])
