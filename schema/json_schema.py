"""The model of the configuration as JSON Schema: ``schema/dyncachekeys.schema.json`` is made of this."""

from __future__ import annotations

import json
import types
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from dyncachekeys.config.model import Config, Key
from dyncachekeys.config.options import Option, fields_of, options_of
from dyncachekeys.resolving import registry

_JSON_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", dict: "object", Mapping: "object"}
ID = "https://json.schemastore.org/dyncachekeys-1.json"
"""The number changes where what was valid no longer is."""
_EXAMPLES: Mapping[str, Mapping[str, Any]] = {
    "backend": {},
    "build": {},
    "command": {"argv": ["cc", "--version"]},
    "distribution": {"names": ["torch"]},
    "env": {"names": ["CC", "CFLAGS"]},
    "files": {"patterns": ["/csrc/**/*.c", "/csrc/**/*.h"], "exclude": ["/csrc/generated/"]},
    "git": {"commit": True, "tags": True},
    "outputs": {"patterns": ["src/demo/_speed*.so"]},
    "package": {"name": "core"},
    "requirements": {"files": ["requirements.txt"]},
    "table": {"preset": "build"},
}
"""An example of each built-in resolver's options."""
_OWN = frozenset({"keys", "options", "inherited"})
"""Fields that hold what other models describe."""


def schema() -> dict[str, Any]:
    """Return the schema of ``[tool.dyncachekeys]``, as JSON Schema draft 7 (what editors of TOML know)."""
    key = {"anyOf": [*map(_built_in_key, sorted(_public())), _other_key()]}
    table = _table(fields_of(Config).values())
    keys = {
        "type": "object",
        "description": "the keys by name; a name is free, but for `defaults`",
        "propertyNames": {"not": {"const": "defaults"}},
        "additionalProperties": {"$ref": "#/definitions/key"},
    }
    table["properties"]["keys"] = keys
    of_members = {"keys": keys, "guard": table["properties"]["guard"]}
    table["properties"]["workspace"].update(properties=of_members, additionalProperties=False)
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "$id": ID,
        "title": "[tool.dyncachekeys] in pyproject.toml",
        "description": "dynamic cache keys for uv: what a local package is built from",
        "examples": [{"keys": {"build": {"resolver": "build"}, "sources": _example("files")}}],
        **table,
        "additionalProperties": False,
        "definitions": {"key": key},
    }


def dumped() -> str:
    """Return the schema as it is committed."""
    return json.dumps(schema(), indent=2) + "\n"


def _public() -> Iterable[str]:
    return (name for name in registry.BUILT_IN if name != "defaults")


def _built_in_key(name: str) -> dict[str, Any]:
    function = registry.load(registry.find(name, ""), "")
    options, _ = options_of(function)
    table = _table([*fields_of(Key).values(), *options.values()])
    table["properties"]["resolver"] = {"const": name, "description": _first_sentence(function)}
    return {"title": f'resolver = "{name}"', "examples": [_example(name)], **table, "additionalProperties": False}


def _example(name: str) -> dict[str, Any]:
    return {"resolver": name, **_EXAMPLES[name]}


def _other_key() -> dict[str, Any]:
    table = _table(fields_of(Key).values())
    table["properties"]["resolver"]["not"] = {"enum": sorted(_public())}
    return {"title": "a resolver of an installed package, or `module:function` in the tree", **table}


def _table(options: Iterable[Option]) -> dict[str, Any]:
    known = [option for option in options if option.name not in _OWN]
    required = sorted(option.spelled for option in known if option.required)
    table: dict[str, Any] = {"type": "object", "properties": {option.spelled: _property(option) for option in known}}
    return {**table, "required": required} if required else table


def _property(option: Option) -> dict[str, Any]:
    described = _type(option.annotation)
    if not option.required and option.default is not None:
        described["default"] = option.default
    return {"title": option.spelled, "description": option.doc, **described}


def _type(annotation: Any) -> dict[str, Any]:
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in {Union, types.UnionType}:
        kinds = [_type(one) for one in arguments if one is not type(None)]  # TOML has no null
        return kinds[0] if len(kinds) == 1 else {"anyOf": kinds}
    if origin is Literal:
        return {"enum": list(arguments)}
    if origin in {list, tuple, Sequence}:
        return {"type": "array", "items": _type((*arguments, Any)[0])}
    return {"type": _JSON_TYPES[origin]} if origin in _JSON_TYPES else {}


def _first_sentence(function: Callable[..., object]) -> str:
    return (function.__doc__ or "").strip().split("\n", 1)[0].rstrip(".")
