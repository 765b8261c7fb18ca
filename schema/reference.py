"""The model of the configuration as a page for people: ``docs/options.md`` is made of this."""

from __future__ import annotations

import json
from collections.abc import Iterable
from inspect import cleandoc

from dyncachekeys.config.model import DEFAULTS, Config, Key
from dyncachekeys.config.options import Option, fields_of, options_of
from dyncachekeys.resolving import registry

_INTRODUCTION = """\
# Options

<!-- Made from the model of the configuration by `python schema/generate.py`; do not edit. -->

An unknown option, table or resolver is an error that names the nearest match.
"""


def page() -> str:
    """Return the reference of all options, in Markdown."""
    sections = [
        _INTRODUCTION,
        _section("`[tool.dyncachekeys]`", "", fields_of(Config).values()),
        _section("`[tool.dyncachekeys.keys.NAME]`, whatever the resolver", "", fields_of(Key).values()),
    ]
    for name in sorted(set(registry.BUILT_IN) - {DEFAULTS}):
        function = registry.load(registry.find(name, ""), "")
        options, _ = options_of(function)
        sections.append(_section(f'`resolver = "{name}"`', cleandoc(function.__doc__ or ""), options.values()))
    return "\n".join(sections)


def _section(title: str, text: str, options: Iterable[Option]) -> str:
    rows = [_row(option) for option in options if option.name not in {"keys", "options", "inherited"}]
    table = (
        ["| option | default | meaning |", "| --- | --- | --- |", *rows] if rows else ["It has no options of its own."]
    )
    return "\n".join([f"## {title}", "", *([text, ""] if text else []), *table, ""])


def _row(option: Option) -> str:
    default = "required" if option.required else "" if option.default is None else f"`{json.dumps(option.default)}`"
    return f"| `{option.spelled}` | {default} | {option.doc} |"
