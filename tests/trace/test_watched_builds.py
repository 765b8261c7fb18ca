"""Builds of the real uv, watched: whatever a build reads, in whatever way, is built once when it changes."""

from __future__ import annotations

import shutil
import sys

import pytest

from kit import BACKEND_KEY, Demo, DemoMaker, make_wheel
from traced import KEY, LINE, WATCHED, both, settled, traced, watches

pytestmark = watches

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
    "a further name for it, made each time": """
        os.makedirs("stage", exist_ok=True)
        Path("stage/deps.txt").unlink(missing_ok=True)
        os.link("data/deps.txt", "stage/deps.txt")
        Path("stage/deps.txt").read_text()
        """,
    "a file that is made executable each time": 'os.chmod("data/deps.txt", 0o644); Path("data/deps.txt").read_text()',
    "a link to its folder, made each time": """
        Path("current").unlink(missing_ok=True)
        os.symlink("data", "current")
        Path("current/deps.txt").read_text()
        """,
    "a link to its folder elsewhere": """
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            os.symlink(Path("data").absolute(), Path(folder, "data"))
            Path(folder, "data", "deps.txt").read_text()
        """,
    "a file that a program makes executable each time": """
        import subprocess
        subprocess.run(["chmod", "+x", "data/deps.txt"], check=True)
        Path("data/deps.txt").read_text()
        """,
    "a file that may be written": 'open("data/deps.txt", "r+").read()',
    "by a child with another PYTHONPATH": """
        import subprocess, sys
        code = "open('data/deps.txt').read()"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": "src"}, check=True)
        """,
    "by a child, after PYTHONPATH was set": """
        import subprocess, sys
        os.environ["PYTHONPATH"] = "src"
        subprocess.run([sys.executable, "-c", "open('data/deps.txt').read()"], check=True)
        """,
    "by a child, where the environment was cleared": """
        import subprocess, sys
        from unittest import mock
        with mock.patch.dict(os.environ, {"A": "1"}, clear=True):
            subprocess.run([sys.executable, "-c", "open('data/deps.txt').read()"], check=True)
        """,
    "a file that is touched each time": 'os.utime("data/deps.txt"); Path("data/deps.txt").read_text()',
    "the first of two, one of which goes during the trace": 'Path("data/deps.txt").read_text()',
}


@pytest.mark.parametrize("way", READS)
def test_a_file_that_is_read(demo_maker: DemoMaker, way: str) -> None:
    demo = traced(demo_maker, READS[way], {"data/deps.txt": "a\n"})
    settled(demo)
    demo.append("data/deps.txt", "b\n")
    assert [both(demo), both(demo)] == [1, 0]


