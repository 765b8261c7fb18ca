"""The changes of the staleness benchmark: what is done to a project at rest, and what must follow.

``right`` is ``"R"`` where the build must run again, since it would make something else (or fail), and ``"-"``
where it must not. The benchmark checks that against the backend itself before it judges anybody.

Left out, because it is a matter of taste whether the build depends on it: comments in the backend's code; a file
replaced by a link to the same content; a key added to the configuration.

Not in yet, for want of a resolver (issue 5): another version of a build requirement in the environment without build
isolation (``distribution``, case 28), products deleted by ``git clean`` (``outputs``, cases 30 and 44), a sibling of
the workspace (``package``, case 32), a fresh clone with a warm cache (digest transport, case 35), submodules (case
19). What ``git``, ``command`` and ``requirements`` will do stands here as resolvers of the project's own.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Literal

from staleness_project import Failed, Project, Setup

Act = Callable[[Project], object]
Seen = Literal["entry", "file", ""]


@dataclass(frozen=True)
class Change:
    """One change: to which project, what is done, what must follow."""

    name: str
    setup: Setup
    act: Act
    right: Literal["R", "-"]
    seen: Seen = ""
    """``entry``: plain uv can see it under ``watch = "auto"``, as an edit of what has an entry of its own. ``file``:
    an edit of another file, one that comes, or one that goes, which it sees through links (U27, U40, U44). Empty: it
    can't."""
    cases: tuple[int, ...] = ()
    allowed: int = 0
    """Builds that are no fault although nothing must be built."""
    fails: bool = False
    """The build must be tried, and fail."""


def rebuilt(name: str, setup: Setup, act: Act, *cases: int, seen: Seen = "", fails: bool = False) -> Change:
    return Change(name, setup, act, "R", seen, cases, fails=fails)


def quiet(name: str, setup: Setup, act: Act, *cases: int, allowed: int = 0) -> Change:
    return Change(name, setup, act, "-", "", cases, allowed)


by_entry: Callable[..., Change] = partial(rebuilt, seen="entry")
by_file: Callable[..., Change] = partial(rebuilt, seen="file")


def write(name: str, text: str) -> Act:
    return lambda project: project.write(name, text)


def edit(name: str, old: str, new: str) -> Act:
    return lambda project: project.edit(name, old, new)


def append(name: str, text: str) -> Act:
    return lambda project: project.write(name, project.read(name) + text)


def delete(name: str) -> Act:
    return lambda project: project.path(name).unlink()


def move(name: str, to: str) -> Act:
    def act(project: Project) -> None:
        project.path(to).parent.mkdir(parents=True, exist_ok=True)
        project.path(name).rename(project.path(to))

    return act


def copy(name: str, to: str) -> Act:
    return lambda project: shutil.copytree(project.path(name), project.path(to), symlinks=True)


def remove_folder(name: str) -> Act:
    return lambda project: shutil.rmtree(project.path(name), ignore_errors=True)


def make_folder(name: str) -> Act:
    return lambda project: project.path(name).mkdir()


def link(name: str, target: str) -> Act:
    """Point a link elsewhere, or put one there, in one step as ``ln -sfn`` does."""

    def act(project: Project) -> None:
        project.path("aside").symlink_to(target)
        project.path("aside").rename(project.path(name))

    return act


def mode(name: str, bits: int) -> Act:
    return lambda project: project.path(name).chmod(bits)


def set_time(name: str, seconds_from_now: float) -> Act:
    moment = time.time() + seconds_from_now
    return lambda project: os.utime(project.path(name), (moment, moment))


def keeping_time(name: str, act: Act) -> Act:
    def kept(project: Project) -> None:
        info = project.path(name).stat()
        act(project)
        os.utime(project.path(name), ns=(info.st_atime_ns, info.st_mtime_ns))

    return kept


def saved_atomically(name: str, old: str, new: str) -> Act:
    def act(project: Project) -> None:
        project.write(f"{name}~", project.read(name).replace(old, new))
        project.path(f"{name}~").replace(project.path(name))

    return act


def environ(name: str, value: str | None) -> Act:
    def act(project: Project) -> None:
        project.environ.pop(name, None)
        if value is not None:
            project.environ[name] = value

    return act


