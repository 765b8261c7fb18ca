"""Core metadata in one form, so that layout, order and spelling don't count. Imports much: import it only when needed."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable
from pathlib import Path

from packaging.metadata import parse_email
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name, canonicalize_version

Fields = dict[str, frozenset[str]]
"""The values of each field; a field that may stand only once has one."""


def of_hook(folder: Path) -> Fields | None:
    """Return the metadata that a hook of the backend left in its folder; nothing if there is none."""
    content = _content(folder)
    return _fields(content) if content else None


def _content(folder: Path) -> bytes:
    for wheel in folder.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
            return archive.read(names[0]) if names else b""
    return next((path.read_bytes() for path in folder.glob("*.dist-info/METADATA")), b"")


def _fields(content: bytes) -> Fields:
    known, unknown = parse_email(content)
    fields: Fields = {}
    for name, given in {**unknown, **known}.items():
        values = [f"{label}, {url}" for label, url in given.items()] if isinstance(given, dict) else given
        values = values if isinstance(values, list) else [values]
        fields[name.replace("_", "-")] = frozenset(_normalised(name, str(value)) for value in values)
    fields.pop("metadata-version", None)
    return fields


def _normalised(name: str, value: str) -> str:
    """Return the normal form of a field's value; one that can't be read stays as it is."""
    try:
        return _NORMAL_FORMS.get(name, str)(value)
    except (InvalidRequirement, InvalidSpecifier):
        return value


def _requirement(text: str) -> str:
    requirement = Requirement(text)
    requirement.name = canonicalize_name(requirement.name)
    requirement.extras = {canonicalize_name(extra) for extra in requirement.extras}
    return str(requirement)


_NORMAL_FORMS: dict[str, Callable[[str], str]] = {
    "name": canonicalize_name,
    "provides_extra": canonicalize_name,
    "version": functools.partial(canonicalize_version, strip_trailing_zero=False),
    "requires_python": lambda value: str(SpecifierSet(value)),
    "requires_dist": _requirement,
}
