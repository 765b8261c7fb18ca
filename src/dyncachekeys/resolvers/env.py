"""``resolver = "env"``: environment variables, by name or by wildcard."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

from dyncachekeys.plugin import Checked, Context, Env, Value, is_credential, resolver


def _check_name(name: str) -> str | None:
    if not name or "=" in name or "\0" in name:
        return f'"{name}" can\'t be the name of an environment variable'
    return None


def _is_wildcard(name: str) -> bool:
    return any(sign in name for sign in "*?[")


def _may_ask_machine(names: list[str]) -> bool:
    return any(_is_wildcard(name) or is_credential(name) for name in names)


@resolver(machine=_may_ask_machine)
def env(
    context: Context,
    *,
    names: Annotated[list[Annotated[str, Checked(_check_name)]], "names of variables; `*`, `?` and `[...]` match"],
) -> Iterable[Env | Value]:
    """Yield every named variable, set or not, and every set one that a wildcard matches."""
    for name in names:
        if not _is_wildcard(name):
            yield Env(name, "named")
            continue
        matching = context.variables(name)
        # That none matches is known as well: one that comes and goes must leave a trace.
        yield Value(f"names of {name}", matching, f"which variables match {name}")
        for found in matching:
            yield Env(found, f"matches {name}", entry=False)
