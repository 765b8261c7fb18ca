"""What a sync costs in time, memory and instructions, beside what it is compared with.

One command: ``python benchmarks/speed.py``. It needs ``uv`` in the running interpreter and git, works below a
temporary folder only, and prints a report; ``--write`` writes it to ``docs/speed.md``.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from uv import find_uv_bin

from processes import FailedError, Spread, Timings, Variant, instructions, paired, peak_memory

CHECKOUT = Path(__file__).resolve().parent.parent
DOCUMENT = CHECKOUT / "docs/speed.md"
SIZES = (1_000, 10_000, 100_000)
ROUNDS = 21
SLOW_ROUNDS = 9
"""Rounds at most, where each has to wait until no file is racy."""
YOUNG_SECONDS = 2.1
"""dyncachekeys does not trust the times of a file younger than two seconds."""

GLOBS = ("src/**/*.c", "src/**/*.h", "src/**/*.rs")
SUFFIXES = (".c", ".c", ".c", ".h", ".h", ".rs")
FILES_IN_FOLDER = 50
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
CONFIG = f"""
[tool.dyncachekeys]
watch = "digest"

[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = {json.dumps(GLOBS)}
"""
BACKEND = {
    "build_backend/__init__.py": "",
    "build_backend/core.py": """\
import zipfile
from pathlib import Path

from build_backend import metadata


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    with zipfile.ZipFile(Path(wheel_directory, metadata.WHEEL), "w") as wheel:
        for name, text in metadata.files().items():
            wheel.writestr(f"demo-{metadata.VERSION}.dist-info/{name}", text)
    return metadata.WHEEL


build_wheel = build_editable
""",
    "build_backend/metadata.py": """\
from build_backend.version import VERSION

WHEEL = f"demo-{VERSION}-py3-none-any.whl"


def files():
    return {
        "METADATA": f"Metadata-Version: 2.1\\nName: demo\\nVersion: {VERSION}\\n",
        "WHEEL": "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
        "RECORD": "",
    }
""",
    "build_backend/version.py": 'VERSION = "0.1"\n',
}

QUIET, PYTHON, STATUS, RUN = "`sync`, quiet", "bare Python", "`git status`", "`run -- true`, quiet"
EDITED, ADDED = "`sync`, one file edited", "`sync`, one file added"
FIRST, HASHED = "`sync`, first run", "`git ls-files -co` + `sha256sum`"
UV_PLAIN, UV_GLOBS = "`uv sync`, `pyproject.toml` only", "`uv sync`, three globs"


def progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


class Tools:
    """The programs that are measured, and the environment in which they run.

    dyncachekeys is installed by uv, so that its console script is the one that uv writes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.uv = find_uv_bin()
        self.git, self.sh = _needed("git"), _needed("sh")
        for name in ("xargs", "sha256sum", "true"):
            _needed(name)
        self.valgrind = shutil.which("valgrind")
        venv = folder / "venv"
        _call([self.uv, "venv", "--quiet", "--python", sys.executable, venv])
        python = venv / "bin/python"
        # Not what uv may have built from this folder earlier.
        fresh = ["--reinstall-package", "dyncachekeys", "--refresh-package", "dyncachekeys"]
        _call([self.uv, "pip", "install", "--quiet", "--python", python, *fresh, CHECKOUT])
        self.python, self.dyncachekeys = str(python), str(venv / "bin/dyncachekeys")
        home = folder / "home"
        home.mkdir()
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG") if name in os.environ}
        self.environ = {
            **kept,
            "HOME": str(home),
            "XDG_CONFIG_DIRS": str(home),  # no configuration of this machine
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            **{f"GIT_{who}_NAME": "Someone" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "someone@example.org" for who in ("AUTHOR", "COMMITTER")},
            "UV_CACHE_DIR": str(folder / "uv-cache"),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
        }


def _needed(program: str) -> str:
    found = shutil.which(program)
    if found is None:
        sys.exit(f"{program} is needed, and is not there")
    return found


def _call(argv: Sequence[str | Path], cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(argv, cwd=cwd, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, argv))}\nended with exit code {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


class Project:
    """A git repository of sources, everything committed, and settled: a sync finds nothing to do.

    Args:
        tools: The programs.
        size: How many files the patterns select.
    """

    def __init__(self, tools: Tools, size: int) -> None:
        self.tools, self.size = tools, size
        self.root = tools.folder / f"project-{size}"
        self.selected: list[Path] = []
        self.others = self.ignored = 0
        self._folders = max(1, size // FILES_IN_FOLDER)
        self._fill()
        self._numbers = itertools.count(1)
        self.sync = partial(Variant, argv=[tools.dyncachekeys, "sync"])
        self._commit()

    def _fill(self) -> None:
        """Write the tree: per folder 50 selected files, 15 that git tracks and no pattern selects, 25 ignored ones."""
        text = _some_text()
        dice = Random(self.size)
        folder, made = self.root, set[Path]()
        for number in range(self.size):
            where, place = divmod(number, FILES_IN_FOLDER)
            unit = self.root / f"src/part{where // 100:02}/unit{where // 10 % 10}"
            folder, build = unit / f"mod{where % 10}", unit / "build"
            for one in {folder, build} - made:
                one.mkdir(parents=True)
                made.add(one)
            suffix = SUFFIXES[place % len(SUFFIXES)]
            self.selected.append(folder / f"file{place:02}{suffix}")
            files = [self.selected[-1]]
            if place % 10 in {0, 3, 6}:
                files.append(folder / f"note{place:02}{'.md' if place % 2 else '.txt'}")
                self.others += 1
            if place % 2:
                files.append(build / f"mod{where % 10}-{place:02}{suffix}")
                self.ignored += 1
            for file in files:
                start, length = dice.randrange(len(text) // 2), dice.randrange(500, 4_080)
                file.write_bytes(b"/* %08d */\n" % dice.randrange(10**8) + text[start : start + length])
        for name, content in BACKEND.items():
            path = self.root / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
        ignored = "/.dyncachekeys/\n/.venv/\nbuild/\n__pycache__/\n"
        (self.root / ".gitignore").write_text(ignored, encoding="utf-8")
        (self.root / "pyproject.toml").write_text(PYPROJECT + CONFIG, encoding="utf-8")

    def _commit(self) -> None:
        self.call(self.tools.git, "init", "--quiet")
        self.call(self.tools.dyncachekeys, "sync")
        self.call(self.tools.uv, "sync")  # writes uv.lock
        quickly = ["-c", "core.looseCompression=0", "-c", "core.fsync=none", "-c", "gc.auto=0"]
        self.call(self.tools.git, *quickly, "add", "--all")
        self.call(self.tools.git, *quickly, "commit", "--quiet", "--message=Everything")

    def call(self, *argv: str) -> str:
        return _call(argv, self.root, self.tools.environ)

    def apply_edit(self) -> None:
        """Bring everything up to date, and wait until no file is racy."""
        self.call(self.tools.dyncachekeys, "sync")
        self.call(self.tools.uv, "sync")
        time.sleep(YOUNG_SECONDS)
        self.call(self.tools.dyncachekeys, "sync")

    def settle_for_good(self) -> None:
        """Settle; then see for certain that a sync finds every file, and nothing to do."""
        self.apply_edit()
        time.sleep(YOUNG_SECONDS)
        self.call(self.tools.dyncachekeys, "sync")
        (found,) = json.loads(self.call(self.tools.dyncachekeys, "sync", "--format", "json"))["projects"]
        if found["written"] or found["changed"]:
            sys.exit(f"the project does not settle: {found['written']}, {found['keys']}")
        (inputs,) = (key["inputs"] for key in found["keys"] if key["name"] == "sources")
        if inputs != self.size:
            sys.exit(f"dyncachekeys sees {inputs} sources instead of {self.size}")

    def timed(self, variants: Sequence[Variant], rounds: int) -> Timings:
        return paired(variants, rounds, self.root, self.tools.environ)

    def quiet(self) -> Variant:
        return self.sync(QUIET)

    def python(self) -> Variant:
        return Variant(PYTHON, [self.tools.python, "-I", "-c", "pass"])

    def edited(self) -> Variant:
        """Sync after an edit in place, of another file each time, that changes neither its size nor its inode."""
        watcher = _StampWatcher(self)

        def edit() -> None:
            number = next(self._numbers)
            with self._another(number).open("r+b") as stream:
                stream.write(b"/* edited%02d */" % (number % 100))
            watcher.look()

        def apply_edit() -> None:
            watcher.demand_move()
            self.apply_edit()

        return self.sync(EDITED, before=edit, after=apply_edit)

    def added(self) -> Variant:
        """Sync after a new file, in another folder each time; it is deleted afterwards."""
        watcher = _StampWatcher(self)
        new: list[Path] = []

        def add() -> None:
            number = next(self._numbers)
            new.append(self._another(number).with_name(f"added{number}.c"))
            new[-1].write_text(f"int added{number};\n", encoding="utf-8")
            watcher.look()

        def apply_edit() -> None:
            watcher.demand_move()
            new.pop().unlink()
            self.apply_edit()

        return self.sync(ADDED, before=add, after=apply_edit)

    def first(self) -> Variant:
        """Sync without any memory of an earlier one; the region in pyproject.toml stays."""
        return self.sync(FIRST, before=partial(shutil.rmtree, self.root / ".dyncachekeys"))

    def hashed(self) -> Variant:
        """Say the same with git and coreutils: the same files, walked by the same rules, and their digests."""
        specs = " ".join(f"':(glob){glob}'" for glob in GLOBS)
        line = f"git ls-files -co --exclude-standard -z -- {specs} | xargs -0 sha256sum"
        return Variant(HASHED, [self.tools.sh, "-c", line])

    def uv_variants(self) -> Iterator[Variant]:
        """Yield ``uv sync`` with nothing to do, in two copies of the project that differ in their cache keys."""
        keys = {UV_PLAIN: ["pyproject.toml"], UV_GLOBS: ["pyproject.toml", *GLOBS]}
        for number, (name, files) in enumerate(keys.items()):
            copy = self.root.with_name(f"{self.root.name}-uv{number}")
            left_out = shutil.ignore_patterns(".git", ".venv", ".dyncachekeys", "uv.lock")
            shutil.copytree(self.root, copy, ignore=left_out, copy_function=os.link)
            (copy / "pyproject.toml").unlink()
            entries = ", ".join(f"{{ file = {json.dumps(one)} }}" for one in files)
            text = f"{PYPROJECT}\n[tool.uv]\ncache-keys = [{entries}]\n"
            (copy / "pyproject.toml").write_text(text, encoding="utf-8")
            _call([self.tools.uv, "sync"], copy, self.tools.environ)
            yield Variant(name, [self.tools.uv, "sync"], cwd=copy)

    def remove_copies(self) -> None:
        for copy in self.root.parent.glob(f"{self.root.name}-uv?"):
            shutil.rmtree(copy)

    def _another(self, number: int) -> Path:
        return self.selected[number * 7_919 % self.size]

    def describe(self) -> str:
        """Return a row of the table of what there is to see."""
        tracked = len(self.call(self.tools.git, "ls-files").splitlines())
        return f"| {self.size:,} | {self._folders:,} | {tracked - self.size:,} | {tracked:,} | {self.ignored:,} |"


class _StampWatcher:
    """Makes sure that what is timed as a change is one: the stamp has to move."""

    def __init__(self, project: Project) -> None:
        self._home = project.root / ".dyncachekeys"
        self._seen = ""

    def _stamp(self) -> str:
        link = self._home / "current"
        return str(link.readlink()) if link.is_symlink() else (self._home / "stamp").read_text(encoding="utf-8")

    def look(self) -> None:
        self._seen = self._stamp()

    def demand_move(self) -> None:
        if self._stamp() == self._seen:
            message = "a file was changed, and the stamp did not move"
            raise FailedError(message)


def _some_text() -> bytes:
    """Return 64 KiB of lines that look like code, to cut files from."""
    dice = Random(0)
    words = ["".join(dice.choices("abcdefghijklmnoprstuvw_", k=dice.randrange(3, 11))) for _ in range(800)]
    lines = (
        f"    {dice.choice(words)} = {dice.choice(words)}({dice.choice(words)}, {n});\n" for n in itertools.count()
    )
    text = bytearray()
    while len(text) < 2**16:
        text += next(lines).encode()
    return bytes(text)


@dataclass
class Results:
    """Rows of the tables by the name of the measure, and the figures that goals are about."""

    rows: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[tuple[str, int], Spread] = field(default_factory=dict)

    def add(self, measure: str, *cells: str) -> None:
        self.rows.setdefault(measure, []).append(f"| {' | '.join(cells)} |")


def _milliseconds(spread: Spread) -> tuple[str, str]:
    middle, low, high = (f"{1000 * one:.1f}" for one in spread)
    return middle, f"{low} - {high}"


def _ratio(spread: Spread) -> str:
    return f"{spread.middle:.2f} ({spread.low:.2f} - {spread.high:.2f})"


def _difference(spread: Spread) -> str:
    middle, low, high = (f"{1000 * one:+.1f}" for one in spread)
    return f"{middle} ({low} to {high})"


def measure_quiet(project: Project, rounds: int, results: Results) -> None:
    status = Variant(STATUS, [project.tools.git, "status", "--porcelain"])
    run = Variant(RUN, [project.tools.dyncachekeys, "run", "--", "true"])
    variants = [project.quiet(), project.python(), status, run]
    timings = project.timed(variants, rounds)
    for variant in variants:
        # How much quiet takes of what it is compared with; for `run`, how much it takes of quiet.
        above, below = (RUN, QUIET) if variant is run else (QUIET, variant.name)
        ratio = timings.ratio(above, below)
        results.figures[f"{above} / {below}", project.size] = ratio
        shown = "" if variant.name == QUIET else f"{above} / {below}: {_ratio(ratio)}"
        results.add("quiet", f"{project.size:,}", variant.name, *_milliseconds(timings.quartiles(variant.name)), shown)


def measure_changed(project: Project, rounds: int, results: Results) -> None:
    variants = [project.quiet(), project.edited(), project.added()]
    _measure_against("changed", project, variants, min(rounds, SLOW_ROUNDS), results)


def measure_first(project: Project, rounds: int, results: Results) -> None:
    _measure_against("first", project, [project.hashed(), project.first()], min(rounds, SLOW_ROUNDS), results)
    project.settle_for_good()


def _measure_against(name: str, project: Project, variants: Sequence[Variant], rounds: int, results: Results) -> None:
    """Measure variants against the first of them."""
    timings = project.timed(variants, rounds)
    base = variants[0].name
    for variant in variants:
        ratio = timings.ratio(variant.name, base)
        results.figures[f"{variant.name} / {base}", project.size] = ratio
        shown = "" if variant.name == base else _ratio(ratio)
        results.add(name, f"{project.size:,}", variant.name, *_milliseconds(timings.quartiles(variant.name)), shown)


def measure_uv(project: Project, rounds: int, results: Results) -> None:
    variants = [*project.uv_variants(), project.python(), project.quiet()]
    project.settle_for_good()  # the links of the copies gave every file a new change time
    timings = project.timed(variants, rounds)
    project.remove_copies()
    project.settle_for_good()
    for name, base in ((UV_PLAIN, ""), (UV_GLOBS, UV_PLAIN), (PYTHON, ""), (QUIET, PYTHON)):
        added = _difference(timings.difference(name, base)) if base else ""
        results.add("uv", f"{project.size:,}", name, *_milliseconds(timings.quartiles(name)), added)


def measure_memory(project: Project, rounds: int, results: Results) -> None:
    peaks: dict[str, float] = {}
    for variant in (project.python(), project.quiet(), project.edited(), project.first()):
        peaks[variant.name] = peak_memory(variant, min(rounds, 3), project.root, project.tools.environ) / 1e6
    project.settle_for_good()
    largest = max(peaks.values())
    results.figures["peak memory", project.size] = Spread(largest, largest, largest)
    results.add("memory", f"{project.size:,}", *(f"{peak:.1f}" for peak in peaks.values()))


def measure_instructions(project: Project, rounds: int, results: Results) -> None:
    if project.size != SIZES[0]:
        return
    if project.tools.valgrind is None:
        results.add("instructions", "not measured: valgrind is not there", "", "")
        return
    counted = [
        instructions(project.tools.valgrind, variant, project.root, project.tools.environ)
        for variant in (project.python(), project.quiet())
    ]
    python, quiet = counted
    results.add("instructions", f"{python / 1e6:.1f}", f"{quiet / 1e6:.1f}", f"{quiet / python:.2f}")


class Measure(NamedTuple):
    """One thing to measure at each size, and its table."""

    take: Callable[[Project, int, Results], None]
    title: str
    about: str
    header: tuple[str, ...]


TIMES = ("files", "process", "ms", "p25 - p75")
MEASURES = {
    "quiet": Measure(
        measure_quiet,
        "Nothing to do",
        """\
Bare Python is `python -I -c pass`, with the interpreter that runs dyncachekeys: what a Python program costs that does
nothing. `git status --porcelain` does a like job on the same tree, without extras such as the untracked cache; it
looks at all tracked files and lists all folders but the ignored ones. A quiet sync looks at the selected files, and at
the folders in which others could turn up.""",
        (*TIMES, "compared"),
    ),
    "changed": Measure(
        measure_changed,
        "One change",
        f"""\
One selected file is edited in place (the same size, another one each time), or a selected file is added. After each run
uv builds, and nothing is timed until no file is racy. {SLOW_ROUNDS} rounds at most.""",
        (*TIMES, "/ quiet"),
    ),
    "first": Measure(
        measure_first,
        "First run",
        f"""\
Without `.dyncachekeys/`, so that every selected file is read; the region in `pyproject.toml` is there. The peer is a
pipeline that lists the same files by the same ignore rules and hashes them:
`git ls-files -co --exclude-standard -z -- ':(glob)src/**/*.c' ... | xargs -0 sha256sum`. Its two halves run at once,
but it keeps nothing for the next time. {SLOW_ROUNDS} rounds at most.""",
        (*TIMES, "/ peer"),
    ),
    "uv": Measure(
        measure_uv,
        "uv's own globs",
        """\
What three `**` globs in `tool.uv.cache-keys` add to a `uv sync` that has nothing to do, beside what a quiet sync adds to
bare Python. uv's globs also enter the ignored folders. They see times, not content, and no deletions: this compares
prices, not goods. The start of Python, which the row `bare Python` shows, comes on top for whoever starts dyncachekeys.""",
        (*TIMES, "added, ms"),
    ),
    "memory": Measure(
        measure_memory,
        "Peak memory",
        """\
The largest resident set (`ru_maxrss` of `wait4`) over up to three runs, in MB of 10^6 bytes: that of the process, or
that of a child of it if this is larger. It is not the sum of both; pages that a child shares with its parent would
count twice in a sum. What is below some 9 MB can't be seen, so bare Python may take less.""",
        ("files", "bare Python", "quiet", "one file edited", "first run"),
    ),
    "instructions": Measure(
        measure_instructions,
        "Instructions",
        """\
Of user space, in millions, at 1,000 files: counted by `valgrind --tool=callgrind` with `PYTHONHASHSEED=0`. The count
does not depend on how busy the machine is.""",
        ("bare Python", "quiet", "quiet / bare Python"),
    ),
}


class Goal(NamedTuple):
    """What is to hold: a figure at one size is at most this."""

    text: str
    figure: str
    size: int
    limit: float
    unit: str = ""

    def row(self, results: Results) -> str:
        found = results.figures.get((self.figure, self.size))
        limit = f"{self.limit:g}{self.unit}"
        if found is None:
            return f"| {self.text} | {limit} | not measured | |"
        measured = f"{found.middle:.1f}{self.unit}" if self.unit else _ratio(found)
        return f"| {self.text} | {limit} | {measured} | {'met' if found.middle <= self.limit else '**not met**'} |"


GOALS = (
    Goal("quiet, 1,000 files / bare Python", f"{QUIET} / {PYTHON}", 1_000, 1.3),
    Goal("quiet, 10,000 files / `git status`", f"{QUIET} / {STATUS}", 10_000, 1.1),
    Goal("quiet, 100,000 files / `git status`", f"{QUIET} / {STATUS}", 100_000, 0.8),
    Goal("one of 100,000 files edited / quiet", f"{EDITED} / {QUIET}", 100_000, 1.25),
    Goal("first run, 100,000 files / (`git ls-files -co` + `sha256sum`)", f"{FIRST} / {HASHED}", 100_000, 1.5),
    Goal("peak memory at 100,000 files", "peak memory", 100_000, 80, " MB"),
    *(Goal(f"`run -- true` quiet, {size:,} files / `sync` quiet", f"{RUN} / {QUIET}", size, 1.15) for size in SIZES),
)


def table(header: Sequence[str], rows: Sequence[str]) -> str:
    return "\n".join([f"| {' | '.join(header)} |", f"|{' --- |' * len(header)}", *rows])


def machine(tools: Tools) -> str:
    """Return what the figures depend on; nothing that names the machine."""
    optimised = "--enable-optimizations" in str(sysconfig.get_config_var("CONFIG_ARGS"))
    python = f"{platform.python_implementation()} {platform.python_version()}"
    git = re.sub(r"^git version ", "", _call([tools.git, "--version"]).strip())
    rows = {
        "cores": str(os.cpu_count()),
        "kernel": f"{platform.system()} {platform.release()}, {platform.machine()}",
        "file system": file_system(tools.folder),
        "Python": f"{python}, built with{'' if optimised else 'out'} `--enable-optimizations`",
        "uv": _call([tools.uv, "--version"]).split()[1],
        "git": git,
    }
    return table(("", ""), [f"| {name} | {value} |" for name, value in rows.items()])


def file_system(folder: Path) -> str:
    """Return the type of the file system that a folder is on."""
    try:
        lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    except OSError:
        return "unknown"
    mounts = [line.split()[1:3] for line in lines]
    above = [(point, kind) for point, kind in mounts if folder.resolve().is_relative_to(point)]
    return max(above, key=lambda mount: len(mount[0]), default=("", "unknown"))[1]


def report(tools: Tools, trees: Sequence[str], results: Results, rounds: int) -> str:
    """Return the whole report."""
    parts = [
        "# Speed",
        "Made by `python benchmarks/speed.py --write`; do not edit.",
        "## Goals",
        "Each ratio is the median of the ratios within one round, with the smallest and the largest. The median counts.",
        table(("goal", "at most", "measured", ""), [goal.row(results) for goal in GOALS]),
        "## How it is measured",
        machine(tools),
        f"""\
Every figure is of a whole process, from its start to its end, with a warm page cache and its output thrown away. Every
round runs each process once, in random order, after one round that does not count; {rounds} rounds, where nothing else
is said. Times are medians with quartiles. Compare ratios rather than times: the times depend on what the machine does.

dyncachekeys is installed by uv, which writes another console script than pip does, and is started as that script. The
project is a git repository with everything committed: sources of 0.5 to 4 KiB, 50 in a folder, three levels deep, with
`watch = "digest"`, a key `backend` and a key `sources` with the patterns {", ".join(f"`{glob}`" for glob in GLOBS)}. It
has settled: uv has built it, and no file is younger than two seconds, since the times of such files are not trusted.""",
        table(
            ("selected by `sources`", "in folders", "other files that git tracks", "tracked in all", "ignored"), trees
        ),
    ]
    for name, measure in MEASURES.items():
        if name in results.rows:
            parts += [f"## {measure.title}", measure.about, table(measure.header, results.rows[name])]
    parts += [
        "## Run it",
        """\
On a machine with git and coreutils that does nothing else, from a clone; some minutes, and some 2 GB below the
temporary folder:

<!-- not run: it measures, for minutes -->
```sh
nox -s speed
```

or, without nox, `python benchmarks/speed.py --write` with any Python that has `uv` installed. `--sizes 1000,10000` and
`--rounds 5` make it short, `--only quiet` measures one thing; without `--write` it only prints. Nothing in the tests
depends on time.""",
    ]
    return "\n\n".join(parts) + "\n"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write docs/speed.md")
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="numbers of selected files, with commas between")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"{ROUNDS}, if not given")
    parser.add_argument("--only", choices=MEASURES, action="append", help="measure this; may be given again")
    chosen = parser.parse_args()
    if chosen.write and chosen.only:
        parser.error("--write writes everything, --only measures a part")
    return chosen


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in text.split(","))


def main() -> None:
    chosen = arguments()
    results, trees = Results(), list[str]()
    with tempfile.TemporaryDirectory(prefix="speed-") as folder:
        tools = Tools(Path(folder).resolve())
        for size in chosen.sizes:
            progress(f"{size:,} files: writing them")
            project = Project(tools, size)
            trees.append(project.describe())
            project.settle_for_good()
            for name in chosen.only or MEASURES:
                progress(f"{size:,} files: {name}")
                MEASURES[name].take(project, chosen.rounds, results)
            os.chdir(CHECKOUT)
            shutil.rmtree(project.root)
        text = report(tools, trees, results, chosen.rounds)
    print(text, end="")
    if chosen.write:
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except FailedError as error:
        sys.exit(str(error))
