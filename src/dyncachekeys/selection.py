"""Which files some patterns choose: a pruned walk that obeys the repository's ``.gitignore`` files.

Never the user's global ones, nor ``.git/info/exclude``: those differ between machines.
"""

from __future__ import annotations

import os
import posixpath
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys import patterns
from dyncachekeys.errors import Problem, ResolverError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pathspec import GitIgnoreSpec

ALWAYS_LEFT_OUT = frozenset({".git", "__pycache__", ".dyncachekeys"})
_VENV_MARK = "pyvenv.cfg"
_IGNORE_FILE = ".gitignore"


@dataclass(frozen=True, slots=True)
class Rules:
    """Compiled patterns that stand at one folder, asked about paths relative to another.

    ``strip`` is the way down from the walk's base to that folder, ``add`` the way up from it.
    """

    spec: GitIgnoreSpec
    strip: str = ""
    add: str = ""

    def verdict(self, path: str) -> bool | None:
        """Return what the last matching pattern says, or nothing; a folder's path ends in ``/``."""
        if self.strip and not path.startswith(self.strip):
            return None
        return self.spec.check_file(self.add + path[len(self.strip) :]).include


def _placed(spec: GitIgnoreSpec, at: str, base: str) -> Rules:
    """Return rules that stand in folder ``at``, for paths relative to ``base`` (absolute paths)."""
    way = os.path.relpath(at, base).replace(os.sep, "/")
    if way == ".":
        return Rules(spec)
    if way.startswith(".."):
        return Rules(spec, add=os.path.relpath(base, at).replace(os.sep, "/") + "/")
    return Rules(spec, strip=way + "/")


@dataclass(slots=True)
class _Walk:
    """One walk below one base; paths are relative to it."""

    base: str
    chosen: Rules
    prefixes: tuple[str, ...]
    exclude: tuple[Rules, ...]
    gitignore: bool
    ignore: list[Rules] = field(default_factory=list)

    def __iter__(self) -> Iterator[tuple[str, int]]:
        """Yield each chosen path with the index of the pattern that chose it."""
        yield from self._below("", self.ignore)

    def _below(self, folder: str, ignore: list[Rules]) -> Iterator[tuple[str, int]]:
        try:
            with os.scandir(os.path.join(self.base, folder)) as scan:
                entries = list(scan)
        except OSError as error:
            raise ResolverError([_unlistable(folder or ".", error)]) from error
        names = {entry.name for entry in entries}
        if folder and _VENV_MARK in names:
            return
        if self.gitignore and _IGNORE_FILE in names:
            ignore = [*ignore, *_ignore_rules(os.path.join(self.base, folder), self.base)]
        for entry in entries:
            if entry.name in ALWAYS_LEFT_OUT:
                continue
            path = f"{folder}/{entry.name}" if folder else entry.name
            if entry.is_dir(follow_symlinks=False):
                if self._can_match(path) and not self._left_out(path + "/", ignore):
                    yield from self._below(path, ignore)
            elif entry.is_file(follow_symlinks=False) or entry.is_symlink():
                result = self.chosen.spec.check_file(path)
                if result.include and result.index is not None and not self._left_out(path, ignore):
                    yield path, result.index

    def _can_match(self, folder: str) -> bool:
        inside = folder + "/"
        return any(inside.startswith(prefix) or prefix.startswith(inside) for prefix in self.prefixes)

    def _left_out(self, path: str, ignore: Sequence[Rules]) -> bool:
        if any(rules.verdict(path) for rules in self.exclude):
            return True
        # The deepest .gitignore that says anything decides (gitignore(5)).
        return bool(next((said for rules in reversed(ignore) if (said := rules.verdict(path)) is not None), False))


