"""Many processes that import at once, threads, forks, builds that import: one build, and nobody hangs."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from guarded import guarded, import_it, python
from kit import Demo

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows is best effort")
READ = "import demo; print(demo.READ)"


def at_once(demo: Demo, number: int, code: str = READ) -> list[tuple[int, str, str]]:
    """Import the package in many processes at once; return how each ended, and what it wrote."""
    started = [
        subprocess.Popen([python(demo), "-c", code], cwd=demo.root, env=demo.environ, stdout=-1, stderr=-1, text=True)
        for _ in range(number)
    ]
    written = [one.communicate(timeout=120) for one in started]
    return [(one.returncode, out, error) for one, (out, error) in zip(started, written, strict=True)]


@pytest.mark.parametrize("number", [6, pytest.param(32, marks=pytest.mark.thorough)])
def test_one_builds_and_all_see_it(tmp_path: Path, number: int) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    demo.write({"slow": "1"})
    assert {(code, out) for code, out, _ in at_once(demo, number)} == {(0, "twoold\n")}
    assert demo.builds == 2


@pytest.mark.thorough
def test_without_a_state(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    shutil.rmtree(demo.root / ".dyncachekeys")
    demo.edit("csrc/a.c", "one", "two")
    assert {(code, out) for code, out, _ in at_once(demo, 6)} == {(0, "twoold\n")}
    assert demo.builds == 2
    assert (demo.root / ".dyncachekeys/.gitignore").exists()


@pytest.mark.thorough
def test_each_says_why_a_build_fails(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    demo.write({"slow": "4", "fails": ""})
    done = at_once(demo, 32)
    assert {code for code, _, _ in done} == {1}
    assert all("csrc/a.c changed; uv could not build it" in error for _, _, error in done)
    assert all("the source does not compile" in error for _, _, error in done)
    assert demo.builds == 2


@pytest.mark.thorough
def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    demo = guarded(tmp_path, more="guard-timeout = 3")
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    demo.write({"slow": "60"})
    began = time.monotonic()
    errors = [error for _, _, error in at_once(demo, 3)]
    assert time.monotonic() - began < 40
    assert sum("uv did not build it within 3 seconds" in error for error in errors) >= 1
    assert all("3 seconds" in error or "3.0 seconds" in error for error in errors), errors


@pytest.mark.thorough
def test_ctrl_c_ends_the_build(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    demo.write({"slow": "30"})
    process = subprocess.Popen(
        [python(demo), "-c", READ], cwd=demo.root, env=demo.environ, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 20
    while demo.builds < 2 and time.monotonic() < until:
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)  # to this process alone, as a notebook does
    _, error = process.communicate(timeout=20)
    assert "KeyboardInterrupt" in error
    (demo.root / "slow").unlink()
    assert import_it(demo).stdout == "twoold\n"


@pytest.mark.thorough
def test_threads_and_forks(tmp_path: Path) -> None:
    demo = guarded(tmp_path)
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    threads = """
import importlib, threading
found = []
one = lambda name: found.append(importlib.import_module(name))
all_of_them = [threading.Thread(target=one, args=[name]) for name in ["demo", "demo_built"] * 4]
[thread.start() for thread in all_of_them]
[thread.join() for thread in all_of_them]
print({module.READ for module in found})
"""
    assert import_it(demo, threads).stdout == "{'twoold'}\n"
    assert demo.builds == 2
    demo.edit("csrc/a.c", "two", "six")
    forks = """
import os, sys
children = []
for _ in range(4):
    if not (child := os.fork()):
        import demo
        os._exit(demo.READ != "sixold")
    children.append(child)
assert not any(os.waitpid(child, 0)[1] for child in children)
"""
    import_it(demo, forks)
    assert demo.builds == 3


@pytest.mark.thorough
def test_workers_of_pytest(tmp_path: Path) -> None:
    """pytest and its workers start from the environment that holds them; the project's stands in front."""
    demo = guarded(tmp_path)
    demo.write(
        {
            "tests/test_it.py": "import demo\nimport pytest\n\n"
            "@pytest.mark.parametrize('n', range(8))\ndef test_it(n):\n    assert demo.READ == 'twoold'\n"
        }
    )
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    path = str(Path(pytest.__file__).parent.parent)
    done = demo.run(python(demo), "-m", "pytest", "-q", "-n", "4", "tests", PYTHONPATH=path, check=False)
    assert "8 passed" in done.stdout, done.stdout + done.stderr
    assert demo.builds == 2


@pytest.mark.thorough
def test_never_inside_a_build(tmp_path: Path) -> None:
    """Without isolation, the backend runs in the project's own environment, where the guard is."""
    demo = guarded(tmp_path)
    core = (demo.root / "build_backend/core.py").read_text(encoding="utf-8")
    demo.write({"build_backend/core.py": core.replace("    read = [", "    import demo_built\n    read = [")})
    demo.sync()
    demo.uv("sync", "--no-build-isolation")
    builds = demo.builds
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    demo.sync()
    demo.run("timeout", "60", "uv", "sync", "--no-build-isolation")
    assert demo.builds == builds + 1
    demo.edit("pyproject.toml", "[tool.uv]\n", "[tool.uv]\nno-build-isolation = true\n")
    demo.sync()
    demo.uv("sync")
    builds = demo.builds
    demo.edit("csrc/a.c", "two", "six")
    assert import_it(demo).stdout == "sixold\n"
    assert demo.builds == builds + 1


@pytest.mark.thorough
def test_a_key_that_imports_the_package(tmp_path: Path) -> None:
    """The question runs the keys, one of which imports the package: it is not asked again."""
    key = """
[tool.dyncachekeys.keys.version]
resolver = "command"
argv = ["{python}", "-c", "import demo; print(len(demo.__name__))"]
"""
    demo = guarded(tmp_path, more=key.format(python=str(tmp_path / "demo/.venv/bin/python")), built=False)
    demo.uv("sync")
    demo.settled()
    builds = demo.builds
    demo.tick()
    demo.edit("csrc/a.c", "one", "two")
    assert import_it(demo).stdout == "twoold\n"
    assert demo.builds == builds + 1
    assert sys.executable
