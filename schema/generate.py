"""Write the files that are generated from the model of the configuration, or with ``--check`` compare them."""

import sys
from pathlib import Path

import json_schema
import reference

ROOT = Path(__file__).parent.parent
MADE = {"schema/dyncachekeys.schema.json": json_schema.dumped, "docs/options.md": reference.page}

if __name__ == "__main__":
    for name, make in MADE.items():
        if "--check" not in sys.argv:
            (ROOT / name).write_text(make(), encoding="utf-8", newline="\n")
        elif (ROOT / name).read_text(encoding="utf-8") != make():
            sys.exit(f"{name} does not match the model: run `python schema/generate.py`")
