"""What watching costs a build: whole ``uv sync --reinstall-package`` commands in pairs, with the line and without.

Run it with a Python in whose environment dyncachekeys and uv are installed: ``python benchmarks/watched.py``. The
build requirements come from the index once; then uv is offline.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from uv import find_uv_bin

UV = find_uv_bin()
REPORT = Path(__file__).resolve().parent.parent / "docs" / "watched-speed.md"
LINE = '\n[tool.uv]\nextra-build-variables = { demo = { PYTHONPATH = ".dyncachekeys/watch" } }\n'
KEY = '\n[tool.dyncachekeys.keys.build]\nresolver = "build"\n'
PROJECT = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = [{requires}]
build-backend = "{backend}"
"""
HOOK = """\
import pathlib
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

class CustomBuildHook(BuildHookInterface):
    def initialize(self, version, build_data):
        rows = [path.read_text() for path in sorted(pathlib.Path("data").glob("*.csv"))]
        pathlib.Path("demo/_tables.py").write_text(repr(rows))
"""
SPEED_C = """\
#include <Python.h>
#include "speed.h"
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_speed", NULL, -1, NULL};
PyMODINIT_FUNC PyInit__speed(void) { return PyModule_Create(&module); }
"""


@dataclass(frozen=True)
class Case:
    """A kind of project."""

    name: str
    goal: float
    files: Mapping[str, str]


CASES = [
    Case(
        "hatchling with a build hook",
        1.15,
        {
            "pyproject.toml": PROJECT.format(requires='"hatchling"', backend="hatchling.build")
            + "\n[tool.hatch.build.hooks.custom]\n",
            "hatch_build.py": HOOK,
            "demo/__init__.py": "",
            **{f"data/{number}.csv": "1,2\n" for number in range(20)},
        },
    ),
    Case(
        "setuptools with one small C extension",
        1.1,
        {
            "pyproject.toml": PROJECT.format(requires='"setuptools"', backend="setuptools.build_meta"),
            "setup.py": "from setuptools import Extension, setup\n"
            'setup(packages=["demo"], ext_modules=[Extension("demo._speed", ["demo/speed.c"])])\n',
            "demo/__init__.py": "",
            "demo/speed.c": SPEED_C,
            "demo/speed.h": "#define FAST 1\n",
        },
    ),
    Case(
        "setuptools with 65 C files, built anew each time",
        1.05,
        {
            "pyproject.toml": PROJECT.format(requires='"setuptools"', backend="setuptools.build_meta"),
            "setup.py": "import glob, shutil\nfrom setuptools import Extension, setup\n"
            'shutil.rmtree("build", ignore_errors=True)\n'
            'setup(packages=["demo"], ext_modules=[Extension("demo._speed", sorted(glob.glob("demo/*.c")))])\n',
            "demo/__init__.py": "",
            "demo/speed.c": SPEED_C,
            "demo/speed.h": "#define FAST 1\n",
            **{
                f"demo/part{number}.c": '#include <Python.h>\n#include "speed.h"\n'
                + "".join(f"int f{number}_{one}(int x) {{ return x * {one} + FAST; }}\n" for one in range(60))
                for number in range(64)
            },
        },
    ),
    Case(
        "a shell script below strace, hatchling",
        0,
        {
            "pyproject.toml": PROJECT.format(requires='"hatchling"', backend="hatchling.build")
            + "\n[tool.hatch.build.hooks.custom]\n",
            "hatch_build.py": HOOK.replace(
                "        rows",
                '        import subprocess\n        subprocess.run(["sh", "make.sh"], check=True)\n        rows',
            ),
            "make.sh": "cat data/*.csv > /dev/null\nls demo > /dev/null\n",
            "demo/__init__.py": "",
            **{f"data/{number}.csv": "1,2\n" for number in range(20)},
        },
    ),
]


def made(case: Case, folder: Path, *, watched: bool) -> Path:
    """Return a project that is built and at rest."""
    root = folder / ("watched" if watched else "plain")
    for name, text in case.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + (KEY + LINE * watched if name == "pyproject.toml" else ""), encoding="utf-8")
    run(root, sys.executable, "-m", "dyncachekeys", "sync", "-q")
    run(root, UV, "sync", "-q")
    run(root, sys.executable, "-m", "dyncachekeys", "sync", "-q")
    return root


def run(root: Path, *command: str, offline: bool = False) -> float:
    """Run a command and return the seconds that it took."""
    environ = {
        name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "PYTHONDONTWRITEBYTECODE"}
    }
    environ |= {"UV_PYTHON": sys.executable, "UV_OFFLINE": "1" if offline else "0"}
    began = time.perf_counter()
    subprocess.run(command, cwd=root, env=environ, check=True, capture_output=True)
    return time.perf_counter() - began


def measured(case: Case, pairs: int) -> str:
    """Return the row of a case."""
    with tempfile.TemporaryDirectory(prefix="watched-") as name:
        plain, watched = (made(case, Path(name), watched=one) for one in (False, True))
        command = (UV, "sync", "-q", "--reinstall-package", "demo")
        times = [(run(plain, *command, offline=True), run(watched, *command, offline=True)) for _ in range(pairs + 1)][
            1:
        ]
        ratio = statistics.median(after / before for before, after in times)
        before, after = (statistics.median(column) for column in zip(*times, strict=True))
        refresh = statistics.median(refreshed(watched) for _ in range(5))
    goal = f"{case.goal:.2f}" if case.goal else ""
    return f"| {case.name} | {before:.2f} | {after:.2f} | {ratio:.2f} | {goal} | {refresh:.2f} |"


def refreshed(root: Path) -> float:
    """Return the seconds that the refresh at the end of a build takes, by itself."""
    settings = (root / ".dyncachekeys/watch/settings").read_text(encoding="utf-8").split("\0")
    found = dict(zip(settings[::2], settings[1::2], strict=False))
    words = [found["python"], "-I", "-S", "-c", found["refresh"], str(root)]
    with subprocess.Popen(words, cwd=root, stdin=subprocess.PIPE) as process:
        time.sleep(0.5)  # it waits, as it does while the build is on
        began = time.perf_counter()
        process.communicate(b"go")
    return time.perf_counter() - began


def main() -> int:
    parser = argparse.ArgumentParser(description="Time watched builds against others, in pairs.")
    parser.add_argument("--pairs", type=int, default=9, metavar="N")
    parser.add_argument("--only", default="", metavar="TEXT")
    parser.add_argument("--write", action="store_true", help=f"write docs/{REPORT.name} as well")
    options = parser.parse_args()
    rows = [measured(case, options.pairs) for case in CASES if options.only in case.name]
    version = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    text = "\n".join(
        [
            "# What watching costs a build\n",
            (
                f"Made by `python benchmarks/watched.py --write`; do not edit. uv {version}, Python "
                f"{sys.version.split()[0]}, strace: {'yes' if shutil.which('strace') else 'no'}. Whole "
                f"`uv sync --reinstall-package demo` commands, {options.pairs} pairs, medians, seconds; the ratio is the "
                "median of the pairs' ratios. The refresh is what the end of a build does for the links, with a new Python.\n"
            ),
            "| project | not watched | watched | ratio | goal | refresh |",
            "| --- | ---: | ---: | ---: | ---: | ---: |",
            *rows,
            "",
        ]
    )
    print(text)
    if options.write:
        REPORT.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
