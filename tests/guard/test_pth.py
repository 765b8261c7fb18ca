"""The line that Python runs at each start: its text, and that it is harmless."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.errors import WriteError
from dyncachekeys.guard import place
from dyncachekeys.guard.in_python import ask
from dyncachekeys.guard.pth import FILE, Guarded, parse, render

ODD = ["/plain", "/with space/'quotes\"", "/ünïcode/日本", "/back\\slash", "/not-\udc80utf8", "/{braces}/%s"]


def guarded(*names: str, mode: str = "warn") -> Guarded:
    return Guarded(names, "", mode, 600.0, None)


@pytest.mark.parametrize("folder", ODD)
def test_what_is_written_is_read(folder: str) -> None:
    projects = {folder: guarded("demo", "space.part"), "/other": Guarded(("demo",), "/whose", "error", 2.5, "en v")}
    site = Path("/site packages")
    data = render(site, projects)
    assert data.isascii()
    assert parse(site, data) == projects
    assert render(site, parse(site, data)) == data
    assert parse(Path("/copied"), data) == {}


@pytest.mark.parametrize(
    "text", [b"", b"import sys\n", b"#\n# {\n", b"#\n# [1]\n", b'#\n# ["/", {"a": 1}]\n', b"\xff\n\xff\n"]
)
def test_what_is_not_ours_holds_no_project(text: bytes) -> None:
    assert parse(Path("/"), text) == {}


def test_it_can_be_read_by_python_3_8() -> None:
    line = render(Path("/"), {"/demo": guarded("demo")}).decode().splitlines()[-1]
    for text in (line, Path(ask.__file__).read_text(encoding="utf-8")):
        ast.parse(text, feature_version=(3, 8))
    assert "if version" not in line


def run_with(folder: Path, code: str) -> str:
    """Run code in a Python that has read the file as it reads that of an environment, twice."""
    start = f"import site, sys; sys.path.append({str(folder)!r}); site.addpackage({str(folder)!r}, {FILE!r}, None); site.addpackage({str(folder)!r}, {FILE!r}, None)\n"
    done = subprocess.run([sys.executable, "-I", "-c", start + code], capture_output=True, text=True, check=True)
    assert not done.stderr
    return done.stdout


def test_it_is_harmless_and_loads_nothing(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(render(tmp_path, {folder: guarded("demo_of_nobody") for folder in ODD}))
    count = "import sys; print(sum(one.__name__ == 'DyncachekeysGuard' for one in sys.meta_path if hasattr(one, '__name__')))"
    assert run_with(tmp_path, count) == "1\n"
    loaded = "import sys; before = set(sys.modules); import colorsys; print(set(sys.modules) - before)"
    assert run_with(tmp_path, loaded) == "{'colorsys'}\n"
    gone = "import importlib.metadata, pkgutil\ntry:\n    import demo_of_nobody\nexcept ModuleNotFoundError:\n    print('gone')"
    assert run_with(tmp_path, gone) == "gone\n", "none of the projects is there"


@pytest.mark.skipif(sys.platform == "win32", reason="nobody locks it there")
def test_nobody_waits_for_ever_to_change_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import fcntl  # noqa: PLC0415  not there on Windows

    monkeypatch.setenv("DYNCACHEKEYS_LOCK_TIMEOUT", "0.1")
    descriptor = os.open(tmp_path, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with pytest.raises(WriteError, match="is at work"):
            place.change(tmp_path / FILE, {"/demo": guarded("demo")})
    finally:
        os.close(descriptor)
    place.change(tmp_path / FILE, {"/demo": guarded("demo")})
    assert parse(tmp_path, (tmp_path / FILE).read_bytes()).keys() == {"/demo"}
