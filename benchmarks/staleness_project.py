"""A project with an in-tree backend that tells what it built from, and the real uv to install it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from uv import find_uv_bin

UV = find_uv_bin()
CORE = """\
import importlib
import json
import os
import zipfile
from pathlib import Path

from build_backend import helper, parts, reads

try:
    from build_backend import optional
except ImportError:
    optional = None

FORMAT = 1
named = importlib.import_module("build_backend.named")


def product():
    own = [FORMAT, helper.FLAVOUR, helper.deeper.LEVEL, named.NAME, parts.PART, optional is not None]
    made = {"backend": own, "pyproject": reads.looking.pyproject(), "src": os.path.isdir("src"), "reads": reads.reads()}
    return json.dumps(made, sort_keys=True, indent=1)


def _build(directory):
    with open(os.environ["BUILD_LOG"], "a", encoding="utf-8") as log:
        log.write("build\\n")
    reads.writes()
    made = product()
    with zipfile.ZipFile(Path(directory, "demo-0.1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("demo_built.json", made)
        wheel.writestr("demo_module.py", "")
        wheel.writestr("demo-0.1.dist-info/METADATA", "Metadata-Version: 2.1\\nName: demo\\nVersion: 0.1\\n")
        wheel.writestr("demo-0.1.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("demo-0.1.dist-info/RECORD", "demo_built.json,,\\ndemo_module.py,,\\ndemo-0.1.dist-info/METADATA,,\\n")
    return "demo-0.1-py3-none-any.whl"


def build_wheel(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory)


def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    return _build(wheel_directory)
"""
LOOKING = r"""
import fnmatch
import json
import os
import re
import runpy
import subprocess
import uuid
from pathlib import Path


def pyproject():
    # What [project] and [build-system] say, without layout and comments; Python 3.10 has no tomllib.
    tables, name = {}, ""
    for line in text("pyproject.toml").splitlines():
        line = line.partition("#")[0].strip()
        if line.startswith("["):
            name = line.strip("[] ")
        elif "=" in line:
            key, _, value = line.partition("=")
            tables.setdefault(name, {})[key.strip()] = value.strip().replace("'", '"')
    return {name: table for name, table in tables.items() if re.match(r"(project|build-system)\b", name)}


def text(path):
    return Path(path).read_text(encoding="utf-8") if os.path.isfile(path) else None


def files(folder, *suffixes, skip=()):
    # Content and executable bit of each file below, linked files followed, linked folders not walked.
    found = {}
    for above, folders, names in os.walk(folder):
        folders[:] = [one for one in folders if one not in skip]
        for name in names:
            path = os.path.join(above, name)
            left_out = any(fnmatch.fnmatchcase(name, one) for one in skip)
            if name.endswith(suffixes) and os.path.isfile(path) and not left_out:
                found[path] = [text(path), bool(os.stat(path).st_mode & 0o100)]
    return found


def ignored():
    return [line.strip("/") for line in (text(".gitignore") or "").split()]


def env(*names):
    return [os.environ.get(name) for name in names]


def env_matching(pattern):
    return {name: value for name, value in os.environ.items() if fnmatch.fnmatchcase(name, pattern)}


def manifests():
    return {str(path): json.loads(text(path))["depends"] for path in Path("addons").glob("*/manifest.json")}


def requirements(path):
    lines = (text(path) or "missing").splitlines()
    included = [line.split()[1] for line in lines if line.startswith(("-r ", "-c "))]
    return {path: lines, **{name: one for path in included for name, one in requirements(path).items()}}


def version(path):
    return re.search(r'^__version__ = "(.*)"', text(path), re.MULTILINE)[1]


def run_script(path):
    return runpy.run_path(path)["RESULT"] if os.path.isfile(path) else None


def output(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def write(path, content=None):
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(content or uuid.uuid4().hex, encoding="utf-8")
"""
PYPROJECT = """\
[project]
name = "demo"
version = "0.1"
requires-python = ">=3.10"

[build-system]
requires = []
build-backend = "build_backend.core"
backend-path = ["."]
"""
# Resolvers of the project's own, for what no built-in one knows, and for built-in ones to come.
KEYS_PY = r"""
import json
import re
import subprocess

from dyncachekeys import File, Value


def manifests(context, roots: list[str]):
    for path in context.files(roots):
        yield Value(path, json.loads(context.read_text(path))["depends"])


def requirements(context, file: str):
    yield File(file, entry=True)
    if context.is_file(file):
        for line in context.read_text(file).splitlines():
            if line.startswith(("-r ", "-c ")):
                yield from requirements(context, line.split()[1])


def version(context, file: str):
    yield Value("version", re.search(r'^__version__ = "(.*)"', context.read_text(file), re.MULTILINE)[1])


def command(context, argv: list[str]):
    expanded = [context.environ[one[1:]] if one.startswith("$") else one for one in argv]
    done = subprocess.run(expanded, cwd=context.root, env=dict(context.environ), capture_output=True, check=True)
    yield Value(" ".join(argv), done.stdout)
"""
FILES = {
    "README.md": "# Demo\n",
    "LICENSE": "Public domain\n",
    ".gitignore": "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n*.local.c\nbuild/\n",
    "build_backend/__init__.py": "",
    "build_backend/core.py": CORE,
    "build_backend/deeper.py": "LEVEL = 1\n",
    "build_backend/helper.py": 'from build_backend import deeper\n\nFLAVOUR = "plain"\n',
    "build_backend/looking.py": LOOKING,
    "build_backend/named.py": 'NAME = "one"\n',
    "build_backend/optional.py": "",
    "build_backend/parts/__init__.py": 'PART = "one"\n',
    "build_backend/unused.py": 'UNUSED = "one"\n',
    "build_tools/keys.py": KEYS_PY,
}
READS = """\
from build_backend import looking


def reads():
    return {reads}


def writes():
    {writes}
"""
DEFAULT_STATIC = ("pyproject.toml", "setup.py", "setup.cfg", '{ dir = "src" }', "build_backend/**/*.py")


@dataclass(frozen=True)
class Setup:
    """What a project is made of, what its backend reads, and how each strategy would say so."""

    files: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    reads: str = "None"
    """An expression of the backend: what else goes into the product."""
    writes: str = "pass"
    """A statement of the backend: what a build leaves in the tree."""
    pyproject: str = ""
    """Further tables."""
    static: tuple[str, ...] = ()
    """Cache keys beyond the defaults and the backend's own files, as good as a static list can be."""
    keys: str = ""
    """Keys of dyncachekeys beyond ``backend``."""
    options: str = ""
    """Options of dyncachekeys besides ``watch``."""
    environ: Mapping[str, str] = field(default_factory=dict)
    repository: bool = False
    arrange: Callable[[Project], object] | None = None
    """What else is done before the first build."""
    arrange_later: Callable[[Project], object] | None = None
    """What else is done once the tools have written and that is committed."""


@dataclass(frozen=True)
class Strategy:
    """A way to have uv rebuild: what it writes to ``pyproject.toml``, and when ``dyncachekeys sync`` runs."""

    name: str
    configure: Callable[[Setup], str]
    prepares: bool = False
    """``dyncachekeys sync`` before each ``uv sync`` while the project is prepared."""
    hook: bool = False
    """The same after the change."""
    imports: bool = False
    """After the change nothing is run but a Python that imports the package: no uv command, no dyncachekeys."""
    built: bool = True
    init: Sequence[str] | None = None
    """The options of `dyncachekeys init`, if that is run once; it then takes the place of keys by hand."""


class Failed(Exception):  # noqa: N818  a state of the scenario, as a user would see it
    """A command of the scenario exited with an error."""


class Project:
    """The project in ``folder/demo``; whatever uv and the log need lies beside it."""

    def __init__(self, folder: Path, setup: Setup, strategy: Strategy) -> None:
        self.root, self.beside, self.strategy = folder / "demo", folder / "beside", strategy
        self.prepared = False
        self.said = ""
        """What the last ``dyncachekeys sync`` printed."""
        self.rested: str | None = None
        """What should be installed where the project was last brought up to date."""
        (self.beside / "home").mkdir(parents=True)
        kept = {name: os.environ[name] for name in ("PATH", "TMPDIR", "LANG", "SYSTEMROOT") if name in os.environ}
        someone = {"NAME": "Someone", "EMAIL": "someone@example.org"}
        self.environ = {
            **kept,
            **{f"GIT_{who}_{what}": text for who in ("AUTHOR", "COMMITTER") for what, text in someone.items()},
            "BUILD_LOG": str(self.beside / "builds.log"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "HOME": str(self.beside / "home"),
            "PYTHONDONTWRITEBYTECODE": "1",  # compiled modules compare seconds: an edit in the same one is not seen
            "UV_CACHE_DIR": str(self.beside / "uv-cache"),
            "UV_FIND_LINKS": str(self.beside / "wheels"),
            "UV_NO_INDEX": "1",
            "UV_OFFLINE": "1",
            "UV_PYTHON": sys.executable,
            "UV_PYTHON_DOWNLOADS": "never",
            "XDG_CONFIG_DIRS": str(self.beside / "home"),
            **setup.environ,
        }
        self._write_wheel("demo_requirement")
        self._write_tree(setup, strategy)
        if strategy.init is not None:
            self.run(sys.executable, "-m", "dyncachekeys", "init", *strategy.init)

    def _write_tree(self, setup: Setup, strategy: Strategy) -> None:
        parts = (PYPROJECT, strategy.configure(setup), setup.pyproject)
        self.write("pyproject.toml", "\n".join(part for part in parts if part))
        reads = READS.format(reads=setup.reads, writes=setup.writes)
        for name, text in {**FILES, "build_backend/reads.py": reads, **setup.files}.items():
            self.tick()  # each file is newer than the one before it
            self.write(name, text)
        for name, target in setup.links.items():
            self.path(name).symlink_to(target)

    def _write_wheel(self, name: str) -> None:
        folder = self.beside / "wheels"
        folder.mkdir()
        with zipfile.ZipFile(folder / f"{name}-1.0-py3-none-any.whl", "w") as wheel:
            info = f"{name}-1.0.dist-info"
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")

    def path(self, name: str) -> Path:
        return self.root / name

    def write(self, name: str, text: str) -> None:
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode())

    def read(self, name: str) -> str:
        return self.path(name).read_bytes().decode()

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.read(name)
        if old not in text:
            message = f"{old!r} is not in {name}"
            raise AssertionError(message)
        self.write(name, text.replace(old, new))

    def tick(self) -> None:
        """Wait until the file system's clock has moved: what is written afterwards is newer."""
        probe = self.beside / "tick"
        probe.touch()
        before = probe.stat().st_ctime_ns
        while probe.stat().st_ctime_ns == before:
            probe.touch()

    def run(self, *command: str) -> str:
        """Run a command in the project and return what it printed."""
        done = subprocess.run(
            command, cwd=self.root, env=self.environ, capture_output=True, text=True, encoding="utf-8", check=False
        )
        if done.returncode:
            message = f"{Path(command[0]).name} {' '.join(command[1:3])} exited {done.returncode}: {done.stderr[-600:]}"
            raise Failed(message)
        return done.stdout

    def git(self, *arguments: str) -> str:
        return self.run("git", *arguments)

    def commit(self, message: str) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    @property
    def builds(self) -> int:
        log = Path(self.environ["BUILD_LOG"])
        return log.read_text(encoding="utf-8").count("build\n") if log.exists() else 0

    def before_uv(self) -> None:
        """Do what the strategy does before each uv command."""
        if self.strategy.hook or (self.strategy.prepares and not self.prepared):
            self.said = self.run(sys.executable, "-m", "dyncachekeys", "sync")

    def uv_sync(self) -> int:
        """Run ``uv sync`` alone and return how many builds that took."""
        before = self.builds
        self.run(UV, "sync", "--offline")
        return self.builds - before

    def sync(self) -> int:
        """Run what the strategy says and return how many builds that took."""
        if self.prepared and self.strategy.imports:
            before, python = self.builds, self.path(".venv/bin/python")
            if not python.exists():  # without an environment there is nothing to import with
                self.uv_sync()
            self.run(str(python), "-c", "import demo_module")
            return self.builds - before
        self.before_uv()
        return self.uv_sync()

    def apply_edit(self) -> bool:
        """Bring it to rest, in at most three runs."""
        rests = any(self.sync() == 0 for _ in range(3))
        self.rested = self.expected()
        return rests

    def expected(self) -> str | None:
        """Return what a fresh build would install, or ``None`` if it would fail."""
        code = "import sys; sys.path.insert(0, '.'); from build_backend import core; print(core.product(), end='')"
        try:
            return self.run(sys.executable, "-c", code)
        except Failed:
            return None

    def installed(self) -> str | None:
        found = [*self.path(".venv").glob("[Ll]ib/**/demo_built.json")]
        return found[0].read_text(encoding="utf-8") if found else None
