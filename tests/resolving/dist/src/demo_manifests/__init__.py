"""A resolver as a stranger writes it: against the public API, and nothing else of dyncachekeys."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import Annotated, Literal

from dyncachekeys import Context, Value

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def manifests(
    context: Context,
    *,
    roots: Annotated[list[str], "patterns of manifests"],
    fields: Annotated[list[str], "what is read of each"] = ["depends"],  # noqa: B006  never changed
    on_error: Literal["fail", "skip"] = "fail",
    limit: int = 100,
) -> Iterable[Value]:
    """Yield the fields that count, of each manifest."""
    if mark := os.environ.get("DEMO_MARK"):
        with open(mark, "a", encoding="utf-8") as stream:  # noqa: PTH123
            stream.write("manifests ran\n")
    for path in list(context.files(roots))[:limit]:
        try:
            data = tomllib.loads(context.read_text(path))
        except ValueError:
            if on_error == "fail":
                raise
            continue
        yield Value(path, [data.get(name) for name in fields], f"manifest of {path.split('/')[-2]}")