def git(*arguments: str) -> Act:
    return lambda project: project.git(*arguments)


def steps(*acts: Act) -> Act:
    """Do one after another, each at a later tick of the clock."""

    def act(project: Project) -> None:
        for one in acts:
            project.tick()
            one(project)

    return act


def commit(project: Project) -> None:
    project.commit("A change")


def nothing(_: Project) -> None:
    pass


def sync(project: Project) -> None:
    """Do what the strategy does, and ``uv sync``."""
    project.sync()
    project.rested = project.expected()


before_uv = Project.before_uv
plain_uv = Project.uv_sync
toggled = steps(edit("csrc/one.c", "one", "other"), edit("csrc/one.c", "other", "one"))


def files_key(*patterns: str, exclude: str = "") -> str:
    left_out = f'exclude = ["{exclude}"]\n' if exclude else ""
    return f'[tool.dyncachekeys.keys.sources]\nresolver = "files"\npatterns = {list(patterns)}\n{left_out}'


def own_key(function: str, option: str) -> str:
    return f'[tool.dyncachekeys.keys.own]\nresolver = "build_tools.keys:{function}"\n{option}\n'


def env_key(*names: str) -> str:
    return f'[tool.dyncachekeys.keys.machine]\nresolver = "env"\nnames = {list(names)}\n'


# --- The in-tree backend -------------------------------------------------------------------------------------------

BARE = Setup()
HELPER = "build_backend/helper.py"
# What is swapped here is not the newest of all: else the maximum of times would fall, and uv see it (U1).
OLDER_BACKEND = Setup(
    arrange=steps(copy("build_backend", "older"), edit(HELPER, "plain", "spicy"), append("pyproject.toml", "# Newer\n"))
)
BACKEND = [
    by_entry("backend edited", BARE, edit("build_backend/core.py", "FORMAT = 1", "FORMAT = 2"), 1),
    by_entry("helper edited", BARE, edit(HELPER, "plain", "spicy"), 2),
    by_entry("helper of the helper edited", BARE, edit("build_backend/deeper.py", "1", "2"), 2),
    by_entry("module of importlib.import_module edited", BARE, edit("build_backend/named.py", "one", "two"), 2),
    by_entry("__init__ of a sub-package edited", BARE, edit("build_backend/parts/__init__.py", "one", "two"), 2),
    quiet("module that is not imported edited", BARE, edit("build_backend/unused.py", "one", "two"), 3),
    quiet("module that is not imported added", BARE, write("build_backend/more.py", ""), 3),
    by_entry(
        "backend imports a new module",
        BARE,
        steps(
            write("build_backend/more.py", "FORMAT = 3\n"),
            append("build_backend/core.py", "\nfrom build_backend.more import FORMAT\n"),
        ),
        2,
    ),
    by_entry("helper saved atomically", BARE, saved_atomically(HELPER, "plain", "spicy"), 2),
    by_entry("helper edited, same size and time", BARE, keeping_time(HELPER, edit(HELPER, "plain", "spicy")), 2, 34),
    rebuilt(
        "backend's folder swapped for an older one",
        OLDER_BACKEND,
        steps(move("build_backend", "newer"), move("older", "build_backend")),
        2,
    ),
    rebuilt("package added that shadows a helper", BARE, write("build_backend/named/__init__.py", 'NAME = "two"\n'), 2),
    by_file("optional module deleted", BARE, delete("build_backend/optional.py"), 2),
    quiet("backend touched", BARE, lambda project: project.path(HELPER).touch(), 33),
    by_entry(
        "backend raises",
        BARE,
        edit("build_backend/core.py", "    own = ", "    raise SystemExit(1)\n    own = "),
        8,
        fails=True,
    ),
    by_entry("helper with a syntax error", BARE, append(HELPER, "def\n"), 8, fails=True),
]

# --- setup.py, hooks, manifests, requirements ----------------------------------------------------------------------

