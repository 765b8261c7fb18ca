"""What stands in the place of a resolver where runs need consent (`consent`). Members are those of `isolated.Worker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.resolving.allowed import Allowed

if TYPE_CHECKING:
    from dyncachekeys.errors import Problem
    from dyncachekeys.files.selection import Selected
    from dyncachekeys.model import Notice
    from dyncachekeys.resolving.found import Found
    from dyncachekeys.resolving.jobs import Runner
    from dyncachekeys.resolving.key_consent import KeyConsent


class Held:
    """Stands for a resolver that may not be run: it finds what was found before."""

    runs_each_time: bool = True

    def __init__(self, allowed: Allowed | None) -> None:
        self.machine: bool = allowed.machine if allowed is not None else True
        self._found = (allowed.found if allowed is not None else None) or ()

    def prepare(self) -> list[Problem]:
        """Return what is wrong: that is not known."""
        return []

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        """Return what was found before."""
        return list(self._found), [], []


class Noting:
    """A resolver whose run is noted."""

    def __init__(self, runner: Runner, key: KeyConsent) -> None:
        self._runner, self._key = runner, key

    @property
    def runs_each_time(self) -> bool:
        """As that of the resolver."""
        return self._runner.runs_each_time

    @property
    def machine(self) -> bool:
        """As that of the resolver."""
        return self._runner.machine

    def prepare(self) -> list[Problem]:
        """Prepare the resolver."""
        return self._runner.prepare()

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        """Run the resolver."""
        found, selections, notices = self._runner.resolve()
        modules = getattr(self._runner, "modules", ())
        self._key.consent.note(self._key, Allowed("", {}, self.machine, tuple(found)), modules)
        return found, selections, notices
