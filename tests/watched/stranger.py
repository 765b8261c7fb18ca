"""Somebody who knows nothing of dyncachekeys: runs `init`, syncs once, and then works on.

Builds are counted by what uv logs when it calls a backend's ``build_editable`` or ``build_wheel``, or builds itself
(`uv_build`, U42). The line `Built demo @ ...` is not enough: uv prints none when it builds to learn dependencies while
it compares the lockfile. `test_counting.py` holds the count against a backend that counts itself. So the projects are
built by the real backends, as users have them, with nothing in them that counts.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import tomli

from kit import UV, Demo

ONCE = [1, 0]
"""A change that counts: one build, and none at the next command."""
NEVER = [0, 0]
"""A change that does not."""
IGNORED = """\
/.venv/
/build/
/dist/
/target/
*.egg-info/
*.so
__pycache__/
"""
LOGGED = "uv_build_frontend=debug,uv_dispatch=debug"
"""For `RUST_LOG`: uv then tells of its builds."""
OF_EACH_BUILD = re.compile(r"/__pycache__/|/sboms/|\.dist-info/(?:RECORD|uv_cache\.json|uv_build\.json)$")
"""What differs between two builds of the same: times, random numbers, and bytecode."""
_BUILT = re.compile(r"^DEBUG (?:Calling `\S+\.build_(?:editable|wheel)\(|Performing direct build for )", re.MULTILINE)


def builds_in(log: str) -> int:
    """Return the number of builds that uv tells of."""
    return len(_BUILT.findall(log))


def needs(*programs: str) -> pytest.MarkDecorator:
    """Skip a test where a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    return pytest.mark.skipif(bool(missing), reason=f"not on this machine: {', '.join(missing)}")


