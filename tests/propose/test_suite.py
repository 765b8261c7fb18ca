"""`init` on each kind of project of the end-to-end suite: nothing written by hand, nothing stale, nothing needless."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import tomli

from e2e import test_backend_cases as of_backends
from e2e import test_content_cases as of_content
from e2e import test_output_cases as of_outputs
from e2e import test_preset_cases as of_presets
from e2e import test_requirements_cases as of_requirements
from kit import Demo, DemoMaker, every_second, forget_builds, make_wheel

Act = Callable[[Demo], object]
"""Changes a project; what it returns is set in the environment from then on, if it is a table."""


@dataclass(frozen=True)
class Kind:
    """A project as somebody has it, without us."""

    of: tuple[str, ...]
    """The modules of ``tests/e2e`` whose kind of project this is."""
    counts: Mapping[str, Act]
    """What needs a build."""
    neutral: Mapping[str, Act] = field(default_factory=dict)
    """What needs none."""
    neutral_by_content: Mapping[str, Act] = field(default_factory=dict)
    """What needs none, and may cost one under `auto`, where uv's times decide (U3)."""
    head: str = ""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    before: tuple[Act, ...] = ()
    """Runs before `init`."""
    after: tuple[Act, ...] = ()
    """Runs after it, before the first build."""
    counts_by_defaults: Mapping[str, Act] = field(default_factory=dict)
    """What needs a build by uv's defaults, which the exact profile goes without."""
    keys: tuple[str, ...] = ("backend",)
    """The names of the keys that `init` writes beside `build`, and `pyproject` in the exact profile."""


def edit(name: str, old: str, new: str) -> Act:
    return lambda demo: demo.edit(name, old, new)


def append(name: str, text: str = "# more\n") -> Act:
    return lambda demo: demo.append(name, text)


def write(name: str, text: str = "new\n") -> Act:
    return lambda demo: demo.write({name: text})


def unlink(name: str) -> Act:
    return lambda demo: (demo.root / name).unlink()


def rename(name: str, to: str) -> Act:
    return lambda demo: (demo.root / name).rename(demo.root / to)


def on(name: str, act: Callable[[Path], None]) -> Act:
    return lambda demo: act(demo.root / name)


def environ(**variables: str) -> Act:
    return lambda _: variables


def reads(text: str) -> str:
    """Return a helper whose dependencies come from reading something, when they are asked for."""
    return f"def dependencies():\n    {text}\n    return []\n"


def repository(demo: Demo) -> None:
    demo.git("init", "--quiet", "--initial-branch=main")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message=first")


def commit(demo: Demo) -> None:
    demo.git("commit", "--quiet", "--allow-empty", "--message=more")


def pack_and_commit(demo: Demo) -> None:
    demo.git("pack-refs", "--all")
    commit(demo)


def another_branch_and_back(demo: Demo) -> None:
    demo.git("stash", "--quiet")
    demo.git("checkout", "--quiet", "-b", "other")
    demo.append("csrc/two.c", "more\n")
    demo.git("commit", "--quiet", "--all", "--message=other")
    demo.git("checkout", "--quiet", "main")
    demo.git("stash", "pop", "--quiet")


def add_submodule(demo: Demo) -> None:
    library = demo.beside / "library"
    library.mkdir()
    (library / "data.txt").write_text("1\n")
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=one"]):
        demo.git("-C", str(library), *command)
    demo.git("init", "--quiet")
    demo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(library), "lib")
    demo.git("commit", "--quiet", "--message=with")


def move_submodule(demo: Demo) -> None:
    demo.git("-C", str(demo.root / "lib"), "commit", "--quiet", "--allow-empty", "--message=more")


def add_torch(version: str) -> Act:
    def act(demo: Demo) -> None:
        demo.environ["UV_FIND_LINKS"] = str(demo.beside / "wheels")
        make_wheel(demo.beside / "wheels", "torch", version=version)
        assert demo.uv_sync("--no-install-project", "--upgrade-package", "torch") == 0

    return act


def to_src_layout(demo: Demo) -> None:
    (demo.root / "src").mkdir()
    (demo.root / "pkg").rename(demo.root / "src/pkg")


def to_flat_layout(demo: Demo) -> None:
    (demo.root / "src/pkg").rename(demo.root / "pkg")
    (demo.root / "src").rmdir()


def with_plugin(demo: Demo) -> None:
    for name in ("demo_requirement", "another"):
        make_wheel(demo.beside / "wheels", name)
    demo.edit("pyproject.toml", "requires = []", 'requires = ["demo_requirement>=1"]')


