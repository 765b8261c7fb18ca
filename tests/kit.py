"""A real project with a real in-tree build backend, and the real uv: what end-to-end tests are made of.

The backend needs nothing (``requires = []``) and logs each build outside the project, so that builds can
be counted, offline, in a fraction of a second.
"""

from __future__ import annotations

import io
import itertools
import json
import os
import re
import subprocess
import sys
import textwrap
import zipfile
from argparse import Namespace
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from uv import find_uv_bin

import dyncachekeys
from dyncachekeys.cli.explain import as_json, tell
from dyncachekeys.doctor.examine import examine
from dyncachekeys.errors import DyncachekeysError, Problem
from dyncachekeys.quick.output import Printer, shown
from dyncachekeys.syncing.explanation import Explanation, explain
from dyncachekeys.syncing.planning import make_plan
from dyncachekeys.syncing.report import ProjectReport

UV = os.environ.get("DYNCACHEKEYS_UV") or find_uv_bin()
"""The uv that is tested: the one of the environment, unless another is named."""
ASK_UV = bool(os.environ.get("DYNCACHEKEYS_ASK_UV"))
"""Whether each scenario is also held against what uv says itself (`doctor --uv`); `nox -s uv_matrix` does."""
BY_COMMAND = bool(os.environ.get("DYNCACHEKEYS_BY_COMMAND"))
"""Whether `Demo.both` types the command, which answers what it can without the full run; `nox -s thorough` does."""
UV_VERSION = tuple(
    map(int, subprocess.run([UV, "--version"], capture_output=True, text=True, check=True).stdout.split()[1].split("."))
)
FOLLOWS_LINKS = UV_VERSION >= (0, 7, 21)
sees_links = pytest.mark.skipif(not FOLLOWS_LINKS, reason="this uv does not follow links (U13): the stamp does it all")
BACKEND = """\
import os
import zipfile
from pathlib import Path

from build_backend import helper


def _build(directory):
    with open(os.environ["BUILD_LOG"], "a", encoding="utf-8") as log:
        log.write("build\\n")
    name = "demo-0.1-py3-none-any.whl"
    requires = "".join(f"Requires-Dist: {one}\\n" for one in helper.dependencies())
    metadata = f"Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n{requires}"
    with zipfile.ZipFile(Path(directory, name), "w") as wheel:
        wheel.writestr("demo-0.1.dist-info/METADATA", metadata)
        wheel.writestr("demo-0.1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("demo-0.1.dist-info/RECORD", "")
    return name


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory)
"""
HELPER = "def dependencies():\n    return []\n"
BACKEND_KEY = """
[tool.dyncachekeys.keys.backend]
resolver = "backend"
"""
VARIED_KEYS = """
[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/"]

[tool.dyncachekeys.keys.machine]
resolver = "env"
names = ["CUDA_HOME", "CUDA_*"]

[tool.dyncachekeys.keys.table]
resolver = "table"
tables = ["project"]
"""
"""Inputs of several kinds: entries, links, what only the stamp can watch."""
PYPROJECT = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = []
build-backend = "build_backend.core"
backend-path = ["."]
"""
DIGEST_TRANSPORT = pytest.param('digest"\ntransport = "digest', id="transport", marks=pytest.mark.thorough)
"""Stands for a `watch` of the whole table: the digest transport as well."""
GIT_IDENTITY = {
    "GIT_AUTHOR_NAME": "Someone",
    "GIT_AUTHOR_EMAIL": "someone@example.org",
    "GIT_COMMITTER_NAME": "Someone",
    "GIT_COMMITTER_EMAIL": "someone@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_SYSTEM": os.devnull,
}


@dataclass
class Demo:
    """The project under ``root``; whatever uv and the log need lies beside it."""

    root: Path
    beside: Path
    environ: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kept = {
            name: os.environ[name] for name in ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "LANG") if name in os.environ
        }
        kept |= {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_PROCESS_")}
        kept["PATH"] = f"{Path(UV).parent}{os.pathsep}{kept.get('PATH', os.defpath)}"
        self.environ = {
            **kept,
            **GIT_IDENTITY,
            "HOME": str(self.beside / "home"),
            "XDG_CONFIG_DIRS": str(self.beside / "home"),  # no configuration of this machine
            "BUILD_LOG": str(self.log),
            "UV_CACHE_DIR": str(self.beside / "uv-cache"),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
        }

    @property
    def log(self) -> Path:
        return self.beside / "builds.log"

    @property
    def builds(self) -> int:
        """How often the backend has built so far."""
        return self.log.read_text(encoding="utf-8").count("build\n") if self.log.exists() else 0

    def write(self, files: Mapping[str, str | bytes]) -> None:
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(textwrap.dedent(content).encode() if isinstance(content, str) else content)

    def append(self, name: str, text: str) -> None:
        with (self.root / name).open("a", encoding="utf-8", newline="") as stream:
            stream.write(textwrap.dedent(text))

    def edit(self, name: str, old: str, new: str) -> None:
        path = self.root / name
        text = path.read_bytes().decode()
        assert old in text, f"{old!r} is not in {name}"
        path.write_bytes(text.replace(old, new).encode())

    def tick(self) -> None:
        """Wait until the file system's clock has moved: what is written afterwards is newer."""
        probe = self.beside / "tick"
        probe.touch()
        before = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == before:
            probe.touch()

    def run(self, *command: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command, cwd=self.root, env={**self.environ, **environ}, capture_output=True, text=True, check=False
        )
        assert not check or done.returncode == 0, f"{command} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def git(self, *arguments: str, **environ: str) -> str:
        return self.run("git", *arguments, check=True, **environ).stdout.strip()

    def uv(self, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        return self.run(UV, *arguments, check=check, **environ)

    def uv_sync(self, *arguments: str, **environ: str) -> int:
        """Run plain ``uv sync`` and return how many builds that took."""
        before = self.builds
        self.uv("sync", *arguments, check=True, **environ)
        return self.builds - before

    def sync(self, **environ: str) -> ProjectReport:
        """Run ``dyncachekeys sync`` in this process."""
        return dyncachekeys.sync(self.root, {**self.environ, **environ})

    def both(self, **environ: str) -> int:
        """Run ``dyncachekeys sync``, then ``uv sync``; return how many builds that took.

        What `explain` says before is held against what then happens.
        """
        if BY_COMMAND:
            self.cli("sync", check=True, **environ)
            return self.uv_sync(**environ)
        told = explained(self.root, {**self.environ, **environ})
        report = self.sync(**environ)
        if ASK_UV:
            assert_uv_agrees(self.root, {**self.environ, **environ})
        builds = self.uv_sync(**environ)
        if told is not None:
            assert_explained(told, report, builds)
        return builds

    def settled(self) -> None:
        """Bring everything up to date, and make sure that nothing is left to do."""
        self.both()
        self.both()
        assert self.both() == 0

    def cli(self, *arguments: str, check: bool = True, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run the command line in a process of its own."""
        return self.run(sys.executable, "-m", "dyncachekeys", *arguments, check=check, **environ)


def explained(root: Path, environ: Mapping[str, str]) -> Explanation | None:
    """Return what `explain` has to say about a project; nothing if it can't be resolved."""
    try:
        return explain(make_plan(root, environ))
    except DyncachekeysError:
        return None


def assert_explained(told: Explanation, report: ProjectReport, builds: int) -> None:
    """Hold what `explain` said against what the sync after it found, and uv did."""
    changes = {key.name: [one.as_list() for one in key.changes] for key in report.keys}
    assert {key: [one.as_list() for one in some] for key, some in told.changes.items()} == changes
    own = {key.name for key in report.keys if key.built_in}
    assert all(one.subject and one.reason for name in own for one in told.changes[name])
    assert told.why == report.why
    text = io.StringIO()
    tell(told, Printer(text, "never"), Namespace(verbose=True, quiet=False))
    tables = as_json(told)["since"]["changes"]
    for key, some in told.changes.items():
        for one in some:
            assert f" {key}" in text.getvalue()
            assert _as_shown(one.subject) in text.getvalue()
            assert one.as_table() in tables[key]
    assert all(_as_shown(seen.subject) in text.getvalue() for seen in told.forecast.seen)
    json.dumps(as_json(told))
    expected = {"nothing-to-do": {0}, "installs": {0, 1}}.get(told.forecast.outcome, {1})
    assert builds in expected or not told.forecast.certain, told.forecast
    assert told.forecast.seen or not (builds and told.forecast.certain)


def _as_shown(text: str) -> str:
    return shown(text).encode(errors="backslashreplace").decode()


def assert_uv_agrees(root: Path, environ: Mapping[str, str]) -> None:
    """Ask uv whether it would build, and hold that against what we make of its record."""
    found = [one for one in examine(root, environ, ask_uv=True) if one.code == "DCK081"]
    assert not found, found


DemoMaker = Callable[..., Demo]


def forget_builds(demo: Demo, *places: str) -> None:
    """Take the key `build` away that `init` has written: what counts then is what counts before a build was watched."""
    for place in places or (".",):
        name = f"{place}/pyproject.toml"
        text = (demo.root / name).read_text(encoding="utf-8")
        less = re.sub(
            r'(?:# [^\n]*\n)*\[tool\.dyncachekeys\.(?:workspace\.)?keys\.build\]\nresolver = "build"\n', "", text
        )
        (demo.root / name).write_text(less, encoding="utf-8")


def every_second(cases: Iterable[Any]) -> list[Any]:
    """Return cases for a test, of which every second one is left to `nox -s thorough`."""
    marks = itertools.cycle([(), (pytest.mark.thorough,)])
    return [pytest.param(case, marks=mark) for case, mark in zip(cases, marks, strict=False)]


def make_demo(folder: Path, config: str = "", files: Mapping[str, str | bytes] | None = None) -> Demo:
    """Return a project with the given ``[tool.dyncachekeys]`` configuration and further files."""
    root, beside = folder / "demo", folder / "beside"
    root.mkdir(parents=True)
    (beside / "home").mkdir(parents=True)
    demo = Demo(root, beside)
    demo.write(
        {
            "pyproject.toml": PYPROJECT + "\n" + textwrap.dedent(config),
            ".gitignore": "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n",
            "build_backend/__init__.py": "",
            "build_backend/core.py": BACKEND,
            "build_backend/helper.py": HELPER,
            **(files or {}),
        }
    )
    return demo


def make_wheel(
    folder: Path,
    name: str,
    modules: Mapping[str, str] | None = None,
    *,
    version: str = "1.0",
    build: str = "",
) -> Path:
    """Write the wheel of a package for ``find-links``, and return its path.

    It names its files: before 0.11, uv leaves behind what a wheel does not name when it uninstalls it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        **(modules or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n{build}",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    made = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(made, "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
    return made


def refused(root: Path, environ: Mapping[str, str] | None = None) -> tuple[Problem, ...]:
    """Sync in this process; demand that it is refused and writes nothing, and return the problems."""
    before = tree_of(root)
    try:
        report = dyncachekeys.sync(root, environ)
    except DyncachekeysError as error:
        assert tree_of(root) == before, "it was refused, but something was written"
        return error.problems
    message = f"it was not refused: {report}"
    raise AssertionError(message)


def told(problems: Iterable[Problem]) -> str:
    """Return problems as samples show them: code and place, then what is wrong, then what to do."""
    return "".join(f"[{one.code}] {one.where}\n  {one.message}\n  do: {one.remedy}\n" for one in problems)


def tree_of(folder: Path) -> dict[str, bytes | str]:
    """Return every file of a folder with its content, every link with its text, every folder."""
    paths = [path for path in folder.rglob("*") if "__pycache__" not in path.parts]
    return {path.relative_to(folder).as_posix(): _content(path) for path in paths}


def link_texts(folder: Path) -> dict[str, str]:
    """Return the links in a folder by name, each with its text; nothing else, and nothing if there is no folder."""
    return (
        {one.name: os.fspath(one.readlink()) for one in folder.iterdir() if one.is_symlink()} if folder.is_dir() else {}
    )


def _content(path: Path) -> bytes | str:
    if path.is_symlink():
        return f"-> {path.readlink()}"
    return path.read_bytes() if path.is_file() else "folder"
