"""``resolver = "outputs"``: products of the build that must be there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Output, check_pattern

Pattern = Annotated[str, Checked(check_pattern)]


def outputs(
    context: Context,
    *,
    patterns: Annotated[list[Pattern], "gitignore-style patterns of products, relative to the project"],
) -> Iterable[Output]:
    """Ask for one build each time a product of the build goes missing.

    What the products hold does not count, and they enter no digest. A product that the build does not
    make is asked for once, and then warned about.
    """
    for pattern in patterns:
        there = context.files([pattern], gitignore=False, expected=False)
        yield Output(pattern, tuple(there), "a product of the build")
