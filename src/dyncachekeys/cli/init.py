"""`init`: a `[tool.dyncachekeys]` that fits the project, as a diff and in the file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from dyncachekeys.cli import render
from dyncachekeys.errors import ConfigurationError, Problem
from dyncachekeys.propose import eligible
from dyncachekeys.propose.options import InitOptions
from dyncachekeys.propose.propose import propose
from dyncachekeys.propose.write import ignoring, write
from dyncachekeys.pyproject.diff import diff
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.render import render as rendered
from dyncachekeys.quick.output import Printer, counted

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from pathlib import Path

    from dyncachekeys.propose.propose import Proposal
    from dyncachekeys.propose.write import Edit
    from dyncachekeys.syncing.scope import Scope


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Propose keys for the project that we are in, or all packages of the workspace whose root that is, and write them.

    Raises:
        DyncachekeysError: there is a configuration already, nothing is built, or the edit can't be made.
    """
    roots, home = _roots(options, scope)
    proposals = propose(roots, os.environ, _init_options(options), home=home)
    ignored = ignoring([one.root for one in proposals])
    if options.format == "text":
        _tell(proposals, ignored, options, scope)
    written = [] if options.dry_run else list(write(proposals, ignored))
    if options.format == "json":
        render.document(_as_json(proposals, ignored, written))
    elif not options.quiet:
        _close(proposals, options)
    return 0


def _init_options(options: argparse.Namespace) -> InitOptions:
    return InitOptions(options.trace, options.watch, options.transport)


def _roots(options: argparse.Namespace, scope: Scope) -> tuple[list[Path], Path | None]:
    """Return the packages that this is about, and their workspace's root, if it is about all of it."""
    if options.package:
        return scope.all, None
    if not eligible.is_workspace(scope.root):
        return [scope.root], None
    inside = eligible.packages(scope.all, scope.root)
    if not inside:
        message = "no package of the workspace is built by uv"
        remedy = "cache keys are about builds, so there is nothing to configure; add a `[build-system]` to what is to be built"
        raise ConfigurationError([Problem("not-built", message, FILE, remedy)])
    without = [one for one in inside if not eligible.has_table(one)]
    all_built = not any(eligible.is_unbuilt(one) for one in scope.all)
    shares = all_built and without == inside and not eligible.has_table(scope.root)
    return without or inside, scope.root if shares else None


def _tell(proposals: Sequence[Proposal], ignored: Sequence[Edit], options: argparse.Namespace, scope: Scope) -> None:
    err = Printer(sys.stderr, options.color)
    for one in proposals:
        for each in one.carried:
            if each.by is None:
                where = f"{scope.place(one.root)}{FILE}: tool.uv.cache-keys"
                err(f"{err.painted('warning', 'warning')}: {where}: {_entry(each.entry)} stays as it is: {each.why}")
    if options.quiet:
        return
    out = Printer(sys.stdout, options.color)
    edits = [(f"{scope.place(one.root)}{FILE}", one.before, one.after) for one in proposals]
    edits += [(f"{scope.place(one.path.parent)}{one.path.name}", one.before, one.after) for one in ignored]
    for name, before, after in edits:
        out.diff(diff(name, before, after))
    covered = [each for one in proposals for each in one.carried if each.by is not None]
    if covered:
        out("\nTaken out of tool.uv.cache-keys, since a key covers it")
        width = min(max(len(_entry(each.entry)) for each in covered), 50)
        for each in covered:
            out(f"  {_entry(each.entry):{width}}  {each.by}")
    out("")


def _entry(entry: Any) -> str:
    try:
        return rendered(entry)
    except TypeError:
        return repr(entry)


def _close(proposals: Sequence[Proposal], options: argparse.Namespace) -> None:
    out = Printer(sys.stdout, options.color)
    count = sum(len(one.table.keys) + len(one.table.shared) for one in proposals)
    changed = sum(one.after != one.before for one in proposals)
    where = FILE if changed == 1 else f"{counted(changed, 'pyproject.toml')}"
    if options.dry_run:
        wanted = [f"--{name} {value}" for name, value in _init_options(options).settings.items()]
        again = " ".join(["dyncachekeys init", *(["--trace"] if options.trace else []), *wanted])
        out(f"Nothing was written; `{again}` writes this, then run `dyncachekeys sync`")
    else:
        out(f"Wrote {counted(count, 'key')} to {where}; look through them, then run `dyncachekeys sync`")


def _as_json(proposals: Sequence[Proposal], ignored: Sequence[Edit], written: Sequence[Path]) -> dict[str, Any]:
    return {
        "projects": [
            {
                "name": one.name,
                "root": os.fspath(one.root),
                "init": {
                    "defaults": one.table.defaults,
                    "watch": one.table.settings.get("watch", "auto"),
                    "transport": one.table.settings.get("transport", "stamp"),
                    "keys": [{"name": key.name, **key.as_table(), "why": list(key.why)} for key in one.table.keys],
                    "shared": [{"name": key.name, **key.as_table(), "why": list(key.why)} for key in one.table.shared],
                    "taken": [{"entry": each.entry, "by": each.by} for each in one.carried if each.by is not None],
                    "kept": [{"entry": each.entry, "why": each.why} for each in one.carried if each.by is None],
                    "diff": diff(FILE, one.before, one.after),
                },
            }
            for one in proposals
        ],
        "ignored": [
            {"path": os.fspath(one.path), "diff": diff(one.path.name, one.before, one.after)} for one in ignored
        ],
        "written": [os.fspath(path) for path in written],
    }
