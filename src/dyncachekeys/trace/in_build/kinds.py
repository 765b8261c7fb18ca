"""Which kind of program a command line starts. Nothing is looked at.

Loaded by `install`, when the build starts its first program. Python 3.8 or newer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

_COMPILERS = frozenset({"cc", "gcc", "g++", "c++", "clang", "clang++", "gfortran"})
_SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
_INTERPRETERS = frozenset({*_SHELLS, "python", "pypy", "perl", "ruby", "node", "lua", "Rscript"})
_NINJAS = frozenset({"ninja", "ninja-build", "samu"})
_READ_WHAT_IS_NAMED = frozenset({"ar", "ranlib", "strip", "nm", "objdump", "readelf", "ldd", "patchelf", "file"})
_READ_NOTHING = frozenset(
    [
        "uname",
        "true",
        "false",
        "echo",
        "pwd",
        "hostname",
        "id",
        "whoami",
        "date",
        "which",
        "arch",
        "nproc",
        "getconf",
        "sw_vers",
        "xcrun",
        "sleep",
        "kill",
    ]
)
_LEAVE_SERVERS = frozenset(
    [
        "bazel",
        "bazelisk",
        "buck",
        "buck2",
        "docker",
        "dotnet",
        "gradle",
        "gradlew",
        "mvnd",
        "podman",
        "sccache",
        "systemctl",
        "watchman",
    ]
)
"""Programs that may leave a server running: strace would stay with it, and hold the standard error of the program."""
_QUESTIONS = frozenset(
    {"--version", "-version", "-V", "-vV", "-vv", "--help", "-dumpmachine", "-dumpversion", "--print", "metadata"}
)
"""As the first argument: what is asked of the program itself. ``cargo metadata`` reads manifests, as a build does."""
_SHELL_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]#~=%!{}\n")


def name_of(program: str) -> str:
    """Return what a program is called, by its path."""
    name = os.path.basename(program)
    return name[:-4] if name.lower().endswith(".exe") else name


def kind_of(name: str, words: Sequence[str]) -> str:
    """Return the kind of a program with its arguments; `words` begins with how it is called.

    ``python``, ``git``, ``compiler``, ``ninja``, ``cmake-build``, ``cmake``, ``cargo``,
    ``maturin``, ``named`` (it reads the files that its arguments name), ``nothing`` (it reads none), ``server`` (it may
    leave one running), or ``other``.
    """
    last = name.rstrip("0123456789.").rstrip("-").rpartition("-")[2]
    is_question = bool(words[1:2]) and words[1] in _QUESTIONS and name not in _SHELLS
    kinds = {
        "python": is_python(name),
        "nothing": name in _READ_NOTHING or is_question,
        "git": name == "git",
        "server": name in _LEAVE_SERVERS,
        "cargo": name == "cargo",
        "maturin": name == "maturin",
        "compiler": last in _COMPILERS,
        "ninja": name in _NINJAS,
        "named": last in _READ_WHAT_IS_NAMED,
    }
    found = next((kind for kind, is_so in kinds.items() if is_so), "other")
    return _kind_of_cmake(words) if name == "cmake" and found == "other" else found


def _kind_of_cmake(words: Sequence[str]) -> str:
    first = words[1] if words[1:] else ""
    if first.startswith("--build"):
        return "cmake-build"
    if first == "-E":
        return "nothing" if words[2:3] == ["capabilities"] else "other"
    return "other" if first.startswith("--install") or first == "-P" else "cmake"


def plain(name: str, words: Sequence[str]) -> list[str]:
    """Return the command that a shell is told to run if it is a program with plain arguments, else nothing."""
    if name not in _SHELLS or len(words) != 3 or words[1] != "-c" or not _SHELL_SYNTAX.isdisjoint(words[2]):  # noqa: PLR2004
        return []
    return words[2].split()


def is_isolated(words: Sequence[str]) -> bool:
    """Tell whether a Python is kept from loading the tracer, by ``-I``, ``-E`` or ``-S``."""
    first = words[1] if words[1:] else ""
    flags = first[1:].partition("c")[0].partition("m")[0]
    return first[:1] == "-" and first[1:2] != "-" and not {*"IES"}.isdisjoint(flags)


def is_isolated_python(name: str, words: Sequence[str]) -> bool:
    """Tell whether a program is a Python that is kept from loading the tracer."""
    return name.startswith(("python", "pypy")) and is_isolated(words)


def is_python_script(head: bytes) -> bool:
    """Tell whether a file is a script for a Python that loads the tracer, by how it begins; also by long paths."""
    if head[:2] != b"#!":
        return False
    first, _, second = head[2:].partition(b"\n")
    if second.startswith(b"'''exec'"):  # by installers, if the path of the interpreter is long
        return True
    words = os.fsdecode(first).split()
    if words and os.path.basename(words[0]) == "env":
        words = [word for word in words[1:] if word[:1] != "-" and "=" not in word]
    return bool(words) and is_python(os.path.basename(words[0])) and not is_isolated(words)


def is_python(name: str) -> bool:
    """Tell whether a program is a Python, by its name."""
    return name.rstrip("0123456789.t") in {"python", "pypy"}


def script_in(name: str, words: Sequence[str]) -> str | None:
    """Return the file that a program runs if it is an interpreter, or nothing."""
    for word in words[1:] if name in _INTERPRETERS else ():
        if word in {"-c", "-m", "-e"}:
            return None
        if not word.startswith("-"):
            return word
    return None


def command_in(name: str, words: Sequence[str]) -> str | None:
    """Return the program that a shell is told to run, but not what is assigned before it: that may be a secret."""
    if name not in _SHELLS or words[1:2] != ["-c"] or not words[2:]:
        return None
    return next((word for word in words[2].split() if "=" not in word), "sh")
