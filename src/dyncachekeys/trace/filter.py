"""The tracer's log, filtered: from facts about a whole machine to what a project's build depends on. Pure."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from dyncachekeys.trace import session
from dyncachekeys.trace.fact import ByKind, Fact, by_kind
from dyncachekeys.trace.in_build.protocol import MANIFEST, PROJECT
from dyncachekeys.trace.model import Bounds, Trace, folders_of, parents

_MOST_LINKS = 40
"""After so many links Linux gives up."""
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?(\.exe)?")
_LIST_OF_SDIST = "MANIFEST.in"
_ASKED = ("read", "listed", "missing", "there")
"""What is of interest outside of the repository only if the project's own code did it."""
_Asked: TypeAlias = tuple[str, str]
"""A subject, and who asked for it."""


def filtered(all_facts: Iterable[Fact], bounds: Bounds, *, manifest: bool = False) -> Trace:
    """Return what a build depends on, by the facts that the tracer wrote down.

    What setuptools goes through for its list of what an sdist holds (`manifest`) may decide what a wheel holds, too
    (``include-package-data``), but never what its metadata say.
    """
    facts = by_kind(_with_manifest(_behind_links([*all_facts]), keep=manifest))
    asked = {what: [*_asked(facts, bounds, what)] for what in _ASKED}
    # Who looks at the time of a file does so to know whether it is out of date, and reads it if it is.
    asked["read"] += [(path, who) for path, who in _asked(facts, bounds, "timed") if (bounds.root / path).is_file()]
    made, written = paths(facts, bounds, "made"), paths(facts, bounds, "written")
    new = made & written  # what is in there is the build's own, whoever made it
    made |= _inside(new, asked["listed"])
    made |= folders_of(made)
    written |= _inside(new, asked["read"] + asked["there"])
    # A folder that the build asks to make is there whenever it needs it, but others may put something into it.
    own = {"missing": made | written, "there": made | written}
    read, listed, missing, there = (
        _named(_outside(written - made, own.get(what, set()), some), bounds) for what, some in asked.items()
    )
    above = {"/".join([".."] * number) for number in range(1, len(bounds.root.parts))}
    implied = {".", *above, *folders_of([*read, *listed, *there])} - paths(facts, bounds, "link")
    return Trace(
        read=read,
        listed=listed,
        missing=_without(missing, read.keys() | there.keys()),
        there=_without(there, read.keys() | listed.keys() | implied),
        walked=tuple(sorted(path for path in paths(facts, bounds, "walked") if path in listed)),
        variables=_named(session.counting(facts), bounds),
        written=tuple(sorted(written)),
        made=tuple(sorted(made)),
        products=tuple(sorted(written.intersection(path for path, _ in asked["read"]))),
        processes=_named(_processes(facts), bounds),
        **{what: _named(((fact.subject, fact.who) for fact in facts[what]), bounds) for what in ("unseen", "hidden")},
        programs=_named(_programs(facts, bounds), bounds),
        git=_named(_asked_of_git(facts, bounds), bounds),
        looped=next((bounds.asker(fact.who) for fact in facts["looped"]), ""),
        environment=next((bounds.asker(fact.who) for fact in facts["environment"] if fact.who), ""),
        network=next((bounds.asker(fact.who) for fact in facts["network"]), ""),
    )


def paths(facts: ByKind, bounds: Bounds, what: str) -> set[str]:
    """Return the paths that the build did something with: ``made``, ``touched``, ``written``, and the like."""
    return {path for fact in facts[what] if (path := bounds.relative(fact.subject, PROJECT))}


def _with_manifest(facts: Iterable[Fact], *, keep: bool) -> list[Fact]:
    """Return the facts: last, or not all, those of the list of what an sdist holds.

    For the list nobody needs to know what is in a file, or how old it is: who asks for that makes something of it, such
    as Cython, which some have make sources before these are listed.
    """
    ordered = sorted(facts, key=lambda fact: fact.who.startswith(MANIFEST))
    counted = [fact for fact in ordered if keep or not fact.who.startswith(MANIFEST) or _is_of_use(fact)]
    return [fact._replace(who=fact.who.removeprefix(MANIFEST)) for fact in counted]


