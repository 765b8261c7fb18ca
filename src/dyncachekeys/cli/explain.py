"""`explain`: why uv will rebuild, or why not."""

from __future__ import annotations

import argparse
import dataclasses
import io
import os
import re
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from dyncachekeys.cli import explain_path, render
from dyncachekeys.doctor.address import PAGE, address, anchor
from dyncachekeys.doctor.finding import CATALOGUE
from dyncachekeys.errors import ConfigurationError, Problem, nearest
from dyncachekeys.quick import output, table
from dyncachekeys.quick.change import Change
from dyncachekeys.quick.output import Printer, counted, shown
from dyncachekeys.syncing import path_report
from dyncachekeys.syncing.explanation import Event, Explanation, explain
from dyncachekeys.syncing.forecast import FACTS
from dyncachekeys.syncing.path_report import PathReport
from dyncachekeys.syncing.plan import Plan
from dyncachekeys.syncing.report import require_key
from dyncachekeys.syncing.scope import Scope
from dyncachekeys.syncing.use_cases import planned
from dyncachekeys.syncing.without_effect import Edited

_OUTCOMES = {
    "not-built": "uv does not build it, whatever changes",
    "installs": "uv will install it; it builds, unless its cache holds a build of what is there now",  # U17
    "builds": "uv will build it",
    "builds-after-sync": "uv will build it once `dyncachekeys sync` has run; until then it sees nothing",
    "nothing-to-do": "uv has nothing to build",
}
_NOT_SYNCED = "not synced yet, or the memory of it is gone: the next sync makes uv build it"
_IMMATERIAL = {
    "same-content": "rewritten with the same content",
    "not-selected": "no key selects it",
    "ignored-by-git": "git ignores it, and no key names it",
    "layout": "only its layout, comments or the generated region differ",
}
_SHOWN = 10


def explain_code(options: argparse.Namespace) -> int:
    """Explain a code of `doctor`, and return the exit code.

    Raises:
        ConfigurationError: there is no such code.
    """
    code = options.key.upper()
    if code not in CATALOGUE:
        raise ConfigurationError(
            [Problem("unknown-code", f"there is no code `{code}`", "KEY", nearest(code, CATALOGUE))]
        )
    level, meaning = CATALOGUE[code]
    if options.format == "json":
        render.document({"code": code, "level": level, "meaning": meaning, "url": address(code)})
        return 0
    out = Printer(sys.stdout, options.color)
    out(f"{out.painted(level, level)} {code}: {meaning}")
    out(
        f"`dyncachekeys doctor --select {code}` says where it is, and what to do. More: {address(code) or PAGE + anchor(code)}"
    )
    return 0


def is_code(text: str | None) -> bool:
    """Tell whether a text looks like a code of `doctor`."""
    return text is not None and re.fullmatch(r"DCK\d+", text, re.IGNORECASE) is not None


def execute(options: argparse.Namespace, scope: Scope) -> int:
    """Explain all projects of a scope, and return the exit code.

    Raises:
        DyncachekeysError: what the user needs to fix.
    """
    with render.progress(options) as doing:
        plans = planned(scope, os.environ, doing=doing)
    if options.key is not None and not _is_key(options.key, plans) and _is_path(options.key):
        return _explain_path(options, path_report.reports(scope, plans, options.key))
    found = [explain(plan, options.since) for plan in plans]
    if options.key is not None:
        require_key([one.report for one in found], options.key, or_file=True)
        found = [one.only(options.key) for one in found if one.report.has(options.key)]
    if options.format == "json":
        render.document({"projects": [as_json(one) for one in found]})
        return 0
    render.warnings([one.report for one in found], options)
    if options.format == "html":
        from dyncachekeys.cli import page  # noqa: PLC0415  seldom wanted

        output.write(
            sys.stdout, page.page("dyncachekeys explain", [page.Part(one.report, told(one, options)) for one in found])
        )
        return 0
    out = Printer(sys.stdout, options.color)
    for number, one in enumerate(found):
        if number:
            out("")
        tell(one, out, options)
    return 0


def told(one: Explanation, options: argparse.Namespace) -> str:
    """Return the explanation of one project, as it is printed."""
    stream = io.StringIO()
    tell(one, Printer(stream, "never"), options)
    return stream.getvalue()


def _is_key(name: str, plans: Sequence[Plan]) -> bool:
    return any(key.name == name for plan in plans for key in plan.status.resolution.keys)


def _is_path(text: str) -> bool:
    """Tell whether a text that names no key can only be meant as a path."""
    return "/" in text or os.sep in text or "." in text or os.path.lexists(text)


def _explain_path(options: argparse.Namespace, found: Sequence[PathReport]) -> int:
    if options.format == "html":
        remedy = "leave `--format` out, or give `json`"
        raise ConfigurationError([Problem("usage", "there is no page about one path", "--format", remedy)])
    if options.format == "json":
        render.document({"projects": [explain_path.as_json(one) for one in found]})
        return 0
    out = Printer(sys.stdout, options.color)
    for number, one in enumerate(found):
        if number:
            out("")
        explain_path.tell(one, out)
    return 0


