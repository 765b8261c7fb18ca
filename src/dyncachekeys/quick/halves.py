"""The quick checks of many projects, half of them in a second process."""

from __future__ import annotations

from dyncachekeys.quick import child

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dyncachekeys.quick.answer import QuickChecks

_MANY = 8
"""From how many projects on a second process pays."""


def pays(roots: Sequence[str]) -> bool:
    """Tell whether a second process makes it faster."""
    return len(roots) >= _MANY and child.pays()


def check(look: QuickChecks, roots: Sequence[str]) -> bool:
    """Check all projects as `QuickChecks.at_each`; the second half here too, if there was anything to find."""
    middle = len(roots) // 2
    second = child.Child(lambda: _counted(look, roots[middle:]))
    certain = look.at_each(roots[:middle])
    answer = second.answer()
    if not answer:
        return look.at_each(roots[middle:]) and certain
    keys, inputs = map(int, answer.split())
    look.elsewhere = (len(roots) - middle, keys, inputs)
    return certain


def _counted(look: QuickChecks, roots: Sequence[str]) -> bytes:
    """Return how many keys and inputs projects have; nothing if anything changed in one of them, or it has a warning."""
    certain = look.at_each(roots)
    all_known = [one.known for one in look.quick_checks.values() if not one.places and not one.known.warnings]
    if not certain or len(all_known) != len(roots):
        return b""
    return f"{sum(len(one.keys) for one in all_known)} {sum(one.inputs for one in all_known)}".encode("ascii")