SETUP_PY = Setup(
    files={
        "pinned.txt": "one==1.0\n",
        "setup.py": 'from pathlib import Path\n\nKIND = "plain"\nRESULT = [KIND, Path("pinned.txt").read_text()]\n',
    },
    reads="looking.run_script('setup.py')",
    static=("pinned.txt",),
    keys=files_key("pinned.txt"),
)
HOOK = Setup(
    files={
        "hatch_build.py": 'import runpy\n\nKIND = "plain"\nRESULT = [KIND, runpy.run_path("tools/make.py")["MADE"]]\n',
        "tools/make.py": 'MADE = "one"\n',
    },
    reads="looking.run_script('hatch_build.py')",
    pyproject="[tool.hatch.build.hooks.custom]\n",
    static=("hatch_build.py", "tools/*.py"),
    keys=files_key("tools/*.py"),
)
MANIFESTS = Setup(
    files={f"addons/{name}/manifest.json": f'{{"depends": ["{name}"], "author": "One"}}\n' for name in ("a", "b", "c")},
    reads="looking.manifests()",
    static=("addons/*/manifest.json",),
    keys=own_key("manifests", 'roots = ["addons/*/manifest.json"]'),
)
REQUIREMENTS = Setup(
    files={
        "constraints.txt": "one<2\n",
        "extra.txt": "extra\n",
        "base.txt": "one\n",
        "reqs.txt": "-r base.txt\n-c constraints.txt\n-r absent.txt\n",
    },
    reads="looking.requirements('reqs.txt')",
    static=("reqs.txt", "base.txt", "constraints.txt", "absent.txt"),
    keys=own_key("requirements", 'file = "reqs.txt"'),
)
ABOUT = "src/demo/__about__.py"
VERSION = Setup(
    files={ABOUT: '# One\n__version__ = "1.0"\n'},
    reads=f"looking.version('{ABOUT}')",
    static=(ABOUT,),
    keys=own_key("version", f'file = "{ABOUT}"'),
)
METADATA = [
    by_entry("setup.py edited", SETUP_PY, edit("setup.py", "plain", "spicy"), 6),
    by_file("file that setup.py reads edited", SETUP_PY, append("pinned.txt", "two\n"), 6),
    by_entry("hook edited", HOOK, edit("hatch_build.py", "plain", "spicy"), 7),
    by_file("script that the hook starts edited", HOOK, edit("tools/make.py", "one", "two"), 7),
    by_file("manifest edited", MANIFESTS, edit("addons/b/manifest.json", '["b"]', '["b", "x"]'), 4),
    rebuilt("manifest added", MANIFESTS, write("addons/d/manifest.json", '{"depends": []}'), 4),
    by_file("oldest manifest deleted", MANIFESTS, delete("addons/a/manifest.json"), 4),
    quiet("manifest edited, a field that is not read", MANIFESTS, edit("addons/b/manifest.json", "One", "Two"), 5),
    by_entry("requirement file edited", REQUIREMENTS, append("reqs.txt", "two\n"), 10),
    by_entry("included requirement file edited", REQUIREMENTS, append("base.txt", "two\n"), 10),
    by_entry("included constraints edited", REQUIREMENTS, append("constraints.txt", "two<2\n"), 10),
    by_file("included file deleted", REQUIREMENTS, delete("constraints.txt"), 10),
    by_entry("included file comes to be", REQUIREMENTS, write("absent.txt", "two\n"), 10),
    rebuilt(
        "file edited that is included since an edit",
        REQUIREMENTS,
        steps(append("reqs.txt", "-r extra.txt\n"), sync, sync, append("extra.txt", "three\n")),
        10,
    ),
    by_file("version changed", VERSION, edit(ABOUT, "1.0", "1.1"), 11),
    quiet("comment beside the version changed", VERSION, edit(ABOUT, "One", "Two"), 11),
]

# --- pyproject.toml, settings --------------------------------------------------------------------------------------

