"""What a sync says it found and did."""

from __future__ import annotations

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dyncachekeys.change import Change
    from dyncachekeys.cli.printer import Printer

OUTCOMES = {
    "moved": "Stamped {name}: uv will rebuild it",
    "returned": "Stamped {name}: back to what uv has installed",
    "kept": "{name}: uv sees the change by itself",
}
NAMED = {
    "kept": "{name} has the right name",
    "moved": "Named {name} anew: uv will rebuild it",
    "returned": "Named {name} again as uv has it installed",
}
_SIGNS = {"added": "+", "removed": "-", "changed": "~"}
_CAUSES = {
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
_SHOWN = 10


def resolved(out: Printer, counts: str, seconds: float) -> None:
    """Print how much was looked at, and how long it took."""
    out(f"Resolved {counts} in {seconds * 1000:.0f}ms")


def changes(
    out: Printer, by_key: Mapping[str, Sequence[Change]], *, all_of_them: bool, with_reasons: bool = False
) -> None:
    """Print what changed, key by key; of many changes only the first, unless all are wanted."""
    width = max(map(len, by_key), default=0)
    for key, some in by_key.items():
        limit = len(some) if all_of_them else _SHOWN
        for change in some[:limit]:
            sign = _SIGNS[change.kind]
            told = f"{change.subject} {_CAUSES[change.cause]}".rstrip()
            told += f"  ({change.reason})" if with_reasons and change.reason else ""
            out(f" {out.painted(sign, sign)} {key:{width}}  {told}")
        if len(some) > limit:
            out(f"   {key:{width}}  and {len(some) - limit} more (-v lists them)")
