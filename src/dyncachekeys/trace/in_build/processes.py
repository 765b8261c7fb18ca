"""Has the processes that a build starts traced as well, and takes their events. Loaded by `install`."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import ModuleType
    from typing import Any

    from dyncachekeys.trace.in_build import paths, protocol, starting  # noqa: TC004  `install` gives them
    from dyncachekeys.trace.in_build.tracer import Tracer

_NEEDED = (protocol.LOG, protocol.ROOT, protocol.SALT, protocol.STRACE)
"""The variables that a child needs to be traced."""


class ProcessEvents:
    """What processes are started; it adds itself to what takes events."""

    def __init__(self, tracer: Tracer, programs: starting.Starting) -> None:
        self._tracer, self._programs = tracer, programs
        tracer.handlers.update(
            {
                "subprocess.Popen": self._on_popen,
                "os.exec": self._on_exec,
                "os.posix_spawn": self._on_exec,
                "os.spawn": lambda mode, path, arguments, environ=None: self._on_exec(path, arguments),
                "os.system": self._on_system,
            }
        )

    def _on_popen(self, executable: Any, arguments: Any, folder: Any, _environ: Any) -> None:
        """Take the start of a process by subprocess."""
        words = [arguments] if isinstance(arguments, (str, bytes)) or hasattr(arguments, "__fspath__") else arguments
        words = [os.fsdecode(word) for word in words]
        self._started(os.fsdecode(executable or words[0]), words, folder)

    def _on_exec(self, path: Any, arguments: Any, _environ: Any = None) -> None:
        """Take the start of a process by os.exec or os.posix_spawn."""
        self._started(os.fsdecode(path), [os.fsdecode(word) for word in arguments], None)

    def _on_system(self, command: Any) -> None:
        """Take a command that is given to a shell."""
        self._started(starting.SHELL, ["sh", "-c", os.fsdecode(command)], None)

    def _started(self, program: str, words: list[str], folder: Any) -> None:
        """Write down a process, and the project's script that it is or runs: nobody else may see that."""
        kinds = self._programs.kinds
        program, words = self._programs.unwrapped(program, words)
        who = self._tracer.tell_child()
        base = os.path.join(os.getcwd(), os.fsdecode(folder) if folder else "")
        name = os.path.basename(program).rstrip("0123456789.")
        self._tracer.log("process", "isolated " + name if kinds.is_isolated_python(name, words) else program, who)
        for word in (program if os.sep in program else None, kinds.script_in(name, words)):
            path = self._tracer.path(os.path.join(base, word)) if word else None
            if path is not None and paths.exists(path):
                self._tracer.log("read", path, who)
        command = kinds.command_in(name, words)
        if command is not None:
            self._tracer.log("process", command, who)


class Children:
    """What children are to know: where the tracer is, who started them, and which variables are the build's own."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._before = tracer, dict(os.environ)
        self._needed = {name: self._before[name] for name in _NEEDED if name in self._before}
        self._folder = self._before.get("PYTHONPATH", "").split(os.pathsep)[0]

    def environ(self, given: Any, more: Mapping[str, str] = {}) -> Any:
        """Return the environment for a child in place of a given one; nothing, if it is to get this process's own.

        The child also gets what is in `more`.
        """
        who = self._tracer.tell_child()
        found = starting.texts_of(given)
        is_met = protocol.LOG in found and found.get("PYTHONPATH", "").split(os.pathsep)[0] == self._folder
        if given is None and is_met and not more:
            return None
        own = {name for name, value in found.items() if self._before.get(name) != value} - {protocol.OWN, protocol.WHO}
        own.update(filter(None, found.get(protocol.OWN, "").split("=")))
        if not is_met:
            path = os.pathsep.join(filter(None, [self._folder, found.get("PYTHONPATH")]))
            found = {**found, **self._needed, "PYTHONPATH": path}
        return {**found, protocol.OWN: "=".join(sorted(own)), protocol.WHO: who, **more}


def wrap(tracer: Tracer, programs: starting.Starting) -> None:
    """Wrap what starts processes: let children find the tracer, and other programs leave what they read."""
    children = Children(tracer)

    def with_third(function: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(path: Any, argv: Any, env: Any, *given: Any, **options: Any) -> Any:
            wanted, more = programs.replaced(path, argv, None, env)
            env = children.environ(env, more)
            if wanted is not None:
                path, argv = wanted[0], wanted
            return programs.once(function, path, argv, env, *given, **options)

        return wrapped

    for name in ("execve", "posix_spawn", "posix_spawnp"):
        if hasattr(os, name):
            setattr(os, name, with_third(getattr(os, name)))
    _wrap_plain(programs)

    def patch(subprocess: Any) -> None:
        original = subprocess.Popen._execute_child

        def _execute_child(self: Any, *given: Any) -> Any:
            given, more = programs.replaced_popen(given)
            return programs.once(original, self, *given[:6], children.environ(given[6], more), *given[7:])

        subprocess.Popen._execute_child = _execute_child

    if "subprocess" in sys.modules:
        patch(sys.modules["subprocess"])
    else:
        sys.meta_path.insert(0, Patching(patch))  # type: ignore[arg-type]


def _wrap_plain(programs: starting.Starting) -> None:
    """Wrap what starts a program with the environment of this process."""
    execve, execv, system = os.execve, os.execv, os.system

    def _execv(path: Any, argv: Any, /) -> Any:
        wanted, more = programs.replaced(path, argv, None, None)
        if more:
            return programs.once(execve, path, argv, {**starting.texts_of(None), **more})
        return programs.once(execv, *((path, argv) if wanted is None else (wanted[0], wanted)))

    def _system(command: Any) -> int:
        return programs.once(system, programs.replaced_command(command))  # type: ignore[no-any-return]

    os.execv, os.system = _execv, _system


class Patching:
    """Finds no module, but patches subprocess when it is imported: importing it earlier is not ours to do."""

    def __init__(self, patch: Callable[[ModuleType], None]) -> None:
        self._patch = patch

    def find_spec(self, name: str, path: object = None, target: object = None) -> object:  # noqa: ARG002
        """Return the spec of subprocess, patched; nothing for all else."""
        if name != "subprocess":
            return None
        sys.meta_path.remove(self)  # type: ignore[arg-type]
        from importlib.util import find_spec  # noqa: PLC0415

        spec: Any = find_spec(name)
        run = spec.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            run(module)
            self._patch(module)

        spec.loader.exec_module = exec_module
        return spec
