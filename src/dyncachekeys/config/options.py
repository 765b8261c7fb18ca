"""A resolver's options, as its signature states them: checked before any resolver runs.

The same signature gives the checks, the JSON schema and the reference.
"""

from __future__ import annotations

import dataclasses
import inspect
import types
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple, get_args, get_origin


@dataclass(frozen=True)
class Checked:
    """In ``Annotated[str, Checked(function)]``: a further check of a single value.

    The function returns what is wrong with it, or ``None``.
    """

    check: Callable[[str], str | None]


class Option(NamedTuple):
    """One option of a resolver."""

    name: str
    annotation: object
    required: bool
    default: object

    @property
    def spelled(self) -> str:
        """As it is written in TOML."""
        return self.name.rstrip("_").replace("_", "-")

    @property
    def doc(self) -> str:
        """The text in ``Annotated[..., "text"]``."""
        return next((note for note in self.notes if isinstance(note, str)), "")

    @property
    def notes(self) -> tuple[object, ...]:
        """What follows the type in ``Annotated``."""
        return get_args(self.annotation)[1:] if get_origin(self.annotation) is Annotated else ()


def fields_of(model: type) -> dict[str, Option]:
    """Return the fields of a dataclass as options by name."""
    hints = typing.get_type_hints(model, include_extras=True)
    return {field.name: _from_field(field, hints[field.name]) for field in dataclasses.fields(model)}


def _from_field(field: dataclasses.Field[Any], annotation: object) -> Option:
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    required = default is dataclasses.MISSING
    return Option(field.name, annotation, required, None if required else default)


def options_of(function: Callable[..., object]) -> tuple[dict[str, Option], bool]:
    """Return a resolver's options by name, and whether it takes any others as well (``**options``).

    The first parameter is the context. An annotation that can't be resolved counts as "anything".
    """
    parameters = list(inspect.signature(function).parameters.values())[1:]
    options = {
        p.name: Option(p.name, _hint(function, p.annotation), p.default is p.empty, p.default)
        for p in parameters
        if p.kind in {p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY}
    }
    return options, any(p.kind is p.VAR_KEYWORD for p in parameters)


def _hint(function: Callable[..., object], annotation: object) -> object:
    if annotation is inspect.Parameter.empty:
        return Any
    holder = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        hints = typing.get_type_hints(holder, getattr(function, "__globals__", {}), include_extras=True)
    except Exception:  # noqa: BLE001  it is the author's code, and may name what only a type checker imports
        return Any
    return hints["it"]
