"""Trace the builds of public packages, and compare what is found with what their files say.

    python benchmarks/trace_public.py [--write] [PACKAGE ...]

Source distributions come from the registry into a temporary folder. Each is traced, and gets a `backend` key
with `trace = true`. What its files say is read by other means: the tables of ``pyproject.toml`` and
``setup.cfg`` that name files, the closure of imports, and the names of variables in that code. Where there is
strace, it is asked, too, which files of the tree were opened. Each difference has a reason here, or the run
fails.
"""

from __future__ import annotations

import argparse
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tomli

PACKAGES = ("propcache", "yarl", "frozenlist", "flit-core", "setuptools", "pyyaml")
DOCUMENT = Path(__file__).parent.parent / "docs/trace-public.md"
KEY = '\n[tool.dyncachekeys.keys.backend]\nresolver = "backend"\ntrace = true\n'
_VARIABLE = re.compile(r"(?:environ(?:\.get\(|\.pop\(|\[)|getenv\()\s*[\"']([A-Za-z_]\w*)[\"']")
_OPENED = re.compile(r'openat\(AT_FDCWD, "([^"]+)", O_RDONLY[^)]*\) = \d')
_IN_ENVIRON = re.compile(r"[\"']([A-Z_][A-Z0-9_]*)[\"'] (?:not )?in (?:os\.)?environ")

REASONS: tuple[tuple[str, str, str, str], ...] = (
    # package, what was found but is not said (+), said but not found (-), opened for strace but not found (!),
    # what it is about, why
    ("*", "!", "read MANIFEST.in", "only the list of what an sdist holds is made of it"),
    ("*", "+", "listed *", "a pattern for licence files, or packages that are looked for: listing is how it is done"),
    ("*", "+", "missing pybuilddir.txt", "how `_distutils_hack` of setuptools tells that Python itself is built"),
    ("*", "+", "missing *", "setuptools or flit looks for what is optional"),
    ("*", "+", "there *", "looked for, not read: that it is there decides where code is or what is packed"),
    ("*", "+", "variables DIST*", "setuptools reads it, whatever the project says"),
    ("*", "+", "variables SETUPTOOLS_*", "setuptools reads it, whatever the project says"),
    ("*", "+", "variables PLAT", "setuptools reads it, whatever the project says"),
    ("*", "+", "variables XML_RESULTS", "Cython reads it, whatever the project says"),
    *(
        (name, "+", "read *__init__.py", "setup.cfg takes the version from it, by `attr:`")
        for name in ("propcache", "yarl", "frozenlist")
    ),
    ("*", "+", "variables *_NO_EXTENSIONS", "the code reads it by a constant that holds its name"),
    ("setuptools", "+", "read setuptools/_distutils/*", "setuptools puts it in the place of `distutils` at run time"),
    ("setuptools", "+", "read setuptools/_vendor/*", "found on a search path that setuptools adds at run time"),
    ("setuptools", "+", "read setuptools/*", "imported for a command or a hook that metadata name, or with those"),
    ("setuptools", "+", "variables HOME", "distutils looks for the user's configuration"),
    ("setuptools", "+", "variables _PYTHON_PROJECT_BASE", "distutils looks how Python itself was built"),
    ("pyyaml", "+", "variables PYYAML_FORCE_*", "setup.py makes the name of the variable from that of a feature"),
    ("*", "+", "read LICEN[CS]E*", "a licence file by its usual name: setuptools looks for those by itself"),
    ("*", "+", "read NOTICE*", "a licence file by its usual name: setuptools looks for those by itself"),
    (
        "*",
        "-",
        "variables *",
        "stands in code that the metadata step does not run; `trace --build` sees it if a build does",
    ),
    (
        "*",
        "-",
        "read *.py",
        "imported only by what the metadata step does not run, or only perhaps: reading takes in both",
    ),
)