CODE = "def version():\n    return os.environ.get('{name}', '0.1')\n"
VARIABLES = {
    "a template": 'import string; string.Template("$DEMO_MODE").safe_substitute(os.environ)',
    "a chain of maps": 'import collections; collections.ChainMap(os.environ, {"DEMO_MODE": ""})["DEMO_MODE"]',
    "in the code of a child": """
        import subprocess, sys
        subprocess.run([sys.executable, "-c", "import os; os.environ.get('DEMO_MODE')"], check=True)
        """,
    "by a child that os.spawnv starts": """
        import sys
        os.spawnv(os.P_WAIT, sys.executable, [sys.executable, "-c", "import os; os.environ.get('DEMO_MODE')"])
        """,
    "after all was put back as it was": """
        from unittest import mock
        with mock.patch.dict(os.environ, {"DEMO_MODE": "for a while"}):
            os.environ.get("DEMO_MODE")
        os.environ.get("DEMO_MODE")
        """,
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


@pytest.mark.parametrize(
    ("name", "builds"),
    [("UV_DYNAMIC_VERSIONING_BYPASS", 1), ("TEMPLATE_DIR", 1), ("PYTHON_CONFIG", 1), ("TMPDIR", 0), ("GITHUB_REF", 0)],
)
def test_a_variable_that_a_build_requirement_reads(demo_maker: DemoMaker, name: str, builds: int) -> None:
    """Those of the session do not count, and others may begin like them."""
    demo = traced(demo_maker, "import plugin; plugin.version()")
    make_wheel(demo.beside / "wheels", "plugin", {"plugin.py": f"import os\n\n{CODE.format(name=name)}"})
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    demo.edit("pyproject.toml", "requires = []", 'requires = ["plugin"]')
    settled(demo)
    assert both(demo, **{name: str(demo.beside)}) == builds


@pytest.mark.parametrize(
    "ask", ['os.readlink("current")', 'Path("current").readlink()', 'os.path.realpath("current/x")']
)
def test_where_a_link_leads(demo_maker: DemoMaker, ask: str) -> None:
    """And nothing else: not what stands there."""
    demo = traced(demo_maker, ask, {"v1/x": "", "v2/x": ""})
    link = demo.root / "current"
    link.symlink_to("v1")
    settled(demo)
    demo.append("v1/x", "more\n")
    demo.write({"v1/y": ""})
    assert both(demo) == 0
    link.unlink()
    link.symlink_to("v2")
    assert [both(demo), both(demo)] == [1, 0]


NAMES = {
    "a file that git ignores": ('[one.read_text() for one in Path("reqs").glob("*.local")]', "reqs/dev.local", 0),
    "one that is not read": ('os.listdir("reqs")', "reqs/dev.local", 0),
    "a folder called build that is no product": ('os.listdir("reqs")', "reqs/build/x", 1),
    "a folder called build in the project's own, which is read": (
        '[one.read_text() for one in Path(".").glob("build/*.txt")]',
        "build/x.txt",
        1,
    ),
    "one that is not": ('os.listdir(".")', "build/x.txt", 0),
    "one in a tree that is gone through": ('[*os.walk(".")]', "build/lib/x.txt", 0),
    "a folder that git ignores, in a tree that is gone through": ('[*os.walk(".")]', "cover/x.html", 0),
    "one that is looked at": ('[one.is_dir() for one in Path(".").iterdir()]', "cover/x.html", 0),
    "a hidden folder that is looked at": ('[one.is_dir() for one in Path(".").iterdir()]', ".cache/x", 0),
    "one that is looked into": (
        '[one.read_text() for one in Path(".").glob("*/x.html")]',
        "cover/x.html",
        1,
    ),
}


@pytest.mark.parametrize("what", NAMES)
def test_a_name_that_comes_in_a_folder_that_is_listed(demo_maker: DemoMaker, what: str) -> None:
    body, path, builds = NAMES[what]
    demo = traced(demo_maker, body, {"reqs/a.txt": "", ".gitignore": "*.local\ncover/\n"})
    demo.git("init", "--quiet")
    settled(demo)
    demo.write({path: "a\n"})
    assert [both(demo), both(demo)] == [builds, 0]


@pytest.mark.parametrize("path", ["flat/new/b.txt", "tree/deep/new/b.txt"])
def test_a_folder_that_comes_where_a_tree_is_gone_through(demo_maker: DemoMaker, path: str) -> None:
    body = '[one.read_text() for name in ("flat", "tree") for one in Path(name).rglob("*.txt")]'
    demo = traced(demo_maker, body, {"flat/a.txt": "", "tree/a.txt": "", "tree/deep/a.txt": ""})
    settled(demo)
    demo.write({path: "b\n"})
    assert [both(demo), both(demo)] == [1, 0]


def test_a_name_of_another_kind_where_a_tree_is_gone_through(demo_maker: DemoMaker) -> None:
    files = {"tree/a.txt": "", "tree/deep/notes.md": ""}
    demo = traced(demo_maker, '[one.read_text() for one in Path("tree").rglob("*.txt")]', files)
    settled(demo)
    demo.write({"tree/deep/more.md": ""})
    assert both(demo) == 0


FINDER = """
import os

def packages():
    found = []
    for folder, names, _ in os.walk("."):
        for name in list(names):
            if os.path.isfile(os.path.join(folder, name, "__init__.py")):
                found.append(name)
            else:
                names.remove(name)
    return found

def entries():
    return [name for name in os.listdir(".") if os.path.isfile(name)]
"""
ASIDE = {
    "a folder that git ignores": ("plugins", "[*os.listdir('plugins')]", "plugins/new", 1),
    "a hidden one": (".changes", "[*os.listdir('.changes')]", ".changes/new", 1),
    "whether a file is there in one": ("plugins", "Path('plugins/flag').exists()", "plugins/flag", 1),
    "a file in the project's own folder build": ("build", "Path('build/app.js').exists()", "build/app.js", 1),
    "a package that git ignores": ("plugins", "None", "plugins/__init__.py", 1),
    "a folder that git ignores and that is no package": ("plugins", "None", "plugins/x.html", 0),
    "a hidden file": ("plugins", "None", ".coverage", 0),
}


@pytest.mark.parametrize(("folder", "ask", "path", "builds"), ASIDE.values(), ids=ASIDE)
def test_what_is_asked_for_in_particular_where_a_requirement_goes_through_all(
    demo_maker: DemoMaker, folder: str, ask: str, path: str, builds: int
) -> None:
    """As setuptools and setuptools-scm do: that nobody cares for what git ignores there does not make it nobody's."""
    files = {".gitignore": "/.dyncachekeys/\nplugins/\nbuild/\n", "other/__init__.py": ""}
    demo = traced(demo_maker, f"import finder; finder.packages(); finder.entries()\n{ask}", files)
    make_wheel(demo.beside / "wheels", "finder", {"finder.py": FINDER})
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    demo.edit("pyproject.toml", "requires = []", 'requires = ["finder"]')
    demo.git("init", "--quiet")
    (demo.root / folder).mkdir()
    settled(demo)
    demo.write({path: ""})
    assert [both(demo), both(demo)] == [builds, 0]
    (demo.root / path).unlink()
    assert [both(demo), both(demo)] == [builds, 0]


def test_a_build_that_asks_for_less_where_all_is_up_to_date(demo_maker: DemoMaker) -> None:
    """As Cython does: it looks for what it might include only if it has something to make."""
    body = """
        if not Path("out.c").exists():
            Path("deps.pxd").exists()
            Path("out.c").write_text("made")
        os.listdir("."), Path("in.pyx").read_text(), Path("out.c").read_text()
        """
    demo = traced(demo_maker, body, {"in.pyx": "", ".gitignore": "*.so\n*.c\n"})
    demo.git("init", "--quiet")
    settled(demo)
    demo.write({"demo.so": ""})
    assert [both(demo), both(demo)] == [0, 0]
    (demo.root / "out.c").unlink()  # a product
    assert [both(demo), both(demo)] == [1, 0]
    demo.write({"deps.pxd": ""})
    assert both(demo) == 1


SDIST_LIST = "def find_sources(look):\n    look()\n"
MAKES = """

def look():
    made, source = Path("out.c"), Path("in.pyx")
    if not made.exists() or made.stat().st_mtime_ns < source.stat().st_mtime_ns:
        made.write_text(source.read_text())


def get_requires_for_build_editable(config_settings=None):
    from setuptools.command.egg_info import find_sources
    find_sources(look)
    return []
"""


def test_a_source_that_is_read_for_the_list_of_what_an_sdist_holds(demo_maker: DemoMaker) -> None:
    """As Cython's are, where that list is made of a `build_ext` that runs it: the build finds all up to date then."""
    demo = traced(demo_maker, "look()", {"in.pyx": "one\n", ".gitignore": "/.dyncachekeys/\nout.c\n"})
    demo.append("build_backend/core.py", MAKES)
    modules = {"setuptools/__init__.py": "", "setuptools/command/__init__.py": ""}
    make_wheel(demo.beside / "wheels", "setuptools", {**modules, "setuptools/command/egg_info.py": SDIST_LIST})
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    demo.edit("pyproject.toml", "requires = []", 'requires = ["setuptools"]')
    settled(demo)
    demo.append("in.pyx", "two\n")
    assert [both(demo), both(demo)] == [1, 0]


def test_what_a_new_build_no_longer_asks_for_costs_no_build(demo_maker: DemoMaker) -> None:
    """Here it was looked for and absent; now it is there, which counts in another way."""
    demo = traced(demo_maker, 'Path("first.cfg").exists()')
    settled(demo)
    demo.write({"first.cfg": ""})
    assert [both(demo), both(demo)] == [1, 0]


@pytest.mark.parametrize("end", ['Path("scratch.txt").unlink()', 'Path("scratch.txt").rename("made.txt")'])
def test_what_a_build_makes_and_removes_again_is_no_product(demo_maker: DemoMaker, end: str) -> None:
    settled(traced(demo_maker, f'Path("scratch.txt").write_text("x")\n{end}'))


@pytest.mark.parametrize("link", ["loop", "/proc/1/root/x"], ids=["to itself", "where nobody may go"])
def test_a_listed_folder_with_an_odd_link(demo_maker: DemoMaker, link: str) -> None:
    demo = traced(demo_maker, 'os.listdir("reqs")', {"reqs/a.txt": ""})
    (demo.root / "reqs" / "loop").symlink_to(link)
    settled(demo)


def test_much_output(demo_maker: DemoMaker) -> None:
    settled(traced(demo_maker, 'os.write(1, b"x" * (1 << 27))'))


BLIND = {
    "all variables": ('os.environ.copy().get("DEMO_MODE")', "goes through all variables"),
    "a child that hides": (
        'import subprocess, sys; subprocess.run([sys.executable, "-I", "-c", "pass"], check=True)',
        "the build runs `isolated python`",
    ),
    "a question to git that is not known": (
        'import subprocess; subprocess.run(["git", "fsck", "--no-progress"], check=True)',
        "the build runs `git fsck --no-progress`",
    ),
    "a command below a script": (
        'import subprocess; subprocess.run("git fsck --no-progress && true", shell=True, check=True)',
        "the build runs `git fsck --no-progress`" if shutil.which("strace") else "the build runs `sh`",
    ),
}


@pytest.mark.parametrize(("body", "told"), BLIND.values(), ids=BLIND)
def test_what_can_not_be_seen_is_reported(demo_maker: DemoMaker, body: str, told: str) -> None:
    demo = traced(demo_maker, body)
    demo.git("init", "--quiet")
    assert both(demo) == 1
    (warning,) = [one for one in demo.sync().warnings if one.code == "build-unseen"]
    assert told in warning.message


COMPUTED = "importlib.import_module('build_backend.' + 'LATE'.lower())"


def test_a_computed_import_is_no_doubt_where_builds_are_watched(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, COMPUTED, {"build_backend/late.py": ""}, WATCHED + BACKEND_KEY)
    demo.append("build_backend/core.py", "\n\nimport importlib\n")
    settled(demo)
    assert demo.sync().warnings == ()
    demo.append("build_backend/late.py", "# more\n")
    assert [both(demo), both(demo)] == [1, 0]


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
        '[tool.uv.extra-build-variables]\ndemo = { VARIANT = "fast", PYTHONPATH = ".dyncachekeys/watch" }\n',
    ),
}


