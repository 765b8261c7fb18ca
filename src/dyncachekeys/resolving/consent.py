"""Which keys that run code of the tree somebody has run by hand in this checkout.

A run that nobody asked for by hand, such as that of a git hook, runs no other code. A key that is new, or has changed
since, is held: what it found before counts as it did. The memory of it lies in the project's state (`allowed`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.model import Notice

if TYPE_CHECKING:
    from dyncachekeys.config.model import Key
    from dyncachekeys.resolving.allowed import Allowed
    from dyncachekeys.resolving.key_consent import KeyConsent

COMMAND = "command"
"""The built-in resolver that runs what its key says."""


def runs_code(key: Key) -> bool:
    """Tell whether a key runs what the tree says: a function of the tree, requirements of its own, or a command."""
    return bool(key.with_) or ":" in key.resolver or key.resolver == COMMAND


class Consent:
    """What of a project's keys, and of those of packages that it uses, was allowed.

    Args:
        home: The folder of its state.
        salt: Seals what could tell a secret.
        asks: Whether only what was allowed may be run; else all may, and is noted.
        believed: Whether what lies in the state may be believed.
    """

    def __init__(self, home: Path, salt: bytes, *, asks: bool, believed: bool) -> None:
        self.home: Path = home
        self.asks: bool = asks
        self._salt, self._believed = salt, believed
        self.held: dict[str, Notice] = {}
        """The keys that were not run, each with what the user should know."""
        self._ran: list[tuple[KeyConsent, Allowed, Sequence[str]]] = []

    @cached_property
    def known(self) -> Mapping[str, Allowed]:
        """What was allowed before, by key."""
        from dyncachekeys.resolving import allowed  # noqa: PLC0415  few keys run code of the tree

        return allowed.load(self.home, self._salt) if self._believed else {}

    def note(self, key: KeyConsent, allowed: Allowed, modules: Sequence[str]) -> None:
        """Note that a key was run, with what it found and which modules it imported."""
        self._ran.append((key, allowed, modules))

    @cached_property
    def noted(self) -> Mapping[str, Allowed]:
        """What is allowed now, by key: what was run in this run, and what was allowed before and is not asked now."""
        now = {key.name: key.completed(allowed, modules) for key, allowed, modules in self._ran}
        return {**self.known, **now}

    @property
    def is_news(self) -> bool:
        """Whether there is something to be remembered."""
        return self._believed and bool(self._ran) and self.noted != self.known

    def dumped(self) -> tuple[str, bytes]:
        """Return the name of the file in which it is remembered, and what that is to hold. Errors as `allowed.dump`."""
        from dyncachekeys.resolving import allowed  # noqa: PLC0415  as above

        return allowed.FILE, allowed.dump(self.noted, self.home, self._salt)
