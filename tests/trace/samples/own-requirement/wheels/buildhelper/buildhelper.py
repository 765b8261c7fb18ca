import os
from pathlib import Path


def requires(folder):
    os.environ.get("HELPER_MODE")
    os.environ.get("HOME")
    Path(folder, "c.cfg").exists()
    return [line for one in sorted(os.listdir(folder)) for line in Path(folder, one).read_text(encoding="utf-8").split()]