class Selection:
    """What patterns choose below one project.

    Args:
        root: The project's folder.
        include: Patterns, of which one must match.
        exclude: Patterns of which none may match. A list of its own, since in one list a negated
            folder does not drop a file that matches by itself (in git neither).
        gitignore: Whether ignored files are left out.

    Raises:
        ValueError: a pattern that can't be understood.
    """

    def __init__(self, root: Path, include: Sequence[str], exclude: Sequence[str], *, gitignore: bool) -> None:
        self._root = os.fspath(root)
        self._include = [patterns.parse(text) for text in include]
        self._exclude = [patterns.parse(text) for text in exclude]
        self._gitignore = gitignore

    def paths(self) -> dict[str, str]:
        """Return the chosen paths, sorted, each with the pattern that chose it.

        Raises:
            ResolverError: a folder can't be listed.
        """
        found: dict[str, str] = {}
        for base in dict.fromkeys(pattern.base for pattern in self._include):
            here = [pattern for pattern in self._include if pattern.base == base]
            walk = self._walk(base, here)
            found.update((self._from_project(base, path), here[index].text) for path, index in walk)
            found.update(self._named(walk, base, here))
        return dict(sorted(found.items()))

    def unmatched(self, found: dict[str, str]) -> list[str]:
        """Return the patterns that chose none of the found paths, though others may have chosen them first."""
        used = set(found.values())
        return [
            pattern.text
            for pattern in self._include
            if pattern.text not in used and not self._would_choose(pattern, found)
        ]

    def _would_choose(self, pattern: patterns.Pattern, found: dict[str, str]) -> bool:
        rules = _placed(patterns.spec([pattern.body]), self._absolute(pattern.base), self._root)
        return any(rules.verdict(path) for path in found)

    def _walk(self, base: str, here: Sequence[patterns.Pattern]) -> _Walk:
        absolute = self._absolute(base)
        prefixes = tuple(f"{pattern.prefix}/" if pattern.prefix else "" for pattern in here)
        chosen = Rules(patterns.spec(pattern.body for pattern in here))
        ignore = _ignored_from_above(absolute) if self._gitignore else []
        return _Walk(absolute, chosen, prefixes, self._exclude_rules(absolute), self._gitignore, ignore)

    def _exclude_rules(self, base: str) -> tuple[Rules, ...]:
        # A pattern that is not anchored matches at any depth, so also below any other base.
        floating = [pattern.body for pattern in self._exclude if not pattern.anchored]
        rules = [Rules(patterns.spec(floating))] if floating else []
        anchored = [pattern for pattern in self._exclude if pattern.anchored]
        rules += [_placed(patterns.spec([one.body]), self._absolute(one.base), base) for one in anchored]
        return tuple(rules)

    def _named(self, walk: _Walk, base: str, here: Sequence[patterns.Pattern]) -> Iterator[tuple[str, str]]:
        """Yield the files that a pattern without wildcards names: no ignore rule stands against those."""
        for pattern in here:
            if (named := pattern.literal) is None:
                continue
            full = os.path.join(walk.base, named)
            is_folder = os.path.isdir(full) and not os.path.islink(full)
            if os.path.lexists(full) and not is_folder and not any(rules.verdict(named) for rules in walk.exclude):
                yield self._from_project(base, named), pattern.text

    def _absolute(self, base: str) -> str:
        return os.path.normpath(os.path.join(self._root, base))

    def _from_project(self, base: str, path: str) -> str:
        if not base:
            return path
        # `../**/*.rs` comes by the project again: a file has one name only.
        way_back = os.path.relpath(self._root, self._absolute(base)).replace(os.sep, "/") + "/"
        return path[len(way_back) :] if path.startswith(way_back) else posixpath.join(base, path)


def _ignored_from_above(base: str) -> list[Rules]:
    """Return the rules of the ``.gitignore`` files from the enclosing repository's root down to the base."""
    above: list[str] = []
    for folder in (Path(base), *Path(base).parents):
        if (folder / ".git").exists():
            break
        above.append(os.fspath(folder.parent))
    else:
        return []  # no repository: only what lies below the base counts
    rules = [rule for folder in reversed(above) for rule in _ignore_rules(folder, base)]
    # A base that is itself ignored (a project built in somebody's scratch folder) is still looked at.
    return [] if any(rule.spec.check_file(rule.add).include for rule in rules) else rules


def _ignore_rules(folder: str, base: str) -> Iterator[Rules]:
    try:
        text = Path(folder, _IGNORE_FILE).read_text(encoding="utf-8-sig", errors="surrogateescape")
    except (FileNotFoundError, IsADirectoryError):
        return
    except OSError as error:
        raise ResolverError([_unlistable(os.path.join(folder, _IGNORE_FILE), error)]) from error
    yield _placed(patterns.compiled(text.split("\n")), folder, base)


def _unlistable(path: str, error: OSError) -> Problem:
    return Problem(
        "unreadable-folder",
        f"can't be listed: {error.strerror or error}",
        path,
        "make it readable, or leave it out with `exclude`",
    )
