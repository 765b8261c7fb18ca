"""What the tracer writes down, and how: its log, and the variables by which processes of one build know each other.

The log holds texts in threes, each ended by a NUL: what happened, to what, and who asked for it.

    read, written, listed, missing, there   a path: absolute, normalised, links not followed
    timed                                   a path whose time, size or mode was looked at
    walked                                  a folder that is listed to go into what lies in it
    link                                    one that was asked where it leads
    made                                    a folder that is to be there
    touched, dated                          what gets another change time, another modification time; not written
    updated                                 a path that may be read and written: its times will tell
    led                                     a link that is made; in place of who asked, where it leads
    variable, environment                   a variable's name (never its value); all of them
    process, network                        a program's path or name; a host was asked
    program, unseen, git                    of programs other than Python (`programs`)
    traced                                  the program that a traced process is
    looped                                  a variable's name: somebody goes through all of them by value
    value                                   a variable's name; in place of who asked, its sealed value (`seal`)
    done                                    nothing: a hook that uv called has returned, and what it returned is written

The log of a build that uv makes begins and ends with more (`first`).

Who asked is the nearest code on the stack that is not Python's own: ``project:FILE:LINE`` for the
project's, ``requirement:NAME`` for what is installed, else nothing; in a child, else who started it.
``manifest:`` stands before that where setuptools goes through the tree for the list of what an sdist
holds. Each fact is written once a process.
"""

from __future__ import annotations

import os

LOG, ROOT = "DYNCACHEKEYS_TRACE_LOG", "DYNCACHEKEYS_TRACE_ROOT"
OWN = "DYNCACHEKEYS_TRACE_OWN"
"""Which variables the build itself has set, for its children: names, with ``=`` between."""
WHO = "DYNCACHEKEYS_TRACE_WHO"
"""Who starts a child."""
SALT = "DYNCACHEKEYS_TRACE_SALT"
"""Seals the values of variables, if these are to be written down."""
STRACE = "DYNCACHEKEYS_TRACE_STRACE"
"""Where strace is, if programs may be started below it."""
PROJECT, REQUIREMENT, MANIFEST = "project:", "requirement:", "manifest:"
"""How it begins who asked."""
OURS = frozenset({LOG, ROOT, OWN, WHO, SALT, STRACE})
_open = os.open


class Log:
    """Where facts go; appended to by all processes of the build, each fact in one write."""

    def __init__(self, path: str, root: str) -> None:
        self.path: str = path
        self.root: str = root
        self._seen: set[tuple[str, str, str]] = set()

    def __call__(self, what: str, subject: str, who: str = "") -> None:
        """Write a fact, if this process has not written it yet."""
        fact = (what, subject, who)
        if fact in self._seen:
            return
        self._seen.add(fact)
        text = "".join(part.replace("\0", "") + "\0" for part in fact)
        # Opened each time: a process may close what it did not open, and its number then is another file's.
        file = _open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(file, text.encode("utf-8", "surrogateescape"))
        finally:
            os.close(file)


def seal(salt: str, value: str | None) -> str:
    """Return a keyed digest of a variable's value, from which nobody can find it out without the salt."""
    from _blake2 import blake2b  # noqa: PLC0415  hashlib would bring more along

    text = "unset" if value is None else f"set {value}"
    return str(blake2b(text.encode("utf-8", "surrogateescape"), key=bytes.fromhex(salt), digest_size=16).hexdigest())