RUFF = "[tool.ruff]\nline-length = 80\n"
BY_TABLE = Setup(
    pyproject=RUFF,
    options="defaults = false",
    keys='[tool.dyncachekeys.keys.metadata]\nresolver = "table"\ntables = ["project", "build-system"]\n',
)
WITH_DEFAULTS = Setup(pyproject=RUFF)
PYPROJECT = "pyproject.toml"
DESCRIBED = edit(PYPROJECT, 'version = "0.1"', 'version = "0.1"\ndescription = "New"')
COMMENTED = edit(PYPROJECT, 'version = "0.1"', 'version = "0.1"  # the first')
REFORMATTED = edit(PYPROJECT, 'name = "demo"\nversion = "0.1"', "version   = '0.1'\n\nname='demo'")
SCRIPT = append(PYPROJECT, '\n[project.scripts]\nhello = "demo:hello"\n')
REQUIRES = edit(PYPROJECT, "requires = []", 'requires = ["demo_requirement"]')
SETTINGS = Setup(
    files={"settings.json": '{"build": {"level": 1, "fast": null}, "editor": {"tabs": 4}}\n'},
    reads="looking.json.loads(looking.text('settings.json'))['build']",
    static=("settings.json",),
    keys='[tool.dyncachekeys.keys.settings]\nresolver = "table"\nfile = "settings.json"\ntables = ["build"]\n',
)
TABLES = [
    by_entry("description added", WITH_DEFAULTS, DESCRIBED, 14),
    by_entry("script added", WITH_DEFAULTS, SCRIPT, 14),
    by_entry("build requirement added", WITH_DEFAULTS, REQUIRES, 14),
    quiet("comment in pyproject.toml", WITH_DEFAULTS, COMMENTED, 15),
    quiet("pyproject.toml reformatted", WITH_DEFAULTS, REFORMATTED, 15),
    rebuilt("description added, key by table", BY_TABLE, DESCRIBED, 14),
    rebuilt("script added, key by table", BY_TABLE, SCRIPT, 14),
    rebuilt("build requirement added, key by table", BY_TABLE, REQUIRES, 14),
    quiet("only [tool.ruff] changes, key by table", BY_TABLE, edit(PYPROJECT, "= 80", "= 120"), 13),
    quiet("pyproject.toml reformatted, key by table", BY_TABLE, REFORMATTED, 15),
    by_file("settings changed", SETTINGS, edit("settings.json", ": 1", ": 2")),
    by_file("settings: null becomes absent", SETTINGS, edit("settings.json", ', "fast": null', "")),
    quiet("settings reformatted", SETTINGS, edit("settings.json", ", ", ",\n    ")),
    quiet("settings: another table changed", SETTINGS, edit("settings.json", ": 4", ": 8")),
]

# --- Sources -------------------------------------------------------------------------------------------------------

