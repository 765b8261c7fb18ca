"""What `fuzz` demands of the code, for any bytes: the targets, each a function that fails."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from dyncachekeys.config import model
from dyncachekeys.config.check import check_options
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.pyproject.insert import put
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import as_entry, parse, user_entries

ENTRIES = [{"file": "build_tools/*.py"}, {"env": "CC"}, {"dir": 'a"b'}]
"""What is put into documents; the first byte of the data says how many."""
RESOLVERS = ("command", "distribution", "env", "files", "git", "package", "requirements", "table")
"""Those whose options are checked."""


def check_splice(data: bytes) -> None:
    """Demand that what is put into a document can be cut out again, and changes no other value."""
    entries, document = ENTRIES[: data[0] % 4] if data else [], data[1:]
    try:
        parse(document)
        before = cut(document).data
        users = user_entries(before)
        edited = put(before, entries)
    except DyncachekeysError:
        return
    ours = [entry for entry in entries if entry not in map(as_entry, users)]
    assert repr(user_entries(edited)) in {repr([*users, *ours]), repr([*ours, *users])}
    assert _values(parse(before)) == _values(_without(parse(edited), ours, parse(before)))
    found = cut(edited, ours)
    assert (found.data, found.entries) == (before, ours)
    assert put(found.data, entries) == edited


def _without(document: dict[str, Any], ours: list[dict[str, str]], before: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a document without what was put into it."""
    if ours:
        uv = document["tool"]["uv"]
        uv["cache-keys"] = [one for one in uv["cache-keys"] if one not in ours]
        tool_before = before.get("tool", {})
        if "cache-keys" not in tool_before.get("uv", {}):
            del uv["cache-keys"]
        if "uv" not in tool_before:
            del document["tool"]["uv"]
        if "tool" not in before:
            del document["tool"]
    return document


def _values(document: dict[str, Any]) -> str:
    """Return the values of a document as a text: `nan` is not equal to itself."""
    return repr(document)


def check_configuration(data: bytes) -> None:
    """Demand that a configuration is taken, or refused with problems that say what, where and what to do."""

    try:
        table = parse(data).get("tool", {}).get("dyncachekeys", {})
    except (DyncachekeysError, AttributeError):
        return
    if not isinstance(table, dict):
        return
    config, problems = model.read(table)
    for name, key in config.keys.items():
        if key.resolver in RESOLVERS:
            function = getattr(import_module(f"dyncachekeys.resolvers.{key.resolver}"), key.resolver)
            problems += check_options(function, key.options, config.where(name))
    for problem in problems:
        assert problem.code
        assert problem.message
        assert problem.where.startswith("tool.dyncachekeys")
        assert problem.remedy


TARGETS: dict[str, Callable[[bytes], None]] = {"splice": check_splice, "configuration": check_configuration}
