"""A trace as it is kept, in the manner of a depfile: it stands as long as nothing that it names has changed."""

from __future__ import annotations

import dataclasses
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from dyncachekeys import statefile
from dyncachekeys.tracing.facts import Trace

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILE = "trace.json"
"""In the project's ``.dyncachekeys``."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A trace, and by what is known whether it stands. Names only: states are sealed."""

    trace: Trace = field(default_factory=Trace)
    salt: str = field(default_factory=lambda: secrets.token_hex(32))
    """Seals the states; of this trace only."""
    basis: str = ""
    """A seal over what the build is made with: interpreter, requirements, the tracer's version."""
    seal: str = ""
    """Over the states of all that the trace names."""
    python: str = ""
    """The interpreter that ran it."""
    suspects: tuple[str, ...] = ()
    """Files that changed while the build was traced: if they do so again, the build writes them itself, by a
    program that can't be seen into."""


def load(path: Path) -> Kept | None:
    """Read a trace; nothing where there is none that can be trusted."""
    try:
        data = statefile.read(path)
        texts = {name: str(data[name]) for name in ("salt", "basis", "seal", "python")}
        bytes.fromhex(texts["salt"])
        return Kept(_trace(data["trace"]), **texts, suspects=tuple(map(str, data["suspects"])))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def dump(kept: Kept) -> bytes:
    """Return a trace as it is written."""
    return statefile.dump(dataclasses.asdict(kept))


def _trace(data: Mapping[str, Any]) -> Trace:
    named = ("read", "listed", "missing", "there", "variables", "processes")
    return Trace(
        **{name: {str(subject): str(who) for subject, who in data[name].items()} for name in named},
        written=tuple(map(str, data["written"])),
        environment=str(data["environment"]),
        network=str(data["network"]),
    )
