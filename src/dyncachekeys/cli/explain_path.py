"""`explain PATH`: who watches a path, and why; or why nobody does, and what to do."""

from __future__ import annotations

import dataclasses
from typing import Any

from dyncachekeys.files.pattern import exactly
from dyncachekeys.quick.output import Printer, counted, shown
from dyncachekeys.syncing.path_report import PathReport, Watching
from dyncachekeys.watch.coverage import Watcher

_SEEN: dict[Watcher, str] = {
    "entry": "plain uv sees an edit of it",
    "link": "plain uv sees an edit of it, through a link",
    "folder link": "plain uv sees an edit of it, through a link to its folder",
    "stamp": "uv sees an edit of it once `dyncachekeys sync` has run",
    "digest": "uv sees an edit of it once `dyncachekeys sync` has run",
}
_COMES: dict[Watcher, str] = {
    "folder link": "plain uv sees it come, and go once `dyncachekeys sync` has run",
    "stamp": "uv sees it come or go once `dyncachekeys sync` has run",
}
_NOT_LINKED = "plain uv sees it once `dyncachekeys sync` has made a link to it"
_WHY = {
    "left-out": "no pattern enters `.git`, `__pycache__` and `.dyncachekeys`",
    "excluded": "the key `{detail}` chooses it, and its `exclude` leaves it out",
    "ignored-by-git": "git ignores it",
    "product": "a build writes it",
    "no-key": "no key names it, and no pattern of one matches it",
}


def tell(one: PathReport, out: Printer) -> None:
    """Print what there is to tell of a path in one project."""
    is_watched = "watched" if one.watching else "not watched, so an edit of it has uv build nothing"
    gone = ", not there" if one.what == "nothing" else ""
    out(f"{shown(one.path)} ({one.what if not gone else 'nothing is there'}, {one.name}): {is_watched}")
    for each in one.watching:
        out(f"   {_told(each)}")
    if one.why_not is not None:
        out(f"   {why(one)}")
    if one.in_build is not None:
        out(f"   the last watched build {shown(one.in_build) or 'did not ask for it'}")
    out(f"Next: {next_step(one)}")


def why(one: PathReport) -> str:
    """Return why nobody watches it."""
    chosen = (
        f", though the key `{one.detail}` would choose it" if one.why_not == "ignored-by-git" and one.detail else ""
    )
    return _WHY[one.why_not or "no-key"].format(detail=shown(one.detail)) + chosen


def _told(each: Watching) -> str:
    what = counted(each.inputs, "input") + " in it" if each.inputs > 1 else shown(each.reason)
    seen = (_COMES if each.by_name else _SEEN)[each.watched_by] if each.is_linked else _NOT_LINKED
    return f"{shown(each.key)}: {what}; {seen}"


def next_step(one: PathReport) -> str:
    """Return the one thing to do next."""
    if one.watching:
        return "`dyncachekeys explain` says whether uv will build"
    named = f'`patterns = ["{shown(exactly(one.path))}{"/" if one.what == "folder" else ""}"]`'
    match one.why_not:
        case "left-out" if one.path.startswith(".git"):
            return 'for commits, tags and the state of the work tree, add a key with `resolver = "git"`'
        case "excluded":
            return f"if the build needs it, take it out of `exclude` of the key `{shown(one.detail)}`"
        case "ignored-by-git" if one.what == "folder":
            return f'if the build needs what is in it, add a key with `resolver = "files"`, {named} and `gitignore = false`'
        case "product":
            return "nothing: if uv watched what its builds write, each would ask for the next"
    return f'if the build needs it, add a key with `resolver = "files"` and {named}'


def as_json(one: PathReport) -> dict[str, Any]:
    """Return it as JSON output has it."""
    table = dataclasses.asdict(one)
    name, root = table.pop("name"), table.pop("root")
    return {"name": name, "root": root, "path": {**table, "next": next_step(one)}}
