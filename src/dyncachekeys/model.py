"""The values that cross every stage: frozen, without I/O. The vocabulary is stated here once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, TypeAlias

Kind: TypeAlias = Literal["file", "directory", "env", "git", "value"]
FoundKind: TypeAlias = Kind | Literal["output"]
Watch: TypeAlias = Literal["auto", "digest", "uv"]
Transport: TypeAlias = Literal["stamp", "digest"]
Guard: TypeAlias = Literal["warn", "build", "error"]
SECRET_KINDS: frozenset[str] = frozenset({"env", "value"})
Data: TypeAlias = object
"""What TOML and JSON can express: text, bytes, numbers, truth values, times, ``None``, lists and tables."""


@dataclass(frozen=True, slots=True)
class File:
    """A file that the build depends on: its content, path, owner's executable bit and link target.

    A missing file is a state like any other.
    """

    path: str
    """Relative to the project, with ``/``; a leading ``../`` leaves it."""
    reason: str = ""
    """The rule or import that brought it in."""
    entry: bool = False
    """Ask for a ``cache-keys`` entry of its own under ``watch = "auto"``: for files that are few and
    the same for everybody who checks the project out."""
    tree: bool = True
    """That it is an input is a function of the tree. ``False`` where the machine chose it, such as a file
    to which the value of a variable leads: then it is in no name that must be the same for everybody."""


@dataclass(frozen=True)
class Directory:
    """A directory whose existence the build depends on; what it holds does not count."""

    path: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Env:
    """An environment variable; unset and empty differ."""

    name: str
    reason: str = ""
    entry: bool = True
    """May become an entry of its own. ``False`` for a name that depends on the machine, such as one
    that a wildcard found: the region must be the same for everybody."""


@dataclass(frozen=True, slots=True)
class Value:
    """Plain data, counted by value."""

    name: str
    data: Data
    reason: str = ""
    tree: bool = False
    """Taken from the tree: the same wherever the same files are checked out."""


@dataclass(frozen=True)
class Git:
    """What the repository's own files hold, as uv reads them (U9)."""

    commit: bool = False
    """Which commit is checked out."""
    tags: bool = False
    """Which tags there are, and where they point."""
    reason: str = ""


@dataclass(frozen=True)
class Output:
    """Products of a build, which must be there afterwards. No input: they enter no digest."""

    pattern: str
    """What was looked for; it stands for the product where none is there."""
    there: tuple[str, ...] = ()
    """The paths that are there, relative to the project."""
    reason: str = ""


class Input(NamedTuple):
    """One thing that a build depends on, looked at: a result with its state."""

    kind: Kind
    subject: str
    state: str
    reason: str = ""
    entry: bool = False
    tree: bool = False
    """Whether it is a function of the tree, and so the same for everybody who checks it out."""

    @property
    def identity(self) -> tuple[str, str]:
        """What names the input, whatever its state."""
        return (self.kind, self.subject)

    @property
    def triple(self) -> tuple[str, str, str]:
        """What enters a digest."""
        return (self.kind, self.subject, self.state)

    @property
    def is_secret(self) -> bool:
        """Whether its state may be secret; such a state is only ever stored as a keyed digest."""
        return self.kind in SECRET_KINDS


class Entry(NamedTuple):
    """One element of ``tool.uv.cache-keys``."""

    kind: Literal["file", "dir", "env", "git"]
    value: str

    def as_toml(self) -> Mapping[str, Any]:
        """Return the element as data, equal to what a TOML parser gives for it."""
        return {self.kind: {self.value: True} if self.kind == "git" else self.value}


class Notice(NamedTuple):
    """Something that works, but not as one may think."""

    code: str
    message: str
    where: str


class OutputTooLargeError(OSError):
    """A program wrote more than it may."""


class Completed(NamedTuple):
    """A program that has ended: its exit code, or the negative signal; its output; the last 64 KiB of its errors.

    In these, the values of what looks like a credential have given way to its name.
    """

    code: int
    output: bytes
    error: bytes
