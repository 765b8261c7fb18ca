"""Makes a module of a grammar, as protoc, ANTLR or lark do. A line `include FILE` takes another file in."""

import sys
from pathlib import Path


def rules(file):
    for line in file.read_text().splitlines():
        if line.startswith("include "):
            yield from rules(file.parent / line.removeprefix("include "))
        else:
            yield line


grammar, made = map(Path, sys.argv[1:])
made.write_text(f"RULES = {[*rules(grammar)]!r}\n")
