"""Running a build's hooks under the tracer: the environment, the calls, and what is said where that fails."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.folder import changed_ns
from dyncachekeys.process import run, venv
from dyncachekeys.trace.filter import Bounds, Fact, Trace, parents, parsed, sifted, touched
from dyncachekeys.trace.in_build.tracer import OWN
from dyncachekeys.trace.requires import build_variables, config_settings, is_isolated, with_extra

if TYPE_CHECKING:
    from dyncachekeys.pyproject.project import Project

_LEGACY = {"requires": ["setuptools >= 40.8.0"], "build-backend": "setuptools.build_meta:__legacy__"}
"""What PEP 517 puts in place of a missing ``build-system``."""
_LINES_SHOWN = 20
HOOKS = (
    "prepare_metadata_for_build_editable",
    "build_editable",
    "prepare_metadata_for_build_wheel",
    "build_wheel",
)
TRACER = Path(__file__).with_name("in_build") / "tracer.py"
_CALLS = Path(__file__).with_name("in_build") / "hooks.py"


@dataclass(frozen=True, slots=True)
class TraceRequest:
    """A build to be traced."""

    project: Project
    repository: Path
    environment: Path
    """The project's environment, which need not be there."""
    environ: Mapping[str, str]
    where: str
    """The path of what asks for it."""
    timeout: float
    """Seconds that the hooks of one step may take."""
    longer: str
    """How to give them more time."""
    settings: Mapping[str, Any]
    """``tool.uv``, as uv reads it for this project."""
    at_sources: Callable[[Sequence[str]], list[str]]
    """Returns requirements so that `uv pip install` finds what uv itself would find by ``tool.uv.sources``."""
    steps: tuple[str, ...] = ("metadata",)
    """Beside asking for requirements: ``metadata``, ``editable``, ``wheel``."""

    @property
    def system(self) -> Mapping[str, object]:
        """The table ``build-system``, or what stands for it."""
        found = self.project.pyproject.get("build-system")
        return {**_LEGACY, **found} if isinstance(found, dict) and "build-backend" in found else _LEGACY

    @property
    def isolated(self) -> bool:
        """Whether uv builds the project in an environment of its own."""
        switched_off = self.environ.get("UV_NO_BUILD_ISOLATION", "").lower() in {"1", "true"}
        return is_isolated(self.settings, self.project.name) and not switched_off


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
    _require_build(request)
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-trace-", ignore_cleanup_errors=True) as name:
        work = Path(name).resolve()
        (work / "trace").mkdir()
        python = _python(request, work)
        started = _now(work)
        kind = "wheel" if request.steps == ("wheel",) else "editable"
        (further,) = _call(request, work, python, [f"requires-{kind}"])
        if further and request.isolated:
            _install(request, python, request.at_sources(further))
        _call(request, work, python, request.steps)
        bounds = Bounds(
            request.project.root,
            request.repository,
            _left_out(request.environ),
            (name, str(work), str(request.environment)),
        )
        facts = [*_updated([*parsed((work / "trace" / "log").read_bytes())], started)]
        found = _finished(sifted(facts, bounds, manifest=request.steps != ("metadata",)), request.project.root)
        whole = any((work / "out" / hook).exists() for hook in ("build_editable", "build_wheel"))
        stirred = {os.path.dirname(fact.subject) for fact in facts if fact.what == "written"}
        return Recorded(
            trace=replace(found, whole=whole),
            python=interpreter(request.environment) or interpreter(python.parent.parent),
            started=started,
            touched=touched(facts, bounds, "touched"),
            dated=touched(facts, bounds, "dated"),
            stirred={os.path.relpath(folder, request.project.root).replace(os.sep, "/") for folder in stirred},
        )


def _updated(facts: Sequence[Fact], started: int) -> Iterator[Fact]:
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
    gone = {path for path in trace.new_folders if not (root / path).is_dir()}
    trace = trace.without_folders(gone)
    new = [path for path in trace.listed if not trace.new_folders.isdisjoint([path, *parents(path)])]
    inside = {f"{path}/{name}" for path in new if (root / path).is_dir() for name in os.listdir(root / path)}
    folders = {path for path in inside if (root / path).is_dir()}
    return trace.without(inside - folders).with_folders(folders)


def run_hooks(request: TraceRequest, out: Path, problems: list[Problem]) -> list[str]:
    """Call each hook that makes metadata or a wheel, as far as the backend has it.

    Args:
        request: The build; its steps are passed over.
        out: Where each hook gets a folder of its name.
        problems: To which it is added that a hook fails or takes too long.

    Returns:
        The hooks that the backend has and that did not fail.

    Raises:
        ResolverError: the environment can't be made.
    """
    _require_build(request)
    with tempfile.TemporaryDirectory(prefix="dyncachekeys-build-", ignore_cleanup_errors=True) as name:
        work = Path(name).resolve()
        (work / "trace").mkdir()
        python = _python(request, work)
        for kind in ("editable", "wheel"):
            (further,) = _call(request, work, python, [f"requires-{kind}"])
            if further and request.isolated:
                _install(request, python, request.at_sources(further))
        made = []
        for hook in HOOKS:
            try:
                (answer,) = _call(request, work, python, [hook])
            except ResolverError as error:
                problems += error.problems
                continue
            if answer is not None:
                made.append(hook)
                shutil.move(work / "out" / hook, out / hook)
        return made


def _now(folder: Path) -> int:
    """Return the time by the clock that files get theirs from: it goes in ticks, up to 4 ms behind others."""
    probe = folder / "now"
    probe.touch()
    return changed_ns(probe.stat())


