"""Each block of commands on a page is typed, in a project such as the page speaks of, and prints what the page shows.

What is not typed says on the page why (`<!-- not run: WHY -->`), or is in the hands of another test.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from blocks import Block, Shell, blocks, fits
from cli.test_watch import Watching
from guarded import guarded
from kit import BACKEND_KEY, PYPROJECT, Demo, make_demo, make_wheel

ROOT = Path(__file__).parent.parent
PAGES = [
    path.relative_to(ROOT).as_posix()
    for pattern in ("*.md", "docs/**/*.md", "plugins/*/*.md", "examples/*/*.md")
    for path in sorted(ROOT.glob(pattern))
]
BY_OTHERS = {
    "docs/tutorial.md": "watched/test_tutorial.py",
    "docs/guides/": "watched/test_guides.py",
    "examples/": "watched/test_guides.py",
}
"""Pages, or folders of them, whose commands another test types."""
FILES_KEY = """
[tool.dyncachekeys.keys.sources]
resolver = "files"
patterns = ["csrc/*.c"]
"""
Step = Callable[[Demo], None]


class Typed:
    """How the blocks of a page are followed.

    Args:
        make: Makes the project, in a temporary folder.
        before: By the number of a block: what happens before it is typed.
    """

    def __init__(self, make: Callable[[Path], Demo], before: Mapping[int, Step] | None = None) -> None:
        self.make, self.before = make, before or {}


def in_tree(*keys: str, files: Mapping[str, str] | None = None) -> Callable[[Path], Demo]:
    return lambda folder: make_demo(folder, "".join(keys), {"csrc/a.c": "a\n", **(files or {})})


def _explained(demo: Demo) -> None:
    demo.environ["CC"] = "gcc"
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "first")
    demo.settled()
    demo.tick()
    demo.append("build_backend/helper.py", "# edited\n")
    demo.append("pyproject.toml", "\n[tool.ruff]\nline-length = 100\n")
    demo.write({"csrc/new.c": "new\n", "csrc/b.c": "b\n", "csrc/notes.txt": "to do\n"})
    demo.environ["CC"] = "clang"


def _then_by_links(demo: Demo) -> None:
    demo.edit("pyproject.toml", 'watch = "digest"\n', "")
    demo.settled()


EXPLAIN = Typed(
    in_tree(
        '[tool.dyncachekeys]\nwatch = "digest"\ndefaults = false\n',
        BACKEND_KEY,
        FILES_KEY,
        '[tool.dyncachekeys.keys.toolchain]\nresolver = "env"\nnames = ["CC"]\n',
        files={"csrc/b.c": "b\n", "csrc/notes.txt": "", "docs/guide.md": ""},
    ),
    {0: _explained, 1: _then_by_links},
)


def doctored(folder: Path) -> Demo:
    keys = '[tool.uv]\ncache-keys = [{ file = "pyproject.toml" }, { dir = "csrc" }, { glob = "*.txt" }]\n'
    demo = make_demo(folder, keys, {"csrc/a.c": "", "csrc/a.h": ""})
    demo.edit("pyproject.toml", '"build_backend.core"\nbackend-path = ["."]', '"setuptools.build_meta"')
    return demo


def empty(folder: Path) -> Demo:
    demo = Demo(folder / "demo", folder / "beside")
    (demo.beside / "home").mkdir(parents=True)
    demo.root.mkdir()
    return demo


CRATE = """\
[build-system]
requires = ["maturin>=1.9"]
build-backend = "maturin"

[project]
name = "demo"
version = "0.1"

[tool.uv]
cache-keys = [
    { file = "pyproject.toml" },
    { file = "src/**/*.rs" },  # theirs
]
"""


def crate(folder: Path) -> Demo:
    files = {"pyproject.toml": CRATE, "Cargo.toml": '[package]\nname = "demo"\n', "src/lib.rs": ""}
    demo = empty(folder)
    demo.write(files)
    demo.git("init", "--quiet")
    return demo


def guard(folder: Path) -> Demo:
    demo = guarded(folder, built=False)
    demo.write({"csrc/fft.c": "fft\n", "tests/__init__.py": "", "tests/test_it.py": "import demo\n"})
    demo.settled()
    return demo


WATCHED = """
[tool.uv]
extra-build-variables = { demo = { PYTHONPATH = ".dyncachekeys/watch" } }

[tool.dyncachekeys.keys.build]
resolver = "build"
"""
TRACED = {
    "build_tools/__init__.py": "",
    "build_tools/backend.py": """\
import zipfile
from pathlib import Path

from build_tools import collate

METADATA = "Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n"
WHEEL = "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    name = "demo-0.1-py3-none-any.whl"
    requires = "".join(f"Requires-Dist: {one}\\n" for one in collate.dependencies())
    with zipfile.ZipFile(Path(wheel_directory, name), "w") as wheel:
        wheel.writestr("demo-0.1.dist-info/METADATA", METADATA + requires)
        wheel.writestr("demo-0.1.dist-info/WHEEL", WHEEL)
        wheel.writestr("demo-0.1.dist-info/RECORD", "")
    return name


build_editable = build_wheel
""",
    "build_tools/collate.py": """\
import os
from pathlib import Path

def lines(path): return [*filter(None, Path(path).read_text().split("\\n"))]


def dependencies():
    found = lines("common/base.txt")

    # One file for each package of the repository.
    for name in sorted(os.listdir("mono")):
        found += lines(f"mono/{name}/requirements.txt")

    if os.environ.get("DEMO_GPU"):
        found += lines("common/gpu.txt")
    return [] if os.path.exists("FLAG") else found
