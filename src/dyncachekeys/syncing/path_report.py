"""One path: who watches it, by which key and how; or why nobody does."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from dyncachekeys.backends.files import of_table
from dyncachekeys.config.model import read
from dyncachekeys.files import pattern
from dyncachekeys.files.ignore import IgnoreRules
from dyncachekeys.pyproject.project import BUILD_RESOLVER, FILE
from dyncachekeys.quick.snapshot import LEFT_OUT
from dyncachekeys.resolving.engine import ResolvedKey
from dyncachekeys.syncing.forecast import not_linked_yet
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.scope import Scope
from dyncachekeys.syncing.without_effect import counted_by_name
from dyncachekeys.trace.model import Trace
from dyncachekeys.uv.mtimes import expanded
from dyncachekeys.watch.coverage import Watcher

Why = Literal["left-out", "excluded", "ignored-by-git", "product", "no-key"]
OWN_ENTRY = "tool.uv.cache-keys"
_VALUE = ("what is at ", "product ")
"""How the names of values begin that are about a path of a build."""


@dataclass(frozen=True, slots=True)
class Watching:
    """How one key watches a path."""

    key: str
    watched_by: Watcher
    reason: str
    inputs: int = 1
    """How many inputs: of a folder, those that lie in it."""
    is_linked: bool = True
    """Whether the link is there, if it is watched by one."""
    by_name: bool = False
    """Whether only that it comes or goes counts, since its folder was listed."""


@dataclass(frozen=True, slots=True)
class PathReport:
    """What there is to tell of a path in one project."""

    name: str
    """The project's."""
    root: str
    path: str
    """Relative to the project."""
    what: Literal["file", "folder", "nothing"]
    watching: tuple[Watching, ...]
    why_not: Why | None
    """Why nobody watches it."""
    detail: str
    """The key, if `why_not` is about one."""
    in_build: str | None
    """What the last build that was watched did with it; empty if it did nothing, nothing if none was watched."""


def report(plan: Plan, path: str) -> PathReport:
    """Return who watches a path, relative to the project, and why."""
    full = plan.root / path
    what: Literal["file", "folder", "nothing"] = (
        "folder" if full.is_dir() and not full.is_symlink() else "file" if os.path.lexists(full) else "nothing"
    )
    watching = tuple(_watching(plan, path, is_folder=what == "folder"))
    why, detail = (None, "") if watching else _why_not(plan, path)
    return PathReport(
        plan.status.project.name, os.fspath(plan.root), path, what, watching, why, detail, _in_build(plan, path)
    )


def place_of(text: str, plan: Plan) -> str:
    """Return the path relative to a project that somebody means.

    From the current directory, or else from the project's folder.
    """
    here = Path(os.path.normpath(Path.cwd() / text))
    full = here if os.path.lexists(here) or Path(text).is_absolute() else Path(os.path.normpath(plan.root / text))
    return plan.status.files.relative(full.parent.resolve() / full.name) or "."


def reports(scope: Scope, plans: list[Plan], text: str) -> list[PathReport]:
    """Return what there is to tell of a path: of the projects that it lies in or that watch it, or else of the first."""
    found = [report(plan, place_of(text, plan)) for plan in plans]
    near = [one for one in found if one.watching or not one.path.startswith("../")]
    own = [one for one in found if one.root == os.fspath(scope.root)]
    return near or own or found[:1]


