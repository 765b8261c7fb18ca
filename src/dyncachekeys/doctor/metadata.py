"""Whether a build backend agrees with itself: what it says before a build, and what is in the wheel that it makes.

uv reads the metadata of a local package from whichever is at hand: from ``prepare_metadata_for_build_editable``
when it resolves, from the wheel when it has one. Where the two differ, dependencies come and go. PEP 517 wants
them equal. Runs the backend, in the project's own tree, as uv does.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.process import environ
from dyncachekeys.trace.build import run_hooks
from dyncachekeys.trace.request import TraceRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from dyncachekeys.doctor.package import Subject
    from dyncachekeys.errors import Problem

_TIMEOUT = 600.0
"""Seconds that a hook may take."""
_WHERE = "build-system.build-backend"
_PAIRS = (
    ("prepare_metadata_for_build_editable", "build_editable"),
    ("prepare_metadata_for_build_wheel", "build_wheel"),
)
_SHOWN = 5
Fields = dict[str, frozenset[str]]
"""Core metadata by field: whatever may stand several times or in another spelling, compared as a set."""


def findings(subject: Subject) -> Iterator[Finding]:
    """Build the metadata both ways and compare it, field by field."""
    if not subject.is_package:
        return
    problems: list[Problem] = []
    made = _made(subject, problems)
    for problem in problems:
        yield Finding("DCK072", problem.message, problem.where, problem.remedy)
    for before, build in _PAIRS:
        if before in made and build in made:
            yield from _disagreement(before, build, made[before], made[build])
    editable, regular = made.get("build_editable"), made.get("build_wheel")
    if editable is not None and regular is not None:
        yield from _between_builds(editable, regular)


def _made(subject: Subject, problems: list[Problem]) -> dict[str, Fields]:
    """Return the metadata that each hook makes; what can't be run is added to the problems."""
    seen = environ.for_keys(subject.environ)
    longer = "make the build faster"
    request = TraceRequest(subject.project, subject.files, seen, where=_WHERE, timeout=_TIMEOUT, longer=longer)
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-metadata-", ignore_cleanup_errors=True) as folder:
        try:
            hooks = run_hooks(request, Path(folder), problems)
        except DyncachekeysError as error:
            problems += error.problems
            return {}
        found = {hook: _metadata(Path(folder, hook)) for hook in hooks}
        return {hook: _fields(metadata) for hook, metadata in found.items() if metadata}


def _metadata(made: Path) -> bytes:
    """Return the core metadata that a hook left in its folder: in a wheel, or on its own."""
    for wheel in made.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return archive.read(names[0]) if names else b""
    for path in made.glob("*.dist-info/METADATA"):
        return path.read_bytes()
    return b""


def _fields(metadata: bytes) -> Fields:
    """Return core metadata in a form in which layout, order and spelling don't count."""
    from packaging.metadata import parse_email  # noqa: PLC0415  needed here only

    known, unknown = parse_email(metadata)
    found: Fields = {}
    for name, value in {**unknown, **known}.items():
        values = [f"{one}, {other}" for one, other in value.items()] if isinstance(value, dict) else value
        some = values if isinstance(values, list) else [values]
        found[name.replace("_", "-")] = frozenset(_normalised(name, one) for one in map(str, some))
    found.pop("metadata-version", None)
    return found


def _normalised(name: str, value: str) -> str:
    """Return a value of a field in the one spelling of it; one that can't be read stays as it is."""
    from packaging.requirements import InvalidRequirement, Requirement  # noqa: PLC0415
    from packaging.specifiers import InvalidSpecifier, SpecifierSet  # noqa: PLC0415
    from packaging.utils import canonicalize_name, canonicalize_version  # noqa: PLC0415

    try:
        match name:
            case "name" | "provides_extra":
                return canonicalize_name(value)
            case "version":
                return canonicalize_version(value, strip_trailing_zero=False)
            case "requires_python":
                return str(SpecifierSet(value))
            case "requires_dist":
                requirement = Requirement(value)
                requirement.name = canonicalize_name(requirement.name)
                requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
                return str(requirement)
    except (InvalidRequirement, InvalidSpecifier):
        pass
    return value


def _disagreement(before: str, build: str, said: Fields, built: Fields) -> Iterator[Finding]:
    told = [*_differences(said, built)]
    if told:
        message = f"`{before}` and the wheel that `{build}` makes differ: {'; '.join(told)}"
        remedy = f"let `{build}` make what `{before}` says (PEP 517 wants both equal): override both, or neither"
        yield Finding("DCK070", message, f"{_WHERE}: {build}", remedy)


def _differences(said: Mapping[str, frozenset[str]], built: Mapping[str, frozenset[str]]) -> Iterator[str]:
    nothing: frozenset[str] = frozenset()
    for name in sorted(said.keys() | built.keys()):
        only_said, only_built = (
            said.get(name, nothing) - built.get(name, nothing),
            built.get(name, nothing) - said.get(name, nothing),
        )
        if only_said:
            yield f"{_spelled(name)} only before the build: {_listed(only_said)}"
        if only_built:
            yield f"{_spelled(name)} only in the wheel: {_listed(only_built)}"


def _between_builds(editable: Fields, regular: Fields) -> Iterator[Finding]:
    """Compare the two wheels: an editable one may ask for more at run time (PEP 660), and for nothing less."""
    told = [f"{_spelled(name)} differs" for name in ("name", "version") if editable.get(name) != regular.get(name)]
    missing = regular.get("requires-dist", frozenset()) - editable.get("requires-dist", frozenset())
    told += [f"the editable wheel lacks Requires-Dist: {_listed(missing)}"] if missing else []
    if told:
        message = f"`build_editable` and `build_wheel` differ: {'; '.join(told)}"
        yield Finding("DCK071", message, f"{_WHERE}: build_editable", "let both hooks make the same metadata")


def _spelled(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))


def _listed(values: frozenset[str]) -> str:
    some = [one if len(one) <= 80 else f"{one[:80]}..." for one in sorted(values)[:_SHOWN]]  # noqa: PLR2004
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return ", ".join(some).replace(os.linesep, " ") + more