SOURCES = {
    "csrc/one.c": "int one;\n",
    "csrc/run.sh": "echo\n",
    "csrc/two.c": "int two;\n",
    "csrc/deep/three.c": "int three;\n",
    "csrc/notes.txt": "Notes\n",
}
NATIVE = Setup(
    files=SOURCES,
    reads="looking.files('csrc', '.c', '.sh')",
    static=("csrc/**/*.c", "csrc/**/*.sh"),
    keys=files_key("csrc/**/*.c", "csrc/**/*.sh"),
)
OLDER = replace(
    NATIVE,
    arrange=steps(copy("csrc", "older"), edit("csrc/one.c", "one", "other"), append("pyproject.toml", "# Newer\n")),
)
FUTURE = replace(NATIVE, arrange=steps(set_time("csrc/two.c", 86_400)))
EXCLUDING = replace(
    NATIVE,
    reads="looking.files('csrc', '.c', skip=['deep'])",
    static=("csrc/*.c",),
    keys=files_key("csrc/**/*.c", exclude="csrc/deep/"),
)
IGNORING = replace(
    NATIVE,
    files={**SOURCES, "csrc/mine.local.c": "int mine;\n", "csrc/build/out.c": "int out;\n"},
    reads="looking.files('csrc', '.c', '.sh', skip=looking.ignored())",
    static=(*NATIVE.static, ".gitignore"),
    repository=True,
)
UNTRACKED = replace(IGNORING, arrange=write("csrc/fresh.c", "int fresh;\n"))
"""Git ignores nothing that it tracks, whatever `.gitignore` comes to say."""
GENERATING = replace(
    NATIVE,
    files={**SOURCES, "csrc/generated.c": "int generated;\n"},
    writes="looking.write('csrc/generated.c', 'int generated;\\n')",
)
PRODUCING = replace(IGNORING, writes="looking.write('csrc/build/out.c')")
ONE = "csrc/one.c"
EDITED = edit(ONE, "one", "two")
EDITS = [
    by_file("source edited", NATIVE, EDITED, 22),
    by_file("source in a sub-folder edited", NATIVE, edit("csrc/deep/three.c", "three", "four"), 22),
    by_file("source saved atomically", NATIVE, saved_atomically(ONE, "one", "two"), 22),
    by_file("source added", NATIVE, write("csrc/four.c", ""), 22),
    by_file("source added in a new folder", NATIVE, write("csrc/new/deep/four.c", ""), 22),
    by_file("source renamed", NATIVE, move(ONE, "csrc/uno.c"), 22),
    by_file("source moved between folders", NATIVE, move(ONE, "csrc/deep/one.c"), 22),
    by_file("oldest source deleted", NATIVE, delete(ONE), 22),
    by_file("newest source deleted", NATIVE, delete("csrc/deep/three.c"), 22),
    by_file("all sources deleted", NATIVE, remove_folder("csrc"), 22),
    rebuilt(
        "two sources swapped",
        NATIVE,
        steps(move(ONE, "aside"), move("csrc/two.c", ONE), move("aside", "csrc/two.c")),
        22,
    ),
    rebuilt("folder swapped for an older one", OLDER, steps(move("csrc", "newer"), move("older", "csrc")), 22),
    by_file(
        "source replaced by an older file",
        OLDER,
        lambda project: shutil.copy2(project.path("older/one.c"), project.path(ONE)),
        33,
    ),
    rebuilt("source replaced by moving an older file", OLDER, move("older/one.c", ONE), 33),
    by_file("source edited, same size and time", NATIVE, keeping_time(ONE, EDITED), 34),
    by_file("source edited, time set back", NATIVE, steps(EDITED, set_time(ONE, -86_400)), 34),
    by_file("source edited, another is of the future", FUTURE, EDITED, 34),
    by_file("source becomes executable", NATIVE, mode("csrc/run.sh", 0o755)),
    by_file("file becomes a folder", NATIVE, steps(delete(ONE), write("csrc/one.c/inner.c", "")), 22),
    quiet("excluded source edited", EXCLUDING, edit("csrc/deep/three.c", "three", "four"), 24),
    quiet("file that no pattern matches edited", NATIVE, append("csrc/notes.txt", "More\n")),
    quiet("ignored source edited", IGNORING, append("csrc/mine.local.c", "int more;\n"), 24),
    quiet(
        "ignored build products change",
        IGNORING,
        steps(write("csrc/build/out.c", ""), write("csrc/build/more.c", "")),
        24,
    ),
    by_file(".gitignore selects one file more", IGNORING, edit(".gitignore", "*.local.c\n", ""), 24),
    by_file(".gitignore selects one file less", UNTRACKED, append(".gitignore", "fresh.c\n"), 24),
    quiet(".gitignore edited to no effect", IGNORING, append(".gitignore", "*.orig\n"), 24),
    by_file("source edited, the build writes products", PRODUCING, EDITED, 24),
    quiet("generated source written again, same bytes", GENERATING, write("csrc/generated.c", "int generated;\n"), 25),
    by_file("source edited, the build writes a source, same bytes", GENERATING, EDITED, 25),
]
NEUTRAL = [
    quiet("nothing done", NATIVE, nothing),
    quiet("two syncs in a row", NATIVE, steps(sync, sync)),
    quiet("source touched", NATIVE, lambda project: project.path(ONE).touch(), 33),
    quiet("chmod 644 on 644", NATIVE, mode(ONE, 0o644), 33),
    quiet("chmod for the group", NATIVE, mode(ONE, 0o664), 33),
    quiet(
        "hard link made elsewhere", NATIVE, lambda project: (project.beside / "hard").hardlink_to(project.path(ONE)), 33
    ),
    quiet("same bytes written", NATIVE, write(ONE, SOURCES[ONE]), 33),
    quiet("same bytes saved atomically", NATIVE, saved_atomically(ONE, "", ""), 33),
    quiet("time set back", NATIVE, set_time(ONE, -86_400), 33),
    quiet("time in the future", NATIVE, set_time(ONE, 86_400), 33),
    quiet("source moved there and back", NATIVE, steps(move(ONE, "aside"), move("aside", ONE)), 33),
    quiet("folder moved there and back", NATIVE, steps(move("csrc", "aside"), move("aside", "csrc")), 33),
    quiet("empty folder made among sources", NATIVE, make_folder("csrc/empty")),
    quiet("README edited", NATIVE, append("README.md", "More\n")),
    quiet("A, B, A with no command between", NATIVE, toggled, 36),
    quiet("A, B, A with what comes before uv between", NATIVE, steps(EDITED, before_uv, edit(ONE, "two", "one")), 36),
    by_file("A, B built, A", NATIVE, steps(EDITED, sync, edit(ONE, "two", "one")), 36),
    by_file("A, B built, A, B", NATIVE, steps(EDITED, sync, edit(ONE, "two", "one"), sync, EDITED), 36),
    rebuilt(
        "B built by plain uv, source reverted, helper edited",
        NATIVE,
        steps(EDITED, edit(HELPER, "plain", "spicy"), plain_uv, edit(ONE, "two", "one")),
        42,
    ),
]

