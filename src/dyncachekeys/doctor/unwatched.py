"""What a build reads and nothing watches, as far as the configuration tells."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any

from dyncachekeys import environment
from dyncachekeys.doctor.finding import Finding
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files import MISSING
from dyncachekeys.resolution import only

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.doctor.subject import Subject

_SHOWN = 5


def findings(subject: Subject) -> Iterator[Finding]:
    """Yield what is not watched of a package that uv builds."""
    if not subject.is_package or subject.unknown_keys:
        return
    code = _of_the_build(subject)
    if code:
        yield _finding("DCK020", code, "build-system", 'a `backend` key of dyncachekeys, or `{ file = "..." }`')
    named = _requirement_files(subject)
    for where, paths in sorted(named.items()):
        yield from _unwatched(subject, "DCK021", paths, where, "requirements")
    for where, path in _version_files(subject):
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
        seen = environment.for_keys(subject.environ)
        resolution = only("backend", {"resolver": "backend"}, subject.project, seen, subject.files)
    except DyncachekeysError:
        return {}
    inputs = [one for key in resolution.keys for one in key.inputs]
    return {
        one.subject: one.reason
        for one in inputs
        if one.kind == "file" and one.state != MISSING and not subject.watches(one.subject)
    }


def _requirement_files(subject: Subject) -> dict[str, list[str]]:
    """Return the files from which dependencies are read, by where that is said."""
    found: dict[str, list[str]] = {}
    dynamic = "tool.setuptools.dynamic"
    for name in ("dependencies", "optional-dependencies"):
        table = subject.value("tool", "setuptools", "dynamic", name)
        tables = {"": table} if name == "dependencies" else table if isinstance(table, dict) else {}
        for extra, one in tables.items():
            paths = _texts(one.get("file") if isinstance(one, dict) else None)
            if paths:
                found[".".join(filter(None, (dynamic, name, extra)))] = paths
    paths = _texts(subject.value("tool", "hatch", "metadata", "hooks", "requirements_txt", "files"))
    if paths:
        found["tool.hatch.metadata.hooks.requirements_txt.files"] = paths
    return found


def _version_files(subject: Subject) -> Iterator[tuple[str, str]]:
    """Yield the files from which the version is read, each with where that is said."""
    for path in _texts(subject.value("tool", "setuptools", "dynamic", "version", "file")):
        yield "tool.setuptools.dynamic.version.file", path
    attribute = subject.value("tool", "setuptools", "dynamic", "version", "attr")
    if isinstance(attribute, str):
        for path in _module_files(subject, attribute.rpartition(".")[0]):
            yield "tool.setuptools.dynamic.version.attr", path
    if subject.value("tool", "hatch", "version", "source") in {None, "regex", "code"}:
        for path in _texts(subject.value("tool", "hatch", "version", "path")):
            yield "tool.hatch.version.path", path
    if subject.value("tool", "pdm", "version", "source") == "file":
        for path in _texts(subject.value("tool", "pdm", "version", "path")):
            yield "tool.pdm.version.path", path


def _module_files(subject: Subject, module: str) -> Iterator[str]:
    """Yield the file of a module, which setuptools looks for below ``src`` or its own ``package-dir``."""
    below = subject.value("tool", "setuptools", "package-dir", "")
    path = module.replace(".", "/")
    for folder in dict.fromkeys((below if isinstance(below, str) else "", "src", "")):
        for candidate in (f"{path}.py", f"{path}/__init__.py"):
            place = posixpath.normpath(posixpath.join(folder, candidate))
            if subject.files.is_file(place):
                yield place
                return


def _texts(value: Any) -> list[str]:
    values = [value] if isinstance(value, str) else value if isinstance(value, list) else []
    return [posixpath.normpath(one) for one in values if isinstance(one, str) and one]
