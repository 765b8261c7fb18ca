"""What links cost each uv command, to a folder and to each file, against uv's own glob over the same files.

`python benchmarks/links.py [--write] [--rounds N]`, in an environment with uv; installs this checkout.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from pages import main
from processes import Timings, Variant, paired
from speed import BACKEND, CHECKOUT, PYPROJECT, Tools

FILES = 10_000
SOURCE_PATTERNS = (5, 10, 50)
"""Files in a folder. On one machine, site-packages had 6, the headers of a system 10, CPython's own library 12."""
GOAL = 1.05
DOCUMENT = CHECKOUT / "docs/link-folder-speed.md"
BARE = "`uv sync`, no files"
STAMPED_SYNC, WHOLE_SYNC, SINGLE_SYNC = (
    f"`dyncachekeys sync`, quiet, {how}" for how in ("stamp", "folder link", "a link for each file")
)
GLOB = "src/**/*.c"
LISTED = '\n[tool.uv]\ncache-keys = [{{ file = "pyproject.toml" }}, {{ file = "{pattern}" }}]\n'
KEYS = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["{pattern}"]
"""
BEHIND = ".dyncachekeys/folders/sources-0"
"""Where uv finds the files when a folder link leads to them."""
HEADING = (
    f"| files in a folder | uv's `**` glob adds, ms | a folder link adds, ms | ratio | goal: at most {GOAL} "
    "| no link, but there, ms | ratio | links to each file add, ms | ratio |"
)
ABOUT = f"""\
Links let plain uv see the edit of any input. {FILES:,} files, nothing to do. Where the patterns have a fixed folder in
front, one link to it stands for all: uv does behind it what it does for a glob of its own. It names each file by a path
that is longer by `.dyncachekeys/folders/KEY-N` and has the kernel follow the link in it: some 0.4 microseconds a file
beside the 2 that each look takes, on the machine where these figures were taken. The longer path alone is what the
files cost if they lie in such a folder themselves (`no link, but there`), so no link there can be cheaper; as each
column has files of its own, where these came to lie moves a ratio by a tenth. Where there is no such folder, each file
has a link of its own, and uv looks at it through that, which takes longer (about 3.0 microseconds), while the folders
need not be opened one by one.
"""


def make(tools: Tools, name: str, config: str, files: Iterable[str], *, synced: bool) -> Path:
    """Write a project with some sources, and build it until nothing is left to do."""
    root = tools.folder / name
    for number, path in enumerate(files):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(f"int number_{number};\n" * 50, encoding="utf-8")
    for path, content in {**BACKEND, "pyproject.toml": PYPROJECT + config, ".gitignore": ".dyncachekeys/\n"}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    for _ in range(3):
        if synced:
            _call(tools, root, tools.dyncachekeys, "sync")
        _call(tools, root, tools.uv, "sync")
        time.sleep(2.1)
    return root


def sources(in_folder: int) -> Iterator[str]:
    """Yield paths with so many files in a folder, and twenty such folders in another."""
    for number in range(FILES):
        folder = number // in_folder
        yield f"src/pkg{folder // 20:03}/part{folder % 20:02}/file{number % in_folder:02}.c"


def _call(tools: Tools, root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=tools.environ, capture_output=True, check=True)


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="links-") as name:
        tools = Tools(Path(name).resolve())
        bare = make(tools, "bare", "", (), synced=False)
        uv, ours = [tools.uv, "sync"], [tools.dyncachekeys, "sync"]
        variants = [Variant(BARE, uv, cwd=bare)]
        for shape in SOURCE_PATTERNS:
            files = list(sources(shape))
            listed = make(tools, f"listed{shape}", LISTED.format(pattern=GLOB), files, synced=False)
            there, pattern = [path.replace("src", BEHIND, 1) for path in files], GLOB.replace("src", BEHIND)
            real = make(tools, f"there{shape}", LISTED.format(pattern=pattern), there, synced=False)
            whole = make(tools, f"whole{shape}", KEYS.format(watch="auto", pattern=GLOB), files, synced=True)
            single = make(tools, f"single{shape}", KEYS.format(watch="auto", pattern="*.c"), files, synced=True)
            assert _links(whole) == (1, 0)
            assert _links(single) == (0, FILES)
            places = {"listed": listed, "whole": whole, "there": real, "single": single}
            variants += [Variant(f"{name}{shape}", uv, cwd=place) for name, place in places.items()]
        stamped = make(
            tools, "stamped", KEYS.format(watch="digest", pattern=GLOB), sources(SOURCE_PATTERNS[-1]), synced=True
        )
        syncs = {STAMPED_SYNC: stamped, WHOLE_SYNC: whole, SINGLE_SYNC: single}
        variants += [Variant(name, ours, cwd=place) for name, place in syncs.items()]
        timings = paired(variants, rounds, bare, tools.environ, cpu=True)
        os.chdir(CHECKOUT)
    return "\n".join(
        [
            "# Speed of links",
            "",
            "Made by `python benchmarks/links.py --write`; do not edit.",
            "",
            ABOUT,
            f"{rounds} rounds, medians, time of the CPU. `uv sync` without files: {_ms(timings.quartiles(BARE).middle)} ms.",
            "",
            HEADING,
            "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
            *(_row(timings, shape) for shape in SOURCE_PATTERNS),
            "",
            f"A quiet `dyncachekeys sync` takes {', '.join(_of_sync(timings, name) for name in syncs)}.",
            "",
        ]
    )


def _links(root: Path) -> tuple[int, int]:
    """Return how many links there are to folders, and to files."""
    home = root / ".dyncachekeys"
    whole, single = (home / name for name in ("folders", "inputs"))
    return (len(list(whole.iterdir())) if whole.is_dir() else 0, len(list(single.iterdir())))


def _row(timings: Timings, shape: int) -> str:
    by_glob, *others = (
        timings.difference(f"{one}{shape}", BARE).middle for one in ("listed", "whole", "there", "single")
    )
    whole, there, single = (f"{_ms(one)} | {one / by_glob:.2f}" for one in others)
    met = "met" if round(others[0] / by_glob, 2) <= GOAL else "**not met**"
    return f"| {shape} | {_ms(by_glob)} | {whole} | {met} | {there} | {single} |"


def _of_sync(timings: Timings, name: str) -> str:
    return f"{_ms(timings.quartiles(name).middle)} ms with {name.rpartition(', ')[2]}"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