# --- Links, names, layout, files out of the tree -------------------------------------------------------------------

LINKS = replace(
    NATIVE,
    files={"vendor/old.c": "int old;\n", "vendor/new.c": "int new;\n", **SOURCES},
    links={"csrc/dep.c": "../vendor/new.c", "csrc/late.c": "../vendor/late.c"},
    static=(*NATIVE.static, "vendor/*.c"),
)
BRACKETS, SPACE, UNICODE = "csrc/a[1].c", "csrc/with space.c", "csrc/größe.c"
NAMES = replace(NATIVE, files={**dict.fromkeys((BRACKETS, SPACE, UNICODE), "int one;\n"), **SOURCES})
FLAT = Setup(
    files={"demo/__init__.py": "ONE = 1\n", "demo/two.py": ""},
    reads="looking.files('demo', '.py') | looking.files('src', '.py')",
    static=("demo/**/*.py", "src/**/*.py"),
    keys=files_key("/demo/**/*.py", "/src/**/*.py"),
)
OUTSIDE = Setup(
    files={f"../proto/{name}.proto": name for name in ("one", "two")},
    reads="looking.files('../proto', '.proto')",
    static=("../proto/**/*.proto",),
    keys=files_key("../proto/**/*.proto"),
)
WITH_SRC = Setup(arrange=make_folder("src"))
PLACES = [
    rebuilt("link set to an older file", LINKS, link("csrc/dep.c", "../vendor/old.c"), 43),
    by_file("file behind a link edited", LINKS, edit("vendor/new.c", "new", "newer")),
    rebuilt("file behind a link deleted", LINKS, delete("vendor/new.c")),
    by_file("broken link comes alive", LINKS, write("vendor/late.c", "int late;\n")),
    by_file("name with brackets, edited", NAMES, edit(BRACKETS, "one", "two")),
    by_file("name with a space, edited", NAMES, edit(SPACE, "one", "two")),
    by_file("name beyond ASCII, edited", NAMES, edit(UNICODE, "one", "two")),
    by_file("name with brackets, added", NATIVE, write(BRACKETS, "")),
    by_file("name beyond ASCII, added", NATIVE, write(UNICODE, "")),
    by_file("name with brackets, deleted", NAMES, delete(BRACKETS)),
    by_entry("src made", BARE, make_folder("src"), 31),
    by_entry("src removed", WITH_SRC, remove_folder("src"), 31),
    by_entry("flat to src layout", FLAT, move("demo", "src/demo"), 31),
    quiet(
        "flat to src layout and back",
        FLAT,
        steps(move("demo", "src/demo"), move("src/demo", "demo"), remove_folder("src")),
        31,
    ),
    by_entry(
        "src layout to flat, both built",
        FLAT,
        steps(move("demo", "src/demo"), sync, move("src/demo", "demo"), remove_folder("src")),
        31,
    ),
    by_file("source out of the tree edited", OUTSIDE, append("../proto/one.proto", "more"), 29),
    by_file("source out of the tree added", OUTSIDE, write("../proto/deep/three.proto", ""), 29),
    rebuilt("oldest source out of the tree deleted", OUTSIDE, delete("../proto/one.proto"), 29),
    quiet(
        "source out of the tree touched", OUTSIDE, lambda project: project.path("../proto/one.proto").touch(), 29, 33
    ),
]

# --- The environment -----------------------------------------------------------------------------------------------

