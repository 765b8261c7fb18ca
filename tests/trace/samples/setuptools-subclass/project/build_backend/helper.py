import glob
import os


def pinned():
    os.environ.get("DEMO_PIN")
    return [open(one, encoding="utf-8").read() for one in glob.glob("reqs/*.txt")]
