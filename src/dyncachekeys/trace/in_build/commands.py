"""What a command line says of where the things of a program are. Nothing is looked at.

Loaded by `install`, when the build starts its first program. Python 3.8 or newer.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".c++", ".m", ".mm", ".s", ".sx", ".f", ".f90", ".for")


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
