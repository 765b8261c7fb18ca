"""Running a build's hooks under the tracer, and what that shows."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files.folder import changed_ns
from dyncachekeys.trace.build import interpreter, prepared
from dyncachekeys.trace.filter import Fact, filtered, parsed, paths
from dyncachekeys.trace.model import Bounds, Trace, parents
from dyncachekeys.trace.request import TraceRequest


class Recorded(NamedTuple):
    """What was found, how, and when."""

    trace: Trace
    python: str
    """The interpreter that ran the hooks (`interpreter`): the project's, if there is an environment yet."""
    started: int
    """When the first hook was called, in nanoseconds of the file system's clock."""
    touched: AbstractSet[str]
    """What got another change time from the build although it was not written."""
    dated: AbstractSet[str]
    """What got another modification time so."""
    stirred: AbstractSet[str]
    """Folders in which the build was seen to make, move or remove something."""


def record(request: TraceRequest) -> Recorded:
    """Run the hooks under the tracer.

    Raises:
        ResolverError: the environment can't be made, or a hook fails or takes too long.
    """
    with prepared(request) as build:
        root, environment = request.project.root, request.environment
        started = _now(build.folder)
        build.require("wheel" if request.steps == ("wheel",) else "editable")
        build.call(request.steps)
        left_out, environments = _left_out(request.variables), (str(build.folder), str(environment))
        bounds = Bounds(root, request.repository, left_out, environments)
        facts = [*_updated(parsed(build.log.read_bytes()), started)]
        trace = _finished(filtered(facts, bounds, manifest=request.steps != ("metadata",)), root)
        stirred = {os.path.dirname(fact.subject) for fact in facts if fact.what == "written"}
        return Recorded(
            trace=replace(trace, whole=any(build.folder.glob("out/build_*"))),
            python=interpreter(environment) or interpreter(build.python.parent.parent),
            started=started,
            touched=paths(facts, bounds, "touched"),
            dated=paths(facts, bounds, "dated"),
            stirred={os.path.relpath(folder, root).replace(os.sep, "/") for folder in stirred},
        )


def _now(folder: Path) -> int:
    """Return the time by the clock that files get theirs from: it goes in ticks, up to 4 ms behind others."""
    probe = folder / "now"
    probe.touch()
    return changed_ns(probe.stat())


def _updated(facts: Iterable[Fact], started: int) -> Iterator[Fact]:
    """Yield facts; of what could be read and written, which of it was done."""
    for fact in facts:
        if fact.what == "updated":
            with contextlib.suppress(OSError):
                what = "written" if os.stat(fact.subject).st_mtime_ns >= started else "read"
                yield fact._replace(what=what)
        else:
            yield fact


def _finished(trace: Trace, root: Path) -> Trace:
    """Return a trace with what the build left in folders that it made: what is there now is its own."""
    new_folders = trace.new_folders
    trace = trace.without_folders({path for path in new_folders if not (root / path).is_dir()})
    new = [path for path in trace.listed if not new_folders.isdisjoint([path, *parents(path)])]
    inside = {f"{path}/{name}" for path in new if (root / path).is_dir() for name in os.listdir(root / path)}
    folders = {path for path in inside if (root / path).is_dir()}
    return trace.without(inside - folders).with_folders(folders)


def _left_out(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return folders that hold temporary files and caches."""
    home = os.path.expanduser("~")
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/proc", "/sys", "/dev"]  # noqa: S108
    folders += [os.path.join(home, ".cache"), os.path.join(home, "Library", "Caches")]
    folders += [environ[name] for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME", "PIP_CACHE_DIR") if environ.get(name)]
    return tuple(dict.fromkeys(os.path.realpath(one) for one in folders))
