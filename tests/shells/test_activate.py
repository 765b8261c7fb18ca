"""`activate` in real shells at a terminal: the function, its exit codes, Ctrl-C, completion, and how it is taken away."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kit import UV, Demo, make_demo
from shells.terminal import CTRL_C, Terminal, is_running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="terminals and processes are looked at as on Linux")
KEYS = """
[tool.dyncachekeys.keys.data]
resolver = "files"
patterns = ["data/*"]
watch = "digest"

[tool.dyncachekeys.keys.slow]
resolver = "slow:wait"
"""
SLOW = """\
import os
import time
from pathlib import Path


def wait(context):
    if Path("data/fail").exists():
        raise RuntimeError("not today")
    if Path("data/wait").exists():
        Path(os.environ["BUILD_LOG"] + ".pid").write_text(str(os.getpid()))
        time.sleep(60)
    return []
"""
START = {"bash": ["--noprofile", "--rcfile", "{home}/bashrc", "-i"], "zsh": ["-i"], "fish": ["-i", "--private"]}
FILES = {"bash": "bashrc", "zsh": ".zshrc", "fish": ".config/fish/config.fish"}
PROMPTS = {
    "bash": "bind 'set enable-bracketed-paste off'; bind 'set completion-query-items 1000'; PS1='ready> '",
    "zsh": "autoload -Uz compinit; compinit -u -D; PS1='ready> '; unsetopt PROMPT_SP",
    "fish": "function fish_prompt; echo 'ready> '; end; function fish_greeting; end; function fish_title; end",
}
STATUS = {"bash": "$?", "zsh": "$?", "fish": "$status"}
REMOVE = {"bash": "unset -f uv", "zsh": "unset -f uv", "fish": "functions -e uv"}


def sourced(shell: str, command: str) -> str:
    return f"{command} | source" if shell == "fish" else f'eval "$({command})"'


class Shell:
    """A shell in which `uv` is ours, in a project that has keys."""

    def __init__(self, name: str, demo: Demo, options: str = "", before: str = "") -> None:
        self.name, self.demo = name, demo
        home = demo.beside / "home"
        activate = sourced(name, f"dyncachekeys activate {name}{options}")
        uv_completes = sourced(name, f"uv generate-shell-completion {name}")
        file = home / FILES[name]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join([PROMPTS[name], before, uv_completes, activate, activate, ""]), encoding="utf-8")
        path = f"{Path(sys.executable).parent}:{demo.environ['PATH']}"
        self.environ = {**demo.environ, "PATH": path, "TERM": "xterm", "ZDOTDIR": str(home), "LC_ALL": "C.UTF-8"}
        command = [name, *(one.format(home=home) for one in START[name])]
        self.terminal = Terminal(command, demo.root, self.environ)
        self.terminal.expect("ready> ")
        self.results = 0

    def result(self, typed: str) -> str:
        """Run a line of which the output, or its part, goes to `OUT`; return what that is."""
        self.results += 1
        out = self.demo.beside / f"out{self.results}"
        self.terminal.type(f"{typed.replace('OUT', str(out))}; echo > {out}.done\n")
        self.terminal.until(Path(f"{out}.done").exists, typed)
        return out.read_text(encoding="utf-8").strip() if out.exists() else ""

    def status(self, line: str) -> int:
        return int(self.result(f"{line}; echo {STATUS[self.name]} > OUT"))

    def completed(self, *typed: str) -> str:
        """Run a line of which each part is completed by the tabulator; return its output."""
        self.results += 1
        out = self.demo.beside / f"out{self.results}"
        self.terminal.shown = ""
        for part in typed:
            word, _, full = part.partition("|")
            begun = word.rpartition(" ")[2]
            self.terminal.type(word)
            self.terminal.expect(begun)
            self.terminal.type("\t")
            self.terminal.expect(full.removeprefix(begun))
        self.terminal.type(f" > {out}; echo > {out}.done\n")
        self.terminal.until(Path(f"{out}.done").exists, str(typed))
        return out.read_text(encoding="utf-8").strip()


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def name(request: pytest.FixtureRequest) -> str:
    """Return the name of a shell that is here."""
    if shutil.which(request.param) is None:
        pytest.skip(f"there is no {request.param} here")
    return str(request.param)


@contextmanager
def activated(name: str, folder: Path) -> Iterator[Shell]:
    """Give a shell that read `activate` twice when it started."""
    shell = Shell(name, make_demo(folder, KEYS, {"data/a": "1", "slow.py": SLOW}))
    try:
        yield shell
    finally:
        shell.terminal.close()


@pytest.fixture(scope="module")
def shell(name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    """Return a shell for all tests that leave it as it was."""
    with activated(name, tmp_path_factory.mktemp(name)) as shell:
        yield shell


def test_uv_is_behind_a_sync(shell: Shell) -> None:
    demo = shell.demo
    assert shell.status("uv sync -q") == 0
    before = demo.builds
    demo.write({"data/a": "2"})
    assert shell.status("command uv sync -q") == 0
    assert demo.builds == before  # uv itself can't see it
    assert shell.status("uv sync -q") == 0
    assert demo.builds == before + 1
    assert "~ data" in shell.terminal.shown


def test_exit_codes_are_those_of_uv(shell: Shell) -> None:
    assert shell.status('uv run python -c "import sys; sys.exit(7)"') == 7
    assert shell.status("uv no-such-command") == 2
    assert shell.status("uv --version") == 0


def test_arguments_are_handed_on_as_they_are(shell: Shell) -> None:
    shown = shell.result(
        "uv run -q --no-sync python -c 'import sys; print(sys.argv[1:])' 'a b' '' '*' -- --no-fail > OUT"
    )
    assert shown == "['a b', '', '*', '--', '--no-fail']"


def test_a_failing_sync_does_not_stop_uv(shell: Shell) -> None:
    (shell.demo.root / "data/fail").touch()
    try:
        assert shell.result("uv run -q python -c 'print(1)' > OUT 2>&1").splitlines()[-1] == "1"
        assert "warning: " in shell.result("uv run -q python -c 'print(1)' > OUT 2>&1")
    finally:
        (shell.demo.root / "data/fail").unlink()


def test_interrupted_while_syncing(shell: Shell) -> None:
    """Then uv is not run: whoever says stop means that, too."""
    demo = shell.demo
    pid = Path(f"{demo.log}.pid")
    (demo.root / "data/wait").touch()
    try:
        shell.terminal.type('uv run -q python -c \'open("ran", "w")\'\n')
        shell.terminal.until(lambda: pid.exists() and pid.read_text(encoding="utf-8"), "the resolver runs")
        shell.terminal.type(CTRL_C)
        shell.terminal.until(lambda: not is_running(int(pid.read_text(encoding="utf-8"))), "the resolver is ended")
        shell.terminal.expect("ready> ")
        assert shell.result(f"echo {STATUS[shell.name]} > OUT") == "130"
    finally:
        (demo.root / "data/wait").unlink()
    assert not (demo.root / "ran").exists()


def test_interrupted_while_uv_runs(shell: Shell) -> None:
    started = shell.demo.beside / "started"
    code = f'import os, time; open("{started}", "w").write(str(os.getpid())); time.sleep(60)'
    shell.terminal.type(f"uv run -q --no-sync python -c '{code}'\n")
    shell.terminal.until(lambda: started.exists() and started.read_text(encoding="utf-8"), "the program runs")
    shell.terminal.type(CTRL_C)
    shell.terminal.until(lambda: not is_running(int(started.read_text(encoding="utf-8"))), "the program is ended")
    shell.terminal.expect("ready> ")
    assert shell.result(f"echo {STATUS[shell.name]} > OUT") == "130"


COMPLETED = {
    "a command": (["dyncachekeys dige|digest"], "sha256-"),
    "a value": (["dyncachekeys activ|activate", "fi|fish"], "# From `dyncachekeys activate fish`"),
    "an option and its value": (["dyncachekeys digest --form|--format", "js|json"], '{\n  "version": 1'),
    "an option of that command": (["dyncachekeys init --dry|--dry-run"], ""),
    "uv": (["uv cach|cache", "di|dir"], "uv-cache"),
    "uv behind run": (["dyncachekeys run -- uv cach|cache", "di|dir"], "uv-cache"),
}


@pytest.mark.parametrize("case", COMPLETED)
def test_completion(shell: Shell, case: str) -> None:
    """By what the completed line does."""
    typed, printed = COMPLETED[case]
    assert printed in shell.completed(*typed)


SCRIPTS = {
    "bash": ("bash -c 'type -t uv'", "bash -c 'eval \"$(dyncachekeys activate bash)\"; type -t uv'", "file"),
    "zsh": ("zsh -c 'whence -w uv'", "zsh -c 'eval \"$(dyncachekeys activate zsh)\"; whence -w uv'", "uv: command"),
    "fish": ("fish -c 'type -t uv'", "fish -c 'dyncachekeys activate fish | source; type -t uv'", "file"),
}


def test_scripts_get_uv_itself(shell: Shell) -> None:
    """Also those that read the same start-up file, as every script of fish does."""
    *scripts, expected = SCRIPTS[shell.name]
    for script in scripts:
        assert shell.result(f"{script} > OUT 2>&1") == expected


def test_without_us_it_is_uv_itself(shell: Shell) -> None:
    """As in an environment that has another PATH."""
    only_uv, nothing = shell.demo.beside / "only-uv", shell.demo.beside / "nothing"
    only_uv.mkdir()
    nothing.mkdir()
    (only_uv / "uv").symlink_to(UV)
    path = shell.environ["PATH"]
    assign = "set -gx PATH {}" if shell.name == "fish" else "export PATH={}"
    try:
        assert shell.result(f"{assign.format(only_uv)}; uv --version > OUT").startswith("uv ")
        assert shell.status(f"{assign.format(nothing)}; uv --version") == 127
    finally:
        shell.status(assign.format(path.replace(":", " ") if shell.name == "fish" else path))


def test_it_can_be_taken_away(name: str, tmp_path: Path) -> None:
    """By what stands in the documentation."""
    with activated(name, tmp_path) as shell:
        assert shell.status("uv sync -q") == 0
        assert shell.status(REMOVE[name]) == 0
        before = shell.demo.builds
        shell.demo.write({"data/a": "removed"})
        assert shell.status("uv sync -q") == 0
        assert shell.demo.builds == before


ALIAS = pytest.param("alias uv='uv -q'", id="behind an alias", marks=pytest.mark.thorough)


@pytest.mark.parametrize("before", [pytest.param("", id="plain"), ALIAS])
def test_uv_is_not_run_after_a_failing_sync_if_so_wished(name: str, before: str, tmp_path: Path) -> None:
    if before and name == "fish":
        pytest.skip("an alias of fish is a function: the later one counts")
    demo = make_demo(tmp_path, KEYS, {"data/fail": "", "slow.py": SLOW})
    shell = Shell(name, demo, " --fail", before)
    try:
        assert shell.result("uv run --no-project python -c 'print(1)' > OUT 2>&1").splitlines()[-1] == "1"
        assert "not today" in shell.result("uv run python -c 'print(1)' > OUT 2>&1")
        assert shell.status("uv run python -c 'print(1)'") == 2
    finally:
        shell.terminal.close()
