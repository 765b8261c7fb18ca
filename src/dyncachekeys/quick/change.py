"""One input that differs from the last sync."""

from __future__ import annotations

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from typing import Literal, TypeAlias

    from dyncachekeys.model import Kind

    ChangeKind: TypeAlias = Literal["added", "removed", "changed"]
    Cause: TypeAlias = Literal[
        "new-input",
        "gone",
        "no-longer-selected",
        "created",
        "deleted",
        "content",
        "executable-bit",
        "link",
        "type",
        "value",
    ]

SIGNS = {"added": "+", "removed": "-", "changed": "~"}
CAUSES = {
    "new-input": "",
    "gone": "",
    "no-longer-selected": "no longer an input",
    "created": "created",
    "deleted": "deleted",
    "content": "changed",
    "executable-bit": "has another executable bit",
    "link": "leads elsewhere",
    "type": "is another kind of file",
    "value": "changed",
}


class Change:
    """What became of an input, and which rule or import had brought it in."""

    __slots__ = ("cause", "input", "kind", "reason", "subject")

    def __init__(self, kind: ChangeKind, input: Kind, subject: str, cause: Cause, reason: str) -> None:  # noqa: A002
        self.kind = kind
        self.input = input
        self.subject: str = subject
        self.cause = cause
        self.reason: str = reason

    def __repr__(self) -> str:
        return f"Change({', '.join(map(repr, self.as_list()))})"

    def as_list(self) -> list[str]:
        """Return it as it is remembered."""
        return [self.kind, self.input, self.subject, self.cause, self.reason]

    def as_table(self) -> dict[str, str]:
        """Return it as JSON output has it."""
        return {name: getattr(self, name) for name in ("kind", "input", "subject", "cause", "reason")}


def of_a_plain_file(path: str, old: tuple[bytes, bool], new: tuple[bytes, bool], reason: str) -> Change:
    """Return what became of a regular file that still is one.

    Args:
        path: Relative to the project.
        old: The SHA-256 of its content, and whether its owner might execute it.
        new: The same now.
        reason: The rule or import that brought it in.
    """
    return Change("changed", "file", path, "content" if old[0] != new[0] else "executable-bit", reason)
