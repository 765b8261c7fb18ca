"""Keys for what a build depends on and nobody watches."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Container, Iterable

from dyncachekeys.files.pattern import check, exactly
from dyncachekeys.propose.audit import Audit, Dependency
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.propose.watched import folder_of
from dyncachekeys.pyproject.project import FILE


def additions(audit: Audit) -> list[Declaration]:
    """Return keys that watch what nobody watches, as far as a key can: files by patterns, variables by name."""
    read = [path for path in _unwatched("read", audit) if path != FILE]
    files = [path for path in read if path not in audit.in_tree and not _is_of_machine(path, audit)]
    patterns = _patterns(files, audit)
    variables = _unwatched("variables", audit)
    found: list[Declaration] = []
    if audit.in_tree.intersection(read):
        found.append(Declaration(_free("backend", audit), "backend", {}, ()))
    if patterns:
        found.append(Declaration(_free("traced-files", audit), "files", {"patterns": patterns}, ()))
    if variables:
        found.append(Declaration(_free("traced-variables", audit), "env", {"names": variables}, ()))
    return found


def not_nameable(audit: Audit, added: Iterable[Declaration]) -> list[Dependency]:
    """Return what nobody watches and no key can name: files that are not there, and folders by themselves."""
    patterns = [key.options.get("patterns") for key in added]
    folders = {folder_of(pattern.strip("/")) for some in patterns if isinstance(some, list) for pattern in some}
    return [one for one in audit.unwatched if not _is_nameable(one, folders, audit)]


def _is_nameable(one: Dependency, folders: Container[str], audit: Audit) -> bool:
    match one.asked:
        case "read":
            return not _is_of_machine(one.subject, audit)
        case "listed":
            return one.subject in folders
        case _:
            return one.asked == "variables"


def _unwatched(asked: str, audit: Audit) -> list[str]:
    return [one.subject for one in audit.unwatched if one.asked == asked]


def _is_of_machine(path: str, audit: Audit) -> bool:
    """Tell whether a path leads over the root of the file system: it would be another one in another checkout."""
    return path.split("/").count("..") >= len(audit.root.parts) - 1


def _free(name: str, audit: Audit) -> str:
    """Return a name that no declared key has."""
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in audit.key_names)


def _patterns(files: Iterable[str], audit: Audit) -> list[str]:
    """Return one pattern for each listed folder where all that the build reads has one suffix; else each file."""
    suffixes = {folder: _common_suffix(folder, audit) for folder in _listed_by_own_code(audit) if folder != "."}
    found = [f"{exactly(folder)}/*{suffix}" for folder, suffix in suffixes.items() if suffix]
    found += [exactly(path) for path in files if not suffixes.get(folder_of(path))]
    return [pattern for pattern in found if check(pattern) is None]


def _listed_by_own_code(audit: Audit) -> list[str]:
    # What a build requirement lists, as setuptools packages, it lists for the names: the content may not count.
    return [one.subject for one in audit.unwatched if one.asked == "listed" and ":" in one.who]


def _common_suffix(folder: str, audit: Audit) -> str:
    """Return the suffix that all files have that the build reads in a folder; empty if they have several or none."""
    suffixes = {posixpath.splitext(path)[1] for path in audit.trace.read if folder_of(path) == folder}
    return suffixes.pop() if len(suffixes) == 1 else ""
