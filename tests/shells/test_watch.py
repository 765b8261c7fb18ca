"""`watch` at a terminal: it ends with it, in the background as well."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from kit import DemoMaker
from shells.terminal import CTRL_C, Terminal, is_running, until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals and processes are looked at as on Linux")
pytest.importorskip("watchfiles", reason="watchfiles is not installed (the extra `watch`)")
KEYS = '\n[tool.dyncachekeys.keys.data]\nresolver = "files"\nwatch = "digest"\npatterns = ["data/*"]\n'


@pytest.mark.parametrize("end", ["Ctrl-C", "hang up", "hang up, in the background", "exit, in the background"])
def test_it_ends_with_its_terminal(demo_maker: DemoMaker, end: str) -> None:
    demo = demo_maker(KEYS, {"data/a": ""})
    pid = demo.beside / "pid"
    terminal = Terminal(["bash", "--norc", "-i"], demo.root, {**demo.environ, "TERM": "dumb", "PS1": "ready> "})
    try:
        watch = f"{sys.executable} -m dyncachekeys watch -v"
        if "background" in end:
            terminal.type(f"{watch} &\n")
            terminal.expect("Watching ")
            terminal.type(f"echo $! > {pid}.new; mv {pid}.new {pid}\n")
        else:
            terminal.type(f"sh -c 'echo $$ > {pid}.new; mv {pid}.new {pid}; exec {watch}'\n")
        terminal.until(pid.exists, "it has started")
        terminal.expect("Watching " if "background" not in end else "ready> ")
        if end == "Ctrl-C":
            terminal.type(CTRL_C)
        elif end.startswith("hang up"):
            terminal.hang_up()
        else:
            terminal.type("exit\n")
        number = int(Path(pid).read_text(encoding="utf-8"))
        until(lambda: not is_running(number), "it ends")
    finally:
        terminal.close()