SUFFIXES = ("c", "cpp", "rs", "pyx")
KINDS: dict[str, Kind] = {
    "backend in the tree": Kind(
        ("backend_cases", "faults"),
        files=of_backends.FILES,
        counts={
            **{path: append(path, "\nEDITED = True\n") for path in of_backends.PATHS.values()},
            "an optional module comes": write("build_backend/optional.py", ""),
            "and goes": unlink("build_backend/optional.py"),
            "what shadows": write("build_backend/third/__init__.py", "SHADOWS = True\n"),
        },
        neutral={
            "not imported": append("build_backend/not_imported.py", "\nEDITED = True\n"),
            "elsewhere": append("tool.py", "\nEDITED = True\n"),
            "not imported, gone": unlink("build_backend/not_imported.py"),
            "new": write("more.py"),
        },
    ),
    "native sources": Kind(
        (
            "content_cases",
            "stamp_cases",
            "robustness",
            "quiet",
            "link_folder",
            "digest_transport",
            "consulted",
            "hard_links",
        ),
        files=of_content.FILES,
        before=(repository,),
        counts={
            "same size and time": of_content.edit_of_same_size_and_time,
            "module of same size and time": of_content.edit_of_a_module_of_same_size_and_time,
            "pyproject.toml": of_content.edit_of_the_pyproject,
            "swap": of_content.swap_of_contents,
            "executable": of_content.executable_bit,
            "added": of_content.addition,
            "renamed": of_content.rename,
            "renamed back": rename("csrc/uno.c", "csrc/one.c"),
            "a link in its place": of_content.link_in_place_of_file,
            "oldest gone": of_content.deletion_of_the_oldest,
        },
        neutral_by_content={
            **{
                act.__name__: on("csrc/two.c", act)
                for act in (
                    of_content.touch,
                    of_content.set_time_back,
                    of_content.chmod,
                    of_content.hard_link,
                    of_content.rewrite,
                    of_content.save_atomically,
                    of_content.move_there_and_back,
                )
            },
            "another branch and back": another_branch_and_back,
        },
        keys=("backend", "sources"),
    ),
    "native sources in four languages": Kind(
        ("content_cases",),
        files={f"native/core/{name}.{suffix}": name for name in ("oldest", "newest") for suffix in SUFFIXES}
        | {"native/core/notes.txt": ""},
        counts={
            **{f"{one}, edited": append(f"native/core/newest.{one}", "edited") for one in SUFFIXES},
            **{f"{one}, added": write(f"native/core/deep/added.{one}") for one in SUFFIXES},
            **{f"{one}, renamed": rename(f"native/core/newest.{one}", f"native/core/new.{one}") for one in SUFFIXES},
            **{f"{one}, deleted": unlink(f"native/core/oldest.{one}") for one in SUFFIXES},
        },
        neutral={"notes": append("native/core/notes.txt")},
        keys=("backend", "sources"),
    ),
    "sources beside products": Kind(
        ("content_cases", "loops"),
        files={
            **of_content.FILES,
            "build_backend/core.py": of_content.PRODUCES,
            ".gitignore": "/.dyncachekeys/\n/.venv/\n/uv.lock\n__pycache__/\n/build/\ntarget\n*.o.c\n",
        },
        before=(repository,),
        counts={"source": append("csrc/one.c", "edited")},
        neutral={"products anew": lambda demo: demo.uv("sync", "--reinstall-package", "demo")},
        keys=("backend", "sources"),
    ),
    "a source that each build writes anew": Kind(
        ("content_cases", "loops"),
        files={
            **of_content.FILES,
            "csrc/generated.c": "int generated;\n",
            "build_backend/core.py": of_content.REWRITES,
        },
        counts={"source": append("csrc/one.c", "edited")},
        keys=("backend", "sources"),
    ),
    "manifests found at run time": Kind(
        ("metadata_cases",),
        files={
            **{f"addons/{name}/manifest.toml": f'depends = ["{name}"]\n' for name in "abc"},
            "build_backend/helper.py": reads(
                "import pathlib; [one.read_text() for one in sorted(pathlib.Path('addons').glob('*/manifest.toml'))]"
            ),
        },
        counts={
            "edited": write("addons/b/manifest.toml"),
            "added": write("addons/d/manifest.toml"),
            "oldest gone": unlink("addons/a/manifest.toml"),
        },
        neutral={"elsewhere": write("more/readme.md")},
        keys=("backend", "data"),
    ),
    "setup.py reads a file": Kind(
        ("metadata_cases",),
        files={
            "setup.py": "import versions\nopen('pinned.txt').close()\n",
            "versions.py": "A = 1\n",
            "pinned.txt": "one==1\n",
            "build_backend/helper.py": reads("import runpy, sys; sys.path.insert(0, '.'); runpy.run_path('setup.py')"),
        },
        counts={name: append(name) for name in ("pinned.txt", "versions.py", "setup.py")},
        neutral={"elsewhere": write("other.txt")},
    ),
    "a hook, and the script that it starts": Kind(
        ("metadata_cases",),
        head="[tool.hatch.build.hooks.custom]\n",
        files={
            "hatch_build.py": "import subprocess\nimport helpers\nsubprocess.run(['sh', 'tools/gen.sh'], check=True)\n",
            "helpers.py": "",
            "tools/gen.sh": "true\n",
            "tools/other.sh": "true\n",
            "build_backend/helper.py": reads(
                "import runpy, sys; sys.path.insert(0, '.'); runpy.run_path('hatch_build.py')"
            ),
        },
        counts={name: append(name) for name in ("hatch_build.py", "helpers.py", "tools/gen.sh")},
        neutral={"another script": append("tools/other.sh")},
    ),
    "a version in a module": Kind(
        ("metadata_cases",),
        head='[tool.setuptools.dynamic]\nversion = { attr = "pkg.__about__.__version__" }\n',
        files={"src/pkg/__about__.py": '"""Demo."""\n\nfrom typing import Any\n\n__version__ = "1"\n'},
        before=(edit("pyproject.toml", 'version = "0.1"', 'dynamic = ["version"]'),),
        counts={"another": edit("src/pkg/__about__.py", '"1"', '"2"')},
        neutral_by_content={
            "a comment": append("src/pkg/__about__.py"),
            "code": append("src/pkg/__about__.py", "\ndef function() -> Any:\n    return __version__\n"),
        },
        keys=("backend", "version"),
    ),
    "flat layout and src layout": Kind(
        ("metadata_cases", "preset_cases"),
        files={"pkg/__init__.py": ""},
        counts={},
        counts_by_defaults={"to src": to_src_layout, "to flat": to_flat_layout},
        neutral={"Python": append("pkg/__init__.py")},
    ),
    "requirement files": Kind(
        ("requirements_cases",),
        head='[tool.setuptools.dynamic]\ndependencies = { file = ["reqs.txt"] }\n',
        files=of_requirements.FILES,
        counts={
            **{name: append(name, "more\n") for name in ("reqs.txt", "base.txt", "constraints.txt")},
            "one more": append("reqs.txt", "-r more.txt\n"),
            "which comes": write("more.txt"),
            "and is edited": append("more.txt", "two\n"),
            "one is gone": unlink("base.txt"),
        },
        neutral={"unrelated": append("unrelated.txt", "more\n")},
        keys=("backend", "requirements"),
    ),
    "a list without pyproject.toml": Kind(
        ("pyproject_cases", "preset_cases"),
        head=of_presets.TABLES.replace("[tool.uv]\n", '[tool.uv]\ncache-keys = [{ file = "requirements.in" }]\n'),
        files={"requirements.in": "one\n", "setup.cfg": ""},
        before=(with_plugin,),
        counts={
            "what is listed": append("requirements.in", "more\n"),
            "a script": append("pyproject.toml", '\n[project.scripts]\nhello = "demo:hello"\n'),
            "the table of a plugin": edit("pyproject.toml", "level = 1", "level = 2"),
            "a build requirement": edit("pyproject.toml", '>=1"', '>=1", "another"'),
            "setup.cfg": append("setup.cfg", "[metadata]\n"),
        },
        neutral={
            "a linter": edit("pyproject.toml", "line-length = 80", "line-length = 120"),
            "another table": append("pyproject.toml", "\n[tool.mypy]\nstrict = true\n"),
            "a comment": append("pyproject.toml"),
        },
        keys=("pyproject", "backend", "setup-cfg"),
    ),
    "a version from git": Kind(
        ("git_cases",),
        head='[tool.setuptools_scm]\nversion_file = "pkg/_version.py"\n',
        files={"build_backend/core.py": of_outputs.WRITING, "notes.txt": "", ".gitignore": of_outputs.IGNORE},
        before=(
            edit("pyproject.toml", 'version = "0.1"', 'dynamic = ["version"]'),
            edit("pyproject.toml", "requires = []", 'requires = ["setuptools-scm"]'),
            repository,
        ),
        # It is not there to be installed; that the backend says it would be is enough for `init`.
        after=(edit("pyproject.toml", 'requires = ["setuptools-scm"]', "requires = []"),),
        counts={
            "a commit": commit,
            "a tag on an old commit": lambda demo: demo.git("tag", "v1", "HEAD~1"),
            "an earlier commit": lambda demo: demo.git("checkout", "--quiet", "--detach", "HEAD~1"),
            "packed refs, and a commit": pack_and_commit,
            "told by a variable": environ(SETUPTOOLS_SCM_PRETEND_VERSION="2"),
        },
        neutral={"an edit": append("notes.txt"), "the product edited": write("pkg/_version.py")},
        keys=("backend", "git", "environment"),
    ),
    "a submodule": Kind(
        ("git_cases",),
        files={"csrc/a.c": "a\n"},
        before=(add_submodule,),
        counts={"moved": move_submodule},
        neutral={"a commit beside it": commit},
        keys=("backend", "git", "sources"),
    ),
    "variables": Kind(
        ("environment_cases",),
        head='[tool.uv]\ncache-keys = ["pyproject.toml", { env = "CUDA_HOME" }, { env = "RUSTFLAGS" }]\n',
        counts={
            "set": environ(CUDA_HOME="/one"),
            "changed": environ(CUDA_HOME="/two"),
            "emptied": environ(CUDA_HOME=""),
            "the other": environ(RUSTFLAGS="-g"),
        },
        neutral={"none of them": environ(OTHER="1")},
    ),
    "without build isolation": Kind(
        ("distribution_cases",),
        head='[dependency-groups]\ndev = ["torch"]\n[tool.uv]\nno-build-isolation-package = ["Demo"]\n',
        before=(edit("pyproject.toml", "requires = []", 'requires = ["torch", "x; python_version<\'3\'"]'),),
        after=(add_torch("1.0"),),
        counts={"upgraded": add_torch("2.0")},
        neutral={"an edit": write("notes.txt")},
        keys=("backend", "installed"),
    ),
}
NOT_A_KIND = {
    "clock": "about times, whatever the project is",
    "concurrency": "about many processes, whatever the project is",
    "folder_links": "about how files are watched, whatever names them",
    "output_cases": "products of watched builds are tested with the records",
    "command_cases": "which program counts, no project says: see docs/init.md",
    "conflicts": "about the region, whatever the keys",
    "day": "its project is made of the kinds above",
    "odd_names": "about names, whatever the project is",
    "settings_above": "about what uv reads, whatever the project is",
    "uv_facts": "without us",
    "workspace_cases": "below, and in test_builds.py",
}
PROFILES = {
    "auto": (),
    "digest": ("--watch", "digest"),
    "transport": ("--transport", "digest"),
}