def tell(one: Explanation, out: Printer, options: argparse.Namespace) -> None:
    """Print the explanation of one project."""
    is_known = one.report.previous is not None or not one.report.is_package
    outcome = _OUTCOMES[one.forecast.outcome] if is_known else _NOT_SYNCED
    out(f"{one.report.name}: {outcome}")
    if options.quiet:
        return
    if any(one.changes.values()) or one.why:
        _print_since(one, out, options)
    elif one.last is not None and one.report.previous is not None:
        _print_last(one.last, one.report.name, out, options)
    _print_edited(one.edited, out, options)
    for seen in one.forecast.seen[: None if options.verbose else _SHOWN]:
        out(f"uv sees: {FACTS[seen.fact].format(shown(seen.subject))}")
    for path in one.forecast.spared:
        out(f"without `dyncachekeys sync`, uv would build all the same: {shown(path)} is newer than all that uv saw")
    if not one.forecast.certain:
        out("not certain: uv does not read this repository's commit or tags as git does, so the stamp stands for them")
    out(f"Next: {next_step(one)}")


def _print_since(one: Explanation, out: Printer, options: argparse.Namespace) -> None:
    back = f"the last {counted(one.since, 'change')} and now" if one.since else "the last sync"
    out(f"Since {back}:")
    _print_changes(one.changes, one.why, out, options)
    if one.tables:
        out(f"   pyproject.toml differs in {', '.join(one.tables)}")


def _print_last(last: Event, name: str, out: Printer, options: argparse.Namespace) -> None:
    out(f"Nothing has changed since the last sync. The last change was seen at {last.at}:")
    _print_changes(last.changes, last.why, out, options)
    if last.is_first:
        out("   it was the first sync here, or the memory of the one before was gone")
    out(f"   {output.OUTCOMES[last.move].format(name=name)}")


def _print_changes(
    changes: Mapping[str, Sequence[Change]], why: Sequence[str], out: Printer, options: argparse.Namespace
) -> None:
    output.changes(out, changes, all_of_them=options.verbose, with_reasons=True)
    for reason in why:
        out(f" ! {shown(reason)}")


def _print_edited(edited: Sequence[Edited], out: Printer, options: argparse.Namespace) -> None:
    listed = [one for one in edited if options.verbose or one.why != "ignored-by-git"]
    if not listed:
        return
    out("Edited, but without effect:")
    rows = [(shown(one.subject), immaterial(one)) for one in listed[: None if options.verbose else _SHOWN]]
    for line in table.lines(rows, None if options.verbose else out.width, indent="   "):
        out(line)
    if len(listed) > _SHOWN and not options.verbose:
        out(f"   and {len(listed) - _SHOWN} more (-v lists them)")
    if any(one.why == "not-selected" for one in listed):
        out("   `dyncachekeys explain PATH` says of one why, and what to do")


def immaterial(one: Edited) -> str:
    """Return as text why an edit has no effect."""
    if one.why == "tables":
        tables = ", ".join(f"[{name}]" for name in one.detail.split(", "))
        return f"only {tables} differs, which no key selects"
    return _IMMATERIAL[one.why]


def next_step(one: Explanation) -> str:
    """Return the one thing to do next."""
    if one.forecast.outcome == "not-built":
        return "add a [build-system], or leave `tool.uv.package` out, if uv is to build it; else take the keys away"
    if one.forecast.outcome == "builds-after-sync" or one.report.previous is None:
        return "`dyncachekeys run -- uv sync`"
    if one.forecast.outcome in {"builds", "installs"}:
        return "`dyncachekeys run -- uv sync`" if one.report.changed else "`uv sync`"
    if one.report.changed:
        return "`dyncachekeys sync`; uv has already built what changed"
    if one.forecast.spared:
        return "`dyncachekeys run -- uv sync`, which builds nothing"
    return "nothing. If uv should build, name what it depends on in a key"


def as_json(one: Explanation) -> dict[str, Any]:
    """Return the explanation of one project as JSON output has it."""
    last = one.last
    return {
        **render.project(one.report),
        "outlook": {
            "verdict": one.forecast.outcome,
            "certain": one.forecast.certain,
            "spared": list(one.forecast.spared),
            "seen": [dataclasses.asdict(seen) for seen in one.forecast.seen],
        },
        "since": {
            "changes_back": one.since,
            "changes": _as_tables({key: changes for key, changes in one.changes.items() if changes}),
            "why": list(one.why),
        },
        "tables": list(one.tables),
        "without_effect": [dataclasses.asdict(edited) for edited in one.edited],
        "last": last and {"at": last.at, "move": last.move, "why": list(last.why), "changes": _as_tables(last.changes)},
        "next": next_step(one),
    }


def _as_tables(by_key: Mapping[str, Sequence[Change]]) -> dict[str, list[dict[str, Any]]]:
    return {key: [change.as_table() for change in changes] for key, changes in by_key.items()}
