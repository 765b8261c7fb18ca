"""What the author of a resolver imports. The built-in resolvers are written against this module too.

A resolver is a function::

    def dependency_sources(context: Context, roots: list[str]) -> Iterable[Result]:
        for path in context.files(roots):
            yield File(path)

It takes a `Context` and the key's options as keyword arguments, and yields `File`, `Directory`, `Env`
and `Value` results. It prints nothing, changes nothing, and depends on nothing but what it asks of
the context. If the last is true without exception, say so with ``@resolver(tracked=True)``: then it is
called only when what it asked for has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, TypeVar

from dyncachekeys.config.options import Checked
from dyncachekeys.context import Context, Result
from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.pattern import check as check_pattern
from dyncachekeys.files.selection import Selected
from dyncachekeys.model import Completed, Data, Directory, Env, File, Git, Output, OutputTooLargeError, Value
from dyncachekeys.names import is_credential
from dyncachekeys.paths import check_path

__all__ = [
    "Checked",
    "Completed",
    "Context",
    "Data",
    "Directory",
    "Env",
    "File",
    "Git",
    "Output",
    "OutputTooLargeError",
    "Problem",
    "Resolver",
    "ResolverError",
    "Result",
    "Selected",
    "Value",
    "check_path",
    "check_pattern",
    "is_credential",
    "is_tracked",
    "may_ask_machine",
    "resolver",
]

Resolver: TypeAlias = Callable[..., Iterable[Result]]
"""``resolver(context, **options)``; its signature says which options there are."""

_TRACKED, _MACHINE = "_dyncachekeys_tracked", "_dyncachekeys_machine"
_Function = TypeVar("_Function", bound=Callable[..., object])


def resolver(*, tracked: bool = False, machine: bool | Callable[..., bool] = True) -> Callable[[_Function], _Function]:
    """Mark a function as a resolver, and say what it promises.

    Args:
        tracked: It looks only through the context: whatever it yields is a function of what it asks
            there, of its options and of its own code. Then it is not called while all of that is
            unchanged. Without this it is called each time, since it may look anywhere.
        machine: It may yield what depends on the machine: an `Output`, a `Value` or `File` that is not
            marked as taken from the tree, a variable that a wildcard found or whose name looks like a
            credential. Or a function that takes the key's options as keyword arguments and returns
            whether it may. False is a promise: if it yields such a result then, that is an error.
            See ``docs/transport-digest.md``.
    """

    def mark(function: _Function) -> _Function:
        setattr(function, _TRACKED, tracked)
        setattr(function, _MACHINE, machine)
        return function

    return mark


def is_tracked(function: Resolver) -> bool:
    """Tell whether a resolver is marked to look only through the context."""
    return bool(getattr(function, _TRACKED, False))


def may_ask_machine(function: Resolver, options: Mapping[str, Any]) -> bool:
    """Tell whether a resolver may yield what depends on the machine; it may, unless it says that it doesn't.

    Args:
        function: The resolver.
        options: The key's options, checked, by their names in Python.
    """
    machine = getattr(function, _MACHINE, True)
    return bool(machine(**options) if callable(machine) else machine)
