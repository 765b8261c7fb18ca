"""``resolver = "files"``: files chosen by gitignore-style patterns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Selected, check_pattern, resolver

Pattern = Annotated[str, Checked(check_pattern)]


@resolver(machine=False)
def files(
    context: Context,
    *,
    patterns: Annotated[list[Pattern], "gitignore-style patterns, relative to the project; `../` leaves it"],
    exclude: Annotated[list[Pattern], "patterns of files to leave out"] = [],  # noqa: B006  never changed
    gitignore: Annotated[
        bool, "leave out what the repository's `.gitignore` files ignore and git does not track"
    ] = True,
) -> Iterable[Selected]:
    """Yield every file that a pattern matches and none of `exclude` does."""
    yield context.files(patterns, exclude, gitignore=gitignore)
