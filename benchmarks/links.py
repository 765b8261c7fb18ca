"""What the link folder costs each uv command, against uv's own glob over the same files.

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
GOAL = 1.0
DOCUMENT = CHECKOUT / "docs/link-folder-speed.md"
BARE = "`uv sync`, no files"
STAMPED_SYNC, LINKED_SYNC = "`dyncachekeys sync`, quiet, stamp", "`dyncachekeys sync`, quiet, link folder"
GLOB = "src/**/*.c"
LISTED = f'\n[tool.uv]\ncache-keys = [{{ file = "pyproject.toml" }}, {{ file = "{GLOB}" }}]\n'
KEYS = f"""
[tool.dyncachekeys]
watch = "{{watch}}"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["{GLOB}"]
"""
ABOUT = f"""\
The link folder lets plain uv see the edit of any input. {FILES:,} files, nothing to do. uv looks at each file once,
whichever way it finds it. Through a link that takes the kernel longer (about 3.0 instead of 2.1 microseconds on the
machine where these figures were first taken, by `stat` alone); opening the folders of the tree one by one is what a
glob has to do and the links spare. So how the two compare depends on how many files there are in a folder.
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
            listed = make(tools, f"listed{shape}", LISTED, sources(shape), synced=False)
            linked = make(tools, f"linked{shape}", KEYS.format(watch="auto"), sources(shape), synced=True)
            variants += [Variant(f"listed{shape}", uv, cwd=listed), Variant(f"linked{shape}", uv, cwd=linked)]
        stamped = make(tools, "stamped", KEYS.format(watch="digest"), sources(SOURCE_PATTERNS[-1]), synced=True)
        variants += [Variant(STAMPED_SYNC, ours, cwd=stamped), Variant(LINKED_SYNC, ours, cwd=linked)]
        timings = paired(variants, rounds, bare, tools.environ)
        os.chdir(CHECKOUT)
    quiet = timings.ratio(LINKED_SYNC, STAMPED_SYNC)
    return "\n".join(
        [
            "# Speed of the link folder",
            "",
            "Made by `python benchmarks/links.py --write`; do not edit.",
            "",
            ABOUT,
            f"{rounds} rounds, medians. `uv sync` without files: {_ms(timings.quartiles(BARE).middle)} ms.",
            "",
            "| files in a folder | uv's `**` glob adds, ms | the link folder adds, ms | ratio | goal: at most 1 |",
            "| --- | --- | --- | --- | --- |",
            *(_row(timings, shape) for shape in SOURCE_PATTERNS),
            "",
            (
                f"A quiet `dyncachekeys sync` takes {_ms(timings.quartiles(STAMPED_SYNC).middle)} ms without links and "
                f"{_ms(timings.quartiles(LINKED_SYNC).middle)} ms with them: {quiet.middle:.2f} "
                f"({quiet.low:.2f} - {quiet.high:.2f}) times as long."
            ),
            "",
        ]
    )


def _row(timings: Timings, shape: int) -> str:
    by_glob, by_links = (timings.difference(f"{one}{shape}", BARE).middle for one in ("listed", "linked"))
    met = "met" if by_links / by_glob <= GOAL else "**not met**"
    return f"| {shape} | {_ms(by_glob)} | {_ms(by_links)} | {by_links / by_glob:.2f} | {met} |"


def _ms(seconds: float) -> str:
    return f"{1000 * seconds:.1f}"


if __name__ == "__main__":
    main(__doc__, DOCUMENT, measured)