def test_no_kind_of_project_is_left_out() -> None:
    there = {path.stem.removeprefix("test_") for path in (Path(__file__).parents[1] / "e2e").glob("test_*.py")}
    assert {name for kind in KINDS.values() for name in kind.of} | NOT_A_KIND.keys() == there


@pytest.mark.parametrize("profile", ["auto", "digest", pytest.param("transport", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("name", every_second(KINDS))
def test_nothing_stale_and_nothing_needless(demo_maker: DemoMaker, name: str, profile: str) -> None:
    kind = KINDS[name]
    demo = demo_maker(kind.head, kind.files)
    for act in kind.before:
        act(demo)
    demo.cli("init", "--quiet", *PROFILES[profile])
    written = tomli.loads((demo.root / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["dyncachekeys"]
    exact = ("pyproject",) if profile == "digest" and "pyproject" not in kind.keys else ()
    assert tuple(written["keys"]) == ("build", *exact, *kind.keys)
    forget_builds(demo)
    for act in kind.after:
        act(demo)
    demo.settled()
    assert demo.cli("check").returncode == 0
    variables: dict[str, str] = {}
    counts = {**kind.counts, **({} if exact else kind.counts_by_defaults)}
    steps = [(1, *step) for step in counts.items()] + [(0, *step) for step in kind.neutral.items()]
    if profile != "auto":
        steps = [(0, *step) for step in kind.neutral_by_content.items()] + steps
    for expected, what, act in steps:
        demo.tick()
        returned = act(demo)
        variables |= returned if isinstance(returned, dict) else {}
        demo.tick()
        assert demo.both(**variables) == expected, what
        assert demo.both(**variables) == 0, f"after: {what}"
