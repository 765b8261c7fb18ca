"""Git's own hooks, with the lines of docs/recipes.md, in repositories of every shape (cases 39 and 41)."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from uv import find_uv_bin

from kit import BACKEND_KEY, Demo, DemoMaker

PAGE = Path(__file__).parents[2] / "docs/recipes.md"
HOOKS = ".git/hooks/"
KEYS = (
    BACKEND_KEY
    + """
[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["src/"]
"""
)
SOURCES = {"src/a.c": "int a;\n"}
NO_HOOKS = ("-c", "core.hooksPath=/dev/null")


def hooks() -> dict[str, str]:
    """Return what the page says, by the hook's name."""
    found = re.findall(r"<!-- try: (.*?) -->\n```sh\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    return {file.removeprefix(HOOKS): text for files, text in found for file in files.split() if file.startswith(HOOKS)}


def install(demo: Demo, folder: Path, more: str = "") -> None:
    demo.environ["PATH"] = f"{Path(sys.executable).parent}:{Path(find_uv_bin()).parent}:{demo.environ['PATH']}"
    folder.mkdir(exist_ok=True)
    for name, text in hooks().items():
        (folder / name).write_text(text.replace("--hook", f"--hook{more}"), encoding="utf-8")
        (folder / name).chmod(0o755)


def commit(demo: Demo, message: str, *options: str) -> None:
    demo.git("add", "--all")
    demo.git(*options, "commit", "--message", message)


def is_stamped(demo: Demo) -> bool:
    return demo.cli("check", "--stamp", check=False).returncode == 0


def add_module(demo: Demo, name: str) -> None:
    """Have the backend import one more module, so that the region is another."""
    demo.write({f"build_backend/{name}.py": "", f"build_backend/{name}_user.py": ""})
    demo.append("build_backend/helper.py", f"\n\nfrom build_backend import {name}, {name}_user\n")


SOURCE_PATTERNS = ["linked worktree", "hooks folder", "core.hooksPath", "submodule", "below the root"]


@pytest.fixture(
    params=[
        pytest.param(shape, marks=[pytest.mark.thorough] * (shape != SOURCE_PATTERNS[0])) for shape in SOURCE_PATTERNS
    ]
)
def repository(request: pytest.FixtureRequest, demo_maker: DemoMaker) -> Demo:
    """Return a repository of some shape with all hooks, at its second commit on `main`."""
    shape = request.param
    demo = demo_maker(KEYS, SOURCES)
    top = demo
    if shape == "below the root":
        top = Demo(demo.root.parent, demo.beside)
        top.write({".gitignore": "/beside/\n"})
    top.git("init", "--initial-branch=main")
    folder = top.root / ".git/hooks"
    if shape == "core.hooksPath":
        folder = demo.beside / "hooks"
        top.git("config", "core.hooksPath", str(folder))
    demo.sync()
    commit(top, "first", *NO_HOOKS)
    if shape == "linked worktree":
        demo.git("checkout", "--detach")
        demo.git("worktree", "add", "../linked", "main")
        demo = Demo(demo.root.parent / "linked", demo.beside)
    if shape == "submodule":
        above = Demo(demo.root.parent / "above", demo.beside)
        above.root.mkdir()
        above.git("init")
        above.git("-c", "protocol.file.allow=always", "submodule", "add", str(demo.root), "demo")
        demo = Demo(above.root / "demo", demo.beside)
        folder = above.root / ".git/modules/demo/hooks"
    install(demo, folder, " --project demo" if top is not demo and shape == "below the root" else "")
    demo.sync()
    demo.git("checkout", "-b", "other")
    demo.write({"src/b.c": "int b;\n"})
    demo.sync()
    commit(demo, "other")
    demo.git("checkout", "main")
    assert is_stamped(demo)
    return demo


def test_everything_that_git_changes_is_stamped(repository: Demo) -> None:
    demo = repository
    for command in (
        ("checkout", "other"),
        ("checkout", "main"),
        ("checkout", "--detach", "other"),
        ("switch", "main"),
        ("merge", "--no-ff", "--no-edit", "other"),
        ("commit", "--amend", "--allow-empty", "--message", "amended"),
        ("reset", "--hard", "HEAD^"),
    ):
        demo.git(*command)
        # Git has no hook for a reset: that is what is left to `run --`.
        assert is_stamped(demo) == (command[0] != "reset"), command
        assert demo.git("status", "--porcelain") == ""
    assert demo.cli("run", "--", "uv", "sync").returncode == 0
    assert is_stamped(demo)


def test_a_commit_that_is_out_of_sync_is_refused(repository: Demo) -> None:
    demo = repository
    demo.git("checkout", "--detach")
    add_module(demo, "new")
    demo.git("add", "--all")
    refused = demo.run("git", "commit", "--message", "out of sync", check=False)
    assert refused.returncode == 1
    assert "demo: pyproject.toml is not what `dyncachekeys sync` would write" in refused.stderr
    assert "Run `dyncachekeys sync`, `git add pyproject.toml`, and commit again." in refused.stderr
    demo.sync()
    commit(demo, "in sync")
    assert demo.git("status", "--porcelain") == ""


def test_the_first_commit_of_all(demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, SOURCES)
    demo.git("init")
    install(demo, demo.root / ".git/hooks")
    demo.git("add", "--all")
    refused = demo.run("git", "commit", "--message", "first", check=False)
    assert (refused.returncode, "is not what" in refused.stderr) == (1, True)
    demo.sync()
    commit(demo, "first")
    assert demo.git("log", "--format=%s") == "first"


@pytest.fixture
def stale(demo_maker: DemoMaker) -> Demo:
    """Return a repository in which the commits of `main` were made without sync, and `topic` edits the same file."""
    demo = demo_maker(KEYS, SOURCES)
    demo.git("init", "--initial-branch=main")
    demo.sync()
    commit(demo, "first")
    demo.git("checkout", "-b", "topic")
    for version in ("0.2", "0.3"):
        demo.edit("pyproject.toml", re.findall('version = "0.."', _pyproject(demo))[0], f'version = "{version}"')
        commit(demo, version)
    demo.git("checkout", "main")
    add_module(demo, "unseen")
    commit(demo, "stale")
    demo.git("checkout", "topic")
    demo.sync()
    install(demo, demo.root / ".git/hooks")
    return demo


def _pyproject(demo: Demo) -> str:
    return (demo.root / "pyproject.toml").read_text(encoding="utf-8")


def test_a_rebase_is_not_stopped(stale: Demo) -> None:
    """What a hook writes at its start would be in the way of the first commit that is picked."""
    done = stale.run("git", "rebase", "main")
    assert "Successfully rebased" in done.stderr
    assert stale.git("status", "--porcelain") == "M pyproject.toml"  # at its end the region is mended
    assert "build_backend/unseen.py" in _pyproject(stale)
    assert 'version = "0.3"' in _pyproject(stale)
    assert is_stamped(stale)


@pytest.mark.thorough
def test_without_the_option_it_would_be(stale: Demo) -> None:
    hook = stale.root / ".git/hooks/post-checkout"
    hook.write_text(hook.read_text(encoding="utf-8").replace(" --hook", ""), encoding="utf-8")
    done = stale.run("git", "rebase", "main", check=False)
    assert done.returncode == 1
    assert "would be overwritten by merge" in done.stderr


@pytest.mark.thorough
def test_within_a_rebase(stale: Demo) -> None:
    """Stopped for an edit with commits left to apply: the hook waits, whoever asks himself does not."""
    stale.git("rebase", "--interactive", "main", GIT_SEQUENCE_EDITOR="sed -i -e '1s/^pick/edit/'")
    assert "rebase in progress" in stale.git("status")
    quiet = stale.cli("sync", "--hook")
    assert (quiet.stdout, quiet.stderr) == ("", "")
    assert stale.git("status", "--porcelain") == ""
    refused = stale.run("git", "commit", "--amend", "--no-edit", check=False)
    assert refused.returncode == 1
    stale.cli("sync")
    stale.git("add", "pyproject.toml")
    stale.git("commit", "--amend", "--no-edit")
    stale.git("rebase", "--continue")
    assert stale.git("status", "--porcelain") == ""
    assert "build_backend/unseen.py" in _pyproject(stale)
    assert is_stamped(stale)
