"""The keys that watch, for everybody alike, what a build was seen to depend on: those that a person would write."""

from __future__ import annotations

import itertools
import os
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from dyncachekeys.files import pattern as files_pattern
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.propose.alike import Alike
from dyncachekeys.propose.asked import by, counts, named, variables
from dyncachekeys.propose.audit import Audit, Dependency
from dyncachekeys.propose.facts import has_dynamic_version
from dyncachekeys.propose.keys import Declaration, Option, merged
from dyncachekeys.propose.source_patterns import SOURCE_PATTERNS
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.trace.rules import ALL, WALKED
from dyncachekeys.uv import workspace

_BY_DEFAULT = frozenset({FILE, "setup.py", "setup.cfg"})
"""What the key `defaults` watches, which is there as soon as any key is."""
_REQUIREMENTS = "requirements"
_KINDS = {
    _REQUIREMENTS: ("*requirements*.txt", "*requirements*.in", "*constraints*.txt"),
    "version": ("__about__.py", "__init__.py", "_version.py", "version*", "__version__*"),
    "metadata": (
        "manifest.in",
        "readme*",
        "licen[cs]e*",
        "copying*",
        "notice*",
        "authors*",
        "change*",
        "history*",
        "news*",
    ),
}
"""Names of keys, each with how the names of its files look in lower case. What is compiled comes first, all else last."""
_OF_TEXTS = frozenset({"", ".in", ".md", ".rst", ".txt"})
_OF_VCS = frozenset({".gitignore", ".gitattributes", ".gitmodules", ".hgignore"})
"""What backends read to know what to leave out."""
_MANY_MODULES = 4
"""So many modules are read to be packed, as for a wheel; fewer for the version that stands in one."""


def additions(audit: Audit) -> list[Declaration]:
    """Return keys that watch what no committed key watches, as far as one can."""
    alike = Alike(dict(_rules(audit)), audit.trace, audit.files)
    found = [*_code(audit), *_packages(audit, alike), *_files(audit, alike), *variables(audit), *_git(audit)]
    taken = set(audit.key_names)
    for number, key in enumerate(ordered := merged(found)):
        free = next(name for name in _free(key.name) if name not in taken)
        taken.add(free)
        # Where there is a record it knows better: which files, and whether this build reads them at all.
        fallback = key.resolver == "files" and bool(audit.record_key)
        ordered[number] = replace(key, name=free, fallback=fallback)
    return ordered


def left_over(audit: Audit, added: Iterable[Declaration]) -> list[Dependency]:
    """Return what no committed key would watch even then, and what needs a look: no session's variable is among it."""
    options = [key.options for key in added]
    patterns = [text for one in options for text in _texts(one.get("patterns"))]
    patterns += [glob for glob, _ in audit.watched.globs]
    names = {name for one in options for name in _texts(one.get("names"))}
    resolvers = {key.resolver for key in added}
    return [
        one
        for one in audit.unwatched
        if not _is_settled(one, audit, resolvers) and not _is_covered(one, patterns, names)
    ]


def _is_settled(one: Dependency, audit: Audit, resolvers: Iterable[str]) -> bool:
    """Tell whether a dependency needs no key of its own."""
    match one.asked:
        case "read":
            is_of_vcs = posixpath.basename(one.subject) in _OF_VCS and ":" not in one.who
            return is_of_vcs or one.subject in _BY_DEFAULT or ("backend" in resolvers and one.subject in audit.in_tree)
        case "variables":
            return not counts(one)
        case "git":
            return "git" in resolvers
    return ":" not in one.who  # what a requirement looks for or lists is how it works


def _is_covered(one: Dependency, patterns: Sequence[str], names: Iterable[str]) -> bool:
    if one.asked == "variables":
        return one.subject in names
    if one.asked == "listed":
        place = "/" if one.subject == "." else f"{files_pattern.exactly(one.subject)}/"
        return any(_is_about(some, place) for some in patterns)
    return any(files_pattern.matches(some, one.subject) for some in patterns)


def _is_about(pattern: str, place: str) -> bool:
    """Tell whether a pattern finds what comes in a folder: it names no file, and stands for what is in there."""
    start, star, rest = pattern.partition("*")
    return bool(star) and (start.startswith(place) or (rest.startswith("*") and place.startswith(start)))


def _code(audit: Audit) -> Iterator[Declaration]:
    run = [one.subject for one in audit.unwatched if one.asked == "read" and one.subject in audit.in_tree]
    if set(run) - _BY_DEFAULT:
        shown = named(sorted(set(run) - _BY_DEFAULT))
        yield Declaration("backend", "backend", {}, (f"The code of this tree that the build runs: {shown}.",))