@dataclass
class Result:
    """One package."""

    name: str
    version: str
    backend: str
    seconds: float
    inputs: int
    found: set[tuple[str, str]]
    said: set[tuple[str, str]]
    opened: set[str]
    """Files of the tree that strace saw opened for reading; those that were found, where there is no strace."""
    quiet: bool
    """Whether the second sync found nothing to do, without a trace."""
    unexplained: list[str] = field(default_factory=list)


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


def run(root: Path, *arguments: str) -> Any:
    argv = [sys.executable, "-m", "dyncachekeys", *arguments, "--format", "json"]
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True, check=False)
    if done.returncode:
        message = f"{root.name}: {arguments} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        raise SystemExit(message)
    (project,) = json.loads(done.stdout)["projects"]
    return project


def opened(root: Path, found: Any) -> set[str]:
    """Trace once more under strace, and return the files of the tree that were opened for reading."""
    read = {one["subject"] for one in found["inputs"] if one["asked"] == "read"}
    strace = shutil.which("strace")
    if strace is None:
        return read
    with tempfile.NamedTemporaryFile("r", encoding="utf-8", errors="replace") as log:
        argv = [strace, "-f", "-e", "trace=openat", "-o", log.name, sys.executable, "-m", "dyncachekeys", "trace", "-q"]
        subprocess.run(argv, cwd=root, check=True)
        lines = [line.split(maxsplit=1) for line in log]
    ourselves = lines[0][0]  # reads the code, too, for what a key would watch
    calls = [_OPENED.search(line[1]) for line in lines if line[0] != ourselves]
    seen = {os.path.relpath(root / call[1], root) for call in calls if call is not None}
    return {
        path
        for path in seen
        if not path.startswith("..") and not re.search(r"\.(egg|dist)-info/|__pycache__/|(^|/)\.git/", path)
        if (root / path).is_file() and path not in found["products"]
    }


