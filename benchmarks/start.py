"""How quick the program is at every door: help, version, a run that has nothing to do with us, a quiet and a full run.

`python benchmarks/start.py [--write] [--rounds N]`, in an environment with uv; installs this checkout. Whole processes
against a bare start of Python. A full run is forced by `-v`, which the quick check leaves to it: nothing has changed.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from pathlib import Path

from pages import main
from processes import Timings, Variant, paired
from speed import CHECKOUT, Tools

DOCUMENT = CHECKOUT / "docs/start-speed.md"
BARE = "`python -c pass`"
PROJECT = '[project]\nname = "demo"\nversion = "0.1"\n'
KEYS = f"""{PROJECT}
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
FEW, MANY, IN_A_FOLDER = 9, 999, 50
GOALS = {
    "`--version`": 4.0,
    "`--help`": 4.0,
    "`sync`, nothing to do, 1,000 files": None,
    "`sync -v`, ten inputs": 8.0,
    "`run -- true`, no project": 1.6,
    "`run -- true`, a project without keys": None,
}
"""What is timed, and how many times a bare start it may take; nothing where no goal was set."""
ABOUT = """\
Whole processes, in pairs with a bare start of the same Python within one round; medians of {rounds} rounds, in brackets
the least and the most. What a full run takes is mostly the import of what it needs: `-v` has it look at everything
though nothing has changed.
"""


def _make(tools: Tools, name: str, pyproject: str, files: int) -> Path:
    root = tools.folder / name
    root.mkdir()
    if pyproject:
        (root / "pyproject.toml").write_text(pyproject, encoding="utf-8")
        (root / "backend.py").write_text("", encoding="utf-8")
        (root / ".gitignore").write_text(".dyncachekeys/\n", encoding="utf-8")
    for number in range(files):
        path = root / f"csrc/part{number // IN_A_FOLDER:02}/file{number:03}.c"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"int value_{number};\n", encoding="utf-8")
    if "dyncachekeys" in pyproject:
        for _ in range(2):  # until nothing is racy
            time.sleep(2.1)
            subprocess.run([tools.dyncachekeys, "sync"], cwd=root, env=tools.environ, capture_output=True, check=True)
    return root


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="start-") as name:
        tools = Tools(Path(name).resolve())
        nothing, keyless = _make(tools, "nothing", "", 0), _make(tools, "keyless", PROJECT, 0)
        few, many = _make(tools, "few", KEYS, FEW), _make(tools, "many", KEYS, MANY)
        ours, ran = tools.dyncachekeys, ["run", "--", "true"]
        arguments = (["--version"], ["--help"], ["sync"], ["sync", "-v"], ran, ran)
        folders = (nothing, nothing, many, few, nothing, keyless)
        variants = [Variant(BARE, [tools.python, "-c", "pass"], cwd=nothing)]
        variants += [
            Variant(name, [ours, *given], cwd=folder)
            for name, given, folder in zip(GOALS, arguments, folders, strict=True)
        ]
        timings = paired(variants, rounds, nothing, tools.environ)
        os.chdir(CHECKOUT)
    return _report(timings, rounds)


def _report(timings: Timings, rounds: int) -> str:
    return "\n".join(
        [
            "# Speed at every door",
            "",
            "Made by `python benchmarks/start.py --write`; do not edit.",
            "",
            ABOUT.format(rounds=rounds),
            f"| process | milliseconds | times {BARE} | goal |",
            "| --- | --- | --- | --- |",
            *(_row(timings, name, goal) for name, goal in {BARE: None, **GOALS}.items()),
            "",
        ]
    )


def _row(timings: Timings, name: str, goal: float | None) -> str:
    ratio = timings.ratio(name, BARE)
    met = "" if goal is None else f"{goal:g}: {'met' if ratio.middle <= goal else '**not met**'}"
    spread = f"{ratio.middle:.2f} ({ratio.low:.2f} - {ratio.high:.2f})"
    return f"| {name} | {timings.quartiles(name).middle * 1000:.0f} | {spread} | {met} |"


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