def _packages(audit: Audit, alike: Alike) -> Iterator[Declaration]:
    """Yield a key for what a build looks for in each folder, as for packages: a new one is to be known as well."""
    for folder, who in audit.trace.listed.items():
        rules = [one for one in audit.rules.get(folder, ()) if not audit.watched.by("listed", folder, {folder: [one]})]
        patterns = [*alike.questions(folder, rules)]
        if patterns:
            why = f"{by('Looked for in each folder', [Dependency('listed', folder, who)])}."
            yield Declaration("packages", "files", {"patterns": patterns}, (why,))


def _files(audit: Audit, alike: Alike) -> Iterator[Declaration]:
    found = [*_read(audit)]
    # What is read where requirement files are read is one of these, whatever its name: `-r common/base.txt`.
    places = {one.who for one in found if ":" in one.who and _kind(one.subject) == _REQUIREMENTS}
    # One module may hold the version; of many, all are packed.
    has_version = has_dynamic_version(audit.project.pyproject) and sum(map(_is_python, found)) < _MANY_MODULES
    by_kind: dict[str, list[Dependency]] = {}
    for one in found:
        kind = _kind(one.subject)
        if _is_python(one) and not (kind == "version" and has_version and _says_version(one, audit)):
            kind = "python"
        is_included = kind == "data" and one.who in places and one.subject.endswith((".txt", ".in"))
        by_kind.setdefault(_REQUIREMENTS if is_included else kind, []).append(one)
    for kind, some in by_kind.items():
        patterns = _patterns(kind, [one.subject for one in some], alike)
        options: dict[str, Option] = {"patterns": patterns}
        if patterns:
            yield Declaration(kind, "files", options, (f"{by('Read', some)}.",))


def _is_python(one: Dependency) -> bool:
    return one.subject.endswith(".py")


def _says_version(one: Dependency, audit: Audit) -> bool:
    try:
        return b"version" in audit.files.read(one.subject).lower()
    except OSError:  # it was removed since
        return False


def _rules(audit: Audit) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield which names count in the folders that were listed: by a requirement, where it takes all that is in there."""
    for folder, who in audit.trace.listed.items():
        rules = audit.rules.get(folder, ())
        if ":" in who:
            yield folder, rules
        elif ALL in rules:
            yield folder, [rule for rule in rules if rule in {ALL, WALKED}]


def _patterns(kind: str, paths: Sequence[str], alike: Alike) -> list[str]:
    if kind in {"metadata", "version"}:  # each is the only one of its name
        return [*map(files_pattern.exactly, paths)]
    return alike.sources(paths) if kind == "sources" else alike.patterns(paths)


def _read(audit: Audit) -> Iterator[Dependency]:
    """Yield the files that are to be named: nothing that is made, ignored, of this machine, or watched by default."""
    rules, made = IgnoreRules(audit.files), {*audit.trace.written, *audit.products, *_BY_DEFAULT, *audit.in_tree}
    home = os.fspath(workspace.repository(audit.files))
    for one in audit.unwatched:
        path = one.subject
        if one.asked != "read" or path in made or (posixpath.basename(path) in _OF_VCS and ":" not in one.who):
            continue
        full = os.path.normpath(audit.project.root / path)
        is_inside = full.startswith(home.rstrip(os.sep) + os.sep)
        if is_inside if path.startswith("../") else not rules.ignores(path):
            yield one


def _kind(path: str) -> str:
    name = posixpath.basename(path)
    if any(fnmatchcase(name, pattern) for pattern in SOURCE_PATTERNS if pattern != "config.toml"):
        return "sources"
    for kind, patterns in _KINDS.items():
        if (kind != "metadata" or posixpath.splitext(name)[1].lower() in _OF_TEXTS) and any(
            fnmatchcase(name.lower(), pattern) for pattern in patterns
        ):
            return kind
    return "data"


def _git(audit: Audit) -> Iterator[Declaration]:
    asked = [one for one in audit.unwatched if one.asked == "git"]
    if asked and "git" not in audit.watched.resolvers:
        options: dict[str, Option] = {"commit": True, "tags": True}
        yield Declaration("git", "git", options, (f"{by('Asked of git', asked)}: `{asked[0].subject}`.",))


def _free(name: str) -> Iterator[str]:
    """Yield a name, and others that say the same, for where it is taken."""
    return itertools.chain([name, f"more-{name}"], (f"more-{name}-{number}" for number in itertools.count(2)))


def _texts(option: object) -> list[str]:
    return option if isinstance(option, list) else []
