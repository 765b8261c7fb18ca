"""What a build reads and nothing watches, as far as the configuration says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dyncachekeys.backends.files import requirement_files, version_files
from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import Package
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.tree import MISSING
from dyncachekeys.process import environ
from dyncachekeys.resolving.engine import only

_SHOWN = 5


def findings(package: Package) -> Iterator[Finding]:
    """Yield what nothing watches of a package that uv builds."""
    if not package.project.is_package or package.unknown_keys:
        return
    code = _code_of_build(package)
    yield from _unwatched(package, "DCK020", code, "build-system", "backend")
    for where, paths in sorted(requirement_files(package.project.pyproject).items()):
        yield from _unwatched(package, "DCK021", dict.fromkeys(paths, where), where, "requirements")
    for where, path in version_files(package.project.pyproject, package.files.is_file):
        if path not in code:
            yield from _unwatched(package, "DCK022", {path: where}, where, "files")


def _code_of_build(package: Package) -> dict[str, str]:
    """Return the files of the in-tree backend, ``setup.py`` and hooks, with the reason."""
    try:
        seen = environ.for_keys(package.environ)
        resolution = only("backend", {"resolver": "backend"}, package.project, seen, package.files)
    except DyncachekeysError:
        return {}
    inputs = [item for key in resolution.keys for item in key.inputs]
    return {item.subject: item.reason for item in inputs if item.kind == "file" and item.state != MISSING}


def _unwatched(package: Package, code: str, files: Mapping[str, str], where: str, key: str) -> Iterator[Finding]:
    unwatched = [path for path in files if not package.watches(path) and package.files.is_file(path)]
    if unwatched:
        named = [f"{path} ({files[path]})" if files[path] != where else path for path in unwatched]
        message = f"nothing watches {first(named, _SHOWN)}: an edit leaves the old build in place"
        has_keys = package.project.table is not None or package.project.inherited
        ours = f"add a `{key}` key of dyncachekeys" if has_keys else "run `dyncachekeys init`"
        remedy = f'{ours}, or add `{{ file = "..." }}` to tool.uv.cache-keys'
        yield Finding(code, message, where, remedy, tuple(unwatched[:_SHOWN]))
