"""What the user asks of a proposal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class InitOptions:
    """How changes are to be noticed."""

    trace: bool = False
    """Builds are watched for what they read."""
    watch: Literal["auto", "digest"] = "auto"
    transport: Literal["stamp", "digest"] = "stamp"

    @property
    def exact(self) -> bool:
        """Whether nothing but content and values shall count."""
        return "digest" in {self.watch, self.transport}

    @property
    def settings(self) -> Mapping[str, str | bool]:
        """Return what stands at the head of the table for it."""
        if self.transport != "stamp":
            return {"transport": self.transport}  # with it, `auto` means `digest`
        return {"watch": self.watch} if self.watch != "auto" else {}
