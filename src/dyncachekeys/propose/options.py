"""What the user asks of a proposal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class InitOptions:
    """The options of `init` that decide how changes are noticed."""

    trace: bool = False
    """Builds are traced for what they read."""
    watch: Literal["auto", "digest"] = "auto"
    transport: Literal["stamp", "digest"] = "stamp"

    @property
    def exact(self) -> bool:
        """Whether nothing but content and values shall count."""
        return "digest" in {self.watch, self.transport}

    @property
    def settings(self) -> Mapping[str, str | bool]:
        """Return the options of the table that this asks for."""
        if self.transport != "stamp":
            return {"transport": self.transport}  # with it, `auto` means `digest`
        return {"watch": self.watch} if self.watch != "auto" else {}
