"""``resolver = "defaults"``: what uv watches where there are no cache keys (U10); an implicit key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Context, Directory, File, Value, resolver
from dyncachekeys.pyproject.tables import without_our_table


@resolver(machine=False)
def defaults(
    context: Context, *, by_value: Annotated[bool, "count what `pyproject.toml` says, not its layout"] = False
) -> Iterable[File | Directory | Value]:
    """Yield ``pyproject.toml``, ``setup.py``, ``setup.cfg`` and the existence of ``src``, there or not."""
    reason = "uv watches it by default"
    if by_value:
        yield Value("pyproject.toml", without_our_table(context.pyproject), reason, tree=True)
    else:
        yield File("pyproject.toml", reason, entry=True)
    yield File("setup.py", reason, entry=True)
    yield File("setup.cfg", reason, entry=True)
    yield Directory("src", reason)
