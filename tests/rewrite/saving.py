"""A command during which somebody saves a file of the project at the very instant in which it is written."""

from __future__ import annotations

import subprocess
import sys

from kit import Demo

_SCRIPT = """\
import os, sys, threading, time

target, way, times = sys.argv[1], sys.argv[2], int(sys.argv[3])
ours = os.path.realpath(os.getcwd()) + os.sep
busy = False
saves = 0


def save(number):
    with open(target, "rb") as stream:
        text = stream.read() + b"# save %d\\n" % number
    if way in {"rename", "each try"}:
        with open(target + "~", "wb") as stream:
            stream.write(text)
        os.replace(target + "~", target)
    elif way == "in place":
        with open(target, "wb") as stream:
            stream.write(text)
    elif way == "git":
        os.unlink(target)
        with open(target, "xb") as stream:
            stream.write(text)
    else:  # opened before, written after
        stream = open(target, "r+b")

        def later():
            time.sleep(0.1)
            stream.seek(0, 2)
            stream.write(b"# save %d\\n" % number)
            stream.close()

        threading.Thread(target=later).start()


def hook(event, arguments):
    global busy, saves
    to = os.fspath(arguments[1]) if event == "os.rename" else ""
    is_last = os.path.realpath(to) == os.path.realpath(target)
    is_last = is_last or (event == "ctypes.dlsym" and arguments[1] == "renameat2" and way != "each try")
    is_last = is_last or (way == "each try" and to.endswith(".swap"))
    if not busy and saves < times and is_last:
        busy = True
        saves += 1
        save(saves)
        busy = False


import dyncachekeys.cli.main
from dyncachekeys.cli import clean, init, parser, sync, trace
from dyncachekeys.syncing import apply, document

sys.addaudithook(hook)
code = dyncachekeys.cli.main.run(sys.argv[4:])
print(saves, file=sys.stderr)
sys.exit(code)
"""
"""Runs a command line; at the last event before the file is replaced, it is saved, the first few times."""

WAYS = ["rename", "in place", "git", "opened before"]


def saved_during(
    demo: Demo, way: str, *command: str, times: int = 1, target: str = "pyproject.toml"
) -> tuple[int, subprocess.CompletedProcess[str]]:
    """Run a command; return how often the file was saved in an instant in which it was to be written, and how it ended."""
    done = demo.run(sys.executable, "-c", _SCRIPT, target, way, str(times), *command, check=False)
    return int(done.stderr.split()[-1]), done


def everywhere(demo: Demo, target: str = "pyproject.toml") -> bytes:
    """Return what the file holds, and what was kept of it."""
    return b"".join(path.read_bytes() for path in sorted(demo.root.glob(f"{target}*")))
