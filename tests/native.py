"""Runs a script under the tracer, and says what the programs that it started did inside of the project."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

from dyncachekeys.trace.build import TRACER
from dyncachekeys.trace.fact import Fact, parsed
from dyncachekeys.trace.readers import facts_of

SCRIPT = "go.py"


def needs(*programs: str) -> pytest.MarkDecorator:
    """Return a mark that skips a test where programs are missing, or where strace may not trace."""
    missing = [program for program in programs if not is_there(program)]
    if "strace" in programs and not missing and not _can_trace():
        return pytest.mark.skipif(condition=True, reason="strace can't trace here: it is too old, or forbidden")
    return pytest.mark.skipif(bool(missing), reason=f"not installed: {', '.join(missing)}")


@functools.cache
def is_there(program: str) -> bool:
    """Tell whether a program is there and can be run: rustup's `cargo` is nothing without a toolchain."""
    if shutil.which(program) is None:
        return False
    return program not in {"cargo", "rustc"} or _runs(program, "--version")


def _runs(*argv: str) -> bool:
    return subprocess.run(argv, check=False, capture_output=True).returncode == 0


def _can_trace() -> bool:
    return _runs("strace", "-D", "-f", "--seccomp-bpf", "-o", os.devnull, "true")


class Watched(NamedTuple):
    """What a script did, and what is known of it."""

    done: subprocess.CompletedProcess[str]
    log: list[Fact]
    """What the tracer wrote down."""
    left: list[Fact]
    """What the programs left."""
    root: Path

    def paths(self, *kinds: str) -> set[str]:
        """Return the paths inside of the project that programs other than Python did something with."""
        prefix = f"{self.root}{os.sep}"
        return {fact.subject.removeprefix(prefix) for fact in self._of(kinds) if fact.subject.startswith(prefix)}

    def askers(self, *kinds: str) -> dict[str, str]:
        """Return who asked for what, of facts whose subjects are no paths."""
        return {fact.subject: fact.who for fact in [*self.log, *self._of(kinds)] if fact.what in kinds}

    def _of(self, kinds: Iterable[str]) -> list[Fact]:
        return [fact for fact in self.left if fact.what in kinds]


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a project and return its folder."""
    root = (folder / "project").resolve()
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    root.mkdir(exist_ok=True)
    return root


def watched(root: Path, code: str, *, strace: bool = True, check: bool = True) -> Watched:
    """Run a script of a project under the tracer, in the project."""
    (root / SCRIPT).write_text(textwrap.dedent(code), encoding="utf-8")
    folder = root.parent / "log"
    folder.mkdir(exist_ok=True)
    environ = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    if strace:
        environ["DYNCACHEKEYS_TRACE_STRACE"] = shutil.which("strace") or ""
    argv = [sys.executable, str(TRACER), str(folder / "log"), str(root), SCRIPT]
    done = subprocess.run(argv, cwd=root, env=environ, capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, done.stderr
    return Watched(done, [*parsed((folder / "log").read_bytes())], left(root), root)


def left(root: Path) -> list[Fact]:
    """Return what programs left."""
    return facts_of(root.parent / "log", root, lambda path: path.startswith(f"{root}{os.sep}"))