""",
    "common/base.txt": "",
    "mono/alpha/requirements.txt": "",
    "mono/beta/requirements.txt": "",
}


def traced(folder: Path) -> Demo:
    demo = empty(folder)
    demo.write({"pyproject.toml": PYPROJECT.replace("build_backend.core", "build_tools.backend") + WATCHED, **TRACED})
    demo.git("init", "--quiet")
    demo.cli("sync")
    demo.uv("sync")
    return demo


DEPENDENCIES = """\
from dyncachekeys import File


def dependency_sources(context):
    for path in context.files(["deps/*.txt"]):
        yield File(path)
"""


def their_branch(folder: Path) -> Demo:
    """Return a project whose other branch has another resolver, with the hook of the page."""
    key = '[tool.dyncachekeys.keys.deps]\nresolver = "build_tools.keys:dependency_sources"\n'
    files = {"build_tools/__init__.py": "", "build_tools/keys.py": DEPENDENCIES, "deps/a.txt": "", "csrc/a.c": ""}
    demo = make_demo(folder, BACKEND_KEY + key + FILES_KEY, files)
    demo.git("init", "--quiet", "--initial-branch", "main")
    demo.cli("sync")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "ours")
    demo.git("switch", "--quiet", "--create", "their-branch")
    demo.append("build_tools/keys.py", "# theirs\n")
    demo.git("commit", "--quiet", "--all", "--message", "theirs")
    demo.git("switch", "--quiet", "main")
    demo.cli("sync")
    demo.write({".git/hooks/post-checkout": "#!/bin/sh\nexec dyncachekeys sync --hook\n"})
    (demo.root / ".git/hooks/post-checkout").chmod(0o755)
    return demo


MADE = '[tool.dyncachekeys.keys.made]\nresolver = "outputs"\npatterns = ["src/pkg/_version.py"]\n'


def product(folder: Path) -> Demo:
    demo = make_demo(folder, BACKEND_KEY + MADE, {"src/pkg/__init__.py": ""})
    demo.append("build_backend/helper.py", 'open("src/pkg/_version.py", "w").write("0.1")\n')
    demo.append(".gitignore", "_version.py\n")
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.settled()
    return demo


INSTALLED = '[tool.dyncachekeys.keys.installed]\nresolver = "distribution"\nnames = ["torch"]\n'


def with_torch(folder: Path) -> Demo:
    demo = make_demo(folder, INSTALLED)
    demo.edit("pyproject.toml", 'version = "0.1"\n', 'version = "0.1"\ndependencies = ["torch"]\n')
    make_wheel(demo.beside / "wheels", "torch")
    demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
    demo.cli("sync")
    demo.uv("sync")
    return demo


def restored(folder: Path) -> Demo:
    demo = make_demo(folder, '[tool.dyncachekeys]\ntransport = "digest"\n' + BACKEND_KEY)
    demo.cli("sync")
    return demo


TYPED = {
    "README.md": Typed(in_tree()),
    "docs/doctor.md": Typed(doctored),
    "docs/editors.md": Typed(in_tree()),
    "docs/explain.md": EXPLAIN,
    "docs/guard.md": Typed(guard),
    "docs/init.md": Typed(crate),
    "docs/recipes.md": Typed(their_branch),
    "docs/resolvers/distribution.md": Typed(with_torch),
    "docs/resolvers/outputs.md": Typed(product),
    "docs/trace.md": Typed(traced),
    "docs/transport-digest.md": Typed(restored),
}
QUICK = {"docs/doctor.md", "docs/editors.md"}
"""Those that take less than a second; the others are for `nox -s thorough`."""


def commands() -> Iterator[tuple[str, Block]]:
    """Yield each block of commands of each page."""
    for page in PAGES:
        for block in blocks(ROOT / page):
            if block.kind in {"bash", "console", "sh", "shell"}:
                yield page, block


def test_each_block_of_commands_is_typed_or_says_why_not() -> None:
    others = tuple(BY_OTHERS)
    left = [
        f"{page}: {block.text}"
        for page, block in commands()
        if block.run and not block.is_tried and not (block.is_typed and (page in TYPED or page.startswith(others)))
    ]
    assert not left, "type it in a test, or say above it why not: <!-- not run: WHY -->"


def test_what_others_type() -> None:
    for page, test in BY_OTHERS.items():
        path = Path(__file__).parent / test
        if (ROOT / page).exists() and any(one.startswith(page) for one, block in commands() if block.is_typed):
            assert page.strip("/") in path.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "page", [page if page in QUICK else pytest.param(page, marks=pytest.mark.thorough) for page in TYPED]
)
def test_typed(page: str, tmp_path: Path) -> None:
    typed = TYPED[page]
    shell = Shell(typed.make(tmp_path))
    for number, block in enumerate(one for one in blocks(ROOT / page) if one.is_typed):
        if number in typed.before:
            typed.before[number](shell.demo)
        shell.do(block)


@pytest.mark.thorough
def test_watch_prints_what_the_page_shows(tmp_path: Path) -> None:
    (block,) = (one for one in blocks(ROOT / "docs/watch.md") if one.kind == "console")
    ((_, shown, _),) = block.steps()
    demo = make_demo(tmp_path, BACKEND_KEY + FILES_KEY + 'watch = "digest"\n', {"csrc/old_fft.c": ""})
    demo.settled()
    watching = Watching(demo)
    printed = watching.after((demo.root / "csrc/old_fft.c").unlink)
    watching.process.kill()
    watching.process.wait()
    assert fits(re.sub(r"^ +[\d.]+ms  .*\n", "", printed, flags=re.MULTILINE), shown)  # without what `-v` adds


@pytest.mark.thorough
def test_the_first_command_of_the_readme_ends_well() -> None:
    """But for the environment, which it makes from the registry."""
    command = next(block.text for _, block in commands() if "demo.py" in block.text)
    script = command.split()[-1]
    done = subprocess.run([sys.executable, script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