def _is_of_use(fact: Fact) -> bool:
    return fact.what in {"read", "timed", "updated"} and os.path.basename(fact.subject) != _LIST_OF_SDIST


def _behind_links(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield facts, those of paths below links that the build makes with where these lead."""
    links = {fact.subject: fact.who for fact in facts if fact.what == "led"}
    for fact in facts:
        if links and fact.what not in {"led", "variable", "process", "unseen", "hidden", "git"}:
            yield fact._replace(subject=_followed(fact.subject, links, itself=fact.what in {"read", "updated"}))
        else:
            yield fact


def _followed(path: str, links: Mapping[str, str], *, itself: bool) -> str:
    """Return where a path leads through some links: through itself, too, or only through the folders it lies in."""
    for _ in range(_MOST_LINKS):
        at = path if itself else os.path.dirname(path)
        while at not in links:
            if at == os.path.dirname(at):
                return path
            at = os.path.dirname(at)
        path = links[at] + path[len(at) :]
    return path


def _asked(facts: ByKind, bounds: Bounds, what: str) -> Iterator[_Asked]:
    """Yield the paths that were asked for in one way.

    Where a program was looked for outside, and that it was read to be started, says nothing that `programs` does not.
    """
    programs = {_name_of(fact.subject) for kind in ("program", "process") for fact in facts[kind]}
    for fact in facts[what]:
        if _name_of(fact.subject) in programs and not bounds.is_own(fact.subject):
            continue
        if path := bounds.relative(fact.subject, fact.who):
            yield path, fact.who


def _inside(folders: set[str], asked: Iterable[_Asked]) -> set[str]:
    """Return the paths that lie in some folders."""
    return {path for path, _ in asked if folders and folders.intersection(parents(path))}


def _outside(products: set[str], own: set[str], asked: Iterable[_Asked]) -> Iterator[_Asked]:
    """Yield what is neither a product, nor below one, nor otherwise the build's own."""
    for path, who in asked:
        if path not in own and products.isdisjoint([path, *parents(path)]):
            yield path, who


def _without(subjects: Mapping[str, str], others: Container[str]) -> dict[str, str]:
    return {subject: who for subject, who in subjects.items() if subject not in others}


def is_python(program: str) -> bool:
    """Tell whether the name of a program is that of a Python, which is traced from inside."""
    return bool(_PYTHON.fullmatch(program))


def _name_of(path: str) -> str:
    return posixpath.basename(path.replace(os.sep, "/")).removesuffix(".exe")


def _processes(facts: ByKind) -> Iterator[_Asked]:
    for fact in facts["process"]:
        program = _name_of(fact.subject)
        if not is_python(program):
            yield program, fact.who
    for fact in facts["read"]:
        if fact.who.startswith(PROJECT) and "/.git/" in fact.subject.replace(os.sep, "/"):
            yield "git", fact.who  # or as good as that


def _programs(facts: ByKind, bounds: Bounds) -> Iterator[_Asked]:
    """Yield the programs that lie outside of the repository and of the build's environment."""
    for fact in facts["program"]:
        name = _name_of(fact.subject)
        if name != "git" and not is_python(name) and not bounds.is_own(fact.subject):
            yield fact.subject, fact.who


def _asked_of_git(facts: ByKind, bounds: Bounds) -> Iterator[_Asked]:
    """Yield what git was asked in folders of the repository."""
    for fact in facts["git"]:
        folder, _, arguments = fact.subject.partition("\x1f")
        if arguments and (place := bounds.relative(os.path.join(folder, "x"), PROJECT)):
            yield f"{posixpath.dirname(place) or '.'}\x1f{arguments}", fact.who


def _named(asked: Iterable[_Asked], bounds: Bounds) -> dict[str, str]:
    """Return subjects, sorted, each with who asked for it: the project's own code, if it was among them."""
    askers: dict[str, str] = {}
    for subject, who in asked:
        if subject not in askers or (who.startswith(PROJECT) and not askers[subject].startswith(PROJECT)):
            askers[subject] = who
    return {subject: bounds.asker(askers[subject]) for subject in sorted(askers)}
