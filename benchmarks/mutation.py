"""Change the code that must never be wrong, one small fault at a time, and see whether a test fails for each.

Works in a copy of the last commit, with an environment of its own: the mutants are written in place. The mutants are
those of cosmic-ray, less those in annotations and of ``TYPE_CHECKING`` (no run depends on them), and one other operator in the place of each
binary one (most of the further ones are type errors, which any test finds).
"""

from __future__ import annotations

import argparse
import ast
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pages import replaced

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs/robustness.md"
CONFIG = """\
[cosmic-ray]
module-path = [{modules}]
timeout = 300.0
test-command = "{python} -m pytest -q -x -p no:cacheprovider {tests}"
[cosmic-ray.distributor]
name = "local"
"""
ROW = re.compile(r"^\| (\w+) \| \d+ \| \d+ \| \d+ \| [\d.]+ % \|$", re.MULTILINE)
BINARY = re.compile(r"core/ReplaceBinaryOperator_([A-Za-z]+)_")


WITHOUT_EFFECT = {
    "while at != len(text):": "a token never ends behind the text",
    "at = -1": "`match` begins at 0 for whatever is less",
    "return name <= self.text": "only steps with that very name are asked",
    "step = Step(index, path < text, before == _DEEP, glob, step)": "a text without its last slash is less",
    "if extension >= found:  # noqa: PLR1730  # max() takes as long as all the rest": "both are the same then",
    "globs.insert( -1, _DEEP)": "there is one glob, so its front is this place, too",
    "return name.startswith(self.text) if self.kind >= PREFIX else name.endswith(self.text)": "above it is but the empty text",
    'if pair.kind < "pair" or pair.path != KEY[: len(pair.path)]:': "a table of the list's name is refused on reading",
    "return [header for header in headers if first < header.start != listing.statement.start]": "a header is above its list",
    "written = _Written(state.started, record.timestamp or -1, vouched)": "no file is as old",
    'flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) + getattr(os, "O_BINARY", 0)': "each has a bit of its own",
    "_CRC, _LENGTH = 4, 9": "it is written and read alike",
    "if not len(self.folders) >= len(self.names) == folders or sum(counts) != files or min(counts, default=0) < 0:": "the header has a checksum, and another number of folders shifts all behind it",
    "if not len(self.folders) == len(self.names) <= folders or sum(counts) != files or min(counts, default=0) < 0:": "the header has a checksum, and another number of folders shifts all behind it",
    "if not between[ 2:]:": "of two stars, it may stay as it is: what that costs grows with the square of at most 255",
    "if depth <= 0:": "it begins with an opening, and ends at the first zero",
    'return "\\r\\n" if at > -1 and text[at - 1] == "\\r" else "\\n"': "no TOML ends with a carriage return alone",
    'return "\\r\\n" if at >= 0 and text[at - 1] == "\\r" else "\\n"': "no TOML ends with a carriage return alone",
    "while high - low != 1:": "there is at least one conflict",
    "if pair.path >= KEY:": "here it is the list's name or the beginning of it, which is less",
    "ahead, found, reach = sorted(spans, reverse=True), [], 1": "no element is the first character of a document",
    'return Statement("array of tables" if opening[1] >= "[[" else "table", start, end, _path(key[0]))': "it is `[` or `[[`",
    'under = [item for item in listing.statements if item.kind <= "pair" and item.table == KEY[:2]]': "only a pair has a table",
    'ERRORS = "surrogatepass" if os.name <= "nt" else "surrogateescape"': "another name than these two there is none",
}
"""Mutants that were looked at and change nothing, by the line as they have it, each with the reason."""


@dataclass(frozen=True)
class Place:
    """Modules that are changed, below ``src/dyncachekeys``, and the tests that hold them, cheapest first."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


PLACES = {
    "digest": Place(("quick/digest.py",), ("tests/quick/test_digest.py",)),
    "splice": Place(
        tuple(
            f"pyproject/{name}.py"
            for name in ("insert", "layout", "region", "remove", "render", "renew", "scanner", "source", "spans")
        ),
        ("tests/pyproject",),
    ),
    "patterns": Place(("files/pattern.py", "files/gitignore.py"), ("tests/files",)),
    "decision": Place(
        ("syncing/decision.py",),
        (
            "tests/syncing/test_decision.py",
            "tests/syncing",
            "tests/e2e/test_stamp_cases.py",
            "tests/e2e/test_robustness.py",
        ),
    ),
    "snapshot": Place(
        ("quick/snapshot.py", "quick/snapshot_file.py"),
        ("tests/quick/test_snapshot.py", "tests/quick", "tests/cost", "tests/e2e/test_quiet.py"),
    ),
}


@dataclass(frozen=True)
class Outcome:
    """How many mutants of a place there are, how many of them were run, and the diffs of those that no test saw."""

    place: str
    there: int
    run: int
    survivors: tuple[str, ...]

    @property
    def killed(self) -> int:
        return self.run - len(self.survivors)


def choose(session: Path, copy: Path, size: int) -> int:
    """Leave in the session what is to be run, at most so many; return how many there were to choose from."""
    with sqlite3.connect(session) as database:
        rows = database.execute(
            "select job_id, module_path, operator_name, start_pos_row, start_pos_col, end_pos_row, end_pos_col "
            "from mutation_specs order by module_path, start_pos_row, start_pos_col, operator_name"
        ).fetchall()
        spans = {module: [*without_effect(copy / module)] for module in {row[1] for row in rows}}
        wanted, seen = [], set()
        for job, module, operator, row, column, *_ in rows:
            binary = BINARY.match(operator)
            place = (module, row, column, binary and binary[1])
            if any(begin <= (row, column) < end for begin, end in spans[module]) or (binary and place in seen):
                continue
            seen.add(place)
            wanted.append(job)
        chosen = set(wanted if len(wanted) <= size else random.Random(0).sample(wanted, size))
        for table in ("mutation_specs", "work_items"):
            database.executemany(
                f"delete from {table} where job_id = ?", [(row[0],) for row in rows if row[0] not in chosen]
            )
    return len(wanted)


def without_effect(path: Path) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield where each annotation begins and ends, and each line that is about ``TYPE_CHECKING``."""
    text = path.read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), 1):
        if "TYPE_CHECKING" in line:
            yield (number, 0), (number, len(line))
    for node in ast.walk(ast.parse(text)):
        for name in ("annotation", "returns"):
            found = getattr(node, name, None)
            if isinstance(found, ast.expr):
                yield (found.lineno, found.col_offset), (found.end_lineno or 0, found.end_col_offset or 0)


