r"""Sees to it that programs other than Python leave what they read, in the folder of the tracer's log.

Loaded by `install` into the build's own interpreter, when the build starts its first program. Imports nothing of ours
and nothing that the interpreter has not imported already, and lets no build fail. Python 3.8 or newer.

What a program leaves is an artifact: files ``KIND-PID-N*`` in that folder. ``KIND-PID-N.who`` says what it is of, as
texts that end with NUL: ``kind``, ``who`` started it, the ``folder`` that it was started in, which variables are the
build's ``own``, and by kind

    cc       ``.d``: what compilers append to by ``SUNPRO_DEPENDENCIES`` (gcc), which costs nothing
    ninja    a folder with copies from the ``build`` folder, made before that is removed or at the end
    cargo    the ``target`` folder, the ``manifest``, the ``profile``; a folder with copies if the target is removed
    strace   what strace writes; CMake's ``build`` folder

Facts that are logged: ``program``, where one was found; ``unseen``, one that nothing covers; ``git``, its working
folder and arguments, with ``\x1f`` between, if what it does depends on the repository; ``read`` and ``variable`` for what arguments and manuals say.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from dyncachekeys.trace.in_build import artifacts, below, commands, git_queries, kinds, quiet  # noqa: TC004  `install` gives them
    from dyncachekeys.trace.in_build.tracer import Tracer

_DEPENDENCIES = ("SUNPRO_DEPENDENCIES", "DEPENDENCIES_OUTPUT")
_VARIABLES = {
    "compiler": "CPATH C_INCLUDE_PATH CPLUS_INCLUDE_PATH OBJC_INCLUDE_PATH LIBRARY_PATH",
    "cmake": "CC CXX FC CUDACXX CFLAGS CXXFLAGS FFLAGS CUDAFLAGS LDFLAGS CMAKE_BUILD_TYPE CMAKE_GENERATOR "
    "CMAKE_GENERATOR_PLATFORM CMAKE_GENERATOR_TOOLSET CMAKE_TOOLCHAIN_FILE CMAKE_PREFIX_PATH",
    "cargo": "RUSTC RUSTFLAGS RUSTUP_TOOLCHAIN CARGO_BUILD_RUSTFLAGS CARGO_BUILD_TARGET CARGO_ENCODED_RUSTFLAGS",
}
"""Which variables decide the result, by the manuals of gcc, CMake (`cmake-env-variables`) and cargo."""
_VARIABLES["maturin"] = _VARIABLES["cargo"]


class Programs:
    """What happens around the programs that this process starts.

    Args:
        tracer: Whose log it is.
        strace: Its path; empty if it is not to be used.
    """

    def __init__(self, tracer: Tracer, strace: str) -> None:
        folder = os.path.dirname(tracer.log.path)
        self._tracer, self._folder = tracer, folder
        self._artifacts, self._below = artifacts.Artifacts(folder), below.Below(strace, folder)

    def start(
        self, program: str, words: list[str], folder: str | None, environ: Mapping[str, str]
    ) -> tuple[list[str], dict[str, str]]:
        """Take that a program is to be started.

        Args:
            program: What is asked for: a path, or a name to look up.
            words: Its arguments, how it is called first.
            folder: Where it is started, if that is not the current folder.
            environ: What it is to get.

        Returns:
            The words to start it with, and what to add to its variables.
        """
        base = os.path.normpath(os.path.join(os.getcwd(), folder or ""))
        outer = quiet.found(program, base, environ)
        if outer is None:
            return words, {}
        inner = kinds.plain(kinds.name_of(outer), words)
        started = Started(inner or words, base, environ, quiet.found(inner[0], base, environ) if inner else outer)
        if not started.path or started.is_traced:
            return words, {}
        started.who = self._tracer.who()
        for one in {outer, started.path}:
            self._tracer.log("program", one, started.who)
        return (words, {}) if self._below.is_seen() else self._watched(started, outer, words)

    def _watched(self, started: Started, outer: str, words: list[str]) -> tuple[list[str], dict[str, str]]:
        """Return how to start a program, which is found at `outer`, so that what it reads is seen."""
        self._note_variables(started)
        handle = getattr(self, "_" + started.kind.replace("-", "_"), self._other)
        options, more = handle(started)
        if not options:
            return words, more
        is_called_so = quiet.is_same(quiet.found(words[0], started.folder, started.environ), outer)
        if not (is_called_so and quiet.can_be_traced(outer) and self._below.works()):
            self._tracer.log("unseen", started.name, started.who)
            return words, more
        is_cmake = started.kind == "cmake"
        build = commands.build_folder("cmake", started.words, started.folder) if is_cmake else ""
        called = words[0] if "PATH" in started.environ else outer
        output = self._artifact("strace", started, build=build)
        return self._below.words(options, output, [called, *words[1:]]), more

    # By kind: what it leaves; how strace is to follow it, if it must; and variables to add.

    def _nothing(self, started: Started) -> tuple[list[str], dict[str, str]]:  # noqa: ARG002
        return [], {}

    def _git(self, started: Started) -> tuple[list[str], dict[str, str]]:
        arguments = started.words[1:]
        if git_queries.depends_on_repository(arguments):
            self._tracer.log("git", "\x1f".join([started.folder, *arguments]), started.who)
        return ([] if git_queries.changes_nothing(arguments) else below.FOLLOW), {}

    def _named(self, started: Started) -> tuple[list[str], dict[str, str]]:
        for word in commands.files_named(started.words):
            path = os.path.normpath(os.path.join(started.folder, word))
            if word and quiet.is_file(path):
                self._tracer.log("read", path, started.who)
        return [], {}

    def _compiler(self, started: Started) -> tuple[list[str], dict[str, str]]:
        self._named(started)
        if not commands.compiles(started.words):
            return [], {}
        leaves = not commands.asks_for_dependencies(started.words) and " " not in self._folder
        if not leaves or started.is_clang or any(name in started.environ for name in _DEPENDENCIES):
            return below.FOLLOW, {}
        return [], {_DEPENDENCIES[0]: self._artifact("cc", started) + ".d"}

    def _ninja(self, started: Started) -> tuple[list[str], dict[str, str]]:
        build = commands.build_folder(started.kind, started.words, started.folder)
        if not quiet.is_file(os.path.join(build, "build.ninja")):
            return below.FOLLOW, {}
        self._artifact("ninja", started, build=build)
        return [], {}

    _cmake_build = _ninja

    def _cargo(self, started: Started) -> tuple[list[str], dict[str, str]]:
        option, words = commands.option, started.words
        target = option(words, "--target-dir") or started.environ.get("CARGO_TARGET_DIR", "")
        target = target or started.environ.get("CARGO_BUILD_TARGET_DIR", "")
        self._artifact(
            "cargo",
            started,
            target=os.path.join(started.folder, target) if target else "",
            manifest=os.path.join(started.folder, option(words, "--manifest-path", "-m")),
            profile=commands.profile_of(started.kind, words),
        )
        return [], {}

    def _maturin(self, started: Started) -> tuple[list[str], dict[str, str]]:
        """Watch maturin itself, which packs the project's modules, but not the cargo that it starts."""
        self._cargo(started)
        return below.ALONE, {}

    def _server(self, started: Started) -> tuple[list[str], dict[str, str]]:
        self._tracer.log("unseen", started.name, started.who)
        return [], {}

    def _other(self, started: Started) -> tuple[list[str], dict[str, str]]:  # noqa: ARG002
        return below.FOLLOW, {}

    def _note_variables(self, started: Started) -> None:
        for name in _VARIABLES.get(started.kind, "").split():
            if name not in started.own.split("="):
                self._tracer.log("variable", name, started.who)

    def _artifact(self, kind: str, started: Started, **told: str) -> str:
        told = {"who": started.who, "folder": started.folder, "own": started.own, **told}
        return self._artifacts.new(kind, told)

    def leaving(self, path: str) -> None:
        """Take that a folder is about to be removed or moved."""
        self._artifacts.leaving(path)

    def finish(self) -> None:
        """Take that this process ends: what it started, or all if it is the first one, is to be complete."""
        self._artifacts.keep()
        is_root = not self._tracer.starter
        self._below.wait([path for path, _ in self._artifacts.of("strace") if is_root or f"-{os.getpid()}-" in path])


class Started:
    """A program that is to be started: its words, in which folder, with which variables, and where it was found."""

    def __init__(self, words: list[str], folder: str, environ: Mapping[str, str], path: str | None) -> None:
        self.words: list[str] = words
        self.folder: str = folder
        self.environ: Mapping[str, str] = environ
        self.path: str = path or ""
        self.name: str = kinds.name_of(self.path)
        self.kind: str = kinds.kind_of(self.name, words)
        self.who: str = ""
        self.own: str = environ.get("DYNCACHEKEYS_TRACE_OWN", "")
        """Which variables the build has set itself: names, with ``=`` between."""

    @property
    def is_traced(self) -> bool:
        """Whether it is a Python that loads the tracer."""
        is_python = self.kind == "python" and not kinds.is_isolated(self.words)
        return is_python or kinds.is_python_script(quiet.content(self.path, 4096))

    @property
    def is_clang(self) -> bool:
        """Whether a compiler is Clang, which knows none of the variables, under whatever name."""
        real = quiet.linked(quiet.linked(self.path))
        return sys.platform == "darwin" or "clang" in os.path.basename(real)