NAMED = Setup(
    reads="looking.env('CC', 'CUDA_HOME')",
    static=('{ env = "CC" }', '{ env = "CUDA_HOME" }'),
    keys=env_key("CC", "CUDA_HOME"),
)
CC = replace(NAMED, environ={"CC": "gcc"})
# A list by hand names the variables that its author knew.
WILD = Setup(
    reads="looking.env_matching('CUDA_*')",
    static=('{ env = "CUDA_ARCH" }',),
    keys=env_key("CUDA_*"),
    environ={"CUDA_ARCH": "80"},
)
TOKEN = Setup(reads="looking.env('DEMO_TOKEN')", static=('{ env = "DEMO_TOKEN" }',), keys=env_key("DEMO_TOKEN"))


def install_compiler(project: Project, version: str = "1.0") -> None:
    compiler = project.path("../tools/cc")
    project.write("../tools/cc", f"#!/bin/sh\necho {version}\n")
    compiler.chmod(0o755)
    project.environ["CC"] = str(compiler)


# The compiler's place is the machine's: no list that is committed can name it.
COMPILER = Setup(
    reads="looking.output(looking.os.environ['CC'], '--version')",
    static=('{ env = "CC" }',),
    keys=own_key("command", 'argv = ["$CC", "--version"]'),
    arrange=install_compiler,
)
ENVIRONMENT = [
    by_entry("variable set", NAMED, environ("CC", "gcc"), 26, 27),
    by_entry("variable changed", CC, environ("CC", "clang"), 26, 27),
    by_entry("variable emptied", CC, environ("CC", ""), 27),
    by_entry("variable unset", CC, environ("CC", None), 27),
    by_entry("variable set, empty", NAMED, environ("CC", ""), 27),
    quiet("variable changed there and back", CC, steps(environ("CC", "clang"), before_uv, environ("CC", "gcc")), 27),
    quiet("another variable changed", NAMED, environ("CXX", "clang"), 27),
    rebuilt("variable of a wildcard set", WILD, environ("CUDA_NEW", "1"), 27),
    rebuilt("variable of a wildcard changed", WILD, environ("CUDA_ARCH", "90"), 27),
    rebuilt("variable of a wildcard unset", WILD, environ("CUDA_ARCH", None), 27),
    rebuilt("credential set", TOKEN, environ("DEMO_TOKEN", "one"), 27),
    rebuilt("credential changed", replace(TOKEN, environ={"DEMO_TOKEN": "one"}), environ("DEMO_TOKEN", "two"), 27),
    rebuilt("compiler behind CC is another version", COMPILER, partial(install_compiler, version="2.0"), 26),
    quiet("compiler behind CC written again", COMPILER, install_compiler, 26),
]

# --- git -----------------------------------------------------------------------------------------------------------


def second_branch(project: Project) -> None:
    project.git("branch", "--move", "first")
    project.git("checkout", "--quiet", "-b", "second")
    steps(edit(ONE, "one", "second"), edit(HELPER, "plain", "spicy"), delete("csrc/two.c"))(project)
    project.write("csrc/four.c", "")
    project.commit("second")
    project.git("checkout", "--quiet", "first")


def git_output(*arguments: str, static: tuple[str, ...] = ("{ git = { commit = true } }",)) -> Setup:
    return replace(
        NATIVE,
        reads=f"[looking.files('csrc', '.c'), looking.output('git', {', '.join(map(repr, arguments))})]",
        static=(*NATIVE.static, *static),
        keys=NATIVE.keys + own_key("command", f"argv = {['git', *arguments]}"),
        repository=True,
    )


