"""What is installed in the project's environment: case 28, and which environment that is."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import pytest

from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.plugin import Context
from dyncachekeys.process.environ import Environment
from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from dyncachekeys.syncing.report import ProjectReport
from kit import PYPROJECT, UV_VERSION, Demo, DemoMaker, make_wheel

CONFIG = """
[dependency-groups]
dev = ["torch"]
more = ["other"]

[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.installed]
resolver = "distribution"
names = ["torch"]
interpreter = true
platform = true
"""
AUTO, EXACT = CONFIG.format(watch="auto"), CONFIG.format(watch="digest")
TORCH, INTERPRETER = "changed value distribution torch", "changed value interpreter"
TRANSPORT = pytest.param(EXACT.replace('watch = "', 'transport = "'), id="transport", marks=pytest.mark.thorough)
WATCHES = pytest.mark.parametrize("config", [pytest.param(AUTO, id="auto"), pytest.param(EXACT, id="exact"), TRANSPORT])


def _add_wheel(demo: Demo, name: str, version: str, build: str = "") -> Path:
    """Put a wheel where uv finds it, and return its path."""
    return make_wheel(demo.beside / "wheels", name, {f"{name}.py": ""}, version=version, build=build)


def _made(demo_maker: DemoMaker, config: str = AUTO) -> Demo:
    demo = demo_maker(config)
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    _add_wheel(demo, "torch", "1.0")
    _add_wheel(demo, "other", "1.0")
    return demo


def _pip(demo: Demo, *arguments: str) -> None:
    demo.uv("pip", *arguments, "--python", str(demo.root / ".venv"), check=True)


def _changes(report: ProjectReport) -> list[str]:
    return [f"{one.kind} {one.input} {one.subject}" for key in report.keys for one in key.changes]


def _messages(report: ProjectReport) -> list[str]:
    return [notice.message for notice in report.warnings]


@WATCHES
def test_upgraded_in_the_environment(demo_maker: DemoMaker, config: str) -> None:
    """Case 28."""
    demo = _made(demo_maker, config)
    demo.settled()
    _add_wheel(demo, "torch", "2.0")
    assert demo.both() == 0, "it is there to be had, but not installed"
    assert demo.uv_sync("--upgrade-package", "torch") == 0, "uv sees it by itself: the test shows nothing"
    report = demo.sync()
    assert (_changes(report), report.move) == ([TORCH], "moved")
    assert demo.uv_sync() == 1
    assert demo.both() == 0


def test_upgraded_by_pip_and_back_before_a_build(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.settled()
    newer = _add_wheel(demo, "torch", "2.0")
    _pip(demo, "install", "torch==2.0")
    assert demo.sync().move == "moved"
    newer.unlink()
    _pip(demo, "install", "torch==1.0")
    assert demo.sync().move == "returned"
    assert demo.both() == 0


@WATCHES
def test_another_package_does_not_count(demo_maker: DemoMaker, config: str) -> None:
    demo = _made(demo_maker, config)
    demo.settled()
    for arguments in (("--all-groups",), (), ("--all-groups", "--reinstall-package", "other")):
        assert demo.uv_sync(*arguments) == 0
        assert (report := demo.sync()).move == "kept"
        assert _changes(report) == []
        assert demo.uv_sync(*arguments) == 0


@WATCHES
def test_the_same_version_installed_again_does_not_count(demo_maker: DemoMaker, config: str) -> None:
    demo = _made(demo_maker, config)
    demo.settled()
    assert demo.uv_sync("--reinstall-package", "torch") == 0
    assert demo.both() == 0
    _pip(demo, "install", "--reinstall", "--link-mode=copy", "torch")
    assert demo.both() == 0


@pytest.mark.parametrize("mode", ["hardlink", "copy", "symlink"])
def test_however_uv_puts_it_there(demo_maker: DemoMaker, mode: str) -> None:
    """U33: with hard links, its files belong to uv's cache as well."""
    demo = _made(demo_maker)
    demo.environ["UV_LINK_MODE"] = mode
    demo.settled()
    demo.uv("venv", str(demo.beside / "more"), check=True)
    demo.uv("pip", "install", "torch", "--python", str(demo.beside / "more"), check=True)
    assert demo.both() == 0
    _add_wheel(demo, "torch", "2.0")
    _pip(demo, "install", "--upgrade", "torch")
    assert _changes(demo.sync()) == [TORCH]


