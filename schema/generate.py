"""Write ``dyncachekeys.schema.json`` anew from the model, or with ``--check`` compare it."""

import sys
from pathlib import Path

from dyncachekeys.schema import dumped

if __name__ == "__main__":
    target = Path(__file__).with_name("dyncachekeys.schema.json")
    if "--check" not in sys.argv:
        target.write_text(dumped(), encoding="utf-8", newline="\n")
    elif target.read_text(encoding="utf-8") != dumped():
        sys.exit("schema/dyncachekeys.schema.json is not what the model says: run `python schema/generate.py`")
