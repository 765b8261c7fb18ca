"""What `trace` prints for people."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from dyncachekeys.propose.additions import left_over
from dyncachekeys.propose.audit import Audit, Dependency
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.quick import table
from dyncachekeys.quick.output import Printer, counted, shown

_KINDS = {
    "read": "file",
    "listed": "folder",
    "missing": "absent",
    "there": "present",
    "variables": "variable",
    "program": "program",
    "git": "git",
}
_LOOKED_FOR = frozenset({"listed", "missing", "there", "variables"})
_SHOWN = 40
_INDENT = "  "
_MINUTE = 60_000_000_000


def when(nanoseconds: int, form: str = "%Y-%m-%d %H:%M") -> str:
    """Return a time since the epoch, as the clock on the wall shows it."""
    return time.strftime(form, time.localtime(nanoseconds / 1_000_000_000))


def tell(one: Audit, added: Sequence[Declaration], out: Printer, *, verbose: bool, write: bool) -> None:
    """Print which build it was, what it depends on and who watches that, and what could be added."""
    for line in _head(one):
        out(line)
    unwatched, watched = one.unwatched, [each for each in one.dependencies if each.watched_by]
    if one.record_key:
        alone = f"watched by the key `{one.record_key}` alone: on machines that have built it, not in CI"
        _list_inputs(alone, unwatched, out, verbose=verbose)
        _list_inputs("watched for everybody", watched, out, verbose=verbose)
    else:
        _list_inputs("not watched", unwatched, out, verbose=verbose)
        _list_inputs("watched", watched, out, verbose=verbose)
    kinds = {"file": "file", "env": "variable"}
    unread = [(f"{kinds[each.input]:8}", shown(each.subject), f"({each.watched_by})") for each in one.unread]
    _list("watched, and not seen to be read", _lines(unread, out, verbose=verbose), out)
    _list("not seen", [*_not_seen(one)], out)
    _tell_additions(one, added, out, write=write)


def _head(one: Audit) -> Iterator[str]:
    last, missed = one.records[-1], one.unwatched
    count = counted(len(one.dependencies), "input")
    whom = "watched by its record alone" if one.record_key else "not watched"
    yield f"{one.project.name}: the {last.kind} build of {when(last.started)} depends on {count}, {len(missed)} of them {whom}"
    for record in one.records[:-1]:
        if last.started - record.started > _MINUTE or record.kind != last.kind:
            what = "the metadata come" if record.step == "metadata" else "what it requires comes"
            yield f"  {what} from the {record.kind} build of {when(record.started)}"
    changed = "Something of that has changed since: `dyncachekeys explain` tells what"
    yield f"  {'Nothing of that has changed since' if one.standing else changed}"


def _list_inputs(title: str, some: Sequence[Dependency], out: Printer, *, verbose: bool) -> None:
    """Print inputs; what a requirement looks for in any project only if all is wanted."""
    usual = [] if verbose else [each for each in some if each.asked in _LOOKED_FOR and ":" not in each.who]
    lines = _lines([_row(each) for each in some if each not in usual], out, verbose=verbose)
    if usual:
        who = ", ".join(sorted({each.who for each in usual}))
        lines.append(f"{counted(len(usual), 'input')} that {who} would look for in any project (-v lists them)")
    _list(title, lines, out)


def _row(each: Dependency) -> tuple[str, ...]:
    watched = f"  ({each.watched_by})" if each.watched_by else ""
    return f"{_KINDS[each.asked]:8}", shown(each.subject), f"{shown(each.who)}{watched}"


def _lines(rows: Sequence[Sequence[str]], out: Printer, *, verbose: bool) -> list[str]:
    """Return rows as lines that fit; unless all is wanted, of many only the first, and how many more there are."""
    if verbose:
        return [*table.lines(rows, None, "")]
    width = out.width
    more = [f"and {len(rows) - _SHOWN:,} more (-v lists them)"] if len(rows) > _SHOWN else []
    return [*table.lines(rows[:_SHOWN], width and width - len(_INDENT), "", whole=1), *more]


def _list(title: str, lines: Sequence[str], out: Printer) -> None:
    if lines:
        out(f"\n{title}")
    for line in lines:
        out(f"{_INDENT}{line}")


def _not_seen(one: Audit) -> Iterator[str]:
    """Yield what of the build nobody saw, each with the key that covers it."""
    trace = one.trace
    for program, who in trace.unseen.items():
        resolvers = ("git",) if program == "git" else ("files", "command")
        covered = "" if one.watched.resolvers.intersection(resolvers) else f": name it in a `{resolvers[0]}` key"
        yield f"what `{program}` reads  ({who}){covered}"
    for hidden, who in trace.hidden.items():
        yield f"`{hidden}`, which holds a credential and so is not recorded  ({who}): keep it out of paths and addresses"
    if ":" in trace.environment:  # a requirement hands them all to a child
        covered = "" if "env" in one.watched.resolvers else ": name those in an `env` key"
        yield f"which variables count, since the build goes through all of them  ({trace.environment}){covered}"
    if trace.network:
        yield f"what comes from the network  ({trace.network})"


def _tell_additions(one: Audit, added: Sequence[Declaration], out: Printer, *, write: bool) -> None:
    if added and not write:
        whom = "for CI, and for whoever has not built it yet" if one.record_key else "for this"
        out(f"\n`dyncachekeys trace --write` adds {whom}:")
        for key in added:
            out("")
            for line in key.lines():
                out(f"  {line}")
    rest = left_over(one, added)
    if rest:
        names = ", ".join(f"{_KINDS[each.asked]} {shown(each.subject)}" for each in rest[:3])
        more = f" and {len(rest) - 3:,} more" if len(rest) > 3 else ""  # noqa: PLR2004
        watched = (
            f"`{one.record_key}` watches that by the record"
            if one.record_key
            else 'a key with `resolver = "build"` would'
        )
        out(f"\nNo key that is the same for everybody names {names}{more}; {watched}")
    if write and not added:
        out("\nNothing to add")
