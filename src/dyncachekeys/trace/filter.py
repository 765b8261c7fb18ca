"""What the tracer wrote down, sifted: from facts about a whole machine to what a project's build depends on. Pure."""

from __future__ import annotations

import fnmatch
import os
import posixpath
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from dyncachekeys.paths import check_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet
    from pathlib import Path

_LEFT_OUT = frozenset({".git", ".hg", ".svn", "__pycache__", ".dyncachekeys", ".venv", "-c"})
"""Folders whose files are no inputs by themselves: a git key watches commits, and the rest is made of something else.
``-c`` is the name under which uv starts a backend."""
_METADATA = ("*.egg-info", "*.dist-info")
"""What backends keep of the last build."""
_INCIDENTAL = {
    *("PATH", "HOME", "PWD", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TERM", "COLUMNS", "LINES"),
    *("TMP", "TMPDIR", "TEMP", "TEMPDIR", "VIRTUAL_ENV", "VIRTUAL_ENV_PROMPT"),
    *("UV", "UV_CACHE_DIR", "UV_RUN_RECURSION_DEPTH"),
    *("_PYTHON_HOST_PLATFORM", "_PYTHON_PROJECT_BASE", "_PYTHON_SYSCONFIGDATA_NAME", "PYTHON_COLORS"),
    *("NO_COLOR", "FORCE_COLOR", "PY_FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE"),
    *("CI", "BUILDKITE", "CIRCLECI", "TRAVIS"),
}
_INCIDENTAL_LIKE = (
    *("LC_*", "XDG_*", "PYTHON[!_]*", "PIP_*", "PEP517_*", "UV_INTERNAL__*"),
    *("GITHUB_*", "GITLAB_*", "JENKINS_*", "BUILDKITE_*", "TRAVIS_*", "CIRCLE_*"),
)
"""Variables that say something of the session, not of the build, unless the project's own code asks for them."""
_FOR_US = frozenset({"PYTHONPATH", "PYTHONDONTWRITEBYTECODE"})
"""What we set ourselves for a traced build."""
_LONGEST_NAME = 255
"""No file system has longer ones, so nothing will ever be there."""
_MOST_LINKS = 40
"""After so many links Linux gives up."""
_MANIFEST = "manifest:"
_PYTHON = re.compile(r"(python|pypy)[\d.]*t?(\.exe)?")


class Fact(NamedTuple):
    """One line of the log (`tracer`)."""

    what: str
    subject: str
    who: str


@dataclass(frozen=True, slots=True)
class Trace:
    """What a build depends on and does. Paths are relative to the project; each subject with who asked for it."""

    read: Mapping[str, str] = field(default_factory=dict)
    listed: Mapping[str, str] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
    """Looked for, and not there."""
    there: Mapping[str, str] = field(default_factory=dict)
    """Looked at, but neither read nor listed: that it is there is what counts."""
    variables: Mapping[str, str] = field(default_factory=dict)
    written: tuple[str, ...] = ()
    """Files and folders; none of them is an input, nor what lies below, unless it is among those made."""
    made: tuple[str, ...] = ()
    """Folders that the build asks to make, and those they lie in, whether or not they are there. Files may well be
    put into them."""
    products: tuple[str, ...] = ()
    """Of what it writes, what it also reads. Whoever else changes these changes what the build makes."""
    processes: Mapping[str, str] = field(default_factory=dict)
    """Programs that were started and not seen into: all but those of Python."""
    environment: str = ""
    """Who went through the whole environment."""
    network: str = ""
    """Who asked for a host."""
    lines: tuple[str, ...] = ()
    """Lines of the project's own code that were seen to read or import something."""
    whole: bool = False
    """Whether the build itself was watched, and not only its metadata step."""

    @property
    def new_folders(self) -> frozenset[str]:
        """Folders that were not there before."""
        return frozenset(self.made) & frozenset(self.written)

    @property
    def subjects(self) -> dict[str, Mapping[str, str]]:
        """What counts as an input, by how it was asked for."""
        return {name: getattr(self, name) for name in ("read", "listed", "missing", "there", "variables")}

    def without(self, products: AbstractSet[str]) -> Trace:
        """Return the trace of a build that writes these files, too."""
        written = tuple(sorted({*self.written, *products}))
        read_too = tuple(sorted({*self.products, *(products & self.read.keys())}))
        kept = self._only(("read", "missing", "there"), lambda path: path not in products)
        return replace(kept, written=written, products=read_too)

    def _only(self, asked: Iterable[str], counts: Callable[[str], bool]) -> Trace:
        """Return the trace with fewer paths that were asked for in some ways."""
        kept: dict[str, Any] = {
            name: {path: who for path, who in getattr(self, name).items() if counts(path)} for name in asked
        }
        return replace(self, **kept)

    def with_earlier(self, earlier: Trace) -> Trace:
        """Return the trace together with an earlier one of the same build, nothing of which has changed."""
        several = ("read", "listed", "missing", "there", "variables", "processes")
        both: dict[str, Any] = {name: {**getattr(earlier, name), **getattr(self, name)} for name in several}
        written = {*earlier.written, *self.written} - self.read.keys()
        return replace(
            self,
            **both,
            made=tuple(sorted({*earlier.made, *self.made})),
            lines=tuple(sorted({*earlier.lines, *self.lines})),
        ).without(written)

    def with_folders(self, folders: AbstractSet[str]) -> Trace:
        """Return the trace of a build that asks to make these folders, too."""
        kept = self._only(("missing", "there"), lambda path: path not in folders)
        return replace(kept, made=tuple(sorted({*self.made, *folders})))

    def without_folders(self, folders: AbstractSet[str]) -> Trace:
        """Return the trace without what was looked for below folders that are gone again."""
        return self._only(("missing", "listed"), lambda path: folders.isdisjoint([path, *parents(path)]))


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where the project is, and what around it is of no interest. All absolute, links resolved."""

    root: Path
    """The project."""
    repository: Path
    """The folder of its repository, or of its workspace, or its own."""
    left_out: tuple[str, ...] = ()
    """Folders outside the repository that hold nothing of a build's inputs: temporary folders and caches."""
    environments: tuple[str, ...] = ()
    """The build's environment and the interpreter's folders, wherever they are."""

    def relative(self, path: str, who: str) -> str | None:
        """Return a path relative to the project; nothing if it is of no interest.

        In the repository, whatever is asked for counts. Outside of it, what the project's own code asks for.
        """
        path = self._resolved(path)
        if _below(path, self.environments):
            return None
        inside = _below(path, (os.fspath(self.repository),))
        if not inside and (_below(path, self.left_out) or not who.startswith("project:")):
            return None
        relative = os.path.relpath(path, self.root).replace(os.sep, "/")
        parts = relative.split("/")
        if any(len(part) > _LONGEST_NAME for part in parts):
            return None
        if any(part in _LEFT_OUT or _is_like(part, _METADATA) for part in parts):
            return None
        return relative if check_path(relative) is None else f"./{relative}"  # a folder may well be called `~`

    def told(self, who: str) -> str:
        """Return who asked, as it is told: ``core.py:12``, the name of a requirement, or the build."""
        kind, _, name = who.partition(":")
        if kind != "project":
            return name or "the build"
        file, _, line = name.rpartition(":")
        return os.path.relpath(self.repository / file, self.root).replace(os.sep, "/") + f":{line}"

    def _resolved(self, path: str) -> str:
        """Return the same place below the resolved folders, if it is given by other links."""
        if _below(path, (os.fspath(self.repository),)):
            return path
        folder, name = os.path.split(path)
        return os.path.join(os.path.realpath(folder), name)


def parsed(log: bytes) -> Iterator[Fact]:
    """Yield the facts of a log; of one that ends in the middle, those that are whole."""
    texts = log.decode("utf-8", "surrogateescape").split("\0")[:-1]
    for at in range(0, len(texts) - 2, 3):
        yield Fact(*texts[at : at + 3])


def sifted(facts: Sequence[Fact], bounds: Bounds, *, manifest: bool = False) -> Trace:
    """Return what a build depends on.

    Args:
        facts: As the tracer wrote them down.
        bounds: Where the project is.
        manifest: Whether it counts what setuptools goes through for its list of what an sdist holds: that may
            decide what a wheel holds, too (``include-package-data``), but never what its metadata say.
    """
    facts = list(_behind_links(facts))
    marked = [fact for fact in facts if fact.who.startswith(_MANIFEST)]
    theirs = [fact._replace(who=fact.who.removeprefix(_MANIFEST)) for fact in marked] if manifest else []
    facts = [fact for fact in facts if not fact.who.startswith(_MANIFEST)] + theirs
    made, written = touched(facts, bounds, "made"), touched(facts, bounds, "written")
    new = made & written
    made |= {*_inside(facts, bounds, new, ("listed",))}
    written |= {*_inside(facts, bounds, new, ("read", "there"))}
    made |= {above for path in made for above in parents(path)}
    asked = {path for fact in facts if fact.what == "read" and (path := bounds.relative(fact.subject, fact.who))}
    read, listed, missing, there = (
        _named(_relative(facts, what, bounds, written, made), bounds) for what in ("read", "listed", "missing", "there")
    )
    implied = {".", *_above(bounds), *(above for path in (*read, *listed, *there) for above in parents(path))}
    implied -= touched(facts, bounds, "link")
    return Trace(
        read=read,
        listed=listed,
        missing={path: who for path, who in missing.items() if path not in read and path not in there},
        there={
            path: who for path, who in there.items() if path not in read and path not in listed and path not in implied
        },
        variables=_named(_variables(facts), bounds),
        written=tuple(sorted(written)),
        made=tuple(sorted(made)),
        products=tuple(sorted(asked & written)),
        processes=_named(_processes(facts), bounds),
        environment=next((bounds.told(fact.who) for fact in facts if fact.what == "environment" and fact.who), ""),
        network=next((bounds.told(fact.who) for fact in facts if fact.what == "network"), ""),
        lines=tuple(sorted({bounds.told(fact.who) for fact in facts if _is_line(fact)})),
    )


def _behind_links(facts: Sequence[Fact]) -> Iterator[Fact]:
    """Yield facts, those of paths below links that the build makes with where these lead."""
    links = {fact.subject: fact.who for fact in facts if fact.what == "led"}
    for fact in facts:
        if links and fact.what not in {"led", "variable", "process"}:
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


def touched(facts: Iterable[Fact], bounds: Bounds, what: str) -> set[str]:
    """Return the paths that the build did something with: ``made``, ``touched``, ``written``, and the like."""
    return {path for one in facts if one.what == what and (path := bounds.relative(one.subject, "project:"))}


def _inside(facts: Iterable[Fact], bounds: Bounds, folders: set[str], found: tuple[str, ...]) -> Iterator[str]:
    """Yield what was found in folders that were not there before: it is the build's own, whoever made it."""
    for fact in facts:
        if folders and fact.what in found:
            path = bounds.relative(fact.subject, fact.who)
            if path is not None and folders.intersection(parents(path)):
                yield path


def _relative(
    facts: Iterable[Fact], what: str, bounds: Bounds, written: set[str], made: set[str]
) -> Iterator[tuple[str, str]]:
    """Yield the paths that something happened to and that are no products, each with who asked for it.

    A folder that the build asks to make is there whenever it needs it, but what it holds may be anybody's.
    """
    products = written - made
    own = written | made if what in {"missing", "there"} else products
    for fact in facts:
        if fact.what == what:
            path = bounds.relative(fact.subject, fact.who)
            if path is not None and path not in own and products.isdisjoint(parents(path)):
                yield path, fact.who


def _is_line(fact: Fact) -> bool:
    return fact.what in {"read", "imported"} and fact.who.startswith("project:")


def _variables(facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    """Yield the variables that count: those of the session alone do not, unless the project's own code asks."""
    for fact in facts:
        if fact.what == "variable" and fact.who and fact.subject not in _FOR_US:
            incidental = fact.subject in _INCIDENTAL or _is_like(fact.subject, _INCIDENTAL_LIKE)
            if fact.who.startswith("project:") or not incidental:
                yield fact.subject, fact.who


def _processes(facts: Iterable[Fact]) -> Iterator[tuple[str, str]]:
    for fact in facts:
        path = fact.subject.replace(os.sep, "/")
        program = posixpath.basename(path)
        if fact.what == "process" and not _PYTHON.fullmatch(program):
            yield program, fact.who
        elif fact.what == "read" and "/.git/" in path and fact.who.startswith("project:"):
            yield "git", fact.who  # or as good as that


def _named(found: Iterable[tuple[str, str]], bounds: Bounds) -> dict[str, str]:
    """Return subjects, sorted, each with who asked for it: the project's own code, if it was among them."""
    who: dict[str, str] = {}
    for subject, asker in found:
        if subject not in who or (asker.startswith("project:") and not who[subject].startswith("project:")):
            who[subject] = asker
    return {subject: bounds.told(who[subject]) for subject in sorted(who)}


def parents(path: str) -> Iterator[str]:
    """Yield the folders that a path lies in, relative to the project as it is, the nearest first."""
    while path := posixpath.dirname(path):
        if path == "/" or posixpath.basename(path) == "..":
            return
        yield path


def _above(bounds: Bounds) -> Iterator[str]:
    """Yield the folders that the project lies in, relative to it."""
    yield from ("/".join([".."] * number) for number in range(1, len(bounds.root.parts)))


def _below(path: str, folders: Iterable[str]) -> bool:
    return any(path == folder or path.startswith(folder.rstrip(os.sep) + os.sep) for folder in folders)


def _is_like(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
