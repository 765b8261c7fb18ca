"""``resolver = "table"``: chosen tables of a TOML or JSON file, by value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal

import tomli

from dyncachekeys.plugin import Checked, Context, Later, Value, check_path

_ABSENT = object()


def _steps(dotted: str) -> list[str]:
    """Return the keys of a dotted name, written as in TOML: `tool."my.table".x`."""
    node: Any = tomli.loads(f"{dotted} = 0")
    steps = []
    while isinstance(node, dict):
        ((step, node),) = node.items()
        steps.append(step)
    return steps


def _check_dotted(dotted: str) -> str | None:
    try:
        _steps(dotted)
    except ValueError:
        return f'"{dotted}" is no dotted key; write it as in TOML: tool."my.table".x'
    return None


Dotted = Annotated[str, Checked(_check_dotted)]


def table(
    context: Context,
    *,
    file: Annotated[str, Checked(check_path), "a TOML file, or a JSON file (`.json`)"] = "pyproject.toml",
    tables: Annotated[list[Dotted] | None, "dotted names of what counts; everything, if not given"] = None,
    exclude: Annotated[list[Dotted], "dotted names of what does not count"] = [],  # noqa: B006  never changed
    preset: Annotated[Literal["build"] | None, Later(), "the tables that the build backend reads"] = None,  # noqa: ARG001
) -> Iterable[Value]:
    """Yield each chosen table by value: layout, comments and the order of keys don't count.

    A missing file or table is a state. A file that can't be parsed is an error.
    """
    data = _parsed(context, file)
    if data is _ABSENT:
        context.warn("file-missing", f"there is no file `{file}`")
    left_out = [_steps(dotted) for dotted in exclude]
    if file == "pyproject.toml" and tables is None:
        left_out.append(["tool", "dyncachekeys"])  # what the keys say is not what the build reads
    for dotted in [""] if tables is None else tables:
        path = _steps(dotted) if dotted else []
        chosen = _without(_selected(data, path), [step[len(path) :] for step in left_out if step[: len(path)] == path])
        # In a list, so that a null in JSON is not the same as nothing there.
        state = [] if chosen is _ABSENT else [chosen]
        yield Value(f"{file}:{dotted}" if dotted else file, state, f"table {dotted or 'whole'} of {file}")


def _parsed(context: Context, file: str) -> Any:
    if file == "pyproject.toml":
        return context.pyproject
    try:
        text = context.read_text(file, "utf-8-sig")
    except FileNotFoundError:
        return _ABSENT
    try:
        return json.loads(text) if file.endswith(".json") else tomli.loads(text)
    except ValueError as error:
        message = f"{file} can't be parsed: {error}"
        raise ValueError(message) from error


def _selected(data: Any, steps: Sequence[str]) -> Any:
    for step in steps:
        if not isinstance(data, Mapping) or step not in data:
            return _ABSENT
        data = data[step]
    return data


def _without(data: Any, left_out: Sequence[Sequence[str]]) -> Any:
    """Return the data without what the paths lead to."""
    if [] in left_out:
        return _ABSENT
    if not left_out or not isinstance(data, Mapping):
        return data
    below = {name: [path[1:] for path in left_out if path[0] == name] for name in data}
    kept = {name: _without(value, below[name]) for name, value in data.items()}
    return {name: value for name, value in kept.items() if value is not _ABSENT}