REPOSITORY = replace(NATIVE, repository=True)
BRANCHES = replace(NATIVE, repository=True, arrange_later=second_branch)
STASHED = replace(NATIVE, repository=True, arrange=EDITED)
COMMIT = git_output("rev-parse", "HEAD")
TAGS = git_output("describe", "--tags", "--always", static=("{ git = { commit = true, tags = true } }",))
DIRTY = git_output("status", "--porcelain")
SUB_PATH = git_output("log", "-1", "--format=%H", "--", "csrc")
to_second, to_first = git("checkout", "--quiet", "second"), git("checkout", "--quiet", "first")
elsewhere = steps(append("README.md", "More\n"), commit)
GIT = [
    quiet("checkout there and back", BRANCHES, steps(to_second, to_first), 21),
    quiet("checkout there and back, what comes before uv between", BRANCHES, steps(to_second, before_uv, to_first), 21),
    rebuilt("other branch", BRANCHES, to_second, 36),
    rebuilt("other branch built, back", BRANCHES, steps(to_second, sync, to_first), 36),
    rebuilt("other branch merged", BRANCHES, git("merge", "--quiet", "second"), 36),
    quiet("commit without a change of sources", REPOSITORY, elsewhere, 18),
    quiet("stash and pop", STASHED, steps(git("stash", "--quiet"), git("stash", "pop", "--quiet")), 21),
    by_file("edit thrown away by git", STASHED, git("checkout", "--quiet", "--", ONE)),
    rebuilt("new commit, its name is built in", COMMIT, elsewhere, 16),
    rebuilt(
        "commit amended, its name is built in",
        COMMIT,
        git("commit", "--quiet", "--amend", "--allow-empty", "--message", "Other"),
        16,
    ),
    rebuilt(
        "commit undone, its name is built in",
        COMMIT,
        steps(elsewhere, sync, git("reset", "--quiet", "--hard", "HEAD^")),
        16,
    ),
    rebuilt("tag on an older commit", TAGS, steps(elsewhere, sync, git("tag", "v1", "HEAD^")), 16),
    rebuilt("file edited, dirtiness is built in", DIRTY, append("LICENSE", "More\n"), 17),
    quiet("commit elsewhere, key on a sub-path", SUB_PATH, elsewhere, 18),
    rebuilt("commit there, key on a sub-path", SUB_PATH, steps(EDITED, commit), 18),
]

# --- State, environments, copies -----------------------------------------------------------------------------------

STATE = ".dyncachekeys"


def keep_state(project: Project) -> None:
    if project.path(STATE).exists():
        shutil.copytree(project.path(STATE), project.path("../kept"), symlinks=True)


def restore_state(project: Project) -> None:
    if project.path("../kept").exists():
        shutil.rmtree(project.path(STATE))
        project.path("../kept").rename(project.path(STATE))


def remove_stamp(project: Project) -> None:
    project.path(f"{STATE}/current").unlink(missing_ok=True)


def copy_checkout(project: Project) -> None:
    other = project.root.with_name("copy")
    shutil.copytree(project.root, other, symlinks=True)
    project.root = other


def failing_then_mended(project: Project) -> None:
    edit("build_backend/core.py", "    own = ", "    raise SystemExit(1)\n    own = ")(project)
    with contextlib.suppress(Failed):
        project.sync()
    project.tick()
    edit("build_backend/core.py", "    raise SystemExit(1)\n", "")(project)


STATES = [
    quiet("state removed", NATIVE, remove_folder(STATE), 38, allowed=1),
    quiet("stamp removed", NATIVE, remove_stamp, 38, allowed=1),
    by_file("state removed, oldest source deleted", NATIVE, steps(remove_folder(STATE), delete(ONE)), 38),
    quiet(
        "state restored from before the last build",
        NATIVE,
        steps(keep_state, EDITED, sync, restore_state),
        45,
        allowed=1,
    ),
    by_file(
        "state restored from before the last build, source reverted",
        NATIVE,
        steps(keep_state, EDITED, sync, restore_state, edit(ONE, "two", "one")),
        45,
    ),
    rebuilt("checkout copied, oldest source deleted there", NATIVE, steps(copy_checkout, sync, sync, delete(ONE)), 45),
    by_file("checkout copied, copy edited before any sync", NATIVE, steps(copy_checkout, EDITED), 45),
    quiet("uv.lock removed", NATIVE, delete("uv.lock")),
    quiet("environment removed", NATIVE, remove_folder(".venv")),
    by_file("environment removed, oldest source deleted", NATIVE, steps(remove_folder(".venv"), delete(ONE))),
    quiet("build failed and was mended", NATIVE, failing_then_mended, allowed=1),
]

CHANGES = [*BACKEND, *METADATA, *TABLES, *EDITS, *NEUTRAL, *PLACES, *ENVIRONMENT, *GIT, *STATES]
