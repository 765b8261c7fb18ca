"""What a command line is: which kind of program, and where it says that its things are. Nothing is looked at.

Loaded by `tracer` into the build's own interpreter, when the build starts its first program. Python 3.8 or newer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMPILERS = frozenset({"cc", "gcc", "g++", "c++", "clang", "clang++", "gfortran"})
_SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh"})
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
_GIT_QUERIES = frozenset(
    [
        "blame",
        "cat-file",
        "check-attr",
        "check-ignore",
        "count-objects",
        "describe",
        "diff",
        "diff-files",
        "diff-index",
        "diff-tree",
        "for-each-ref",
        "grep",
        "log",
        "ls-files",
        "ls-tree",
        "merge-base",
        "name-rev",
        "rev-list",
        "rev-parse",
        "shortlog",
        "show",
        "show-ref",
        "status",
        "var",
        "version",
        "whatchanged",
    ]
)
"""Commands of git that change nothing, whatever their arguments."""
_GIT_QUERIES_BY_WORD = {
    "branch": ("--show-current", "--list", "-l", "-a", "-r", "-v", "-vv", "--contains", "--points-at"),
    "config": ("--get", "--get-all", "--get-regexp", "--list", "-l", "get", "list"),
    "remote": ("-v", "get-url", "show"),
    "submodule": ("status",),
    "tag": ("--list", "-l", "--contains", "--points-at", "-n", "--sort"),
}
"""Those that change nothing with one of these arguments, or with none; ``config`` and ``symbolic-ref`` with a name."""
_GIT_OPTIONS_WITH_VALUE = frozenset(
    {"-C", "-c", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env"}
)
_QUESTIONS = frozenset(
    {"--version", "-version", "-V", "-vV", "-vv", "--help", "-dumpmachine", "-dumpversion", "--print", "metadata"}
)
"""As the first argument: what is asked of the program itself. ``cargo metadata`` reads manifests, as a build does."""
_SHELL_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]#~=%!{}\n")
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".m", ".mm", ".s", ".sx", ".f", ".f90", ".for")


def name_of(program: str) -> str:
    """Return what a program is called, by its path."""
    name = os.path.basename(program)
    return name[:-4] if name.lower().endswith(".exe") else name


def kind_of(name: str, words: Sequence[str]) -> str:
    """Return the kind of a program with its arguments; `words` begins with how it is called.

    ``python``, ``git`` (that changes nothing), ``compiler``, ``ninja``, ``cmake-build``, ``cmake``, ``cargo``,
    ``maturin``, ``named`` (it reads the files that its arguments name), ``nothing`` (it reads none), ``server`` (it may
    leave one running), or ``other``.
    """
    last = name.rstrip("0123456789.").rstrip("-").rpartition("-")[2]
    is_question = bool(words[1:2]) and words[1] in _QUESTIONS and name not in _SHELLS
    kinds = {
        "python": is_python(name),
        "nothing": name in _READ_NOTHING or is_question,
        "git": name == "git" and changes_nothing(words[1:]),
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


def changes_nothing(arguments: Sequence[str]) -> bool:
    """Tell whether git, with these arguments, only looks; such a command can be run again to see what it says now."""
    rest = list(arguments)
    while rest and rest[0][:1] == "-":
        del rest[: 2 if rest[0] in _GIT_OPTIONS_WITH_VALUE else 1]
    command, words = (rest or [""])[0], rest[1:]
    if command in _GIT_QUERIES:
        return not any(word.startswith(("--output", "-O")) for word in words)
    names = [word for word in words if word[:1] != "-"]
    if command in {"config", "symbolic-ref"} and len(names) == 1 and len(words) == 1:
        return True
    asking = _GIT_QUERIES_BY_WORD.get(command, ())
    return bool(asking) and (not words or any(word.partition("=")[0] in asking for word in words))


def plain(name: str, words: Sequence[str]) -> list[str]:
    """Return the command that a shell is told to run if it is a program with plain arguments, else nothing."""
    if name not in _SHELLS or len(words) != 3 or words[1] != "-c" or not _SHELL_SYNTAX.isdisjoint(words[2]):  # noqa: PLR2004
        return []
    return words[2].split()


def option(words: Sequence[str], *names: str) -> str:
    """Return the value of an option: ``--name VALUE``, ``--name=VALUE``, or ``-nVALUE``; the last one counts."""
    value = ""
    for at, word in enumerate(words):
        for name in names:
            if word == name and at + 1 < len(words):
                value = words[at + 1]
            elif word.startswith(name + "="):
                value = word[len(name) + 1 :]
            elif len(name) == 2 and word.startswith(name) and word != name:  # noqa: PLR2004
                value = word[2:]
    return value


def build_folder(kind: str, words: Sequence[str], folder: str) -> str:
    """Return the folder that ninja or CMake builds in or makes; `folder` is the one that it is started in."""
    if kind == "ninja":
        named = option(words, "-C")
    elif kind == "cmake-build":
        named = option(words, "--build")
    else:
        named = option(words, "-B")
    return os.path.normpath(os.path.join(folder, named))


def profile_of(kind: str, words: Sequence[str]) -> str:
    """Return the folder of the profile that cargo builds; nothing for maturin, which decides by itself."""
    named = option(words, "--profile")
    if named:
        return "debug" if named in {"dev", "test"} else named
    if "--release" in words or "-r" in words:
        return "release"
    return "debug" if kind == "cargo" else ""


def compiles(words: Sequence[str]) -> bool:
    """Tell whether a compiler gets a source."""
    return any(word.lower().endswith(_SOURCES) and word[:1] != "-" for word in words[1:]) or "-x" in words


def asks_for_dependencies(words: Sequence[str]) -> bool:
    """Tell whether a compiler is told where to write what it reads, and so writes it nowhere else."""
    return any(word[:2] == "-M" or word.startswith("-Wp,-M") for word in words[1:])


def files_named(words: Sequence[str]) -> Iterator[str]:
    """Yield what may be a file among the arguments of a compiler or linker, but not what it writes."""
    folders = [word[2:] for word in words if word[:2] == "-L" and word[2:]]
    is_output = False
    for word in words[1:]:
        if is_output or word in {"-o", "-MF", "-MT", "-MQ"}:
            is_output = not is_output
        elif word[:2] == "-l":
            for folder in folders:
                yield from (os.path.join(folder, f"lib{word[2:]}{end}") for end in (".a", ".so", ".dylib"))
        elif word[:2] not in {"-L", "-I", "-D"}:
            for part in word.split(","):
                yield part.partition("=")[2] or part.lstrip("@")


def is_isolated(words: Sequence[str]) -> bool:
    """Tell whether a Python is kept from loading the tracer, by ``-I``, ``-E`` or ``-S``."""
    first = words[1] if words[1:] else ""
    flags = first[1:].partition("c")[0].partition("m")[0]
    return first[:1] == "-" and first[1:2] != "-" and not {*"IES"}.isdisjoint(flags)


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
