"""Keys for the variables that a build asks for, or that a compiler takes that it starts; and who asked, in words."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase

from dyncachekeys.backends.tables import distribution_of
from dyncachekeys.propose.audit import Audit, Dependency
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.trace.model import BUILD
from dyncachekeys.trace.session import is_for_session

_C = ("CC", "CFLAGS", "CXX", "CXXFLAGS", "LDFLAGS")
_COMPILERS: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    (("cc", "c++", "gcc*", "g++*", "clang*", "*-gcc*", "*-g++*", "ninja", "make", "meson"), _C),
    (("cmake*",), (*_C, "CMAKE_ARGS")),
    (("cargo", "rustc"), ("RUSTFLAGS", "CARGO_BUILD_TARGET")),
    (("maturin",), ("MATURIN_PEP517_ARGS", "RUSTFLAGS")),
    (("gfortran*", "flang*"), ("FC", "FFLAGS")),
)
"""How the programs of compilers are called, and the variables that these read, by their documentation."""
_SHOWN = 3


def variables(audit: Audit) -> Iterator[Declaration]:
    """Yield keys for variables that no committed key watches."""
    asked = [one for one in audit.unwatched if one.asked == "variables" and counts(one)]
    if asked:
        names = [one.subject for one in asked]
        yield Declaration("environment", "env", {"names": names}, (f"{by('Asked for', asked)}.",))
    watched = {one.subject for one in audit.dependencies if one.asked == "variables" and one.watched_by}
    started = {*audit.trace.processes, *map(posixpath.basename, audit.trace.programs)}
    for programs, taken in _COMPILERS:
        compilers = sorted(name for name in started if any(fnmatchcase(name, program) for program in programs))
        names = [name for name in taken if name not in watched and ("env", name) not in audit.watched.inputs]
        if compilers and names:
            yield Declaration(
                "environment", "env", {"names": names}, (f"What {named(compilers)} may take from the environment.",)
            )


def counts(one: Dependency) -> bool:
    """Tell whether a variable may change the wheel: the project's own code asks for it, and not for the session's sake.

    Requirements ask for many that they know of, such as setuptools for ``DISTUTILS_DEBUG``: one of these is named when
    it is one of a compiler's, and one was started.
    """
    return ":" in one.who and not is_for_session(one.subject)


def by(verb: str, some: Sequence[Dependency]) -> str:
    """Return who asked, in words: by file, since the number of a line would soon be another one.

    What a build requirement asks for, it may as well have a compiler or a script ask for.
    """
    files = sorted(
        {one.who.rpartition(":")[0] for one in some if ":" in one.who}, key=lambda who: ("/" not in who, who)
    )
    others = {one.who for one in some if ":" not in one.who} - {BUILD}
    tools = named(sorted(map(distribution_of, others))) if others else ""
    if not files:
        return f"{verb} in the build by {tools}" if tools else f"{verb} in the build"
    return f"{verb} by {named(files)}{f', and in the build by {tools}' if tools else ''}"


def named(names: Sequence[str]) -> str:
    """Return names as they stand in a sentence; of many only the first."""
    shown = list(dict.fromkeys(names))
    more = [f"{len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    *first, last = [*shown[:_SHOWN], *more]
    return f"{', '.join(first)} and {last}" if first else last
