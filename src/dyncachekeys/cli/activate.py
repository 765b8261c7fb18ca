"""`activate`: what a shell has to read so that `uv` is `dyncachekeys run -- uv` there, and what completes our commands."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from dyncachekeys.cli import render

if TYPE_CHECKING:
    import argparse

_PARTS = ("activate", "completion")
"""Files in `shell`, each with the shell's name behind: the function, and what `schema/completion.py` makes."""


def execute(options: argparse.Namespace) -> int:
    """Print the script for a shell. Errors as `commands.execute`."""
    folder = Path(__file__).with_name("shell")
    script = "\n".join((folder / f"{part}.{options.shell}").read_text(encoding="utf-8") for part in _PARTS)
    if options.fail:
        script = script.replace("run --no-fail --", "run --")
    if options.format == "json":
        render.document({"shell": options.shell, "script": script})
    else:
        sys.stdout.write(script)
    return 0
