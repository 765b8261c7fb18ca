"""A key that runs code of the tree, held against what was allowed of it (`consent`)."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from dyncachekeys.model import Notice
from dyncachekeys.resolving import tree_code
from dyncachekeys.resolving.allowed import Allowed
from dyncachekeys.resolving.consent import Consent
from dyncachekeys.resolving.held import Held

if TYPE_CHECKING:
    from dyncachekeys.config.model import Key
    from dyncachekeys.files.tree import Files
    from dyncachekeys.pyproject.project import Project


class KeyConsent(NamedTuple):
    """A key that runs code of the tree, and what was allowed of it."""

    consent: Consent
    project: Project
    files: Files
    plugin_path: Sequence[str]
    key: Key
    where: str

    @property
    def name(self) -> str:
        """By what it is known: the package, seen from the project that is synced, and its path there."""
        package = os.path.relpath(self.project.root, self.consent.home.parent)
        return f"{package}: {self.where}"

    def held(self) -> Held | None:
        """Return what stands for a key that may not be run; nothing if it may."""
        if not self.consent.asks:
            return None
        allowed = self.consent.known.get(self.name)
        why = self._why_not(allowed)
        if why is None:
            return None
        until = "what it found before counts on" if allowed and allowed.found is not None else "it counts as nothing"
        message = (
            f"`{self.key.resolver}` was not run, since {why}, and a hook runs only what was allowed by hand in this "
            f"checkout: look at it, then run `dyncachekeys sync` or `dyncachekeys allow`; until then {until}, and "
            "pyproject.toml is not written"
        )
        self.consent.held[self.name] = Notice("not-allowed", message, self.where)
        return Held(allowed)

    def completed(self, allowed: Allowed, modules: Iterable[str]) -> Allowed:
        """Return what was noted, with the code that was run."""
        read = tree_code.code_of(self.key, self.plugin_path, self.project, self.files)
        return allowed._replace(
            configuration=self._configuration, code={**tree_code.digests(self.project.root, modules), **read}
        )

    @property
    def _configuration(self) -> str:
        return tree_code.configuration_of(self.key, self.plugin_path, self.files)

    def _why_not(self, allowed: Allowed | None) -> str | None:
        if allowed is None:
            return "it is new"
        if allowed.configuration != self._configuration:
            return "its configuration has changed"
        read = tree_code.code_of(self.key, self.plugin_path, self.project, self.files)
        now = {**tree_code.digests(self.project.root, allowed.code), **read}
        others = tree_code.differences(allowed.code, now)
        if not others:
            return None
        if len(others) > 1:
            return f"{others[0]} and {len(others) - 1} more have changed"
        return f"{others[0]} {'has changed' if others[0] in allowed.code else 'is new'}"
