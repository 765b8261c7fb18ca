"""From the name of a resolver to its function.

Built-ins are registered in the entry-point group like a stranger's. Their names are looked up first, so
that nothing scans installed metadata (some 60 ms) unless a name asks for it.
"""

from __future__ import annotations

import importlib
import re
import sys
from typing import NamedTuple

from dyncachekeys.config.check import Gone
from dyncachekeys.errors import Problem, ResolverError, mistyped, nearest
from dyncachekeys.names import normalised_name
from dyncachekeys.plugin import Resolver

GROUP = "dyncachekeys.resolvers"
_NAMES = "backend build command defaults distribution env files git outputs package requirements table"
BUILT_IN = {name: f"dyncachekeys.resolvers.{name}:{name}" for name in _NAMES.split()}
GONE = {
    "backend": {
        "trace": Gone(
            "uv's own builds are watched instead",
            'take it out, and add a key with `resolver = "build"`; `dyncachekeys doctor` then tells the line that has '
            "uv's builds watched",
        )
    }
}
"""Options of built-in resolvers that there were once."""
_WITHOUT_FILES = frozenset({"command", "defaults", "distribution", "env", "git", "outputs", "table"})
_IN_TREE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")


class Reference(NamedTuple):
    """Where a resolver is to be found."""

    name: str
    """As the key names it."""
    target: str
    """``module:attribute``"""
    origin: str
    """``built in``, the distribution, or the project's own tree."""

    @property
    def built_in(self) -> bool:
        """Whether it is ours and may run in this very process."""
        return self.origin == "built in"


def may_yield_files(name: str) -> bool:
    """Tell whether a resolver may yield files without an entry of their own, going by the key alone."""
    return name not in _WITHOUT_FILES


def find(name: str, where: str, site_packages: str | None = None) -> Reference:
    """Return where the resolver of a name is.

    Args:
        name: A built-in, an entry point's name, or ``module:function`` in the project's tree.
        where: The key's path, for messages.
        site_packages: Of the key's own environment, which comes before ours.

    Raises:
        ResolverError: no such resolver, or two distributions claim the name.
    """
    if name in BUILT_IN:
        return Reference(name, BUILT_IN[name], "built in")
    if ":" in name:
        if not _IN_TREE.fullmatch(name):
            remedy = "write `package.module:function`"
            raise ResolverError(
                [Problem("invalid-resolver", f"`{name}` is not a reference", f"{where}.resolver", remedy)]
            )
        return Reference(name, name, "the project's own tree")
    return _installed(name, where, site_packages)


def _installed(name: str, where: str, site_packages: str | None) -> Reference:
    found = _registered([site_packages, *sys.path] if site_packages else sys.path)
    owners = found.get(name, {})
    if len(owners) == 1:
        ((owner, target),) = owners.items()
        return Reference(name, target, owner)
    if owners:
        message = f"`{name}` is claimed by more than one distribution: {', '.join(sorted(owners))}"
        remedy = "uninstall one of them, or name the function: `package.module:function`"
        raise ResolverError([Problem("ambiguous-resolver", message, f"{where}.resolver", remedy)])
    known = {*BUILT_IN, *found} - {"defaults"}
    place = "name that in `with`" if site_packages else "install that beside dyncachekeys"
    remedy = mistyped(name, known) or f"{nearest(name, known)}; if a package has it, {place}"
    raise ResolverError([Problem("unknown-resolver", f"there is no resolver `{name}`", f"{where}.resolver", remedy)])


def installed() -> frozenset[str]:
    """Return the names of the resolvers that installed packages bring."""
    return frozenset(_registered(sys.path)) - BUILT_IN.keys()


def _registered(path: list[str]) -> dict[str, dict[str, str]]:
    """Return what the distributions on a search path register: by name and distribution, where the function is.

    A distribution whose metadata is broken is left out: it must not break the others.
    """
    from importlib_metadata import distributions  # noqa: PLC0415  its import alone costs what a quiet run does

    found: dict[str, dict[str, str]] = {}
    seen: set[str] = set()
    for distribution in distributions(path=path):
        try:
            owner = f"{distribution.name} {distribution.version}"
            points = [(point.name, point.value) for point in distribution.entry_points if point.group == GROUP]
        except Exception:  # noqa: BLE001, S112  whatever a stranger's metadata does to its parser
            continue
        name = normalised_name(distribution.name)
        if name not in seen:  # another one of the same name is shadowed on sys.path
            seen.add(name)
            for point, value in points:
                found.setdefault(point, {})[owner] = value.replace(" ", "")
    return dict(sorted(found.items()))


def load(reference: Reference, where: str) -> Resolver:
    """Import a resolver's function.

    Raises:
        ResolverError: it can't be imported, or can't be called.
    """
    module_name, _, attribute = reference.target.partition(":")
    try:
        found: object = importlib.import_module(module_name)
        for step in attribute.split("."):
            found = getattr(found, step)
    except Exception as error:
        raise ResolverError([_not_loaded(reference, where, error)]) from error
    if not callable(found):
        message = f"`{reference.target}` of {reference.origin} can't be called"
        remedy = "name a function that takes a context and yields inputs"
        raise ResolverError([Problem("resolver-not-loaded", message, f"{where}.resolver", remedy)])
    return found


def _not_loaded(reference: Reference, where: str, error: Exception) -> Problem:
    module, _, attribute = reference.target.partition(":")
    message = f"`{reference.target}` of {reference.origin} can't be loaded: {type(error).__name__}: {error}"
    missing = isinstance(error, ModuleNotFoundError) and error.name and module.startswith(error.name)
    if missing and reference.target != reference.name:
        remedy = f"install {reference.origin} again, or report it to whoever made it"
    elif missing:
        remedy = "check the name, and that `plugin-path` names the folder that holds it"
    elif isinstance(error, ModuleNotFoundError):
        remedy = f"name the package of `{error.name}` in `with`, or import it only where it is needed"
    elif isinstance(error, AttributeError):
        remedy = f"check that the module defines `{attribute}`"
    else:
        remedy = "fix the module, or report it to whoever made it"
    return Problem("resolver-not-loaded", message, f"{where}.resolver", remedy)
