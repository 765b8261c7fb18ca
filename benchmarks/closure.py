"""What it costs to read an in-tree build backend of 500 modules: the first time, with nothing to do, after an edit.

`python benchmarks/closure.py [--write] [--rounds N]`, in an environment with uv; installs this checkout.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

from pages import main
from processes import Timings, Variant, paired
from speed import CHECKOUT, Tools

PACKAGES, MODULES = 20, 24
"""How many packages the backend has, and how many modules each, besides its `__init__.py`."""
GOAL_FIRST, GOAL_EDIT = 3.0, 0.3
DOCUMENT = CHECKOUT / "docs/closure-speed.md"
BARE = "`python -I -S -c pass`"
FIRST, QUIET, EDIT = "`sync`, the first", "`sync`, nothing to do", "`sync` after the edit of a module"
PYPROJECT = """\
[project]
name = "closure"
version = "0.1"

[build-system]
requires = []
build-backend = "backend.core"
backend-path = ["build_tools"]

[tool.dyncachekeys.keys.backend]
resolver = "backend"
"""
HEAD = '''\
"""Module {name}: makes part {number} of what is built."""

from __future__ import annotations

import json
import os.path
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

{imports}

if TYPE_CHECKING:
    from argparse import Namespace

_PATTERN = re.compile(r"part-(\\d+)-([a-z]+)")
_DEFAULTS: Mapping[str, Any] = {{"number": {number}, "name": "{name}", "enabled": True, "ratio": 0.5}}
__all__ = ["Part{number}_0", "run_{number}"]


def run_{number}(root: Path, arguments: Namespace) -> int:
    """Run all parts below a folder, and return how many did something."""
    parts = [Part{number}_0(root / name) for name in sorted(os.listdir(root)) if _PATTERN.match(name)]
    return sum(1 for part in parts if part.apply(vars(arguments)))
'''
MAIN = '''

def main(path: str) -> None:
    """Say what there is, and end with an error if that is nothing."""
    if not (found := run_{number}(Path(path), Namespace())):
        print(f"{{path}}: nothing", file=sys.stderr)
    sys.exit(not found)
'''
CORE = """\
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "vendored"))

{imports}


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    raise NotImplementedError
"""
CLASS = '''

@dataclass(frozen=True)
class Part{number}_{part}:
    """A part that is made of files."""

    root: Path
    names: tuple[str, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_file(cls, path: Path) -> Part{number}_{part}:
        """Read a part from a file."""
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise RuntimeError(f"{{path}}: {{error}}") from error
        names = tuple(str(name) for name in data.get("names", []) if not name.startswith("."))
        return cls(path.parent, names, {{**_DEFAULTS, **data.get("options", {{}})}})

    def apply(self, settings: Mapping[str, Any], *, force: bool = False) -> bool:
        """Make the part, if it has to be made."""
        changed = False
        for name in self._wanted(settings.get("only")):
            target = self.root / "out" / f"{{name}}-{part}.txt"
            if force or not target.exists() or target.stat().st_mtime < self.newest(name):
                target.parent.mkdir(parents=True, exist_ok=True)
                lines = [line.rstrip() for line in self._lines(name) if line and not line.startswith("#")]
                target.write_text("\\n".join(lines) + "\\n", encoding="utf-8")
                changed = True
        return changed

    def newest(self, name: str) -> float:
        """Return when the newest source of a name was written."""
        times = [path.stat().st_mtime for path in self.root.glob(f"{{name}}*.in") if path.is_file()]
        return max(times, default=0.0) * (1 if self.options["ratio"] < 1 else 2)

    def _wanted(self, only: Iterable[str] | None) -> list[str]:
        chosen = set(only) if only is not None else set(self.names)
        return [name for name in self.names if name in chosen or self.options.get(name) == "always"]

    def _lines(self, name: str) -> Iterable[str]:
        with open(self.root / name, encoding="utf-8") as stream:
            for number, line in enumerate(stream, 1):
                found = _PATTERN.search(line)
                if found is None:
                    yield line
                elif int(found[1]) % 2 == number % 2:
                    yield f"{{found[2]}}: {{line[found.end():].strip()}}"
'''
ABOUT = f"""\
The resolver `backend` finds what an in-tree build backend imports by reading it. Here it has
{PACKAGES * (MODULES + 1):,} modules in {PACKAGES} packages, of {{lines:,.0f}} lines on average, that import each other; each of them
gets an entry in `tool.uv.cache-keys`. What was read of a module is kept, so that after an edit only the edited one is
read again. CPU time of whole processes, user and system, with that of their children.
"""


def modules() -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each module; each is imported by one before it."""
    dice = Random(0)
    names = [f"part{package:02}.module{module:02}" for package in range(PACKAGES) for module in range(MODULES)]
    starts = [f"from backend.part{package:02} import module00" for package in range(PACKAGES)]
    yield "backend/core.py", CORE.format(imports="\n".join(starts))
    yield "backend/__init__.py", ""
    for number, name in enumerate(names):
        yield f"backend/{name.replace('.', '/')}.py", _module(number, names, dice)
    for package in range(PACKAGES):
        yield f"backend/part{package:02}/__init__.py", f'"""Part {package}."""\n\nVERSION = {package}\n'