@pytest.mark.parametrize("how", SETTINGS)
def test_the_build_is_called_as_uv_calls_it(demo_maker: DemoMaker, how: str) -> None:
    body, config = SETTINGS[how]
    files = {"variants/default.txt": "a\n", "variants/fast.txt": "a\n"}
    config = config if "PYTHONPATH" in config else LINE + config
    demo = traced(demo_maker, f"{body}\nPath(f'variants/{{one}}.txt').read_text()", files, KEY + config)
    settled(demo)
    demo.append("variants/fast.txt", "b\n")
    assert both(demo) == 1
    demo.append("variants/default.txt", "b\n")
    assert both(demo) == 0


@pytest.mark.parametrize("options", [("--copies",), ()], ids=repr)
def test_whoever_made_the_environment(demo_maker: DemoMaker, options: tuple[str, ...]) -> None:
    demo = traced(demo_maker, 'Path("deps.txt").read_text()', {"deps.txt": ""})
    demo.run(sys.executable, "-m", "venv", "--without-pip", *options, ".venv")
    settled(demo)
    demo.append("deps.txt", "a\n")
    assert [both(demo), both(demo)] == [1, 0]


def test_without_isolation_whatever_the_spelling(demo_maker: DemoMaker) -> None:
    config = WATCHED + '\n[tool.uv]\nno-build-isolation-package = ["DEMO"]\n'
    demo = traced(demo_maker, 'Path("deps.txt").read_text()', {"deps.txt": ""}, config)
    demo.edit("pyproject.toml", "requires = []", 'requires = ["not-to-be-had"]')
    settled(demo)
    demo.append("deps.txt", "a\n")
    assert [both(demo), both(demo)] == [1, 0]


