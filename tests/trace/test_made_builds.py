"""`trace --build`: the build that it makes is called as uv calls it."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest

from kit import BACKEND, HELPER, PYPROJECT, UV, Demo, DemoMaker
from traced import KEY, traced

READ = "Path(f'variants/{one}.txt').read_text()"
VARIANTS = {f"variants/{name}.txt": "" for name in ("default", "fast", "tool")}
BY_SETTINGS = "one = (config_settings or {}).get('variant', 'default')"
BY_VARIABLE = "one = os.environ.get('VARIANT', 'default')"
MEMBER = {"m/build_backend/__init__.py": "", "m/build_backend/core.py": BACKEND, "m/build_backend/helper.py": HELPER}


def found(demo: Demo, *arguments: str) -> dict[str, Any]:
    (project,) = json.loads(demo.cli("trace", "--build", "--format", "json", *arguments).stdout)["projects"]
    return dict(project["trace"])


def subjects(demo: Demo, asked: str = "read") -> set[str]:
    return {one["subject"] for one in found(demo)["inputs"] if one["asked"] == asked}


SETTINGS = {
    "config-settings": (BY_SETTINGS, '[tool.uv]\nconfig-settings = { variant = "fast" }\n'),
    "config-settings-package": (BY_SETTINGS, '[tool.uv.config-settings-package]\nDemo = { variant = "fast" }\n'),
    "extra-build-variables": (BY_VARIABLE, '[tool.uv.extra-build-variables]\ndemo = { VARIANT = "fast" }\n'),
}


@pytest.mark.parametrize("how", SETTINGS)
def test_with_the_settings_of_the_project(demo_maker: DemoMaker, how: str) -> None:
    body, config = SETTINGS[how]
    demo = traced(demo_maker, f"{body}\n{READ}", VARIANTS, config)
    assert {one for one in subjects(demo) if "variants" in one} == {"variants/fast.txt"}
    assert "VARIANT" not in subjects(demo, "variables")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (BY_SETTINGS, 'config-settings = { variant = "fast" }\n'),
        (BY_VARIABLE, '[extra-build-variables]\ndemo = { VARIANT = "fast" }\n'),
    ],
    ids=["config-settings", "extra-build-variables"],
)
def test_settings_in_a_uv_toml_stand_for_those_of_the_project(demo_maker: DemoMaker, body: str, said: str) -> None:
    config = '[tool.uv]\nconfig-settings = { variant = "tool" }\n'
    demo = traced(demo_maker, f"{body}\n{READ}", {**VARIANTS, "uv.toml": said}, config)
    assert {one for one in subjects(demo) if "variants" in one} == {"variants/fast.txt"}


def test_without_isolation_by_the_root_of_the_workspace(demo_maker: DemoMaker) -> None:
    root = '[tool.uv]\nno-build-isolation-package = ["DEMO"]\n[tool.uv.workspace]\nmembers = ["m"]\n'
    member = PYPROJECT.replace("requires = []", 'requires = ["not-to-be-had"]')
    demo = demo_maker("", {"pyproject.toml": root, "m/pyproject.toml": member, **MEMBER})
    assert "environment is not there yet" in demo.cli("trace", "--build", "--project", "m", check=False).stderr
    demo.uv("sync", "--all-packages")
    assert found(demo, "--project", "m")["standing"]


@pytest.mark.parametrize(("word", "says"), [("yes", True), ("ON", True), ("0", False), ("no", False)])
def test_without_isolation_by_a_variable(demo_maker: DemoMaker, word: str, *, says: bool) -> None:
    demo = demo_maker("", {"pyproject.toml": PYPROJECT.replace("requires = []", 'requires = ["not-to-be-had"]')})
    done = demo.cli("trace", "--build", check=False, UV_NO_BUILD_ISOLATION=word)
    assert done.returncode
    assert ("reach the network" not in done.stderr) is says


@pytest.mark.parametrize("member", [True, False])
def test_further_requirements_are_those_of_the_workspace(demo_maker: DemoMaker, *, member: bool) -> None:
    """As for uv, which passes over a member's (0.13)."""
    extra = '\n[tool.uv.extra-build-dependencies]\nDemo = ["not-to-be-had"]\n'
    root = "[tool.uv.workspace]\nmembers = ['m']\n"
    files = {
        "pyproject.toml": root + ("" if member else extra),
        "m/pyproject.toml": PYPROJECT + (extra if member else ""),
    }
    demo = demo_maker("", {**MEMBER, **files})
    built = demo.run(UV, "sync", "--all-packages", check=False).returncode == 0
    done = demo.cli("trace", "--build", "--project", "m", check=False)
    assert built == member == (done.returncode == 0)


