"""The quick checks of many projects, half of them in a second process."""

from __future__ import annotations

import os

from dyncachekeys.quick.check import two_pay

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dyncachekeys.quick.answer import QuickChecks

_MANY = 8
"""From how many projects on a second process pays."""


def pays(roots: Sequence[str]) -> bool:
    """Tell whether a second process makes it faster."""
    return len(roots) >= _MANY and two_pay()


def check(look: QuickChecks, roots: Sequence[str]) -> bool:
    """Check all projects as `QuickChecks.at_each`; the second half here too, if there was anything to find."""
    middle = len(roots) // 2
    reading, child = _start(look, roots[middle:])
    certain = look.at_each(roots[:middle])
    with open(reading, "rb") as stream:
        answer = stream.read()
    os.waitpid(child, 0)
    if not answer:
        return look.at_each(roots[middle:]) and certain
    keys, inputs = map(int, answer.split())
    look.elsewhere = (len(roots) - middle, keys, inputs)
    return certain


def _start(look: QuickChecks, roots: Sequence[str]) -> tuple[int, int]:
    """Start a process that checks projects, and return where it writes how many keys and inputs they have.

    It writes that only if nothing changed in any of them, and there is no warning.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child:
        os.close(writing)
        return reading, child
    try:
        if look.at_each(roots):
            all_known = [one.known for one in look.quick_checks.values() if not one.places and not one.known.warnings]
            if len(all_known) == len(roots):
                keys, inputs = sum(len(one.keys) for one in all_known), sum(one.inputs for one in all_known)
                os.write(writing, f"{keys} {inputs}".encode("ascii"))
    finally:
        os._exit(0)
