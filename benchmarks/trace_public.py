"""Watch the builds of public packages, and compare what is found with what strace sees of the same builds.

    python benchmarks/trace_public.py [--write] [PACKAGE ...]

Source distributions come from the registry into a temporary folder. Each is built by ``dyncachekeys trace --build``,
once alone and once below strace. Files of the tree that strace saw opened and that the record does not name are
missed, unless there is a reason here; what is missed without one fails the run. The page also shows the keys that
``--write`` would add: they are to be read by people.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath
from typing import Any

import tomli

EXAMPLE = "crates without a registry"
"""In place of a public package for maturin, as cargo may have no registry to take their crates from."""
PACKAGES = (
    *("propcache", "yarl", "frozenlist", "flit-core", "setuptools", "pyyaml", "markupsafe"),
    *("mapbox-earcut", "contourpy", EXAMPLE),
)
CRATES = Path(__file__).parent.parent / "plugins/cargo/tests/example"
NEEDS = {EXAMPLE: ("cargo",), "contourpy": ("g++",), "mapbox-earcut": ("cmake", "g++")}
"""Programs that a package can't be built without: it is left out where one is missing."""
PYPROJECT = """\
[project]
name = "example"
version = "0.1"

[build-system]
requires = ["maturin", "cffi"]
build-backend = "maturin"

[tool.maturin]
manifest-path = "crates/app/Cargo.toml"
bindings = "cffi"
"""
DOCUMENT = Path(__file__).parent.parent / "docs/trace-public.md"
_OPENED = re.compile(r'open(?:at)?\(.*"[^"]+", O_RDONLY[^)]*\) = \d+<(.+)>$')
"""With the path of what was opened, which strace knows wherever the program was."""
_STARTED = re.compile(r'execve\("(?:[^"]*/)?([^"/]+)"')
_NOT_OF_INTEREST = re.compile(r"\.(egg|dist)-info/|__pycache__/|(^|/)\.git/|(^|/)\.gitignore$|^build/")

REASONS: tuple[tuple[str, str, str], ...] = (
    # package, path, why strace saw it opened and it is no input
    (EXAMPLE, "crates/testing/Cargo.toml", "cargo looks at all members of a workspace; this one is only for tests"),
    (EXAMPLE, "crates/unrelated/Cargo.toml", "cargo looks at all members of a workspace; nothing is built of this one"),
    ("*", "MANIFEST.in", "only the list of what an sdist holds is made of it"),
)


@dataclass
class Result:
    """One package."""

    name: str
    version: str
    backend: str
    seconds: float
    trace: Any
    opened: dict[str, str]
    """Files of the tree that strace saw opened for reading, less what the build makes; each with the program."""
    unexplained: list[str] = field(default_factory=list)

    @property
    def read(self) -> set[str]:
        """The files that the record names."""
        return {one["subject"] for one in self.trace["inputs"] if one["asked"] == "read"}

    @property
    def unseen(self) -> list[str]:
        """The programs of which nobody saw what they read."""
        return [one["program"] for one in self.trace["unseen"]]


def fetched(name: str, folder: Path) -> Path:
    """Download a source distribution and return the folder that it holds."""
    argv = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "--no-binary",
        name,
        "--dest",
        str(folder),
        name,
    ]
    subprocess.run(argv, check=True, stderr=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tar.gz")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    archive.unlink()
    (root,) = [path for path in folder.iterdir() if path.is_dir()]
    return root


def of_example(folder: Path) -> Path:
    """Copy our own crates, which need no others, and return the folder of a project that maturin builds of them."""
    root = folder / "example-0.1"
    shutil.copytree(CRATES, root, ignore=shutil.ignore_patterns("expected.txt", "rust-toolchain.toml"))
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    return root


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "dyncachekeys", "trace", "--build", *arguments]


