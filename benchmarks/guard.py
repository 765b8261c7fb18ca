"""What the import guard costs a start of Python and an import with nothing changed, beside what others do at an import.

`python benchmarks/guard.py [--write] [--rounds N]`, in an environment with uv; installs this checkout. scikit-build-core
and meson-python are installed from the index, and need a compiler; where that does not work, their rows are left out.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from uv import find_uv_bin

from pages import main
from processes import FailedError, Timings, Variant, paired
from speed import CHECKOUT, Tools

DOCUMENT = CHECKOUT / "docs/guard-speed.md"
UV = find_uv_bin()
FILES, IN_A_FOLDER = 999, 50
BACKEND = """\
import zipfile
from pathlib import Path


def build_editable(directory, config_settings=None, metadata_directory=None):
    files = {
        "demo.pth": str(Path("src").absolute()) + "\\n",
        "demo-0.1.dist-info/METADATA": "Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n",
        "demo-0.1.dist-info/WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files["demo-0.1.dist-info/RECORD"] = "".join(f"{name},,\\n" for name in [*files, "demo-0.1.dist-info/RECORD"])
    with zipfile.ZipFile(Path(directory, "demo-0.1-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "demo-0.1-py3-none-any.whl"
"""
PYPROJECT = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[tool.dyncachekeys]
watch = "digest"
{guard}

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]
"""
SOURCE = """\
#include <Python.h>
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "demo_native", NULL, -1, NULL};
PyMODINIT_FUNC PyInit_demo_native(void) { return PyModule_Create(&module); }
"""
CMAKE = """\
cmake_minimum_required(VERSION 3.20)
project(demo_native LANGUAGES C)
find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
file(GLOB sources csrc/*.c)
python_add_library(demo_native MODULE demo_native.c ${sources} WITH_SOABI)
install(TARGETS demo_native DESTINATION .)
"""
MESON = """\
project('demo_native', 'c', version: '0.1')
py = import('python').find_installation(pure: false)
py.extension_module('demo_native', 'demo_native.c', SOURCES, install: true)
""".replace("SOURCES", ", ".join(f"'csrc/file{n:03}.c'" for n in range(FILES)))
NATIVE = """\
[project]
name = "demo-native"
version = "0.1"

[build-system]
requires = ["{backend}"]
build-backend = "{hooks}"
"""
OTHERS: Mapping[str, tuple[str, str, Mapping[str, str], list[str], str]] = {
    "scikit-build-core, `editable.rebuild`": (
        "scikit-build-core",
        "scikit_build_core.build",
        {"CMakeLists.txt": CMAKE},
        ["-Ceditable.rebuild=true", "-Cbuild-dir=build"],
        "SKBUILD_EDITABLE_SKIP",
    ),
    "meson-python, editable": (
        "meson-python",
        "mesonpy",
        {"meson.build": MESON},
        ["-Cbuild-dir=build"],
        "MESONPY_EDITABLE_SKIP",
    ),
}
"""By name: what is installed, its hooks, its files, its settings, and the variable that keeps it from building."""
ABOUT = """\
Whole processes, in pairs within one round; {rounds} rounds, medians, in brackets the least and the most. Nothing has
changed since the build, which was from {files} C files. On a busy machine the time of the clock says little,
that of the CPU does (children included). uv {uv}, Python {python}.
"""


def _project(tools: Tools, name: str, guard: str) -> Path:
    """Return a project that is built, and at rest."""
    root = tools.folder / name / "demo"
    texts = {
        "pyproject.toml": PYPROJECT.format(guard=guard),
        "backend.py": BACKEND,
        ".gitignore": "/.dyncachekeys/\n/.venv/\n",
        "src/demo/__init__.py": "",
        **{f"csrc/part{n // IN_A_FOLDER:02}/file{n:03}.c": f"int value_{n};\n" for n in range(FILES)},
    }
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")
    for command in ([tools.dyncachekeys, "sync"], [UV, "sync", "--offline"], [tools.dyncachekeys, "sync"]) * 2:
        _run(root, tools.environ, *command)
        time.sleep(1.1)  # until nothing is racy
    _run(root, tools.environ, tools.dyncachekeys, "sync")
    return root


def _run(folder: Path, environ: Mapping[str, str], *command: str) -> None:
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{' '.join(command)} failed:\n{done.stderr[-2000:]}"
        raise FailedError(message)


def _other(tools: Tools, name: str) -> list[Variant]:
    """Return the import with what another tool does then, and without."""
    backend, hooks, files, settings, variable = OTHERS[name]
    root = tools.folder / backend
    texts = {**files, "demo_native.c": SOURCE, "pyproject.toml": NATIVE.format(backend=backend, hooks=hooks)}
    texts |= {f"csrc/file{n:03}.c": f"int value_{n};\n" for n in range(FILES)}
    (root / "csrc").mkdir(parents=True)
    for path, text in texts.items():
        (root / path).write_text(text, encoding="utf-8")
    python, environ = str(root / ".venv/bin/python"), {**os.environ, "PATH": f"{root}/.venv/bin:{os.environ['PATH']}"}
    _run(root, environ, sys.executable, "-m", "venv", ".venv")
    _run(
        root,
        environ,
        python,
        "-m",
        "pip",
        "install",
        "-q",
        backend,
        "ninja",
        *(["meson"] if "meson" in backend else []),
    )
    (root / "build").mkdir(exist_ok=True)
    _run(root, environ, python, "-m", "pip", "install", "-q", "--no-build-isolation", *settings, "-e", ".")
    code = f"import os; os.environ['PATH'] = {environ['PATH']!r}\n"
    off = f"os.environ['{variable}'] = {str(root / 'build')!r}\n"
    off += "import sys, glob; sys.path[:0] = glob.glob('build')\n"
    return [
        Variant(f"{name}: import", [python, "-c", f"{code}import demo_native"], cwd=root),
        Variant(f"{name}: the same without", [python, "-c", f"{code}{off}import demo_native"], cwd=root),
    ]


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="guard-") as folder:
        tools = Tools(Path(folder).resolve())
        without, guarded = _project(tools, "without", ""), _project(tools, "guarded", 'guard = "build"')
        variants = [
            Variant(f"{what}, {who}", [str(root / ".venv/bin/python"), "-c", code], cwd=root)
            for what, code in (("start", "pass"), ("import", "import demo"))
            for who, root in (("without", without), ("guarded", guarded))
        ]
        others = []
        for name in OTHERS:
            try:
                variants += _other(tools, name)
                others.append(name)
            except (FailedError, OSError) as error:  # noqa: PERF203  it is not a reason to leave out the rest
                print(f"{name} is left out: {error}", file=sys.stderr)
        timings = paired(variants, rounds, without, tools.environ)
        cpu = paired(variants[:4], rounds, without, tools.environ, cpu=True)
        os.chdir(CHECKOUT)
    return _report(timings, cpu, others, rounds)


def _report(timings: Timings, cpu: Timings, others: list[str], rounds: int) -> str:
    version = subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[1]
    about = ABOUT.format(rounds=rounds, files=FILES, uv=version, python=sys.version.split()[0])
    rows = [
        _row(
            timings, "a start of Python, no import of the package", "start, guarded", "start, without", "not measurable"
        ),
        _row(cpu, "the same, CPU time", "start, guarded", "start, without", ""),
        _row(timings, "the first import of the package in a process", "import, guarded", "import, without", "25 ms"),
        _row(cpu, "the same, CPU time", "import, guarded", "import, without", ""),
        *(_row(timings, name, f"{name}: import", f"{name}: the same without", "") for name in others),
    ]
    head = ["| | with, ms | without, ms | adds, ms | goal |", "| --- | ---: | ---: | ---: | ---: |"]
    note = "Made by `python benchmarks/guard.py --write`; do not edit."
    return "\n".join(["# Speed of the import guard", "", note, "", about, *head, *rows, ""])


def _row(timings: Timings, what: str, name: str, other: str, goal: str) -> str:
    added = timings.difference(name, other)
    spread = f"{added.middle * 1000:.1f} ({added.low * 1000:.1f} to {added.high * 1000:.1f})"
    one, two = (f"{timings.quartiles(of).middle * 1000:.1f}" for of in (name, other))
    return f"| {what} | {one} | {two} | {spread} | {goal} |"


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
