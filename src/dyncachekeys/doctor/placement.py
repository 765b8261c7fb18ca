"""Keys in places where uv does not read them, and defaults that are lost."""

from __future__ import annotations

from collections.abc import Iterator

import tomli

from dyncachekeys.doctor.finding import Finding
from dyncachekeys.doctor.package import WHERE, Package
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv import workspace


def findings(package: Package) -> Iterator[Finding]:
    """Yield what is wrong with the place of the keys."""
    pyproject = package.project.pyproject
    is_root = (
        isinstance(at(pyproject, "tool.uv.workspace"), dict) and workspace.home(package.files) == package.project.root
    )
    if is_root and not package.project.is_package and package.project.user_entries:
        message = "the root of the workspace is not a package, so uv never reads these keys"
        remedy = "write them into each member; `[tool.dyncachekeys.workspace.keys]` does that for you"
        yield Finding("DCK011", message, WHERE, remedy)
    if _in_uv_toml(package):
        remedy = "move them to `[tool.uv]` in pyproject.toml"
        yield Finding("DCK012", "`cache-keys` is in uv.toml", "uv.toml: cache-keys", remedy)
    if package.listed and package.project.is_package and not package.watches("pyproject.toml"):
        message = "the list replaces uv's defaults, and `pyproject.toml` is not in it"
        remedy = 'add `{ file = "pyproject.toml" }`'
        yield Finding("DCK013", message, WHERE, remedy, ("pyproject.toml",))


def _in_uv_toml(package: Package) -> bool:
    try:
        data = package.files.read("uv.toml")
        return "cache-keys" in tomli.loads(data.decode("utf-8-sig"))
    except (OSError, ValueError):
        return False
