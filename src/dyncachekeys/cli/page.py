"""A page to look at: the keys of projects with their inputs, who watches them, and why. One file, nothing is fetched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from pathlib import Path
from string import Template
from typing import NamedTuple

from dyncachekeys.cli.legend import legend
from dyncachekeys.pyproject.render import render as as_toml
from dyncachekeys.quick.output import counted, shown
from dyncachekeys.syncing.report import InputReport, KeyReport, ProjectReport


class Part(NamedTuple):
    """What a page says of one project."""

    report: ProjectReport
    told: str = ""
    """A text in front of the keys, as a terminal has it."""


def page(title: str, parts: Iterable[Part]) -> str:
    """Return the page, as HTML.

    Args:
        title: What the browser shows for it.
        parts: The projects.
    """
    template = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))
    body = "\n".join(line for part in parts for line in _project(part))
    return template.substitute(title=_text(title), body=body)


def mermaid(reports: Iterable[ProjectReport]) -> Iterator[str]:
    """Yield the lines of a graph in Mermaid's language: projects, their keys, and what each depends on."""
    yield "flowchart LR"
    for number, report in enumerate(reports):
        yield f'  p{number}(["{_label(report.name)}"])'
        for key_number, key in enumerate(report.keys):
            node = f"p{number}k{key_number}"
            yield f'  p{number} --> {node}["{_label(key.name)}"]'
            for input_number, one in enumerate(key.inputs):
                yield f'  {node} -- {one.watched_by} --> {node}i{input_number}["{_label(one.subject)}"]'


def _label(text: str) -> str:
    """Return text between quotes, as Mermaid reads it: entities are written with ``#``."""
    return "".join(sign if sign.isalnum() or sign in " ./_-*" else f"#{ord(sign)};" for sign in shown(text))


def _project(part: Part) -> Iterator[str]:
    report = part.report
    yield f'<section aria-label="{_text(report.name)}">'
    yield f"<h1>{_text(report.name)}</h1>"
    yield f'<p class="digest">{_text(report.digest)}</p>'
    if part.told:
        yield f"<pre>{_text(part.told.strip())}</pre>"
    for key in report.keys:
        yield from _key(key)
    yield from _entries(report)
    yield "".join(f'<p class="dim">{_text(meaning)}</p>' for meaning in legend(report))
    yield "</section>"


def _key(key: KeyReport) -> Iterator[str]:
    running = ", runs each time" if key.runs_each_time else ""
    about = f"resolver {key.resolver}, watch {key.watch}, {counted(key.input_count, 'input')}{running}"
    changed = {change.subject for change in key.changes}
    yield f"<details open><summary><h2>{_text(key.name)}</h2> <span class='dim'>{_text(about)}</span></summary>"
    # With roles, since a row that is laid out otherwise on a phone is none for a screen reader any more.
    yield '<div class="scroll"><table role="table"><thead><tr role="row">'
    yield from (f'<th scope="col" role="columnheader">{name}</th>' for name in ("Kind", "Watched by", "Input", "Why"))
    yield "</tr></thead><tbody>"
    yield from (_row(one, changed=one.subject in changed) for one in key.inputs)
    yield "</tbody></table></div></details>"


def _row(one: InputReport, *, changed: bool) -> str:
    reason = f"{one.reason}; changed since the last sync" if changed else one.reason
    cells = map(shown, (one.input, one.watched_by, one.subject, reason))
    return f"""<tr role="row">{"".join(f'<td role="cell">{_text(cell)}</td>' for cell in cells)}</tr>"""


def _entries(report: ProjectReport) -> Iterator[str]:
    yield "<details><summary><h2>tool.uv.cache-keys</h2> <span class='dim'>"
    yield f"{counted(len(report.entries), 'entry')} of ours</span></summary><pre>"
    lines = (", ".join(f"{kind} = {as_toml(value)}" for kind, value in entry.items()) for entry in report.entries)
    yield _text("\n".join(lines))
    yield "</pre></details>"


def _text(text: str) -> str:
    """Return text as it stands in HTML; bytes of names that are not UTF-8 as they are shown elsewhere."""
    return escape(text.encode("utf-8", "backslashreplace").decode("utf-8"))