def test_another_build_of_the_same_version_counts(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.settled()
    _add_wheel(demo, "torch", "1.0", build="Build: 2\n")
    demo.environ["UV_CACHE_DIR"] = str(demo.beside / "another-cache")  # uv remembers wheels by their names
    _pip(demo, "install", "--reinstall", "torch")
    assert _changes(demo.sync()) == [TORCH]


def test_installed_from_a_file_counts(demo_maker: DemoMaker) -> None:
    """`direct_url.json` comes, though the version stays."""
    demo = _made(demo_maker)
    demo.settled()
    _pip(demo, "install", "--reinstall", str(demo.beside / "wheels/torch-1.0-py3-none-any.whl"))
    assert _changes(demo.sync()) == [TORCH]


@WATCHES
def test_removed_and_installed_again(demo_maker: DemoMaker, config: str) -> None:
    demo = _made(demo_maker, config)
    demo.settled()
    assert demo.uv_sync("--no-dev") == 0
    report = demo.sync()
    assert (_changes(report), report.move) == ([TORCH], "moved")
    assert _messages(report) == ["no `torch` in `.venv`; it will count once it is installed"]
    assert demo.uv_sync("--no-dev") == 1
    assert _messages(demo.sync()) == _messages(report)
    assert demo.uv_sync("--no-dev") == 0
    assert demo.uv_sync() == 0
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
def test_a_new_environment_costs_one_further_build_which_is_named(demo_maker: DemoMaker, config: str) -> None:
    """Case 28: the first sync finds it missing, the next one there."""
    demo = _made(demo_maker, config)
    assert _messages(demo.sync()) == ["no environment at `.venv`; it will count once it is made"]
    assert demo.uv_sync() == 1
    done = demo.cli("sync")
    assert " ~ installed  distribution torch changed" in done.stdout + done.stderr
    assert demo.uv_sync() == 1
    assert demo.both() == demo.both() == 0
    shutil.rmtree(demo.root / ".venv")
    assert demo.both() == 1
    assert _changes(demo.sync()) == [TORCH, INTERPRETER]
    assert demo.uv_sync() == 1
    assert demo.both() == 0


def test_an_environment_that_is_there_first_costs_one_build_only(demo_maker: DemoMaker) -> None:
    """What the docs advise for a fresh clone."""
    demo = _made(demo_maker)
    assert demo.uv_sync("--no-install-project") == 0
    assert demo.both() == 1
    assert demo.both() == 0


def test_another_interpreter(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.settled()
    path = demo.root / ".venv/pyvenv.cfg"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}.{sys.version_info[2]}"
    text = path.read_text(encoding="utf-8")
    assert f"version_info = {version}" in text, "uv writes it otherwise: the test shows nothing"
    path.write_text(text.replace(version, "3.99.0"), encoding="utf-8")
    assert _changes(demo.sync()) == [INTERPRETER]


@pytest.mark.parametrize("given", ["../beside/env", "{beside}/env", "in/side", "~"])
def test_uv_project_environment(demo_maker: DemoMaker, given: str) -> None:
    """In the project's environment, wherever it is; and `.venv` does not count."""
    demo = _made(demo_maker)
    demo.uv("venv", ".venv", check=True)
    _pip(demo, "install", "torch")
    environ = {"UV_PROJECT_ENVIRONMENT": given.format(beside=demo.beside)}
    found = [demo.both(**environ) for _ in range(3)]
    assert found == [1, 1, 0]
    assert (demo.root / environ["UV_PROJECT_ENVIRONMENT"] / "pyvenv.cfg").is_file()
    _add_wheel(demo, "torch", "2.0")
    _pip(demo, "install", "--upgrade", "torch")
    assert demo.both(**environ) == 0
    demo.uv_sync("--upgrade-package", "torch", **environ)
    assert _changes(demo.sync(**environ)) == [TORCH]
    assert demo.uv_sync(**environ) == 1
    assert demo.both(**environ) == 0


def test_at_the_root_of_the_workspace(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.write({"../pyproject.toml": '[tool.uv.workspace]\nmembers = ["demo"]\n'})
    assert [demo.both() for _ in range(3)] == [1, 1, 0]
    assert (demo.root / "../.venv/pyvenv.cfg").is_file()
    assert not (demo.root / ".venv").exists()
    _add_wheel(demo, "torch", "2.0")
    assert demo.uv_sync("--upgrade-package", "torch") == 0
    assert _changes(demo.sync()) == [TORCH]
    assert demo.uv_sync() == 1
    assert demo.both() == 0


_BEFORE = "here an older uv finds other members, or fails"


def _since(*version: int) -> pytest.MarkDecorator:
    return pytest.mark.skipif(version > UV_VERSION, reason=_BEFORE)


MEMBERS = 'members = ["p/*", "q/[ab]", "r/**", "./s/", "u/?y"]\nexclude = ["p/x", "r/o*", "u/zy"]\n'
WORKSPACE = f"[tool.uv.workspace]\n{MEMBERS}"
PROJECT = '[project]\nname = "{name}"\nversion = "1"\nrequires-python = ">=3.10"\n'


@pytest.mark.parametrize(
    ("folder", "more"),
    [
        ("p/in", {}),
        ("p/x", {}),
        pytest.param("p/x/y", {}, marks=_since(0, 12)),
        ("q/a", {}),
        ("q/c", {}),
        ("r/n", {}),
        ("r/o", {}),
        ("r/o/m", {}),
        pytest.param("s", {}, marks=_since(0, 9)),
        ("s/t", {}),
        ("u/zb", {}),
        ("u/by", {}),
        ("u/zy", {}),
        ("p/own", {"p/own/pyproject.toml": PROJECT.format(name="it") + "[tool.uv.workspace]\n"}),
        ("q/b", {"q/pyproject.toml": PROJECT.format(name="between")}),
        ("q/b", {"q/pyproject.toml": "[tool.other]\n"}),
        ("q/b", {"q/pyproject.toml": "[tool.uv]\nworkspace = {}\n"}),
        ("q/b", {"pyproject.toml": "[tool.uv.workspace]\n"}),
        ("q/b", {"pyproject.toml": PROJECT.format(name="root") + WORKSPACE}),
        ("q/b", {"pyproject.toml": PROJECT.format(name="root")}),
        ("q/b", {"q/pyproject.toml/is/a/folder": ""}),
    ],
)
def test_where_uv_makes_it(demo_maker: DemoMaker, folder: str, more: dict[str, str]) -> None:
    demo = demo_maker()
    (demo.root / "pyproject.toml").unlink()
    demo.write({"pyproject.toml": WORKSPACE, f"{folder}/pyproject.toml": PROJECT.format(name="it"), **more})
    demo.uv("sync", "--directory", folder, "--no-install-workspace", check=True)
    (made,) = demo.root.rglob("pyvenv.cfg")
    root = (demo.root / folder).resolve()
    context = Context(root, {}, Environment({}), Files(root, FileMemory()), "")
    assert (root / context.environment()).resolve() == made.parent.resolve()


def test_a_member_that_becomes_excluded_has_an_environment_of_its_own(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.write({"../pyproject.toml": '[tool.uv.workspace]\nmembers = ["demo"]\n'})
    demo.settled()
    demo.write({"../pyproject.toml": '[tool.uv.workspace]\nmembers = ["demo"]\nexclude = ["demo"]\n'})
    assert _changes(demo.sync()) == [TORCH, INTERPRETER]
    demo.settled()
    assert (demo.root / ".venv/pyvenv.cfg").is_file()


def _places(demo: Demo) -> list[int] | None:
    """Return what the quiet path finds to differ; nothing if it steps aside."""
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    try:
        return None if known is None else check.differences(str(demo.root), known, dict(demo.environ))
    except check.NotQuick:
        return None


def _aged(demo: Demo, *arguments: str) -> None:
    """Let nothing be too young to be believed."""
    for _ in range(3):
        demo.sync()
        demo.uv_sync(*arguments)
    time.sleep(2.1)
    demo.sync()
    assert _places(demo) == []


@WATCHES
def test_quiet_until_its_own_metadata_changes(demo_maker: DemoMaker, config: str) -> None:
    demo = _made(demo_maker, config)
    _aged(demo)
    assert demo.uv_sync("--all-groups") == 0
    assert _places(demo) == [], "another package was installed"
    assert demo.uv_sync() == 0
    assert _places(demo) == [], "another package was removed"
    assert demo.uv_sync("--reinstall-package", "torch") == 0
    assert _places(demo) != []
    done = demo.cli("sync")
    assert "is in sync" in done.stdout + done.stderr
    _add_wheel(demo, "torch", "2.0")
    demo.uv_sync("--upgrade-package", "torch")
    done = demo.cli("sync")
    assert "will rebuild it" in done.stdout + done.stderr


def test_quiet_while_it_is_missing(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    _aged(demo, "--no-dev")
    assert demo.uv_sync() == 0
    assert _places(demo) != []
    done = demo.cli("sync")
    assert " ~ installed  distribution torch changed" in done.stdout + done.stderr


def test_quiet_without_an_environment(demo_maker: DemoMaker) -> None:
    demo = _made(demo_maker)
    demo.sync()
    time.sleep(2.1)
    demo.sync()
    assert _places(demo) == []
    done = demo.cli("sync")
    assert "no environment at `.venv`; it will count once it is made" in done.stdout + done.stderr
    demo.uv("venv", ".venv", check=True)
    assert _places(demo) is None


@pytest.mark.parametrize("path", ["pyvenv.cfg", "METADATA", "WHEEL", "direct_url.json"])
def test_no_quiet_run_over_a_change_of_what_counts(demo_maker: DemoMaker, path: str) -> None:
    demo = _made(demo_maker, EXACT)
    _aged(demo)
    (info,) = (demo.root / ".venv").glob("lib/python*/site-packages/torch-1.0.dist-info")
    full = demo.root / ".venv/pyvenv.cfg" if path == "pyvenv.cfg" else info / path
    text = full.read_text(encoding="utf-8") if full.exists() else "{}"
    full.unlink(missing_ok=True)
    full.write_text(text.replace("ion: 1.0\n", "ion: 1.1\n").replace("version_info = 3", "version_info = 4"), "utf-8")
    assert _places(demo) != []
    done = demo.cli("sync")
    assert "will rebuild it" in done.stdout + done.stderr


def test_the_backend_may_ask_for_what_counts(demo_maker: DemoMaker) -> None:
    """It has no build isolation here: what it imports is what was counted."""
    demo = _made(demo_maker)
    demo.write({"pyproject.toml": PYPROJECT + AUTO + '\n[tool.uv]\nno-build-isolation-package = ["demo"]\n'})
    demo.settled()
    _add_wheel(demo, "torch", "2.0")
    demo.uv_sync("--upgrade-package", "torch")
    assert demo.both() == 1
    assert demo.both() == 0
