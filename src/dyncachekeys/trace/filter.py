"""The tracer's log, filtered: from facts about a whole machine to what a project's build depends on. Pure."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, TypeAlias

from dyncachekeys.trace.in_build.protocol import MANIFEST, PROJECT
from dyncachekeys.trace.model import Bounds, Trace, folders_of, is_like, parents

_SESSION = {
    *("PATH", "HOME", "PWD", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES"),
    *("TMP", "TMPDIR", "TEMP", "TEMPDIR", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"),
    *("UV", "UV_CACHE_DIR", "UV_RUN_RECURSION_DEPTH"),
    *("_PYTHON_HOST_PLATFORM", "_PYTHON_PROJECT_BASE", "_PYTHON_SYSCONFIGDATA_NAME", "PYTHON_COLORS"),
    *("NO_COLOR", "FORCE_COLOR", "PY_FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"),
}
_SESSION_LIKE = ("LC_*", "XDG_*", "PYTHON[!_]*", "PIP_*", "PEP517_*", "UV_INTERNAL__*")
_OF_CI = (
    *("CI", "BUILDKITE", "CIRCLECI", "TRAVIS"),
    *("GITHUB_*", "GITLAB_*", "JENKINS_*", "BUILDKITE_*", "TRAVIS_*", "CIRCLE_*"),
)
"""Variables that say something of the session, not of the build, unless the project's own code asks for them."""
_OF_TERMINALS = (
    *("_", "SHLVL", "OLDPWD", "DISPLAY", "WAYLAND_DISPLAY", "WINDOWID", "MAIL", "EDITOR", "VISUAL", "PAGER", "LESS*"),
    *("LS_COLORS", "COLORTERM", "TERM_*", "TMUX*", "STY", "SSH_*", "GPG_*", "DBUS_*", "VTE_*", "KONSOLE_*", "GNOME_*"),
    *("WT_*", "VSCODE_*", "ITERM_*", "DIRENV_*", "PYENV_*", "CONDA_*", "NVM_*", "npm_*", "MAKE*", "MFLAGS", "HIST*"),
    *("PS[0-9]", "PROMPT*", "UV_*", "HOSTNAME", "HOSTTYPE", "GIT_*", "PRE_COMMIT*", "TOX_*", "NOX_*", "DYNCACHEKEYS_*"),
)
"""Further ones, where code goes through all that there are."""
_SET_BY_US = frozenset({"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"})
"""What we set ourselves for a traced build."""
_MOST_LINKS = 40
"""After so many links Linux gives up."""
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?(\.exe)?")
_ASKED = ("read", "listed", "missing", "there")
"""What is of interest outside of the repository only if the project's own code did it."""
_Asked: TypeAlias = tuple[str, str]
"""A subject, and who asked for it."""


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


def filtered(facts: Iterable[Fact], bounds: Bounds, *, manifest: bool = False) -> Trace:
    """Return what a build depends on, by the facts that the tracer wrote down.

    What setuptools goes through for its list of what an sdist holds (`manifest`) may decide what a wheel holds, too
    (``include-package-data``), but never what its metadata say.
    """
    facts = _with_manifest(_behind_links([*facts]), keep=manifest)
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
        variables=_named(_variables(facts), bounds),
        written=tuple(sorted(written)),
        made=tuple(sorted(made)),
        products=tuple(sorted(written.intersection(path for path, _ in asked["read"]))),
        processes=_named(_processes(facts), bounds),
        unseen=_named(((fact.subject, fact.who) for fact in facts if fact.what == "unseen"), bounds),
        programs=_named(_programs(facts, bounds), bounds),
        git=_named(_asked_of_git(facts, bounds), bounds),
        looped=next((bounds.asker(who) for who in _askers(facts, "looped")), ""),
        environment=next((bounds.asker(who) for who in _askers(facts, "environment") if who), ""),
        network=next((bounds.asker(who) for who in _askers(facts, "network")), ""),
    )


def paths(facts: Iterable[Fact], bounds: Bounds, what: str) -> set[str]:
    """Return the paths that the build did something with: ``made``, ``touched``, ``written``, and the like."""
    return {path for fact in facts if fact.what == what and (path := bounds.relative(fact.subject, PROJECT))}


