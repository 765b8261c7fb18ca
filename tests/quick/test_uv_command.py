"""Of which project a command line of uv is: read as uv reads it, and held against the real one."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from dyncachekeys.quick.uv_command import WITH_VALUE, project_of
from kit import PYPROJECT, UV, UV_VERSION, Demo, DemoMaker, make_demo

PROJECTS = {
    "uv sync": ".",
    "uv --project sub sync": "sub",
    "uv sync --project=sub": "sub",
    "/opt/bin/uv run --project sub pytest": "sub",
    "uv --directory up sync": "up",
    "uv --directory up --project sub sync": "up/sub",
    "uv --cache-dir cache sync --project sub": "sub",
    "uv run pytest --project other": ".",
    "uv run -- pytest --project other": ".",
    "uv run -p 3.12 --with x pytest --project other": ".",
    "uv run -qp 3.12 pytest --help": ".",
    "uv run -p3.12 pytest --help": ".",
    "uv run -m pytest --version": ".",
    "uv run - --project other": ".",
    "uv run --package sub pytest": ".",
    "uv sync --package sub --project=other": "other",
    "uv pip install --project sub .": "sub",
    "uv tool run --from . demo --version": ".",
    "uvx --from . demo --help": ".",
    "uv some-new-command": ".",
}
NO_PROJECT = [
    "uv",
    "uv --version",
    "uv -V",
    "uv --project sub --help",
    "uv help sync",
    "uv run --help",
    "uv run -h",
    "uv run --no-sync pytest",
    "uv run --no-project python",
    "uv python list",
    "uv --cache-dir cache cache clean",
    "uv -q cache dir",
    "uv self update",
    "uv tool list",
    "uv tool --offline uninstall demo",
    "uv pip list",
    "uv init --package demo",
]


@pytest.mark.parametrize(("line", "expected"), PROJECTS.items(), ids=PROJECTS)
def test_the_folder_of_the_project(line: str, expected: str) -> None:
    assert project_of(shlex.split(line), {}) == expected


@pytest.mark.parametrize("line", NO_PROJECT)
def test_what_never_builds(line: str) -> None:
    assert project_of(shlex.split(line), {}) is None


def test_variables_stand_for_options() -> None:
    environ = {"UV_WORKING_DIR": "up", "UV_PROJECT": "sub"}
    assert project_of(["uv", "sync"], environ) == "up/sub"
    assert project_of(["uv", "sync", "--project", "other"], environ) == "up/other"
    assert project_of(["uv", "run", "pytest"], {"UV_NO_SYNC": "1"}) is None
    assert project_of(["uv", "run", "pytest"], {"UV_NO_SYNC": "0"}) == "."
    assert project_of(["uv", "sync"], {"UV_NO_SYNC": "1"}) == "."


@pytest.mark.skipif(UV_VERSION < (0, 13, 9), reason="older versions name fewer options")
def test_every_option_with_a_value_is_known() -> None:
    """Else its value would be taken for the command of `uv run`."""
    done = subprocess.run([UV, "generate-shell-completion", "fish"], capture_output=True, text=True, check=True)
    of_run = re.compile(r'(needs_command|using_subcommand run|subcommand tool; and __fish_seen_subcommand_from run)"')
    known, missing = 0, set[str]()
    for line in done.stdout.splitlines():
        head = line.partition(" -d ")[0]
        if of_run.search(head) and re.search(r" -r( |$)", re.sub(r"'(\\.|[^'\\])*'", "", line)):
            names = [f"{'-' if kind == 's' else '--'}{name}" for kind, name in re.findall(r" -([sl]) (\S+)", head)]
            known += 1
            missing |= set(names) - WITH_VALUE
    assert known > 40
    assert not missing


WHERE = {
    "--project": ["--project", "sub", "sync"],
    "both": ["--directory", "up", "--project", "../sub", "sync"],
    "run": ["run", "--project", "sub", "python", "-c", "import sys", "--project", "up"],
}


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Return a project below a folder that is none; `up` is beside it."""
    demo = make_demo(tmp_path_factory.mktemp("two"))
    below = {path.relative_to(demo.root): path.read_text(encoding="utf-8") for path in demo.root.rglob("*.py")}
    demo.write({f"sub/{path}": text for path, text in below.items()})
    keys = '[tool.dyncachekeys.keys.data]\nresolver = "files"\npatterns = ["data/*"]\nwatch = "digest"\n'
    demo.write({"sub/pyproject.toml": f"{PYPROJECT}\n{keys}", "sub/data/a": "1", "up/x": ""})
    (demo.root / "pyproject.toml").unlink()
    demo.cli("sync", "--project", "sub")
    return demo