@pytest.mark.parametrize("option", ["config-settings", "extra-build-variables", "no-build-isolation-package"])
def test_settings_in_a_uv_toml_stand_for_those_of_the_project(demo_maker: DemoMaker, option: str) -> None:
    line, path = "[extra-build-variables]\n", 'PYTHONPATH = ".dyncachekeys/watch"'
    body = "one = (config_settings or {}).get('variant') or os.environ.get('VARIANT', 'default')"
    said = {
        "config-settings": f'config-settings = {{ variant = "fast" }}\n{line}demo = {{ {path} }}\n',
        "extra-build-variables": f'{line}demo = {{ VARIANT = "fast", {path} }}\n',
        "no-build-isolation-package": 'no-build-isolation-package = ["demo"]\n'
        f'config-settings = {{ variant = "fast" }}\n{line}demo = {{ {path} }}\n',
    }[option]
    files = {"variants/default.txt": "", "variants/fast.txt": "", "variants/tool.txt": "", "uv.toml": said}
    config = f'{KEY}[tool.uv]\nconfig-settings = {{ variant = "tool" }}\n'
    demo = traced(demo_maker, f"{body}\nPath(f'variants/{{one}}.txt').read_text()", files, config)
    if option.startswith("no-"):
        demo.edit("pyproject.toml", "requires = []", 'requires = ["not-to-be-had"]')
    settled(demo)
    demo.append("variants/tool.txt", "b\n")
    assert both(demo) == 0
    demo.append("variants/fast.txt", "b\n")
    assert both(demo) == 1