@pytest.mark.parametrize("backend", ["a backend", "none, which is that of setup.py"])
def test_requirements_that_are_not_there(demo_maker: DemoMaker, backend: str) -> None:
    demo = demo_maker()
    demo.edit("pyproject.toml", "requires = []", 'requires = ["no-such-requirement"]')
    if backend != "a backend":
        demo.edit("pyproject.toml", "build-backend =", "was-build-backend =")
        demo.edit("pyproject.toml", "backend-path =", "was-backend-path =")
    done = demo.cli("trace", "--build", check=False)
    assert done.returncode == 2
    assert "the build's environment" in done.stderr
    assert "no-such-requirement" in done.stderr


@pytest.mark.thorough
def test_requirements_from_beside_the_project(demo_maker: DemoMaker) -> None:
    """As uv does it: ``tool.uv.sources`` count for ``build-system.requires``, too."""
    helper = 'import os\n\n\ndef mode():\n    return os.environ.get("HELPER_MODE")\n'
    demo = traced(demo_maker, "import buildhelper\nbuildhelper.mode()")
    core = BACKEND.replace('"demo-0.1', '"buildhelper-1.0').replace("build_backend", "own")
    core = core.replace("Name: demo\\nVersion: 0.1", "Name: buildhelper\\nVersion: 1.0")
    core = core.replace(
        "        wheel.writestr(", f"        wheel.writestr('buildhelper.py', {helper!r})\n        wheel.writestr(", 1
    )
    system = PYPROJECT.replace('"demo"', '"buildhelper"').replace('"0.1"', '"1.0"').replace("build_backend", "own")
    demo.write(
        {
            "tools/helper/pyproject.toml": system,
            "tools/helper/own/__init__.py": "",
            "tools/helper/own/helper.py": "def dependencies():\n    return []\n",
            "tools/helper/own/core.py": core.replace("demo-0.1", "buildhelper-1.0"),
        }
    )
    demo.edit("pyproject.toml", "requires = []", 'requires = ["buildhelper"]')
    demo.append("pyproject.toml", '\n[tool.uv.sources]\nbuildhelper = { path = "tools/helper" }\n')
    assert "HELPER_MODE" in subjects(demo, "variables")


def test_the_folder_that_watches_uvs_builds_does_not_watch_this_one_twice(demo_maker: DemoMaker) -> None:
    body = 'import subprocess, sys; subprocess.run([sys.executable, "-c", "open(\'deps.txt\')"], check=True)'
    config = '[tool.uv.extra-build-variables]\ndemo = { PYTHONPATH = "lib:.dyncachekeys/watch" }\n'
    key = '[tool.dyncachekeys.keys.build]\nresolver = "build"\n'
    demo = traced(demo_maker, f"import beside\n{body}", {"deps.txt": "", "lib/beside.py": ""}, config + key)
    demo.sync()
    assert {"deps.txt", "lib/beside.py"} <= subjects(demo)
    names = sorted((demo.root / ".dyncachekeys/builds").iterdir())
    assert [one.suffix for one in names] == [".json"] * 3


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not on this machine")
@pytest.mark.parametrize("programs", [True, False])
def test_programs_are_watched_as_in_the_builds_of_uv(demo_maker: DemoMaker, *, programs: bool) -> None:
    config = KEY if programs else f"{KEY}programs = false\n"
    files = {"gen.sh": "cat data.txt > /dev/null\n", "data.txt": "one\n"}
    demo = traced(demo_maker, 'import subprocess; subprocess.run(["sh", "gen.sh"], check=True)', files, config)
    assert ("data.txt" in subjects(demo)) == programs
    assert ("data.txt" in subjects(demo)) == programs, "a second time"


@pytest.mark.parametrize(
    "how", ["os._exit(0)", "os._exit(3)", "os.kill(os.getpid(), 9)", "Path(sys.argv[0]); raise BaseException('no')"]
)
@pytest.mark.parametrize("command", [("trace", "--build"), ("doctor", "--build")])
def test_a_backend_that_ends_its_process_is_told(demo_maker: DemoMaker, how: str, command: tuple[str, ...]) -> None:
    """Also in a later step: the answer of an earlier one is not taken for its own."""
    demo = traced(demo_maker, f"import sys\n{how}")
    done = demo.cli(*command, check=False)
    text = done.stdout + done.stderr
    assert done.returncode == (2 if command[0] == "trace" else 0), text
    assert "fails" in text or "without an answer" in text
    assert "Traceback" not in done.stderr or "BaseException" in done.stderr


def test_an_answer_that_is_none_is_told(demo_maker: DemoMaker) -> None:
    demo = traced(
        demo_maker,
        "import glob, tempfile\nfor one in glob.glob(tempfile.gettempdir() + '/dyncachekeys-trace-*/'):\n    open(one + 'answer.json', 'w').write('[')\nos._exit(0)",
    )
    done = demo.cli("trace", "--build", check=False, TMPDIR=str(demo.beside))
    assert (done.returncode, "without an answer" in done.stderr) == (2, True)
