"""Write ``dyncachekeys.schema.json`` anew from the model: ``python schema/generate.py``."""

from pathlib import Path

from dyncachekeys.schema import dumped

if __name__ == "__main__":
    Path(__file__).with_name("dyncachekeys.schema.json").write_text(dumped(), encoding="utf-8", newline="\n")