def found_in(root: Path) -> Any:
    done = subprocess.run(command("--format", "json"), cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{root.name}: exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        raise SystemExit(message)
    (project,) = json.loads(done.stdout)["projects"]
    return project["trace"]


def opened(root: Path, trace: Any) -> dict[str, str]:
    """Build once more below strace, and return the files of the tree that were opened for reading, and by what."""
    strace = shutil.which("strace")
    if strace is None:
        return {}
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as log:
        argv = [strace, "-f", "-y", "-e", "trace=open,openat,execve", "-o", log.name, *command("-q")]
        subprocess.run(argv, cwd=root, check=True)
        lines = [line.split(maxsplit=1) for line in log]
    ourselves = lines[0][0]  # reads the code, too, for what a key would watch
    programs: dict[str, str] = {}
    found: dict[str, str] = {}
    for process, line in lines:
        started, read = _STARTED.match(line), _OPENED.search(line)
        if started is not None:
            programs[process] = started[1]
        elif read is not None and process != ourselves:
            found.setdefault(os.path.relpath(read[1], root), programs.get(process, "python"))
    return {
        path: program
        for path, program in found.items()
        if not path.startswith("..") and not _NOT_OF_INTEREST.search(path)
        if (root / path).is_file() and {path, *_parents(path)}.isdisjoint(trace["products"])
    }


def _parents(path: str) -> set[str]:
    return {parent.as_posix() for parent in PurePosixPath(path).parents}


def watched(name: str) -> Result:
    """Build and watch one package."""
    with tempfile.TemporaryDirectory(prefix="trace-public-") as folder:
        root = (of_example if name == EXAMPLE else functools.partial(fetched, name))(Path(folder)).resolve()
        first = root.with_name("first")  # of a tree in which nothing was built yet
        shutil.copytree(root, first, symlinks=True)
        began = time.perf_counter()
        trace = found_in(first)
        seconds = time.perf_counter() - began
        system = tomli.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]
        version, backend = re.sub(r"^.*-", "", root.name), system["build-backend"]
        return Result(name, version, backend, seconds, trace, opened(root, trace))


def differences(result: Result) -> Iterator[tuple[str, str]]:
    """Yield each file that was opened and is not in the record, with the reason; note those without one."""
    for path in sorted(result.opened.keys() - result.read):
        reasons = (why for who, about, why in REASONS if who in {"*", result.name} and fnmatchcase(path, about))
        reason = next(reasons, "")
        program = result.opened[path]
        if not reason and program in result.unseen:
            reason = f"read by `{program}`, which nobody watched"
        elif not reason:
            result.unexplained.append(path)
        yield path, reason or "**no reason known**"


def page(results: list[Result]) -> str:
    """Return docs/trace-public.md."""
    lines = [
        "# Builds of public packages, watched",
        "",
        "Written by `nox -s trace_public`; do not edit. Each package was built from its source distribution by",
        "`dyncachekeys trace --build`, and the files that its record names were compared with those of the tree that",
        "strace saw opened for reading in the same build. The crates of the last one are the example of our plugin for",
        "cargo: a public package for maturin needs a registry of crates.",
        "",
        "| package | backend | built in | inputs | files read | files opened (strace) | opened and not in the record |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} {one.version} | `{one.backend}` | {one.seconds:.1f} s | {len(one.trace['inputs'])} "
        f"| {len(one.read)} | {len(one.opened)} | {len(one.opened.keys() - one.read)} |"
        for one in results
    ]
    for one in results:
        lines += ["", f"## {one.name} {one.version}", *_differences_of(one), *_additions_of(one)]
    return "\n".join(lines) + "\n"


def _differences_of(one: Result) -> Iterator[str]:
    grouped: dict[str, list[str]] = {}
    for path, reason in differences(one):
        grouped.setdefault(reason, []).append(path)
    if grouped:
        yield from ("", "| opened, not in the record | because |", "| --- | --- |")
    for reason, paths in sorted(grouped.items()):
        shown = ", ".join(f"`{path}`" for path in paths[:8])
        more = f" and {len(paths) - 8} more" if len(paths) > 8 else ""
        yield f"| {shown}{more} | {reason} |"


def _additions_of(one: Result) -> Iterator[str]:
    """Yield what `--write` would add."""
    if one.trace["additions"]:
        yield from ("", "| `--write` adds | |", "| --- | --- |")
    for key in one.trace["additions"]:
        given = key.get("patterns") or key.get("names") or []
        shown = ", ".join(f"`{each}`" for each in given) or "what the build imports from its tree"
        yield f"| `{key['name']}` (`{key['resolver']}`) | {shown} |"


def _of_no_machine(text: str) -> str:
    """Return the page without what differs between machines: where home is, and where in it the interpreter lies."""
    home = Path.home()
    text = re.sub(rf"(?:\.\./)+{re.escape(str(home).strip('/'))}/", "~/", text)
    for folder in Path(sys.base_prefix).parents:
        if folder.is_relative_to(home) and folder != home:
            text = text.replace(f"~/{folder.relative_to(home).as_posix()}`", "~/...`, where the interpreter lies")
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    options = parser.parse_args()
    os.environ.setdefault("UV_PYTHON_DOWNLOADS", "never")
    os.environ.setdefault("UV_PYTHON", sys.executable)
    results = []
    for name in options.packages:
        missing = [program for program in NEEDS.get(name, ()) if shutil.which(program) is None]
        if missing:
            print(f"{name} is left out: there is no {' and no '.join(missing)}", file=sys.stderr)
        else:
            results.append(watched(name))
    text = page(results)
    print(text)
    if options.write:
        DOCUMENT.write_text(_of_no_machine(text), encoding="utf-8")
    wrong = [f"{one.name}: {path}" for one in results for path in one.unexplained]
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
