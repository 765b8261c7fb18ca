"""The facts that a build's log holds (`in_build.protocol`). Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple, TypeAlias


class Fact(NamedTuple):
    """One line of the log (`in_build.protocol`)."""

    what: str
    subject: str
    who: str


def parsed(log: bytes) -> Iterator[Fact]:
    """Yield the facts of a log; of one that ends in the middle, those that are whole."""
    texts = log.decode("utf-8", "surrogateescape").split("\0")[:-1]
    for at in range(0, len(texts) - 2, 3):
        yield Fact(*texts[at : at + 3])


ByKind: TypeAlias = defaultdict[str, list[Fact]]
"""Facts by what happened."""


def by_kind(facts: Iterable[Fact]) -> ByKind:
    """Return facts by what happened."""
    found: ByKind = defaultdict(list)
    for fact in facts:
        found[fact.what].append(fact)
    return found