def survivors(session: Path) -> Iterator[str]:
    """Yield the diff of each mutant that no test saw, less those that change nothing."""
    with sqlite3.connect(session) as database:
        query = "select diff from work_results where test_outcome = 'SURVIVED' or test_outcome is null"
        yield from (diff for (diff,) in database.execute(query) if not _is_without_effect(diff))


def _is_without_effect(diff: str) -> bool:
    """Tell whether a mutant changes nothing: as was found by looking, or `is` between numbers and members of an enum."""
    written = [line[1:].strip() for line in diff.splitlines() if line.startswith("+") and not line.startswith("+++")]
    replaced_lines = [line[1:].strip() for line in diff.splitlines() if line.startswith("-") and line[:3] != "---"]
    # `strict=True` says that lengths can't differ, so that a mistake of ours would not go unseen.
    unsure = len(written) == 1 and written[0].replace("strict=False", "strict=True") in replaced_lines
    is_identity = len(written) == 1 and written[0].replace(" is ", " == ").replace(" == not ", " != ") in replaced_lines
    return unsure or is_identity or (len(written) == 1 and written[0] in WITHOUT_EFFECT)


def run(place: str, copy: Path, folder: Path, size: int) -> Outcome:
    """Run the mutants of a place."""
    modules = ", ".join(f'"src/dyncachekeys/{name}"' for name in PLACES[place].modules)
    config, session = folder / f"{place}.toml", folder / f"{place}.sqlite"
    python = copy / ".venv/bin/python"
    config.write_text(
        CONFIG.format(modules=modules, python=python, tests=" ".join(PLACES[place].tests)), encoding="utf-8"
    )
    environ = {**os.environ, "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"}
    environ.pop("PYTHONDONTWRITEBYTECODE", None)

    def cosmic_ray(command: str) -> None:
        subprocess.run([python.parent / "cosmic-ray", command, config, session], check=True, cwd=copy, env=environ)

    subprocess.run([python.parent / "cosmic-ray", "baseline", config], check=True, cwd=copy, env=environ)
    cosmic_ray("init")
    there = choose(session, copy, size)
    cosmic_ray("exec")
    return Outcome(place, there, min(there, size), tuple(survivors(session)))


def table(outcomes: Sequence[Outcome], page: str) -> str:
    """Return the table of the page; the row of a place that was not run stays."""
    rows = {match[1]: match[0] for match in ROW.finditer(page)}
    rows |= {
        one.place: f"| {one.place} | {one.there} | {one.run} | {one.killed} | {100 * one.killed / one.run:.1f} % |"
        for one in outcomes
    }
    ordered = [rows[place] for place in PLACES if place in rows]
    return "\n".join(["| place | mutants | run | killed | share |", "| --- | ---: | ---: | ---: | ---: |", *ordered])


def main() -> int:
    """Run the places that are named, or all; the exit code is 1 if fewer than 95 of 100 were killed in one of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("places", nargs="*", default=[*PLACES], metavar="PLACE", help=f"of {', '.join(PLACES)}")
    parser.add_argument("--sample", type=int, default=10**6, metavar="N", help="so many of each place, by chance")
    parser.add_argument("--write", action="store_true", help=f"write the table of docs/{PAGE.name}")
    options = parser.parse_args()
    if unknown := set(options.places) - set(PLACES):
        parser.error(f"{', '.join(sorted(unknown))}: not one of {', '.join(PLACES)}")
    with tempfile.TemporaryDirectory() as name:
        folder, copy = Path(name), Path(name) / "copy"
        subprocess.run(["git", "clone", "--quiet", ROOT, copy], check=True)
        subprocess.run([sys.executable, "-m", "venv", copy / ".venv"], check=True)
        pip = [str(copy / ".venv/bin/python"), "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--upgrade", "pip"], check=True)
        subprocess.run([*pip, "-e", ".", "--group", "test", "cosmic-ray>=8.7"], check=True, cwd=copy)
        outcomes = []
        for place in options.places:
            outcomes.append(run(place, copy, folder, options.sample))
            print(f"{place}: {outcomes[-1].killed} of {outcomes[-1].run} killed", *outcomes[-1].survivors, sep="\n")
            sys.stdout.flush()
    page = PAGE.read_text(encoding="utf-8")
    text = table(outcomes, page)
    print(text)
    if options.write:
        PAGE.write_text(replaced(page, "mutants", f"\n{text}\n"), encoding="utf-8")
    return any(one.killed < 0.95 * one.run for one in outcomes)


if __name__ == "__main__":
    sys.exit(main())
