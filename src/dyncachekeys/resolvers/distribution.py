"""``resolver = "distribution"``: what is installed in the project's environment, its Python, and the platform."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from platform import libc_ver, mac_ver, machine, system
from typing import Annotated, TypeVar

from dyncachekeys.names import normalised_name
from dyncachekeys.plugin import Checked, Context, Data, Problem, ResolverError, Value

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")
_INFO = re.compile(r"(?P<name>.+?)(-(?P<version>\d[^-]*)(-.*)?)?\.(?P<kind>dist-info|egg-info)")
_STATED = re.compile(rb"^Version:[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_LIBRARY = re.compile(r"(python|pypy|graalpy)\d")
_C_LIBRARY = re.compile(r" (/.+/(?:libc\.so\.6|libc-[\d.]+\.so|(?:ld-|libc\.)musl-\w+\.so\.1))$", re.MULTILINE)
_LOADED = Path("/proc/self/maps")
_MAC = "/System/Library/CoreServices/SystemVersion.plist"
_Answer = TypeVar("_Answer")


def _check_name(name: str) -> str | None:
    message = f'"{name}" can\'t be the name of a distribution; write it without version, extras and marker'
    return None if _NAME.fullmatch(name) else message


def distribution(
    context: Context,
    *,
    names: Annotated[list[Annotated[str, Checked(_check_name)]], "names of distributions: their versions count"] = [],  # noqa: B006  never changed
    interpreter: Annotated[bool, "the environment's Python counts: implementation and version"] = False,
    platform: Annotated[bool, "the operating system, processor and C library count"] = False,
) -> Iterable[Value]:
    """Yield what the project's own environment has installed; its files are read, nothing in it is run.

    What is missing is a state and a warning.
    """
    if not (names or interpreter or platform):
        remedy = "give `names = [...]`, `interpreter = true` or `platform = true`"
        raise ResolverError([Problem("missing-option", "nothing counts", context.where, remedy)])
    if names or interpreter:
        yield from _in_environment(context, names, interpreter=interpreter)
    if platform:
        yield Value("platform", [system(), machine(), _system_version(context)], "of this machine")


def _in_environment(context: Context, names: Iterable[str], *, interpreter: bool) -> Iterator[Value]:
    environment = context.environment()
    exists = context.is_dir(environment)
    if not exists:
        context.warn("environment-missing", f"no environment at `{environment}`; it will count once it is made")
    for name in sorted(set(map(normalised_name, names))):
        builds = _installed(context, environment, name) if exists else []
        yield Value(f"distribution {name}", builds or "missing", f"in {environment}")
    if interpreter:
        versions = _interpreter(context, environment) if exists else []
        yield Value("interpreter", versions or "missing", f"of {environment}")


def _installed(context: Context, environment: str, name: str) -> list[Data]:
    """Return each copy of a distribution: its version, and what differs between two builds of one version.

    The lists of folders are noted only if there is no copy: its own files show whether a copy changed, and
    other distributions may be installed and removed beside it.
    """
    found = list(_found(context, environment, name, noted=False)) or list(
        _found(context, environment, name, noted=True)
    )
    if not found:
        context.warn("distribution-missing", f"no `{name}` in `{environment}`; it will count once it is installed")
    if len(found) > 1:
        versions = ", ".join(str(one["version"]) for one in found)
        message = f"`{name}` is in `{environment}` more than once ({versions}), and each counts; install it again"
        context.warn("distribution-ambiguous", message)
    return [*found]


def _found(context: Context, environment: str, name: str, *, noted: bool) -> Iterator[dict[str, Data]]:
    for site in _sites(context, environment, noted=noted):
        for folder in _names(context, site, noted=noted):
            match = _INFO.fullmatch(folder)
            if match and normalised_name(match["name"]) == name:
                yield from _build(context, f"{site}/{folder}", match["version"], match["kind"])


def _sites(context: Context, environment: str, *, noted: bool) -> list[str]:
    libraries = _libraries(context, environment, noted=noted)
    sites = [*(f"{environment}/lib/{name}/site-packages" for name in libraries), f"{environment}/Lib/site-packages"]
    return [site for site in sites if context.is_dir(site)]


def _libraries(context: Context, environment: str, *, noted: bool) -> list[str]:
    return [name for name in _names(context, f"{environment}/lib", noted=noted) if _LIBRARY.match(name)]


def _build(context: Context, folder: str, version: str | None, kind: str) -> Iterator[dict[str, Data]]:
    """Yield what one folder of metadata says, if it holds any."""
    path = f"{folder}/METADATA"
    if kind == "egg-info":  # distutils wrote a file
        path = f"{folder}/PKG-INFO" if context.is_dir(folder) else folder
    metadata = _asked(context, context.read_bytes, path)
    if metadata is None:  # what a broken installation leaves
        return
    stated = _STATED.search(re.split(rb"\r?\n\r?\n", metadata, maxsplit=1)[0])
    if stated is None:
        context.warn("metadata-broken", f"`{path}` states no version; install its distribution again")
    build: dict[str, Data] = {"version": stated[1].decode("ascii", "backslashreplace") if stated else version}
    for name in ("WHEEL", "direct_url.json") if kind == "dist-info" else ():
        build[name] = _asked(context, context.read_bytes, f"{folder}/{name}")
    yield build


def _interpreter(context: Context, environment: str) -> list[Data]:
    """Return implementation and version, and the folder of its library: that of a free-threaded one ends in ``t``."""
    text = _asked(context, context.read_bytes, f"{environment}/pyvenv.cfg")
    if text is None:
        context.warn("interpreter-unknown", f"no `{environment}/pyvenv.cfg`; the version will count once it is there")
    lines = [line.partition("=") for line in (text or b"").decode("utf-8", "replace").splitlines()]
    settings = {key.strip().lower(): value.strip() for key, _, value in lines}
    version = settings.get("version") or settings.get("version_info")  # virtualenv writes both, uv the second
    return [settings.get("implementation"), version, *_libraries(context, environment, noted=True)]


def _system_version(context: Context) -> str:
    """Return the version of macOS, or of the C library, whose file is read, so that a later run sees a change."""
    loaded = _C_LIBRARY.search(_LOADED.read_text("utf-8", "replace")) if _LOADED.exists() else None
    path = _MAC if system() == "Darwin" else loaded[1] if loaded else ""
    if not path or _asked(context, context.read_bytes, os.path.relpath(path, context.root)) is None:
        context.each_time()  # there is nothing to see it by
    if path == _MAC:
        return mac_ver()[0]
    return "musl" if "musl" in path else " ".join(libc_ver())


def _names(context: Context, path: str, *, noted: bool) -> list[str]:
    return _asked(context, partial(context.names, noted=noted), path) or []


def _asked(context: Context, ask: Callable[[str], _Answer], path: str) -> _Answer | None:
    try:
        return ask(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        message, remedy = f"`{path}` can't be read: {error.strerror}", "make it readable, or make the environment again"
        raise ResolverError([Problem("unreadable-file", message, context.where, remedy)]) from error
