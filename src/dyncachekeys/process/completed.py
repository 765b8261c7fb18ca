"""What running a program yields, apart from `run`: who only names it need not import how programs are run."""

from __future__ import annotations

from dataclasses import dataclass


class OutputTooLargeError(OSError):
    """A program wrote more than it may."""


@dataclass(frozen=True, slots=True)
class Completed:
    """A program that has ended: its exit code, or the negative signal; its output; the last 64 KiB of its errors."""

    code: int
    output: bytes
    error: bytes
