"""What the runs that everybody waits for cost, in figures that are the same each time: no clock is asked.

How many modules a run imports beyond those of a bare start, and how many bytecode instructions it executes. The
work of the import system is left out of the latter: it depends on where things lie. What remains of that, such as
the depth of the project's folder, is little; `limits.toml` has room for it.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli

from kit import BACKEND_KEY, Demo, make_demo

LIMITS = Path(__file__).with_name("limits.toml")
PYTHON = f"{sys.version_info.major}.{sys.version_info.minor}"
FILES, IN_A_FOLDER = 1_000, 50
CONFIG = f"""
[tool.dyncachekeys]
watch = "digest"
{BACKEND_KEY}
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["src/**/*.c"]
"""
CASES = {"quiet": ["sync"], "edit": ["sync"], "help": ["--help"]}
"""A run with nothing to do, one after the edit of one file, and the help; what each is started with."""
SAYS = {"quiet": "in sync", "edit": "Stamped", "help": "usage:"}
YOUNG_SECONDS = 2.1
"""dyncachekeys does not trust the times of a file younger than two seconds."""
COUNTED = """\
import os, sys

before = set(sys.modules)
executed = 0


def entered(frame, event, argument):
    if frame.f_code.co_filename.startswith("<frozen importlib"):
        return None
    frame.f_trace_lines, frame.f_trace_opcodes = False, True
    return inside


def inside(frame, event, argument):
    global executed
    executed += event == "opcode"
    return inside


def exited(code):  # without the rest of the interpreter, which is not ours
    raise SystemExit(code)


os._exit = exited
sys.argv[0] = "dyncachekeys"
sys._getframe().f_trace_opcodes = True  # 3.12 looks for it when the tracing starts, and not later
sys.settrace(entered)
try:
    from dyncachekeys.__main__ import main

    main()
except SystemExit as end:
    code = end.code
finally:
    sys.settrace(None)
print(len(set(sys.modules) - before), executed, file=sys.stderr)
sys.exit(code)
"""


@dataclass(frozen=True)
class Cost:
    """What one run took."""

    modules: int
    opcodes: int


def limits() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what runs may take at most, by case and version of Python."""
    return tomli.loads(LIMITS.read_text(encoding="utf-8"))


def project(folder: Path) -> Demo:
    """Return a project of a thousand files, built, and so long at rest that nothing is left to do."""
    names = (f"src/part{number // IN_A_FOLDER:02}/file{number:03}.c" for number in range(FILES))
    demo = make_demo(folder, CONFIG, {name: f"int {Path(name).stem};\n" for name in names})
    demo.git("init", "--quiet")
    demo.settled()
    rest(demo)
    return demo


def rest(demo: Demo) -> None:
    """Wait until no file is young, and have that remembered."""
    time.sleep(YOUNG_SECONDS)
    demo.cli("sync")


def prepare(demo: Demo, case: str) -> None:
    """Bring a project that is at rest to where a case begins."""
    if case == "edit":
        demo.append("src/part07/file371.c", "int edited;\n")


def count(demo: Demo, case: str) -> Cost:
    """Run a case in a project that is prepared for it."""
    done = demo.run(sys.executable, "-c", COUNTED, *CASES[case], PYTHONHASHSEED="0")
    assert SAYS[case] in done.stdout, f"{case} did something else: {done.stdout}{done.stderr}"
    return Cost(*map(int, done.stderr.split()))
