"""What a build reads and nothing watches, as far as the configuration tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.backends.files import requirement_files, version_files
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.tree import MISSING
from dyncachekeys.process import environ
from dyncachekeys.resolving.engine import only

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.doctor.package import Subject

_SHOWN = 5


def findings(subject: Subject) -> Iterator[Finding]:
    """Yield what is not watched of a package that uv builds."""
    if not subject.is_package or subject.unknown_keys:
        return
    code = _of_the_build(subject)
    if code:
        yield _finding("DCK020", code, "build-system", 'a `backend` key of dyncachekeys, or `{ file = "..." }`')
    named = requirement_files(subject.project.pyproject)
    for where, paths in sorted(named.items()):
        yield from _unwatched(subject, "DCK021", paths, where, "requirements")
    for where, path in version_files(subject.project.pyproject, subject.files.is_file):
        if path in code:
            continue
        yield from _unwatched(subject, "DCK022", [path], where, "files")


def _unwatched(subject: Subject, code: str, paths: Iterable[str], where: str, key: str) -> Iterator[Finding]:
    found = {path: where for path in paths if not subject.watches(path) and subject.files.is_file(path)}
    if found:
        yield _finding(code, found, where, f'`{{ file = "..." }}`, or a `{key}` key of dyncachekeys')


def _finding(code: str, found: Mapping[str, str], where: str, how: str) -> Finding:
    listed = [f"{path} ({why})" if why != where else path for path, why in found.items()]
    more = f" and {len(listed) - _SHOWN} more" if len(listed) > _SHOWN else ""
    what = "an edit leaves the old build in place"
    message = f"nothing watches {', '.join(listed[:_SHOWN])}{more}: {what}"
    return Finding(code, message, where, f"add {how}", tuple(found)[:_SHOWN])


def _of_the_build(subject: Subject) -> dict[str, str]:
    """Return the files of the in-tree backend, ``setup.py`` and hooks that nothing watches, with the reason."""
    try:
        seen = environ.for_keys(subject.environ)
        resolution = only("backend", {"resolver": "backend"}, subject.project, seen, subject.files)
    except DyncachekeysError:
        return {}
    inputs = [one for key in resolution.keys for one in key.inputs]
    return {
        one.subject: one.reason
        for one in inputs
        if one.kind == "file" and one.state != MISSING and not subject.watches(one.subject)
    }
