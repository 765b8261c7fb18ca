"""Write the files that are generated from the models of configuration and command line, or with ``--check`` compare them."""

import sys
from pathlib import Path

import commands
import completion
import findings
import json_schema
import man
import reference

ROOT = Path(__file__).parent.parent
SHELLS = "src/dyncachekeys/cli/shell"
MADE = {
    "schema/dyncachekeys.schema.json": json_schema.dumped,
    "src/dyncachekeys/config/dyncachekeys.schema.json": json_schema.dumped,  # for whoever asks the installed package
    "docs/options.md": reference.page,
    "docs/commands.md": commands.page,
    "docs/doctor.md": findings.page,
    "schema/dyncachekeys.1": man.page,
    f"{SHELLS}/completion.bash": completion.bash,
    f"{SHELLS}/completion.zsh": completion.zsh,
    f"{SHELLS}/completion.fish": completion.fish,
}

if __name__ == "__main__":
    for name, make in MADE.items():
        if "--check" not in sys.argv:
            (ROOT / name).write_text(make(), encoding="utf-8", newline="\n")
        elif not (ROOT / name).exists() or (ROOT / name).read_text(encoding="utf-8") != make():
            sys.exit(f"{name} does not match the model: run `python schema/generate.py`")