def test_a_name_that_no_file_can_have(demo_maker: DemoMaker) -> None:
    demo = traced(demo_maker, "try:\n    open('x' * 300).close()\nexcept OSError:\n    pass")
    settled(demo)


def test_a_variable_that_uv_sets_is_not_the_shells(demo_maker: DemoMaker) -> None:
    config = KEY + '[tool.uv.extra-build-variables]\ndemo = { VARIANT = "fast", PYTHONPATH = ".dyncachekeys/watch" }\n'
    demo = traced(demo_maker, "os.environ.get('VARIANT')", config=config)
    settled(demo)
    assert both(demo, VARIANT="of the shell") == 0


KINDS = """


def _made(also):
    made = Path("gen.txt")
    if {condition}:
        made.write_text(Path("data.txt").read_text())
    also()


def build_editable(directory, config_settings=None, metadata_directory=None):
    _made(lambda: None)
    return _build(directory)


def build_wheel(directory, config_settings=None, metadata_directory=None):
    _made(lambda: Path("src/mod.py").read_text())
    return _build(directory)
"""
"""A backend that copies a module into a wheel, and makes a file for a wheel and for an editable build."""


def of_two_kinds(demo_maker: DemoMaker, condition: str) -> Demo:
    """Return a project that was installed as a copy, and then editable."""
    demo = demo_maker(WATCHED, {"data.txt": "a", "src/mod.py": ""})
    demo.append("build_backend/core.py", KINDS.replace("{condition}", condition))
    demo.append(".gitignore", "gen.txt\n")
    for options in ("--no-editable",), ():
        demo.sync()
        assert demo.uv_sync(*options) == 1
    demo.sync()
    assert demo.uv_sync() == 0
    return demo


@pytest.mark.thorough
def test_what_a_wheel_packs_is_none_of_an_editable_build_that_makes_all_anew(demo_maker: DemoMaker) -> None:
    demo = of_two_kinds(demo_maker, "True")
    demo.write({"src/mod.py": "SIZE = 1\n"})
    assert both(demo) == 0
    demo.write({"data.txt": "b"})
    assert both(demo) == 1


def test_what_an_editable_build_finds_up_to_date_is_known_from_that_of_a_wheel(demo_maker: DemoMaker) -> None:
    demo = of_two_kinds(demo_maker, "not made.exists()")
    demo.write({"data.txt": "b"})
    assert both(demo) == 1