@dataclass
class Stranger:
    """Works in ``demo``; each change returns the builds of the next two commands."""

    demo: Demo
    folder: str = "."
    """Where uv is run, below the root of the repository."""
    options: tuple[str, ...] = ()
    """What `uv sync` is given."""
    exported: dict[str, str] = field(default_factory=dict)
    """Variables that are set from now on."""

    @property
    def root(self) -> Path:
        return self.demo.root

    @property
    def where(self) -> Path:
        return self.root / self.folder

    def start(self, files: Mapping[str, str | bytes]) -> None:
        """Write the files of the project and commit them."""
        self.demo.write({".gitignore": IGNORED, **files})
        self.demo.git("init", "--quiet")
        self.commit()

    def commit(self) -> None:
        self.demo.git("add", "--all")
        self.demo.git("commit", "--quiet", "--allow-empty", "--message", "more")

    # What they type.

    def command(self, *argv: str) -> str:
        """Run a command in the project; return what it says on standard error."""
        done = subprocess.run(
            argv,
            cwd=self.where,
            env={**self.demo.environ, **self.exported},
            capture_output=True,
            text=True,
            check=False,
        )
        lines = (line for line in done.stderr.splitlines() if not line.startswith(("DEBUG", "INFO", "TRACE")))
        shown = [f"$ {' '.join(argv[-2:])}", *(f"  {line}" for line in lines)]
        sys.stdout.write("\n".join(shown) + "\n")  # shown where a test fails
        assert done.returncode == 0, f"{argv} exited {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done.stderr

    def init(self) -> None:
        self.command(sys.executable, "-m", "dyncachekeys", "init")

    def sync(self) -> None:
        self.command(sys.executable, "-m", "dyncachekeys", "sync")

    def plain(self) -> int:
        """Run `uv sync`; return the number of builds."""
        return builds_in(self.command(UV, "sync", *self.options))

    def through(self) -> int:
        """Run `dyncachekeys run -- uv sync`; return the number of builds."""
        return builds_in(self.command(sys.executable, "-m", "dyncachekeys", "run", "--", UV, "sync", *self.options))

    def settle(self) -> None:
        """Set up, build, and rest: nothing changes, and nothing is built."""
        self.init()
        self.sync()
        self.plain()
        assert [self.through(), self.plain()] == NEVER, "nothing was changed"
        self.commit()

    # What they change.

    def edit(self, name: str, old: str, new: str) -> list[int]:
        """Edit a file; return the builds of plain `uv sync`, then those of `run -- uv sync`."""
        self.demo.tick()
        self.demo.edit(name, old, new)
        return [self.plain(), self.through()]

    def add(self, name: str, text: str = "") -> list[int]:
        """Add a file; return the builds of two `run -- uv sync`."""
        self.demo.tick()
        assert not (self.root / name).exists()
        self.demo.write({name: text})
        return [self.through(), self.through()]

    def remove(self, name: str) -> list[int]:
        """Remove a file, a folder, or all that a pattern matches; return the builds of two `run -- uv sync`."""
        self.demo.tick()
        found = [*self.root.glob(name)]
        assert found, f"{name} is not there"
        for path in found:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        return [self.through(), self.through()]

    def export(self, **variables: str) -> list[int]:
        """Set variables from now on; return the builds of two `run -- uv sync`."""
        self.exported.update(variables)
        return [self.through(), self.through()]

    # What they then have.

    def says(self, name: str) -> str:
        """Return what stands behind a dotted name in the project's environment, or what it returns.

        Keeps no bytecode: a module of the same size that is written in the same second would not be read again.
        """
        code = f"import pkgutil\nit = pkgutil.resolve_name({name!r})\nprint(it() if callable(it) else it)"
        return self.demo.run(
            str(self.where / ".venv/bin/python"), "-B", "-c", code, check=True, **self.exported
        ).stdout.strip()

    def metadata(self, name: str) -> list[str]:
        """Return the values of a field in the installed metadata."""
        code = f"import importlib.metadata as m; print(*m.metadata('demo').get_all({name!r}, []), sep='\\n')"
        return self.demo.run(str(self.where / ".venv/bin/python"), "-c", code).stdout.split("\n")[:-1]

    def installed(self) -> dict[str, bytes]:
        """Return all files of the environment's packages, but for notes of uv that differ each time."""
        (packages,) = self.where.glob(".venv/lib/python*/site-packages")
        return {
            path.relative_to(packages).as_posix(): path.read_bytes()
            for path in packages.rglob("*")
            if path.is_file() and not OF_EACH_BUILD.search(path.as_posix())
        }

    # How it ends.

    def assert_right(self, *changed: str) -> None:
        """Demand that they have what a fresh build gives, and nothing in their files that does not belong there.

        What `init` wrote names nothing that git ignores, and so no product. git shows their own changes alone.

        Args:
            changed: The files that they changed since the beginning.
        """
        before = self.installed()
        self.command(UV, "sync", "--reinstall-package", "demo", *self.options)
        assert self.installed() == before
        shown = self.demo.git("status", "--porcelain", "--untracked-files=all", "--no-renames").splitlines()
        names = {line.split(maxsplit=1)[1] for line in shown}
        assert names - {*changed, "uv.lock", f"{self.folder}/uv.lock"} == set()
        for file in self.root.rglob("pyproject.toml"):
            if ".venv" not in file.parts:
                self._assert_names_no_product(file)

    def _assert_names_no_product(self, file: Path) -> None:
        tool = tomli.loads(file.read_text(encoding="utf-8")).get("tool", {})
        entries = [entry for entry in tool.get("uv", {}).get("cache-keys", []) if isinstance(entry, dict)]
        named = {*_paths(tool.get("dyncachekeys", {}).get("keys", {}))}
        named |= {entry[kind] for entry in entries for kind in ("file", "dir") if kind in entry}
        for name in named:
            inside = name.removeprefix("/")
            if inside.startswith(".dyncachekeys/"):
                continue
            found = [*file.parent.glob(inside)] or [file.parent / inside]
            assert not all(map(self._is_ignored, found)), f"{name} in {file} stands for what git ignores: {found}"

    def _is_ignored(self, path: Path) -> bool:
        return self.demo.run("git", "check-ignore", "--quiet", str(path), check=False).returncode == 0


def _paths(keys: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for key in keys.values():
        for option in ("file", "files", "path", "patterns"):
            value = key.get(option, [])
            yield from [value] if isinstance(value, str) else value
