"""Outputs of programs: case 26."""

from __future__ import annotations

import os

import pytest

from kit import DIGEST_TRANSPORT, Demo, DemoMaker

SECRET = "hunter2-is-no-password"
CC_KEY = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.cc]
resolver = "command"
argv = ["${{CC}}", "--version"]
{options}
"""
COMPILER = """\
#!/bin/sh
echo "{name} (Debian {version}-14) {version}"
echo "Copyright {year}"
"""


def _install(demo: Demo, name: str, version: str, year: int = 2022) -> str:
    """Put a compiler on the machine, or another version in its place; return the folder."""
    folder = demo.beside / "compilers"
    folder.mkdir(exist_ok=True)
    new = folder / "new"
    new.write_text(COMPILER.format(name=name, version=version, year=year), encoding="utf-8")
    new.chmod(0o755)
    new.replace(folder / name)
    return str(folder)


def _project(demo_maker: DemoMaker, watch: str = "auto", options: str = "") -> Demo:
    demo = demo_maker(CC_KEY.format(watch=watch, options=options))
    folder = _install(demo, "my-cc", "12.2.0")
    demo.environ["PATH"] = folder + os.pathsep + demo.environ["PATH"]
    demo.environ["CC"] = "my-cc"
    demo.settled()
    return demo


@pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
def test_another_compiler_behind_the_same_name(demo_maker: DemoMaker, watch: str) -> None:
    """Case 26."""
    demo = _project(demo_maker, watch)
    _install(demo, "my-cc", "13.1.0")
    assert demo.both() == 1
    assert demo.both() == 0
    _install(demo, "my-cc", "13.1.0")  # the same again: another file, the same compiler
    assert demo.both() == 0


def test_another_variable_another_compiler(demo_maker: DemoMaker) -> None:
    """Case 26."""
    demo = _project(demo_maker)
    _install(demo, "other-cc", "12.2.0")
    assert demo.both(CC="other-cc") == 1
    assert demo.both(CC="other-cc") == 0
    assert demo.both() == 1


def test_a_variable_that_leads_to_the_same_does_not_count(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    assert demo.both(CC=str(demo.beside / "compilers" / "my-cc")) == 0
    assert demo.both(CC="env my-cc") == 0


def test_there_and_back_does_not_count(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    _install(demo, "my-cc", "13.1.0")
    demo.sync()
    _install(demo, "my-cc", "12.2.0")
    assert demo.both() == 0


def test_with_a_pattern_the_rest_does_not_count(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker, options=r"pattern = '^my-cc .* (\d+\.\d+)\.\d+$'")
    _install(demo, "my-cc", "12.2.7", 2023)
    assert demo.both() == 0
    _install(demo, "my-cc", "12.3.0", 2023)
    assert demo.both() == 1
    assert demo.both() == 0


def test_the_output_is_neither_kept_nor_told(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    _install(demo, "my-cc", SECRET)
    assert demo.both() == 1
    for arguments in (["show"], ["show", "--format", "json"], ["sync", "-v"], ["sync", "--format", "json"]):
        done = demo.cli(*arguments, check=True)
        assert SECRET not in done.stdout + done.stderr
    for path in [*(demo.root / ".dyncachekeys").rglob("*"), *demo.root.glob(".venv/lib/*/site-packages/demo-*/*")]:
        assert SECRET not in str(path)
        assert not path.is_file() or SECRET.encode() not in path.read_bytes()
    _install(demo, "my-cc", SECRET + "-changed")
    told = demo.cli("sync", check=True).stdout
    assert "${CC} --version" in told
    assert SECRET not in told


def test_the_region_is_the_same_on_each_machine(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    before = (demo.root / "pyproject.toml").read_bytes()
    _install(demo, "my-cc", "13.1.0")
    demo.sync()
    assert (demo.root / "pyproject.toml").read_bytes() == before
    assert b"my-cc" not in before


def test_show_says_that_it_runs_each_time(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    shown = demo.cli("show", "cc", check=True).stdout
    assert "runs each time" in shown
    assert "output of `${CC} --version`" in shown


def test_a_compiler_that_is_gone_is_an_error_and_nothing_is_written(demo_maker: DemoMaker) -> None:
    demo = _project(demo_maker)
    (demo.beside / "compilers" / "my-cc").unlink()
    done = demo.cli("sync", check=False)
    assert done.returncode == 2
    assert "tool.dyncachekeys.keys.cc.argv[0]: the program `${CC}` can't be found" in done.stderr
    assert demo.uv_sync() == 0
