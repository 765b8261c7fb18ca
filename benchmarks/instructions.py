"""What a quiet run, the run after an edit and ``--help`` cost in modules and instructions, against the limits of it.

``python benchmarks/instructions.py``, with ``tests`` on the path of modules: counts, compares with
``tests/cost/limits.toml`` and fails if anything is over. Where valgrind is there, it also counts instructions of the
machine, as a multiple of what bare Python (``python -I -c pass``) takes in the same minute. ``--write`` sets the
limits of the Python that runs it anew, a little above what was counted; those of other versions stay.
"""

from __future__ import annotations

import argparse
import json
import math
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from cost.counting import CASES, LIMITS, PYTHON, count, limits, prepare, project, rest
from kit import Demo
from processes import Variant, instructions

ROOM = 1.03
"""How far above what was counted a limit is set: what depends on the machine, or on the patch release, is less."""
HEADER = """\
# What runs may cost at most, by case and by version of Python: how many modules a run imports beyond those of a bare
# start, how many bytecode instructions it executes, and how many instructions of the machine it takes, as a multiple
# of `python -I -c pass`. The first two are tested always, the last by `nox -s instructions`, if valgrind is there.
# Written by `nox -s instructions -- --write` for the Python that runs nox (`-P 3.13` for another), 3 % above what was
# counted. A line may be edited by hand, too.
"""


def main() -> None:
    """Count, and compare or write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write {LIMITS.name}")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counted = counts(Path(folder))
    allowed = limits()
    table = [
        (case, what, value, allowed.get(case, {}).get(PYTHON, {}).get(what))
        for case, found in counted.items()
        for what, value in found.items()
    ]
    print(f"| Python {PYTHON} | | counted | limit |\n| --- | --- | --- | --- |")
    for case, what, value, limit in table:
        print(f"| {case} | {what} | {_shown(value)} | {'none' if limit is None else _shown(limit)} |")
    if chosen.write:
        LIMITS.write_text(text({case: {**allowed.get(case, {}), PYTHON: counted[case]} for case in CASES}), "utf-8")
    elif over := [f"{case}: {what}" for case, what, value, limit in table if limit is not None and value > limit]:
        sys.exit(f"over the limit: {', '.join(over)}\nif it has to be: `nox -s instructions -- --write`")
    elif PYTHON not in allowed["quiet"]:
        sys.exit(f"there are no limits for Python {PYTHON}: `nox -s instructions -- --write`")


def _shown(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.3f}"


def counts(folder: Path) -> dict[str, dict[str, float]]:
    """Return what is counted of each case."""
    demo = project(folder)
    found: dict[str, dict[str, float]] = {}
    for case in CASES:
        prepare(demo, case)
        cost = count(demo, case)
        found[case] = {"modules": cost.modules, "opcodes": cost.opcodes}
    valgrind = shutil.which("valgrind")
    if valgrind is None:
        print("valgrind is not there: instructions of the machine are not counted", file=sys.stderr)
        return found
    bare = instructions(valgrind, Variant("bare Python", [sys.executable, "-I", "-c", "pass"]), demo.root, demo.environ)
    for case in CASES:
        found[case]["instructions"] = _of_the_machine(valgrind, demo, case) / bare
    return found


def _of_the_machine(valgrind: str, demo: Demo, case: str) -> int:
    script = Path(sys.executable).with_name("dyncachekeys")
    demo.append("src/part11/file567.c", "int edited;\n")
    rest(demo)
    prepare(demo, case)
    return instructions(valgrind, Variant(case, [str(script), *CASES[case]]), demo.root, demo.environ)


def text(allowed: dict[str, dict[str, dict[str, Any]]]) -> str:
    """Return the file of limits, with room above what was counted in this run."""
    lines = [HEADER.rstrip()]
    for case, versions in allowed.items():
        lines += ["", f"[{case}]"]
        for version in sorted(versions, key=lambda one: tuple(map(int, one.split(".")))):
            values = {what: _limit(what, value, version) for what, value in versions[version].items()}
            lines.append(f'"{version}" = {{ {", ".join(f"{what} = {value}" for what, value in values.items())} }}')
    return "\n".join(lines) + "\n"


def _limit(what: str, value: float, version: str) -> str:
    if version != PYTHON:
        return json.dumps(value) if what == "instructions" else f"{value:_}"
    if what == "instructions":
        return f"{math.ceil(value * ROOM * 100) / 100}"
    return f"{math.floor(value * ROOM):_}"  # of a few modules, not one more


if __name__ == "__main__":
    main()
