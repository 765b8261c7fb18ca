"""One family of errors. Data in attributes, prose in ``__str__``; only ``cli`` prints or exits."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple


class Problem(NamedTuple):
    """What is wrong, where, and what to do."""

    code: str
    """Stable and machine-readable, such as ``unknown-option``."""
    message: str
    where: str
    """A key path (``tool.dyncachekeys.keys.sources.patterns``) or a file, with line and column if known."""
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}\n  {self.remedy}"


class DyncachekeysError(Exception):
    """Root of all errors that the user needs to fix (exit code 2)."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems: tuple[Problem, ...] = tuple(problems)
        super().__init__(self.problems)

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


class ConfigurationError(DyncachekeysError):
    """``pyproject.toml`` can't be read, or ``[tool.dyncachekeys]`` is not valid."""


class ResolverError(DyncachekeysError):
    """A resolver could not be loaded, failed, or yielded something that is not an input."""


class EditError(DyncachekeysError):
    """``pyproject.toml`` can't be edited safely; it was left as it was."""


class OrphanedRegionError(DyncachekeysError):
    """There is a region, but no table that it could have come from (exit code 1)."""


class WriteError(DyncachekeysError):
    """Something could not be written; ``written`` names what was."""

    def __init__(self, problem: Problem, written: Iterable[str] = ()) -> None:
        super().__init__([problem])
        self.written: tuple[str, ...] = tuple(written)


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?``, or the list of what there is."""
    names = sorted(known)
    there_is = f"there is: {', '.join(f'`{name}`' for name in names)}" if names else "there is none"
    return mistyped(name, names) or there_is


def mistyped(name: str, known: Iterable[str]) -> str:
    """Return ``did you mean `x`?``; an empty text if nothing is close."""
    from difflib import get_close_matches  # noqa: PLC0415  only where somebody mistyped

    close = get_close_matches(name, sorted(known), n=1)
    return f"did you mean `{close[0]}`?" if close else ""