def _with_manifest(facts: Iterable[Fact], *, keep: bool) -> list[Fact]:
    """Return the facts: last, or not at all, those of the list of what an sdist holds."""
    ordered = sorted(facts, key=lambda fact: fact.who.startswith(MANIFEST))
    counted = [fact for fact in ordered if keep or not fact.who.startswith(MANIFEST)]
    return [fact._replace(who=fact.who.removeprefix(MANIFEST)) for fact in counted]


def _behind_links(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield facts, those of paths below links that the build makes with where these lead."""
    links = {fact.subject: fact.who for fact in facts if fact.what == "led"}
    for fact in facts:
        if links and fact.what not in {"led", "variable", "process", "unseen", "git"}:
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


def _asked(facts: Iterable[Fact], bounds: Bounds, what: str) -> Iterator[_Asked]:
    """Yield the paths that were asked for in one way."""
    for fact in facts:
        if fact.what == what and (path := bounds.relative(fact.subject, fact.who)):
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


def _askers(facts: Iterable[Fact], *kinds: str) -> Iterator[str]:
    return (fact.who for fact in facts if fact.what in kinds)


def _variables(facts: Iterable[Fact]) -> Iterator[_Asked]:
    """Yield the variables that count: those of the session alone do not, unless the project's own code asks."""
    for fact in facts:
        if fact.what == "variable" and fact.who and fact.subject not in _SET_BY_US:
            is_session = is_for_session(fact.subject) or is_like(fact.subject, _OF_CI)
            if fact.who.startswith(PROJECT) or not is_session:
                yield fact.subject, fact.who
        elif fact.what == "looped" and not is_of_session(fact.subject):
            yield fact.subject, fact.who


def is_of_session(name: str) -> bool:
    """Tell whether a variable says something of the session, and nothing of the build."""
    return name in _SESSION | _SET_BY_US or is_like(name, (*_SESSION_LIKE, *_OF_CI, *_OF_TERMINALS))


def is_python(program: str) -> bool:
    """Tell whether the name of a program is that of a Python, which is traced from inside."""
    return bool(_PYTHON.fullmatch(program))


def is_for_session(name: str) -> bool:
    """Tell whether a variable says something of the user's session: of places, terminals, colours, languages."""
    return name in _SESSION or is_like(name, _SESSION_LIKE)


def _processes(facts: Iterable[Fact]) -> Iterator[_Asked]:
    for fact in facts:
        path = fact.subject.replace(os.sep, "/")
        program = posixpath.basename(path)
        if fact.what == "process" and not is_python(program):
            yield program, fact.who
        elif fact.what == "read" and "/.git/" in path and fact.who.startswith(PROJECT):
            yield "git", fact.who  # or as good as that


def _programs(facts: Iterable[Fact], bounds: Bounds) -> Iterator[_Asked]:
    """Yield the programs that lie outside of the repository and of the build's environment."""
    for fact in facts:
        name = posixpath.basename(fact.subject.replace(os.sep, "/"))
        is_theirs = fact.what == "program" and not bounds.is_own(fact.subject)
        if is_theirs and name != "git" and not is_python(name):
            yield fact.subject, fact.who


def _asked_of_git(facts: Iterable[Fact], bounds: Bounds) -> Iterator[_Asked]:
    """Yield what git was asked in folders of the repository."""
    for fact in facts:
        folder, _, arguments = fact.subject.partition("\x1f") if fact.what == "git" else ("", "", "")
        if arguments and (place := bounds.relative(os.path.join(folder, "x"), PROJECT)):
            yield f"{posixpath.dirname(place) or '.'}\x1f{arguments}", fact.who


def _named(asked: Iterable[_Asked], bounds: Bounds) -> dict[str, str]:
    """Return subjects, sorted, each with who asked for it: the project's own code, if it was among them."""
    askers: dict[str, str] = {}
    for subject, who in asked:
        if subject not in askers or (who.startswith(PROJECT) and not askers[subject].startswith(PROJECT)):
            askers[subject] = who
    return {subject: bounds.asker(askers[subject]) for subject in sorted(askers)}
