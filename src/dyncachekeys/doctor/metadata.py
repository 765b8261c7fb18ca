"""Whether a build backend agrees with itself: its metadata before a build, and the metadata in the wheel that it makes.

uv reads the metadata of a local package from whichever is at hand: from ``prepare_metadata_for_build_editable``
when it resolves, from the wheel when it has one. Where the two differ, dependencies come and go. PEP 517 requires
them to be equal. Runs the backend, in the project's own tree, as uv does.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys.doctor.core_metadata import Fields
from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import Package
from dyncachekeys.errors import DyncachekeysError, Problem
from dyncachekeys.process import environ
from dyncachekeys.trace.build import run_hooks
from dyncachekeys.trace.request import TraceRequest

_TIMEOUT = 600.0
"""Seconds that a hook may take."""
_WHERE = "build-system.build-backend"
_PAIRS = (
    ("prepare_metadata_for_build_editable", "build_editable"),
    ("prepare_metadata_for_build_wheel", "build_wheel"),
)
_SHOWN = 5
_LONGEST_VALUE = 80
_NOTHING: frozenset[str] = frozenset()


def findings(package: Package) -> Iterator[Finding]:
    """Run all hooks that make metadata, and compare what they make, field by field."""
    if not package.project.is_package:
        return
    problems: list[Problem] = []
    made = _made(package, problems)
    for problem in problems:
        yield Finding("DCK072", problem.message, problem.where, problem.remedy)
    for prepare, build in _PAIRS:
        if prepare in made and build in made:
            yield from _before_and_after(prepare, build, made)
    if "build_editable" in made and "build_wheel" in made:
        yield from _between_wheels(made["build_editable"], made["build_wheel"])


def _made(package: Package, problems: list[Problem]) -> dict[str, Fields]:
    """Return the metadata that each hook makes; why a hook can't be run is added to the problems."""
    from dyncachekeys.doctor.core_metadata import of_hook  # noqa: PLC0415  needed here only

    seen = environ.for_keys(package.environ)
    longer = "make the build faster"
    request = TraceRequest(package.project, package.files, seen, where=_WHERE, timeout=_TIMEOUT, longer=longer)
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-metadata-", ignore_cleanup_errors=True) as folder:
        try:
            hooks = run_hooks(request, Path(folder), problems)
        except DyncachekeysError as error:
            problems += error.problems
            return {}
        return {hook: fields for hook in hooks if (fields := of_hook(Path(folder, hook))) is not None}


def _before_and_after(prepare: str, build: str, made: dict[str, Fields]) -> Iterator[Finding]:
    differences = [*_differences(made[prepare], made[build])]
    if differences:
        message = f"`{prepare}` and the wheel that `{build}` makes differ: {'; '.join(differences)}"
        remedy = f"let `{build}` make what `{prepare}` says (PEP 517 wants both equal): override both, or neither"
        yield Finding("DCK070", message, f"{_WHERE}: {build}", remedy)


def _differences(prepared: Fields, built: Fields) -> Iterator[str]:
    for name in sorted(prepared.keys() | built.keys()):
        before, after = prepared.get(name, _NOTHING), built.get(name, _NOTHING)
        if before - after:
            yield f"{name.title()} only before the build: {_values(before - after)}"
        if after - before:
            yield f"{name.title()} only in the wheel: {_values(after - before)}"


def _between_wheels(editable: Fields, regular: Fields) -> Iterator[Finding]:
    """Compare the two wheels: an editable one may require more at run time (PEP 660), but nothing less."""
    differences = [f"{name.title()} differs" for name in ("name", "version") if editable.get(name) != regular.get(name)]
    missing = regular.get("requires-dist", _NOTHING) - editable.get("requires-dist", _NOTHING)
    if missing:
        differences.append(f"the editable wheel lacks Requires-Dist: {_values(missing)}")
    if differences:
        message = f"`build_editable` and `build_wheel` differ: {'; '.join(differences)}"
        yield Finding("DCK071", message, f"{_WHERE}: build_editable", "let both hooks make the same metadata")


def _values(values: frozenset[str]) -> str:
    short = [value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}..." for value in sorted(values)]
    return first(short, _SHOWN).replace(os.linesep, " ")
