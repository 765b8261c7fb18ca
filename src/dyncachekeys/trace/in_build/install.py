"""Runs in the build's own interpreter, in front of the build, and has what it asks for written down (`protocol`).

Started by its path, as ``python install.py LOG ROOT [-c CODE | FILE] ARGUMENT...``, it installs the tracer and then does
what ``python`` would do with the rest. Python processes that the build starts are met by a ``sitecustomize`` beside the
log. The tracer imports nothing of ours and nothing that the interpreter has not imported already, so that the build finds
the interpreter as it would be: its modules are loaded from the files beside this one, each sees those before it, and
nobody else sees any. Python 3.8 or newer.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import CodeType
    from typing import Any

    from dyncachekeys.trace.in_build import protocol  # noqa: TC004  loaded at the end
    from dyncachekeys.trace.in_build.tracer import Tracer

AT_ONCE = ("protocol", "paths", "frames", "tracer", "file_events", "looks", "variables", "starting", "processes")
"""The tracer."""
LATER = ("quiet", "git_queries", "kinds", "commands", "artifacts", "below", "programs")
"""What is loaded when a program is started. What these modules do is not the build's doing."""
_PREFIX = "_dyncachekeys_"
"""Of all that is copied to a folder on ``PYTHONPATH``: it must not stand in for a module of the build's."""
_FOLDER = os.path.dirname(os.path.abspath(__file__)) + os.sep
_MARK = _PREFIX if os.path.basename(__file__).startswith(_PREFIX) else ""
COPIED = {"sitecustomize.py": "sitecustomize.py"}
"""What a folder on ``PYTHONPATH`` must hold, by what it is copied from, beside this file."""
COPIED.update({f"{_PREFIX}{name}.py": f"{name}.py" for name in ("install", "first", *AT_ONCE, *LATER)})


parts: dict[str, Any] = {}
"""The tracer's modules, by name."""


def files_of(names: Sequence[str]) -> list[str]:
    """Return the files of modules of the tracer."""
    return [f"{_FOLDER}{_MARK}{name}.py" for name in names]


def loaded(names: Sequence[str], modules: dict[str, Any]) -> dict[str, Any]:
    """Return modules of the tracer together with others, which they see. Bytecode is kept as Python keeps it."""
    machinery = sys.modules["_frozen_importlib_external"]
    for name, path in zip(names, files_of(names)):
        module = type(sys)("dyncachekeys_" + name)
        vars(module).update(modules, __file__=path)
        exec(machinery.SourceFileLoader(name, path).get_code(name), vars(module))  # noqa: S102
        modules = {**modules, name: module}
    return modules


class _Later:
    """Loads what is needed when a program is started, and nobody notices."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def __call__(self) -> dict[str, Any]:
        sources = files_of(LATER)
        paths = [*sources, *map(sys.modules["_frozen_importlib_external"].cache_from_source, sources)]
        self._tracer.reported += paths
        modules = loaded(LATER, {})
        self._tracer.reported[:] = [path for path in self._tracer.reported if path not in paths]
        return modules


def install(path: str, root: str) -> Tracer:
    """Trace this process from here on, into a log in a folder of its own. The code below `root` is the project's."""
    tracer: Tracer = parts["tracer"].Tracer(protocol.Log(path, root), _FOLDER, files_of(LATER))
    parts["file_events"].FileEvents(tracer)
    strace = os.environ.get(protocol.STRACE, "")
    programs = tracer.programs = parts["starting"].Starting(tracer, strace, _Later(tracer))
    parts["processes"].ProcessEvents(tracer, programs)
    parts["processes"].wrap(tracer, programs)
    tracer.log("traced", (getattr(sys, "orig_argv", None) or [sys.executable])[0])
    parts["variables"].wrap(tracer)
    parts["looks"].wrap(tracer)
    sys.addaudithook(tracer.hook())
    import atexit  # noqa: PLC0415  part of the interpreter

    atexit.register(programs.finish)
    return tracer


def copy_to(folder: str) -> None:
    """Have Python processes that find a folder on ``PYTHONPATH`` traced: Python imports ``sitecustomize`` at its start."""
    for name, source in COPIED.items():
        with open(_FOLDER + source, "rb") as stream:
            content = stream.read()
        with open(os.path.join(folder, name), "wb") as stream:
            stream.write(content)


def prepare(log: str) -> None:
    """Have Python processes that this one starts find the tracer."""
    folder = os.path.dirname(log)
    copy_to(folder)
    inherited = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = folder + (os.pathsep + inherited if inherited else "")


def main(arguments: list[str]) -> None:
    """Do what the command line says, in an empty ``__main__``."""
    log, root, rest = os.path.abspath(arguments[0]), os.path.abspath(arguments[1]), arguments[2:]
    prepare(log)
    os.environ[protocol.LOG], os.environ[protocol.ROOT] = log, root
    code: Any
    if rest[0] == "-c":
        code, file, folder, sys.argv[:] = rest[1], None, "", ["-c", *rest[2:]]
    else:
        with open(rest[0], "rb") as stream:
            code = stream.read()
        file, folder, sys.argv[:] = rest[0], os.path.dirname(os.path.abspath(rest[0])), rest
    if not getattr(sys.flags, "safe_path", False):  # from Python 3.11 on
        sys.path[0] = folder  # it was this file's
    run(log, root, compile(code, file or "<string>", "exec"), file)


def run(log: str, root: str, code: CodeType, file: str | None) -> None:
    """Trace this process, and run code as ``python`` runs its main program."""
    space: dict[str, Any] = vars(sys.modules["__main__"])
    given: dict[str, Any] = {name: space[name] for name in ("__builtins__", "__loader__") if name in space}
    space.clear()
    space.update(given, __name__="__main__", __doc__=None, __package__=None, __spec__=None)
    if file is not None:
        space["__file__"] = file
    install(log, root)
    exec(code, space)  # noqa: S102


if __name__ == "__main__":
    # The build gets `__main__` for itself, so what runs here runs under another name.
    _space: dict[str, Any] = {"__name__": "dyncachekeys_install", "__file__": __file__}
    with open(__file__, "rb") as _stream:
        exec(compile(_stream.read(), __file__, "exec"), _space)  # noqa: S102
    _space["main"](sys.argv[1:])
elif not globals().get("__package__"):  # else it is imported for what stands above
    parts.update(loaded(AT_ONCE, {}))
    globals()["protocol"] = parts["protocol"]