def said(root: Path, closure: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Yield what a project's files say that its metadata depend on."""
    data = tomli.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    code = sorted(closure)
    named = {"pyproject.toml", *code, *_named_in(data), *_named_in_cfg(root)}
    for path in sorted(named):
        yield ("read" if (root / path).is_file() else "missing", path)
    for name in ("setup.py", "setup.cfg"):
        if "flit" not in str(data["build-system"]):
            yield ("read" if (root / name).is_file() else "missing", name)
    for path in code:
        text = (root / path).read_text(encoding="utf-8")
        for variable in {*_VARIABLE.findall(text), *_IN_ENVIRON.findall(text)}:
            yield ("variables", variable)


def _named_in(data: Any) -> Iterator[str]:
    project = data.get("project", {})
    readme = project.get("readme", {})
    yield from [readme] if isinstance(readme, str) else [readme["file"]] if "file" in readme else []
    licence = project.get("license", {})
    yield from [licence["file"]] if isinstance(licence, dict) and "file" in licence else []
    for value in data.get("tool", {}).get("setuptools", {}).get("dynamic", {}).values():
        files = value.get("file", []) if isinstance(value, dict) else []
        yield from [files] if isinstance(files, str) else files


def _named_in_cfg(root: Path) -> Iterator[str]:
    config = configparser.ConfigParser(interpolation=None)
    config.read(root / "setup.cfg", encoding="utf-8")
    if config.has_section("metadata"):
        for value in config["metadata"].values():
            if value.strip().startswith("file:"):
                yield from (part.strip() for part in value.strip()[5:].split(","))


def traced(name: str) -> Result:
    """Trace one package."""
    with tempfile.TemporaryDirectory(prefix="trace-public-") as folder:
        root = fetched(name, Path(folder))
        began = time.perf_counter()
        found = run(root, "trace")["trace"]
        seconds = time.perf_counter() - began
        by_strace = opened(root.resolve(), found)
        file = root / "pyproject.toml"
        before = file.read_text(encoding="utf-8")
        file.write_text(before + KEY.replace("trace = true\n", ""), encoding="utf-8")
        keys = {key["name"]: key for key in run(root, "show")["keys"]}
        closure = [
            one["subject"]
            for one in keys["backend"]["found"]
            if one["input"] == "file" and (root / one["subject"]).is_file()
        ]
        file.write_text(before + KEY, encoding="utf-8")
        run(root, "sync")
        run(root, "sync")
        kept = root / ".dyncachekeys/trace.json"
        age = kept.stat().st_mtime_ns
        last = run(root, "sync")
        with_trace = {key["name"]: key["inputs"] for key in last["keys"]}["backend"]
        system = tomli.loads(before)["build-system"]
        version = re.sub(r"^.*-", "", root.name)
        return Result(
            name=name,
            version=version,
            backend=system["build-backend"],
            seconds=seconds,
            inputs=with_trace,
            found={(one["asked"], one["subject"]) for one in found["inputs"]},
            said=set(said(root, closure)),
            opened=by_strace,
            quiet=not last["changed"] and kept.stat().st_mtime_ns == age,
        )


def differences(result: Result) -> Iterator[tuple[str, str, str]]:
    """Yield each difference with its sign and its reason; notes those without one."""
    both = [("+", one) for one in result.found - result.said] + [("-", one) for one in result.said - result.found]
    both += [("!", ("read", path)) for path in result.opened if ("read", path) not in result.found]
    for sign, (asked, subject) in sorted(both):
        text = f"{asked} {subject}"
        reason = next(
            (
                why
                for who, what, about, why in REASONS
                if who in {"*", result.name} and what == sign and fnmatchcase(text, about)
            ),
            "",
        )
        if not reason:
            result.unexplained.append(f"{sign} {text}")
        yield sign, text, reason or "**no reason known**"


def page(results: list[Result]) -> str:
    """Return docs/trace-public.md."""
    lines = [
        "# Builds of public packages, traced",
        "",
        "Written by `nox -s trace_public`; do not edit. Packages with a build backend in their own tree, from the",
        "registry; the metadata step of each was traced and compared with what its files say: the tables that name",
        "files, the closure of imports (`backend` without `trace`), the variables that this code names; and with the",
        "files of the tree that strace saw opened for reading in the same step.",
        "",
        "| package | backend | traced in | found | found and said | read | opened (strace) | inputs of the `backend` key | next sync |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    lines += [
        f"| {one.name} {one.version} | `{one.backend}` | {one.seconds:.1f} s | {len(one.found)} "
        f"| {len(one.found & one.said)} | {sum(asked == 'read' for asked, _ in one.found)} | {len(one.opened)} | {one.inputs} | {'nothing to do, no trace' if one.quiet else '**not quiet**'} |"
        for one in results
    ]
    for one in results:
        grouped: dict[tuple[str, str], list[str]] = {}
        for sign, text, reason in differences(one):
            grouped.setdefault((sign, reason), []).append(text)
        lines += ["", f"## {one.name} {one.version}", "", "| | differs | because |", "| --- | --- | --- |"]
        for (sign, reason), texts in sorted(grouped.items()):
            what = {"+": "found, not said", "-": "said, not found", "!": "opened (strace), not found"}[sign]
            shown = ", ".join(f"`{text}`" for text in texts[:8])
            more = f" and {len(texts) - 8} more" if len(texts) > 8 else ""
            lines.append(f"| {what} | {shown}{more} | {reason} |")
    return "\n".join(lines) + "\n"


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
    results = [traced(name) for name in options.packages]
    text = page(results)
    print(text)
    if options.write:
        DOCUMENT.write_text(_of_no_machine(text), encoding="utf-8")
    wrong = [f"{one.name}: {text}" for one in results for text in one.unexplained]
    wrong += [f"{one.name}: not quiet" for one in results if not one.quiet]
    if wrong:
        raise SystemExit("\n".join(wrong))


if __name__ == "__main__":
    main()