@pytest.mark.parametrize("case", WHERE)
def test_the_project_that_uv_builds_is_synced(two: Demo, case: str) -> None:
    """Without the sync, uv would keep the old build: content alone counts here."""
    two.cli("run", "--", UV, *WHERE[case])
    before = two.builds
    two.write({"sub/data/a": case})
    done = two.cli("run", "--", UV, *WHERE[case])
    assert "~ data" in done.stderr
    assert two.builds == before + 1
    assert two.cli("run", "-q", "--", UV, *WHERE[case]).returncode == 0
    assert two.builds == before + 1


def test_our_own_project_option_comes_first(two: Demo) -> None:
    two.write({"sub/data/a": "own"})
    assert "~ data" in two.cli("run", "--project", "sub", "--", UV, "--version").stderr


@pytest.mark.parametrize("arguments", [["--version"], ["run", "--no-project", "python", "-c", ""], ["cache", "dir"]])
def test_what_never_builds_is_not_kept_waiting(demo_maker: DemoMaker, arguments: list[str]) -> None:
    """Not even by keys that can't be resolved."""
    demo = demo_maker('[tool.dyncachekeys.keys.x]\nresolver = "flies"\n')
    done = demo.cli("run", "--", UV, *arguments)
    assert "flies" not in done.stderr
    assert demo.cli("run", "-v", "--", UV, *arguments).stderr == done.stderr  # not the quick path's answer alone
    assert demo.cli("run", "--", UV, "sync", check=False).returncode == 2


def test_a_folder_that_is_not_there_is_for_uv_to_report(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    assert demo.cli("run", "--", UV, "--directory", "nowhere", "sync", check=False).stderr.startswith("error: ")


def test_a_package_is_fresh_with_what_it_is_built_with(demo_maker: DemoMaker) -> None:
    """`--package one` builds its sibling as well, so both are synced."""
    sibling = '[tool.uv.sources]\ntwo = { workspace = true }\n[tool.uv.workspace]\nmembers = ["two"]\n'
    demo = demo_maker(sibling, {})
    demo.edit("pyproject.toml", 'requires-python = ">=3.10"', 'requires-python = ">=3.10"\ndependencies = ["two"]')
    demo.edit("build_backend/helper.py", "return []", 'return ["two"]')
    keys = '[tool.dyncachekeys.keys.data]\nresolver = "files"\npatterns = ["data/*"]\nwatch = "digest"\n'
    of_two = PYPROJECT.replace('"demo"', '"two"')
    demo.write({"two/pyproject.toml": f"{of_two}\n{keys}", "two/data/a": "1"})
    demo.write({f"two/{path}": (demo.root / path).read_text("utf-8") for path in ("build_backend/__init__.py",)})
    core = (demo.root / "build_backend/core.py").read_text("utf-8")
    demo.write({"two/build_backend/core.py": core.replace("demo", "two").replace("Demo", "two")})
    demo.write({"two/build_backend/helper.py": "def dependencies():\n    return []\n"})
    run = ("run", "--", UV, "sync", "--package", "demo")
    demo.cli(*run)
    before = demo.builds
    demo.write({"two/data/a": "2"})
    demo.cli(*run)
    assert demo.builds == before + 1


def test_nothing_is_imported_for_other_programs(demo_maker: DemoMaker) -> None:
    code = (
        "import sys; from dyncachekeys.quick import answer; answer._has_become = lambda argv: True\n"
        "assert answer.answer(sys.argv[1:]).done\n"
        "print('dyncachekeys.quick.uv_command' in sys.modules)"
    )
    demo = demo_maker()
    for program, expected in (("make", "False\n"), ("uv", "True\n")):
        assert demo.run(sys.executable, "-c", code, "run", "--", program).stdout == expected


def test_uvx_is_known_by_its_path() -> None:
    assert project_of([str(Path("/opt/uv/bin/uvx")), "demo"], {}) == "."
