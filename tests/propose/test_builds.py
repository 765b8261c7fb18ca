"""With the configuration that `init` wrote: real uv, builds are counted, none stale and none needless."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dyncachekeys.cli.main import run
from dyncachekeys.uv.build_variables import WATCH_FOLDER
from dyncachekeys.uv.program import SINCE
from kit import BACKEND, HELPER, PYPROJECT, UV, UV_VERSION, Demo, DemoMaker, forget_builds

OLD = """
[tool.uv]
cache-keys = [
    { file = "pyproject.toml" },
    # the sources
    { file = "csrc/**/*.c" },
    { env = "MY_FLAG" },
]

[tool.ruff]
line-length = 100

[tool.setuptools_scm]

[tool.hatch.metadata.hooks.requirements_txt]
files = ["requirements.txt"]

[tool.hatch.version]
path = "demo/about.py"
"""
FILES = {
    "csrc/a.c": "a\n",
    "csrc/b.c": "b\n",
    "csrc/a.h": "h\n",
    "requirements.txt": "-r reqs/base.txt\n",
    "reqs/base.txt": "# nothing\n",
    "demo/about.py": '__version__ = "0.1"\n',
    "demo/other.py": "x = 1\n",
    "notes.txt": "some\n",
    "README.md": "demo\n",
}
STEPS: dict[str, tuple[int, Callable[[Demo], object]]] = {
    "backend": (1, lambda demo: demo.append("build_backend/core.py", "# more\n")),
    "helper": (1, lambda demo: demo.append("build_backend/helper.py", "# more\n")),
    "unrelated file": (0, lambda demo: demo.append("notes.txt", "more\n")),
    "new unrelated file": (0, lambda demo: demo.write({"more.txt": ""})),
    "Python source": (0, lambda demo: demo.append("demo/other.py", "y = 2\n")),
    "source edited": (1, lambda demo: demo.append("csrc/a.c", "more\n")),
    "source added": (1, lambda demo: demo.write({"csrc/deep/new.c": "new\n"})),
    "header edited": (1, lambda demo: demo.append("csrc/a.h", "more\n")),
    "source deleted": (1, lambda demo: (demo.root / "csrc/b.c").unlink()),
    "included requirements": (1, lambda demo: demo.append("reqs/base.txt", "# more\n")),
    "version file": (1, lambda demo: demo.append("demo/about.py", "# more\n")),
    "pyproject.toml": (1, lambda demo: demo.append("pyproject.toml", "# more\n")),
}


@pytest.fixture
def demo(demo_maker: DemoMaker) -> Demo:
    demo = demo_maker(OLD, FILES)
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "first")
    demo.cli("init", check=True)
    forget_builds(demo)
    demo.settled()
    return demo


def test_every_change_that_counts_and_no_other(demo: Demo) -> None:
    for name, (expected, step) in STEPS.items():
        demo.tick()
        step(demo)
        demo.tick()
        assert demo.both() == expected, name
        assert demo.both() == 0, f"after {name}"
    assert demo.both(MY_FLAG="1") == 1
    assert demo.both(MY_FLAG="1") == 0
    assert demo.both(OTHER="1", MY_FLAG="1") == 0


def test_a_version_from_git(demo_maker: DemoMaker) -> None:
    demo = demo_maker("", {"notes.txt": ""})
    demo.edit("pyproject.toml", 'version = "0.1"', 'dynamic = ["version"]')
    # As if the backend used it; uv need not have it to build.
    demo.edit("pyproject.toml", "requires = []", 'requires = ["setuptools-scm"]')
    demo.git("init", "--quiet")
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--message", "first")
    demo.cli("init", check=True)
    demo.edit("pyproject.toml", 'requires = ["setuptools-scm"]', "requires = []")
    demo.settled()
    demo.append("notes.txt", "more\n")
    assert demo.both() == 0
    demo.git("tag", "v1")
    assert demo.both() == 1
    assert demo.both() == 0
    demo.git("commit", "--quiet", "--all", "--message", "more")
    assert demo.both() == 1
    assert demo.both() == 0


@pytest.fixture
def workspace(demo_maker: DemoMaker) -> Demo:
    """Return a workspace of two members, `one` and `two`, each with a backend of its own."""
    demo = demo_maker("", {"pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n'})
    for name in ("one", "two"):
        core = BACKEND.replace('"build\\n"', f'"build {name}\\n"').replace("demo-0.1", f"{name}-0.1")
        demo.write(
            {
                f"packages/{name}/pyproject.toml": PYPROJECT.replace('"demo"', f'"{name}"'),
                f"packages/{name}/build_backend/core.py": core.replace("Name: demo", f"Name: {name}"),
                f"packages/{name}/build_backend/helper.py": HELPER,
                f"packages/{name}/csrc/{name}.c": "1\n",
            }
        )
    demo.git("init", "--quiet")
    return demo


def built(demo: Demo, act: Callable[[Demo], object]) -> list[str]:
    """Run `dyncachekeys run -- uv sync --all-packages` after something; return which members were built."""
    before = demo.log.read_text(encoding="utf-8") if demo.log.exists() else ""
    demo.tick()
    act(demo)
    demo.tick()
    demo.cli("run", "--", UV, "sync", "--all-packages", check=True)
    lines = demo.log.read_text(encoding="utf-8")[len(before) :].splitlines()
    return sorted({line.split()[1] for line in lines})


def test_a_workspace_whose_members_share_their_keys(workspace: Demo) -> None:
    workspace.cli("init", check=True)
    root = (workspace.root / "pyproject.toml").read_text(encoding="utf-8")
    assert "[tool.dyncachekeys.workspace.keys.backend]" in root
    forget_builds(workspace)
    steps: dict[Callable[[Demo], object], list[str]] = {
        lambda _: None: ["one", "two"],
        lambda _: None: [],
        lambda demo: demo.append("packages/one/build_backend/helper.py", "# more\n"): ["one"],
        lambda demo: demo.append("packages/two/csrc/two.c", "more\n"): ["two"],
        lambda demo: demo.write({"notes.txt": "", "packages/one/notes.txt": ""}): [],
    }
    assert [built(workspace, act) for act in steps] == list(steps.values())


def test_a_member_that_another_one_is_built_with(workspace: Demo) -> None:
    workspace.edit("packages/one/pyproject.toml", "requires = []", 'requires = ["Two"]')
    workspace.append("packages/one/pyproject.toml", "\n[tool.uv.sources]\ntwo = { workspace = true }\n")
    workspace.cli("init", check=True)
    text = (workspace.root / "packages/one/pyproject.toml").read_text(encoding="utf-8")
    assert '[tool.dyncachekeys.keys.uses-two]\nresolver = "package"\nname = "two"\nwhole = true\n' in text
    assert "uses-" not in (workspace.root / "packages/two/pyproject.toml").read_text(encoding="utf-8")
    forget_builds(workspace)
    steps: dict[Callable[[Demo], object], list[str]] = {
        lambda _: None: ["one", "two"],
        lambda _: None: [],
        lambda demo: demo.append("packages/two/csrc/two.c", "more\n"): ["one", "two"],
        lambda _: None: [],
        lambda demo: demo.append("packages/one/csrc/one.c", "more\n"): ["one"],
        lambda demo: demo.write({"packages/two/two.py": "NEW = True\n"}): ["one"],  # runs in its build
        lambda demo: demo.write({"packages/one/notes.txt": ""}): [],
    }
    assert [built(workspace, act) for act in steps] == list(steps.values())


def test_the_exact_profile_for_all_members(workspace: Demo) -> None:
    workspace.cli("init", "--watch", "digest", check=True)
    for name in ("one", "two"):
        text = (workspace.root / f"packages/{name}/pyproject.toml").read_text(encoding="utf-8")
        assert "[tool.dyncachekeys]\n# Content counts" in text
    forget_builds(workspace, ".", "packages/one", "packages/two")
    steps: dict[Callable[[Demo], object], list[str]] = {
        lambda _: None: ["one", "two"],
        lambda demo: (demo.root / "packages/one/csrc/one.c").touch(): [],
        lambda demo: demo.append("packages/one/csrc/one.c", "more\n"): ["one"],
    }
    assert [built(workspace, act) for act in steps] == list(steps.values())


@pytest.mark.parametrize("ending", ["toml", "j2", "c"])
def test_what_git_ignores_stays_watched(demo_maker: DemoMaker, ending: str) -> None:
    entries = f'\n[tool.uv]\ncache-keys = [{{ file = "pyproject.toml" }}, {{ file = "config/*.{ending}" }}]\n'
    demo = demo_maker(entries, {f"config/base.{ending}": "a = 1\n", f"config/local.{ending}": "a = 1\n"})
    demo.append(".gitignore", f"local.{ending}\n")
    demo.git("init", "--quiet")
    demo.cli("init", check=True)
    demo.settled()
    for name in ("local", "base"):
        demo.tick()
        demo.append(f"config/{name}.{ending}", "b = 1\n")
        assert [demo.both(), demo.both()] == [1, 0]


PRINTS = "import os\nopen(os.environ['SITE_LOG'], 'a').write(os.getcwd() + '\\n')\n"
since = pytest.mark.skipif(UV_VERSION < SINCE, reason="this uv does not know the setting (U36)")


@since
@pytest.mark.parametrize("toml", [False, True], ids=["tool.uv", "uv.toml"])
def test_uv_takes_the_line_and_loads_what_is_there(demo_maker: DemoMaker, toml: bool) -> None:
    """U35."""
    demo = demo_maker("", {"uv.toml": "offline = true\n"} if toml else {})
    demo.environ["SITE_LOG"] = str(demo.beside / "site.log")
    demo.cli("init", check=True)
    demo.cli("sync", check=True)
    demo.write({f"{WATCH_FOLDER}/sitecustomize.py": PRINTS})
    done = demo.uv("sync")
    assert not {"extra-build-variables", "Failed", "unknown"} & set(done.stderr.replace("`", " ").split())
    hooks = (demo.beside / "site.log").read_text(encoding="utf-8").splitlines()
    assert set(hooks) == {str(demo.root)}
    assert demo.builds == 1
    assert demo.uv_sync() == 0


@since
def test_uv_takes_the_lines_of_a_workspace_and_of_path_sources(workspace: Demo) -> None:
    """U37."""
    far = workspace.root.parent / "far"
    workspace.write({"../far/pyproject.toml": PYPROJECT.replace('"demo"', '"far"')})
    core = BACKEND.replace("demo-0.1", "far-0.1").replace("Name: demo", "Name: far")
    workspace.write({"../far/build_backend/core.py": core, "../far/build_backend/helper.py": HELPER})
    workspace.edit("packages/one/pyproject.toml", 'version = "0.1"', 'version = "0.1"\ndependencies = ["far"]')
    workspace.append("packages/one/pyproject.toml", '\n[tool.uv.sources]\nfar = { path = "../../../far" }\n')
    workspace.environ["SITE_LOG"] = str(workspace.beside / "site.log")
    assert run(["init", "-q", "--project", str(far)]) == 0
    workspace.cli("init", check=True)
    folders = [workspace.root / "packages/one", workspace.root / "packages/two", far]
    for folder in folders:
        (folder / WATCH_FOLDER).mkdir(parents=True, exist_ok=True)
        (folder / WATCH_FOLDER / "sitecustomize.py").write_text(PRINTS, encoding="utf-8")
    done = workspace.uv("sync", "--all-packages")
    assert not {"extra-build-variables", "Failed", "unknown"} & set(done.stderr.replace("`", " ").split())
    hooks = (workspace.beside / "site.log").read_text(encoding="utf-8").splitlines()
    assert set(hooks) == set(map(str, folders))


@pytest.mark.skipif(UV_VERSION >= SINCE, reason="this uv knows the setting (U36)")
def test_an_older_uv_gets_no_line_and_keeps_its_settings(demo_maker: DemoMaker) -> None:
    demo = demo_maker()
    done = demo.cli("init", check=True)
    assert "so the builds of demo are not watched, and no line was added" in done.stderr
    assert "extra-build-variables" not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")
    demo.cli("sync", check=True)
    assert "warning" not in demo.uv("sync").stderr
