"""`trace = true` with the real uv: whatever the metadata step reads, in whatever way, is built once when it changes."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest

from kit import BACKEND, HELPER, PYPROJECT, Demo, DemoMaker, make_wheel
from tracing.traced import KEY, both, hook, traces


def traced(demo_maker: DemoMaker, body: str, files: dict[str, str] | None = None, config: str = KEY) -> Demo:
    """Return a project whose metadata step does something."""
    demo = demo_maker(config, files or {})
    demo.append("build_backend/core.py", hook(body))
    return demo


def settled(demo: Demo) -> None:
    both(demo)
    both(demo)
    assert both(demo) == 0


READS = {
    "a folder that was to be made": 'Path("data").mkdir(exist_ok=True); Path("data/deps.txt").read_text()',
    "folders that were to be made": 'os.makedirs("data", exist_ok=True); Path("data/deps.txt").read_text()',
    "a folder that was to be removed": """
        try:
            os.rmdir("data")
        except OSError:
            pass
        Path("data/deps.txt").read_text()
        """,
    "a file that was to be made": """
        try:
            open("data/deps.txt", "x").close()
        except FileExistsError:
            pass
        Path("data/deps.txt").read_text()
        """,
    "a link to it elsewhere": """
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(Path("data/deps.txt").absolute(), Path(folder, "deps.txt"))
            Path(folder, "deps.txt").read_text()
        """,
    "the first of two, one of which goes meanwhile": 'Path("data/deps.txt").read_text()',
}


@pytest.mark.parametrize("way", READS)
def test_a_file_that_is_read(demo_maker: DemoMaker, way: str) -> None:
    demo = traced(demo_maker, READS[way], {"data/deps.txt": "a\n"})
    settled(demo)
    demo.append("data/deps.txt", "b\n")
    assert [both(demo), both(demo)] == [1, 0]


VARIABLES = {
    "a template": 'import string; string.Template("$DEMO_MODE").safe_substitute(os.environ)',
    "a chain of maps": 'import collections; collections.ChainMap(os.environ, {"DEMO_MODE": ""})["DEMO_MODE"]',
    "given to a child as well": """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "pass"], env={**os.environ, "DEMO_MODE": "child"}, check=True)
        os.environ.get("DEMO_MODE")
        """,
}


@pytest.mark.parametrize("way", VARIABLES)
def test_a_variable_that_is_read(demo_maker: DemoMaker, way: str) -> None:
    demo = traced(demo_maker, VARIABLES[way])
    settled(demo)
    assert [both(demo, DEMO_MODE="x"), both(demo, DEMO_MODE="x")] == [1, 0]


def test_a_variable_that_another_hook_sets_for_itself(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, 'os.environ.get("DEMO_MODE")')
    demo.append(
        "build_backend/core.py",
        """
        def get_requires_for_build_editable(config_settings=None):
            os.environ["DEMO_MODE"] = "list"
            return []
        """,
    )
    settled(demo)
    assert [both(demo, DEMO_MODE="x"), both(demo, DEMO_MODE="x")] == [1, 0]


def test_a_variable_that_is_set_for_a_child_is_no_input(demo_maker: DemoMaker) -> None:
    demo = traced(
        demo_maker,
        """
        import subprocess, sys
        code = "import os; os.environ['DEMO_MODE']"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "DEMO_MODE": "child"}, check=True)
        os.environ["DEMO_OTHER"] = "1"
        subprocess.run([sys.executable, "-c", "import os; os.environ['DEMO_OTHER']"], check=True)
        """,
    )
    settled(demo)
    assert both(demo, DEMO_MODE="x", DEMO_OTHER="x") == 0


def test_a_variable_of_a_plugin_that_begins_like_one_of_uv(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, "import plugin; plugin.version()")
    code = "import os\n\ndef version():\n    return os.environ.get('UV_DYNAMIC_VERSIONING_BYPASS', '0.1')\n"
    make_wheel(demo.beside / "wheels", "plugin", {"plugin.py": code})
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    demo.edit("pyproject.toml", "requires = []", 'requires = ["plugin"]')
    settled(demo)
    assert both(demo, UV_DYNAMIC_VERSIONING_BYPASS="9") == 1


BLIND = {
    "all variables": ('os.environ.copy().get("DEMO_MODE")', "goes through all variables"),
    "a child that hides": (
        'import subprocess, sys; subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)',
        "the build runs `isolated python`",
    ),
    "the repository": ('Path(".git/HEAD").read_text()', "the build runs `git`"),
}


@pytest.mark.parametrize("what", BLIND)
def test_what_can_not_be_seen_is_told(demo_maker: DemoMaker, what: str) -> None:
    body, told = BLIND[what]
    demo = traced(demo_maker, body)
    demo.git("init", "--quiet")
    (warning,) = [one for one in demo.sync().warnings if one.code == "trace-blind"]
    assert told in warning.message


SETTINGS = {
    "config-settings": (
        "one = (config_settings or {}).get('variant', 'default')",
        '[tool.uv]\nconfig-settings = { variant = "fast" }\n',
    ),
    "config-settings-package": (
        "one = (config_settings or {}).get('variant', 'default')",
        '[tool.uv.config-settings-package]\nDemo = { variant = "fast" }\n',
    ),
    "extra-build-variables": (
        "one = os.environ.get('VARIANT', 'default')",
        '[tool.uv.extra-build-variables]\ndemo = { VARIANT = "fast" }\n',
    ),
}


@pytest.mark.parametrize("how", SETTINGS)
def test_the_build_is_called_as_uv_calls_it(demo_maker: DemoMaker, how: str) -> None:
    body, config = SETTINGS[how]
    files = {"variants/default.txt": "a\n", "variants/fast.txt": "a\n"}
    demo = traced(demo_maker, f"{body}\nPath(f'variants/{{one}}.txt').read_text()", files, KEY + config)
    settled(demo)
    demo.append("variants/fast.txt", "b\n")
    assert both(demo) == 1
    demo.append("variants/default.txt", "b\n")
    assert both(demo) == 0


@pytest.mark.parametrize("options", [("--copies",), ()], ids=repr)
def test_whoever_made_the_environment_it_is_traced_once(demo_maker: DemoMaker, options: tuple[str, ...]) -> None:
    demo = traced(demo_maker, "pass")
    demo.run(sys.executable, "-m", "venv", "--without-pip", *options, ".venv")
    settled(demo)
    before = traces(demo)
    both(demo)
    assert traces(demo) == before


def test_without_isolation_whatever_the_spelling(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, "pass", config=KEY + '\n[tool.uv]\nno-build-isolation-package = ["DEMO"]\n')
    demo.edit("pyproject.toml", "requires = []", 'requires = ["not-to-be-had"]')
    assert demo.uv_sync() == 1
    assert both(demo) <= 1
    assert both(demo) == 0


def test_without_isolation_by_the_root_of_the_workspace(demo_maker: DemoMaker) -> None:
    root = '[tool.uv]\nno-build-isolation-package = ["demo"]\n[tool.uv.workspace]\nmembers = ["m"]\n'
    member = PYPROJECT.replace("requires = []", 'requires = ["not-to-be-had"]') + KEY
    files = {"m/build_backend/__init__.py": "", "m/build_backend/core.py": BACKEND, "m/build_backend/helper.py": HELPER}
    demo = demo_maker("", {"pyproject.toml": root, "m/pyproject.toml": member, **files})
    demo.uv("sync", "--all-packages")
    demo.cli("sync", "--project", "m")


def test_a_name_that_no_file_can_have(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, "try:\n    open('x' * 300).close()\nexcept OSError:\n    pass")
    settled(demo)


def meanwhile(demo: Demo, act: Callable[[], object]) -> None:
    """Do something while the metadata step of a sync waits; it says that it does by a file."""

    def waiting() -> None:
        while not (demo.beside / "reading").exists():
            time.sleep(0.01)
        act()

    other = threading.Thread(target=waiting)
    other.start()
    both(demo)
    other.join()


def test_a_file_that_goes_while_it_is_traced(demo_maker: DemoMaker) -> None:
    body = """
    import time
    Path(next(name for name in ("deps.txt", "other.txt") if Path(name).exists())).read_text()
    Path(os.environ["BUILD_LOG"]).with_name("reading").touch()
    time.sleep(0.5)
    """
    demo = traced(demo_maker, body, {"deps.txt": "a\n", "other.txt": "a\n"})
    meanwhile(demo, (demo.root / "deps.txt").unlink)
    both(demo)
    assert both(demo) == 0
    demo.append("other.txt", "b\n")
    assert both(demo) == 1


def test_a_child_that_is_isolated_is_told_once(demo_maker: DemoMaker) -> None:
    demo = traced(
        demo_maker, "import subprocess, sys; subprocess.run([sys.executable, '-IS', '-c', 'pass'], check=True)"
    )
    assert "isolated python" in str(demo.sync().warnings)
    assert subprocess.run([sys.executable, "-IS", "-c", "pass"], check=False).returncode == 0


def test_a_variable_that_uv_sets_is_not_the_shells(demo_maker: DemoMaker) -> None:
    config = KEY + '[tool.uv.extra-build-variables]\ndemo = { VARIANT = "fast" }\n'
    demo = traced(demo_maker, "os.environ.get('VARIANT')", config=config)
    settled(demo)
    assert both(demo, VARIANT="of the shell") == 0


def test_what_changed_in_a_package_meanwhile_is_not_believed(demo_maker: DemoMaker) -> None:
    """A package that uses a traced one: the trace that was made during an edit does not stand for it either."""
    body = """
    import time
    Path(Path("deps.txt").read_text()).read_text()
    Path(os.environ["BUILD_LOG"]).with_name("reading").touch()
    time.sleep(0.5)
    """
    demo = traced(demo_maker, body, {"deps.txt": "a.txt", "a.txt": "", "b.txt": ""})
    key = '\n[tool.dyncachekeys.keys.u]\nresolver = "package"\npath = ".."\n'
    demo.write({"other/pyproject.toml": PYPROJECT.replace('"demo"', '"other"') + key})

    def edit() -> None:
        while not (demo.beside / "reading").exists():
            time.sleep(0.01)
        (demo.root / "deps.txt").write_text("b.txt", encoding="utf-8")

    other = threading.Thread(target=edit)
    other.start()
    demo.cli("sync", "--project", "other")
    other.join()
    time.sleep(2.2)
    demo.cli("sync", "--project", "other")
    demo.append("b.txt", "more\n")
    assert "b.txt" in demo.cli("sync", "--project", "other").stdout
