"""``resolver = "defaults"``: what uv watches where there are no cache keys (U10); an implicit key."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated

from dyncachekeys.plugin import Context, Directory, File, Value, resolver


@resolver(machine=False)
def defaults(
    context: Context,
    *,
    by_value: Annotated[bool, "count what `pyproject.toml` says, not its layout"] = False,
) -> Iterable[File | Directory | Value]:
    """Yield ``pyproject.toml``, ``setup.py``, ``setup.cfg`` and the existence of ``src``, there or not."""
    reason = "uv watches it by default"
    if by_value:
        yield Value("pyproject.toml", _without_our_table(context.pyproject), reason, tree=True)
    else:
        yield File("pyproject.toml", reason, entry=True)
    yield File("setup.py", reason, entry=True)
    yield File("setup.cfg", reason, entry=True)
    yield Directory("src", reason)


def _without_our_table(pyproject: Mapping[str, object]) -> dict[str, object]:
    tool = pyproject.get("tool")
    if not isinstance(tool, Mapping):
        return dict(pyproject)
    kept = {name: table for name, table in tool.items() if name != "dyncachekeys"}
    return {**{name: table for name, table in pyproject.items() if name != "tool"}, **({"tool": kept} if kept else {})}