def _require_build(request: TraceRequest) -> None:
    """Refuse a project that uv does not build: without ``build-system``, unless it says that it is a package."""
    requires = request.system.get("requires")
    if not (isinstance(requires, list) and all(isinstance(one, str) for one in requires)):
        problem = Problem("wrong-type", "must be a list of texts", "build-system.requires", "write `requires = [...]`")
        raise ResolverError([problem])
    if not request.project.is_package:
        remedy = "give it a `[build-system]`, or set `tool.uv.package = true`"
        problem = Problem(
            "not-built", "uv does not build this project, so there is nothing to trace", request.where, remedy
        )
        raise ResolverError([problem])


def interpreter(environment: Path) -> str:
    """Return which interpreter an environment is made of, and its version; empty if that can't be told.

    By the file that it leads to: before Python 3.11, an environment that uv makes of another one names that as
    its home.
    """
    try:
        text = (environment / "pyvenv.cfg").read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    said = {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in text.splitlines())}
    return f"{os.path.realpath(_in(environment))} {said.get('version_info') or said.get('version', '')}"


def _python(request: TraceRequest, work: Path) -> Path:
    """Return the interpreter of the build's environment, which is made if the build is isolated."""
    theirs = _in(request.environment)
    if not request.isolated:
        if not theirs.exists():
            message = "the build is not isolated, and the project's environment is not there yet"
            remedy = "run `uv sync --no-install-project` with what the build needs, then try again"
            raise ResolverError([Problem("environment-missing", message, request.where, remedy)])
        return theirs
    made = work / "environment"
    wanted = request.at_sources(with_extra(request.settings, request.project.name, request.system.get("requires")))
    base = theirs if theirs.exists() else None
    venv.make_for_build(made, base, request.where, request.project.root, dict(request.environ))
    _install(request, _in(made), wanted)
    return _in(made)


def _install(request: TraceRequest, python: Path, further: Sequence[str]) -> None:
    venv.install_for_build(python, further, request.where, request.project.root, dict(request.environ))


def _in(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _call(request: TraceRequest, work: Path, python: Path, steps: Sequence[str]) -> list[Any]:
    """Call hooks and return what they return."""
    root, answer, order = request.project.root, work / "answer.json", work / "request.json"
    path = request.system.get("backend-path")
    said = {
        "backend": str(request.system["build-backend"]),
        "path": [os.path.normpath(root / one) for one in path] if isinstance(path, list) else [],
        "steps": list(steps),
        "out": str(work / "out"),
        "answer": str(answer),
        "settings": config_settings(request.settings, request.project.name),
    }
    order.write_text(json.dumps(said), encoding="utf-8")
    log = work / "trace" / "log"
    argv = [str(python), str(TRACER), str(log), str(request.repository), str(_CALLS), str(order)]
    bin_folder = str(python.parent)
    environ = {
        **request.environ,
        **build_variables(request.settings, request.project.name),
        OWN: "=".join(build_variables(request.settings, request.project.name)),  # whatever the shell says
        "PATH": os.pathsep.join(filter(None, [bin_folder, request.environ.get("PATH")])),
        "VIRTUAL_ENV": str(python.parent.parent),
        "PYTHONDONTWRITEBYTECODE": "1",  # what is traced leaves as little behind as it can
    }
    try:
        done = run.run(argv, folder=root, environ=environ, timeout=request.timeout, max_output=None)
    except TimeoutError as error:
        message = f"the build's {_told(steps)} did not end within {request.timeout:g} seconds"
        remedy = f"{request.longer}, or mend the backend"
        raise ResolverError([Problem("trace-timeout", message, request.where, remedy)]) from error
    except OSError as error:
        message = f"the build can't be started: {error.strerror or error}"
        raise ResolverError([Problem("trace-failed", message, request.where, "mend the environment")]) from error
    if done.code:
        raise _failed(request, steps, done.error)
    return list(json.loads(answer.read_text(encoding="utf-8")))


def _failed(request: TraceRequest, steps: Sequence[str], error: bytes) -> ResolverError:
    lines = _without_us(error.decode("utf-8", "replace").strip().splitlines())
    shown = "".join(f"\n    {line}" for line in lines[-_LINES_SHOWN:])
    message = f"the build's {_told(steps)} fails\n  it said:{shown}"
    remedy = "mend the backend: under uv the hook fails as well"
    return ResolverError([Problem("trace-failed", message, request.where, remedy)])


def _without_us(lines: Sequence[str]) -> list[str]:
    """Return the lines of a traceback without the frames of what is in front of the build."""
    kept: list[str] = []
    ours = False
    for line in lines:
        if not line.startswith("    "):
            ours = line.lstrip().startswith(f'File "{TRACER.parent}')
        if not ours:
            kept.append(line)
    return kept


def _told(steps: Sequence[str]) -> str:
    return "list of requirements" if steps[0].startswith("requires-") else f"{' and '.join(steps)} step"


def _left_out(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return folders that hold temporary files and caches."""
    home = os.path.expanduser("~")
    folders = [tempfile.gettempdir(), "/tmp", "/var/tmp", "/proc", "/sys", "/dev"]  # noqa: S108
    folders += [os.path.join(home, ".cache"), os.path.join(home, "Library", "Caches")]
    folders += [environ[name] for name in ("UV_CACHE_DIR", "XDG_CACHE_HOME", "PIP_CACHE_DIR") if environ.get(name)]
    return tuple(dict.fromkeys(os.path.realpath(one) for one in folders))
