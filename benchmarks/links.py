"""What the link folder costs each uv command, against uv's own globs over the same files.

`python benchmarks/links.py [--write] [--rounds N]`, in an environment with uv; installs this checkout.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from processes import FailedError, Variant, paired
from speed import BACKEND, CHECKOUT, GLOBS, PYPROJECT, Tools

FILES, FILES_IN_FOLDER = 10_000, 50
GOAL = 1.0
DOCUMENT = CHECKOUT / "docs/link-folder-speed.md"
BARE, GLOB, LINKED = "`uv sync`", "`uv sync`, uv's own globs", "`uv sync`, link folder"
STAMPED_SYNC, LINKED_SYNC = "`dyncachekeys sync`, quiet, stamp", "`dyncachekeys sync`, quiet, link folder"
LISTED = ", ".join(f'{{ file = "{one}" }}' for one in GLOBS)
KEYS = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = {patterns}
"""


def make(tools: Tools, name: str, config: str, *, synced: bool) -> Path:
    """Write a project with ten thousand sources, and build it until nothing is left to do."""
    root = tools.folder / name
    for number in range(FILES):
        folder = root / f"src/part{number // FILES_IN_FOLDER:03}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"file{number % FILES_IN_FOLDER:02}.c").write_text(f"int number_{number};\n" * 50, encoding="utf-8")
    for path, content in {**BACKEND, "pyproject.toml": PYPROJECT + config, ".gitignore": ".dyncachekeys/\n"}.items():
        (root / path).parent.mkdir(exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")
    for _ in range(3):
        if synced:
            _call(tools, root, tools.dyncachekeys, "sync")
        _call(tools, root, tools.uv, "sync")
        time.sleep(2.1)
    return root


def _call(tools: Tools, root: Path, *command: str) -> None:
    subprocess.run(command, cwd=root, env=tools.environ, capture_output=True, check=True)


def measured(rounds: int) -> str:
    """Return the report."""
    with tempfile.TemporaryDirectory(prefix="links-") as name:
        tools = Tools(Path(name).resolve())
        entries = f'\n[tool.uv]\ncache-keys = [{{ file = "pyproject.toml" }}, {LISTED}]\n'
        keys = {watch: KEYS.format(watch=watch, patterns=json.dumps(GLOBS)) for watch in ("auto", "digest")}
        bare = make(tools, "bare", "", synced=False)
        listed = make(tools, "listed", entries, synced=False)
        linked = make(tools, "linked", keys["auto"], synced=True)
        stamped = make(tools, "stamped", keys["digest"], synced=True)
        uv, ours = [tools.uv, "sync"], [tools.dyncachekeys, "sync"]
        variants = [
            Variant(BARE, uv, cwd=bare),
            Variant(GLOB, uv, cwd=listed),
            Variant(LINKED, uv, cwd=linked),
            Variant(STAMPED_SYNC, ours, cwd=stamped),
            Variant(LINKED_SYNC, ours, cwd=linked),
        ]
        timings = paired(variants, rounds, bare, tools.environ)
        os.chdir(CHECKOUT)
    rows = [f"| {one.name} | {1000 * timings.quartiles(one.name).middle:.1f} |" for one in variants]
    added, added_by_globs = timings.difference(LINKED, BARE), timings.difference(GLOB, BARE)
    ratio, quiet = added.middle / added_by_globs.middle, timings.ratio(LINKED_SYNC, STAMPED_SYNC)
    met = "met" if ratio <= GOAL else "**not met**"
    return "\n".join(
        [
            "# Speed of the link folder",
            "",
            "Made by `python benchmarks/links.py --write`; do not edit.",
            "",
            f"{FILES:,} files, nothing to do; {rounds} rounds, medians.",
            "",
            "| process | ms |",
            "| --- | --- |",
            *rows,
            "",
            (
                f"The link folder adds {1000 * added.middle:.1f} ms to `uv sync`, uv's own globs over the same files add "
                f"{1000 * added_by_globs.middle:.1f} ms: {ratio:.2f} times as much."
            ),
            f"The goal is at most {GOAL:g}: {met}.",
            "",
            (
                f"A quiet `dyncachekeys sync` takes {quiet.middle:.2f} ({quiet.low:.2f} - {quiet.high:.2f}) times as long with "
                "the link folder as without."
            ),
            "",
        ]
    )


def main() -> None:
    """Measure, print, and if wanted write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"write docs/{DOCUMENT.name}")
    parser.add_argument("--rounds", type=int, default=21)
    chosen = parser.parse_args()
    text = measured(chosen.rounds)
    print(text, end="")
    if chosen.write:
        DOCUMENT.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except FailedError as error:
        sys.exit(str(error))