def _module(number: int, names: list[str], dice: Random) -> str:
    package, _, module = names[number].partition(".")
    following = int(module.removeprefix("module")) + 1
    imports = [f"from backend.{package} import module{dice.randrange(MODULES):02}"]
    imports += [f"from .module{following:02} import Part{number + 1}_0"] if following < MODULES else []
    for other in dice.sample(range(len(names)), 3):
        where, _, what = names[other].partition(".")
        imports.append(
            dice.choice(
                [f"from ..{where}.{what} import run_{other}", f"import backend.{where}.{what} as other_{other}"]
            )
        )
    parts = [HEAD.format(name=names[number], number=number, imports="\n".join(imports))]
    parts += [CLASS.format(number=number, part=part) for part in range(dice.randint(2, 5))]
    if number % 2:
        parts[0] = parts[0].replace("import re\n", "import re\nimport sys\n")
        parts.append(MAIN.format(number=number))
    return "".join(parts)


def make(tools: Tools, name: str) -> Path:
    """Write a project, and sync it until nothing is young."""
    root = tools.folder / name
    for path, text in modules():
        (root / "build_tools" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "build_tools" / path).write_text(text, encoding="utf-8")
    (root / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    (root / ".gitignore").write_text(".dyncachekeys/\n", encoding="utf-8")
    settle(tools, root)
    return root


def settle(tools: Tools, root: Path) -> None:
    """Sync a project until nothing is young."""
    for _ in range(2):
        time.sleep(2.1)
        _call(tools, root, "sync")


def _call(tools: Tools, root: Path, command: str) -> None:
    subprocess.run([tools.dyncachekeys, command], cwd=root, env=tools.environ, capture_output=True, check=True)


def _edit(root: Path) -> None:
    with (root / "build_tools/backend/part07/module11.py").open("a", encoding="utf-8") as stream:
        stream.write(f"\n\nEDITED = {time.time_ns()}\n")


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="closure-") as name:
        tools = Tools(Path(name).resolve())
        first, quiet, edited = (make(tools, one) for one in ("first", "quiet", "edited"))
        sync = [tools.dyncachekeys, "sync"]
        variants = [
            Variant(BARE, [tools.python, "-I", "-S", "-c", "pass"]),
            Variant(FIRST, sync, cwd=first, before=lambda: _call(tools, first, "clean")),
            Variant(QUIET, sync, cwd=quiet),
            Variant(EDIT, sync, cwd=edited, before=lambda: _edit(edited), after=lambda: settle(tools, edited)),
        ]
        timings = paired(variants, rounds, quiet, tools.environ, cpu=True)
        os.chdir(CHECKOUT)
    return _report(timings, rounds)


def _report(timings: Timings, rounds: int) -> str:
    texts = [text for _, text in modules()]
    first, edit = timings.quartiles(FIRST).middle, timings.difference(EDIT, QUIET).middle
    return "\n".join(
        [
            "# Speed of reading a build backend",
            "",
            "Made by `python benchmarks/closure.py --write`; do not edit.",
            "",
            ABOUT.format(lines=sum(text.count("\n") for text in texts) / len(texts)),
            f"{rounds} rounds, medians; in brackets the least and the most.",
            "",
            f"| process | CPU seconds | times {BARE} |",
            "| --- | --- | --- |",
            *(_row(timings, name) for name in (BARE, QUIET, EDIT, FIRST)),
            "",
            f"The goal of the first: at most {GOAL_FIRST:g} s: {_met(first, GOAL_FIRST)}.",
            f"The goal after an edit: at most {GOAL_EDIT:g} s more than nothing to do; {edit:.3f} s: {_met(edit, GOAL_EDIT)}.",
            "",
        ]
    )


def _row(timings: Timings, name: str) -> str:
    ratio = timings.ratio(name, BARE)
    return (
        f"| {name} | {timings.quartiles(name).middle:.3f} | {ratio.middle:.1f} ({ratio.low:.1f} - {ratio.high:.1f}) |"
    )


def _met(value: float, goal: float) -> str:
    return "met" if value <= goal else "**not met**"


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
