"""Sees to it that what a program reads is seen, where one is started; the code for it is loaded when the first one is."""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from dyncachekeys.trace.in_build.programs import Programs
    from dyncachekeys.trace.in_build.tracer import Tracer

SHELL = "/bin/sh" if os.name == "posix" else "cmd"


def texts_of(environ: Any) -> dict[str, str]:
    """Return what an environment holds, by default this process's own, without anybody's reading a variable."""
    source = os.environ if environ is None else environ
    source = getattr(source, "_data", source)
    return {os.fsdecode(name): os.fsdecode(value) for name, value in dict(source).items()}


def quoted(word: str) -> str:
    """Return a word as it is written for a shell."""
    return "'" + word.replace("'", "'\\''") + "'"


class Starting:
    """What is done around programs that are started; the code for it is loaded when the first one is.

    Args:
        tracer: Whose log it is.
        strace: Where strace is; empty if no program is to be started below it.
        load: Loads that code: modules by name.
    """

    def __init__(self, tracer: Tracer, strace: str, load: Callable[[], dict[str, Any]]) -> None:
        self._tracer, self._strace, self._load = tracer, strace, load
        self._modules: dict[str, Any] = {}
        self._programs: Programs | None = None
        self._texts: dict[str, str] = {}
        """Commands for a shell that stand in place of others."""
        self._busy: set[int] = set()
        """Threads that are just starting a program: subprocess calls `os` for that."""
        self._thread: Callable[[], int] = sys.modules["_thread"].get_ident

    @property
    def kinds(self) -> Any:
        """The module that knows which kind of program a command line starts."""
        self._modules = self._modules or self._load()
        return self._modules["kinds"]

    def _loaded(self) -> Programs:
        if self._programs is None:
            self._modules = self._modules or self._load()
            self._programs = self._modules["programs"].Programs(self._tracer, self._strace)
        return self._programs

    def replaced(
        self, program: Any, words: Sequence[Any], folder: Any, environ: Any
    ) -> tuple[list[str] | None, dict[str, str]]:
        """Return which words to start instead, if others, and what to add to the variables."""
        if self._thread() in self._busy:
            return None, {}
        try:
            texts, folder = [os.fsdecode(word) for word in words], os.fsdecode(folder) if folder else None
            wanted, more = self._loaded().start(os.fsdecode(program), texts, folder, texts_of(environ))
        except Exception:  # noqa: BLE001  whatever it is, the program is to be started
            return None, {}
        return (None if wanted == texts else wanted), more

    def replaced_popen(self, given: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, str]]:
        """Return what subprocess is to do instead, by the arguments of ``Popen._execute_child``; and the same again."""
        args, executable, folder, environ, is_shell = given[0], given[1], given[5], given[6], given[9]
        words = [args] if isinstance(args, (str, bytes)) or hasattr(args, "__fspath__") else [*args]
        if is_shell and os.name == "posix":
            words = [executable or SHELL, "-c", *words]
        wanted, more = self.replaced(executable or words[0], words, folder, environ)
        if wanted is not None:
            given = (wanted, None, *given[2:9], False, *given[10:])
        return given, more

    def replaced_command(self, command: Any) -> Any:
        """Return which command to give to a shell instead."""
        wanted, more = self.replaced(SHELL, ["sh", "-c", command], None, None) if os.name == "posix" else (None, {})
        if wanted is None and not more:
            return command
        text = "".join(f"export {name}={quoted(value)}; " for name, value in more.items())
        text += os.fsdecode(command) if wanted is None else "exec " + " ".join(map(quoted, wanted))
        self._texts[text] = os.fsdecode(command)
        return text

    def once(self, function: Callable[..., Any], *given: Any, **options: Any) -> Any:
        """Call what starts a program that has been taken."""
        thread = self._thread()
        self._busy.add(thread)
        try:
            return function(*given, **options)
        finally:
            self._busy.discard(thread)

    def unwrapped(self, program: str, words: list[str]) -> tuple[str, list[str]]:
        """Return the program and the words that these stand in place of, if they do."""
        if words[:2] == [self._strace, "-D"]:
            words = words[words.index("--") + 1 :]
            return words[0], words
        return program, [self._texts.get(word, word) for word in words]

    def leaving(self, folder: str) -> None:
        """Take that a folder is about to be removed or moved."""
        names = os.listdir(os.path.dirname(self._tracer.log.path))
        if any(name.startswith(("ninja-", "cargo-")) for name in names):
            self._loaded().leaving(folder)

    def finish(self) -> None:
        """Take that this process ends: what is known of builds is kept, and what is still being written waited for."""
        if self._programs is not None:
            self._tracer.quietly(self._programs.finish)
