"""The man page: made of the parser, without a warning of groff, and where `man` finds it once we are installed."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

import man
from command_line import commands
from kit import UV

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "schema/dyncachekeys.1"
PLACE = "share/man/man1/dyncachekeys.1"


def test_it_is_made_of_the_parser() -> None:
    assert PAGE.read_text(encoding="utf-8") == man.page(), "run `python schema/generate.py`"


def test_it_has_every_command_and_option() -> None:
    text = PAGE.read_text(encoding="utf-8").replace("\\-", "-")
    for command in commands():
        assert not command.name or f"\n.SS {command.name}\n" in text
        for option in command.options:
            assert all(f"\\fB{name}\\fR" in text or f".BR {name} " in text for name in option.names), option


def test_nothing_in_it_is_taken_for_a_request() -> None:
    assert man._text("`.a` -b \\c 'd'. Next") == "\\fB\\&.a\\fR \\-b \\ec 'd'.\nNext"
    assert man._escaped("'x") == "\\&'x"
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    known = {".TH", ".SH", ".SS", ".TP", ".PP", ".B", ".I", ".BR", ".RI", '.\\"'}
    assert {line.split()[0] for line in lines if line.startswith((".", "'"))} <= known


@pytest.mark.skipif(shutil.which("groff") is None, reason="there is no groff here")
def test_groff_has_nothing_to_say() -> None:
    done = subprocess.run(
        ["groff", "-man", "-ww", "-z", "-Tutf8", str(PAGE)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.thorough
@pytest.mark.skipif(shutil.which("man") is None, reason="there is no man here")
def test_it_is_found_where_we_are_installed(tmp_path: Path) -> None:
    environ = {"PATH": f"{tmp_path}/venv/bin:/usr/bin:/bin", "UV_CACHE_DIR": str(tmp_path / "cache"), "UV_OFFLINE": "1"}
    build = "import sys; from hatchling.build import build_wheel; print(build_wheel(sys.argv[1]))"
    built = subprocess.run(
        [sys.executable, "-c", build, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    wheel = tmp_path / built.stdout.split()[-1]
    with zipfile.ZipFile(wheel) as archive:
        assert [name for name in archive.namelist() if name.endswith(PLACE)] != []
    subprocess.run([UV, "venv", "-q", "--python", sys.executable, f"{tmp_path}/venv"], env=environ, check=True)
    install = [UV, "pip", "install", "-q", "--no-deps", "--python", f"{tmp_path}/venv", str(wheel)]
    subprocess.run(install, env=environ, check=True)
    found = subprocess.run(["man", "-w", "dyncachekeys"], env=environ, capture_output=True, text=True, check=False)
    assert found.stdout.strip() == str(tmp_path / "venv" / PLACE)
