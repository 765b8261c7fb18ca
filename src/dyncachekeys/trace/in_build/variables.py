"""Reports which variables a build asks for. Loaded by `install`."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from dyncachekeys.trace.in_build import frames, protocol  # noqa: TC004  `install` gives them
    from dyncachekeys.trace.in_build.tracer import Tracer

_set_variable: Callable[[Any, str, str], None] = type(os.environ).__setitem__


class Variables:
    """What the build asks of the environment, and which variables are its own: those that it has set itself."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer, self._before = tracer, dict(os.environ)
        self._inherited = set(filter(None, os.environ.get(protocol.OWN, "").split("=")))
        self._salt = os.environ.get(protocol.SALT, "")
        self._own = set(self._inherited)
        self._sealed: set[str] = set()

    def asked(self, what: str, name: Any) -> None:
        """Take that one is read, or that somebody goes through all of them."""
        name = os.fsdecode(name)
        if name not in self._own and name not in protocol.OURS:
            self._tracer.log(what, name, "" if frames.is_for_python() else self._tracer.who())
            if name:
                self._seal(name)

    def looped(self) -> None:
        """Take that the project's own code goes through all of them, by value: then any may count.

        Who copies them, mostly for a child, does not.
        """
        who = self._tracer.who()
        if self._salt and who.startswith(protocol.PROJECT) and frames.is_loop():
            for name in self._before:
                if name not in self._own and name not in protocol.OURS:
                    self._tracer.log("looped", name, who)
                    self._seal(name)

    def _seal(self, name: str) -> None:
        """Write down the sealed value of one, once."""
        if self._salt and name not in self._sealed:
            self._sealed.add(name)
            self._tracer.log("value", name, protocol.seal(self._salt, self._before.get(name)))

    def set(self, name: Any, value: Any) -> None:
        """Take that one gets a value, or is taken away."""
        name = os.fsdecode(name)
        if name in self._inherited or self._before.get(name) != (None if value is None else os.fsdecode(value)):
            self._own.add(name)
        else:  # as it was: the build has put it back
            self._own.discard(name)
        _set_variable(os.environ, protocol.OWN, "=".join(sorted(self._own)))


def wrap(tracer: Tracer) -> None:
    """Wrap what ``os.environ`` does: a variable read by name counts, unless the build has set it itself."""
    environ: Any = type(os.environ)
    getitem, setitem, delitem, iterate = environ.__getitem__, _set_variable, environ.__delitem__, environ.__iter__
    variables, quietly = Variables(tracer), tracer.quietly
    yielded: list[Any] = []
    """The name that a loop over all of them is at."""
    listed: list[Any] = []
    """After such a loop: where it was, and the names, the first one last."""

    def __getitem__(self: Any, name: Any) -> Any:  # noqa: N807
        # Whoever goes through all of them asks for none by name: in a loop, or as dict(os.environ) does.
        if yielded and yielded[-1] == name:
            yielded.pop()
        elif listed and listed[-1] == name and frames.place() == listed[0]:
            listed.pop()
        else:
            quietly(variables.asked, "variable", name)
        return getitem(self, name)

    def __iter__(self: Any) -> Iterator[Any]:  # noqa: N807
        quietly(variables.asked, "environment", "")
        quietly(variables.looped)
        names, where = list(iterate(self)), frames.place()
        for name in names:
            yielded[:] = [name]
            yield name
        yielded.clear()
        listed[:] = [where, *reversed(names)]

    def __setitem__(self: Any, name: Any, value: Any) -> None:  # noqa: N807
        quietly(variables.set, name, value)
        setitem(self, name, value)

    def __delitem__(self: Any, name: Any) -> None:  # noqa: N807
        quietly(variables.set, name, None)
        delitem(self, name)

    for function in (__getitem__, __iter__, __setitem__, __delitem__):
        setattr(environ, function.__name__, function)
