"""With the configuration that `init` wrote: real uv, builds are counted, none stale and none needless."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kit import BACKEND, HELPER, PYPROJECT, UV, Demo, DemoMaker

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


def test_trace_finds_what_no_key_names(demo_maker: DemoMaker) -> None:
    demo = demo_maker("", {"data.txt": "", "other.txt": ""})
    demo.append("build_backend/helper.py", "open('data.txt').close()\n")
    demo.cli("init", "--trace", check=True)
    demo.settled()
    demo.append("other.txt", "more\n")
    assert demo.both() == 0
    demo.append("data.txt", "more\n")
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
    steps: dict[Callable[[Demo], object], list[str]] = {
        lambda _: None: ["one", "two"],
        lambda demo: (demo.root / "packages/one/csrc/one.c").touch(): [],
        lambda demo: demo.append("packages/one/csrc/one.c", "more\n"): ["one"],
    }
    assert [built(workspace, act) for act in steps] == list(steps.values())


def test_that_src_comes_or_goes_stays_watched_without_the_defaults(demo_maker: DemoMaker) -> None:
    entries = '\n[tool.uv]\ncache-keys = [{ file = "a.txt" }, { dir = "src" }]\n'
    demo = demo_maker(entries, {"a.txt": "", "src/x.py": ""})
    demo.cli("init", check=True)
    demo.settled()
    (demo.root / "src/x.py").unlink()
    (demo.root / "src").rmdir()
    assert [demo.both(), demo.both()] == [1, 0]


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