def _watching(plan: Plan, path: str, *, is_folder: bool) -> Iterator[Watching]:
    unlinked = not_linked_yet(plan)
    for key in plan.status.resolution.keys:
        found: dict[Watcher, Watching] = {}
        for one in key.inputs:
            inside = is_folder and one.kind == "file" and (path == "." or one.subject.startswith(f"{path}/"))
            if one.subject == path or one.subject in {f"{begin}{path}" for begin in _VALUE} or inside:
                by = plan.coverage.watcher_of(one)
                known = found.get(by)
                count = known.inputs + 1 if known else 1
                is_linked = one.subject not in unlinked and (known is None or known.is_linked)
                found[by] = Watching(key.name, by, known.reason if known else one.reason, count, is_linked)
        yield from found.values() or [*_by_value(plan, key, path, unlinked)] or _by_consulted(plan, key, path, unlinked)
    if (who := counted_by_name(plan).get(path)) is not None:
        names = next(key.name for key in plan.status.resolution.keys if key.resolver == BUILD_RESOLVER)
        by = "folder link" if (posixpath.dirname(path) or ".") in plan.coverage.folder_links.behind else "stamp"
        yield Watching(names, by, f"its name: the folder was listed by {who}", by_name=True)
    for file in plan.status.project.own_files:
        if path in expanded(plan.status.files, [file]):
            yield Watching(OWN_ENTRY, "entry", f"your own entry `{file}`")


def _by_value(plan: Plan, key: ResolvedKey, path: str, unlinked: Collection[str]) -> Iterator[Watching]:
    """Yield that a key watches the values of a file, if it does."""
    if key.resolver == "table" and of_table(_options(plan).get(key.name, {})) == path:
        one = next(iter(key.inputs.single), None)
        by = plan.coverage.watcher_of(one) if one is not None else "stamp"
        by = "link" if path in plan.coverage.consulted else by
        yield Watching(key.name, by, "some of its values, not its layout", is_linked=path not in unlinked)


def _by_consulted(plan: Plan, key: ResolvedKey, path: str, unlinked: Collection[str]) -> Iterator[Watching]:
    """Yield that a key goes by what a file holds, although that is no input."""
    if path in key.consulted and path != FILE:
        by: Watcher = "link" if path in plan.coverage.consulted else "stamp"
        reason = "by what it holds, the key finds its inputs"
        yield Watching(key.name, by, reason, is_linked=path not in unlinked)


def _options(plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the options of all keys, by their names."""
    config, _ = read(plan.status.project.table or {}, plan.status.project.inherited)
    return {name: dict(key.options) for name, key in config.keys.items()}


def _why_not(plan: Plan, path: str) -> tuple[Why, str]:
    if not LEFT_OUT.isdisjoint(path.split("/")):
        return "left-out", ""
    is_ignored = IgnoreRules(plan.status.files).ignores_all(path)
    if path in _trace(plan).written:
        return "product", ""
    of_keys = _options(plan)
    for key in plan.status.resolution.keys:
        options = of_keys.get(key.name, {})
        chosen = key.resolver == BUILD_RESOLVER or _matches(options.get("patterns"), path)
        if chosen and _matches(options.get("exclude"), path):
            return "excluded", key.name
        if chosen and is_ignored and key.resolver != BUILD_RESOLVER:
            return "ignored-by-git", key.name
    return ("ignored-by-git", "") if is_ignored else ("no-key", "")


def _matches(patterns: Any, path: str) -> bool:
    """Tell whether one of some patterns, as an option gives them, chooses a path."""
    texts = patterns if isinstance(patterns, list) else []
    return any(pattern.matches(text, path) for text in texts if isinstance(text, str))


def _trace(plan: Plan) -> Trace:
    builds = plan.status.builds
    return builds.chosen.trace if builds is not None and builds.chosen is not None else Trace()


def _in_build(plan: Plan, path: str) -> str | None:
    """Return what the last watched build did with a path, in words."""
    builds = plan.status.builds
    if builds is None or builds.chosen is None or not builds.chosen.records:
        return None
    trace = builds.chosen.trace
    if path in trace.written:
        return "wrote it"
    asked = {
        "read": "read it",
        "listed": "listed it",
        "missing": "looked for it",
        "there": "looked whether it is there",
    }
    return next((f"{did} ({who})" for name, did in asked.items() if (who := getattr(trace, name).get(path))), "")
