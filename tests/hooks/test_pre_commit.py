"""The hooks for pre-commit, run by the real one, installed from this very tree; and digests inside git's hooks."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from kit import GIT_IDENTITY, Demo, DemoMaker, every_second

ROOT = Path(__file__).parents[2]
NO_HOOKS = ("-c", f"core.hooksPath={os.devnull}")
KEYS = """
[tool.dyncachekeys.keys.backend]
resolver = "backend"

[tool.dyncachekeys.keys.sources]
resolver = "files"
watch = "digest"
patterns = ["src/"]
"""
SOURCES = {"src/a.c": "int a;\n"}
NOT_IN_SYNC = "demo: pyproject.toml is not what `dyncachekeys sync` would write"


def test_what_the_manifest_says() -> None:
    clientlib = importlib.import_module("pre_commit.clientlib")  # it has no types
    hooks = {hook["id"]: hook for hook in clientlib.load_manifest(ROOT / ".pre-commit-hooks.yaml")}
    expected = {
        "dyncachekeys-check": ("dyncachekeys check --hook", ["pre-commit", "manual"]),
        "dyncachekeys-sync": ("dyncachekeys sync --hook", ["post-checkout", "post-merge", "post-rewrite", "manual"]),
    }
    assert {name: (hook["entry"], hook["stages"]) for name, hook in hooks.items()} == expected
    for hook in hooks.values():
        assert (hook["language"], hook["pass_filenames"], hook["always_run"]) == ("python", False, True)


def documented(source: str, revision: str) -> str:
    """Return the configuration that the documentation shows, with a repository that is there."""
    (block,) = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs/pre-commit.md").read_text(encoding="utf-8"), re.DOTALL)
    there = block.replace("<where this project lives>", source)
    return re.sub(r"rev: \S+", f"rev: {revision}", there)


@dataclass(frozen=True)
class PreCommit:
    """pre-commit with its environments, and a repository from which it takes our hooks."""

    config: str
    environ: dict[str, str]

    def install(self, demo: Demo) -> None:
        """Make a demo a repository with all hooks installed and everything committed, in sync."""
        demo.environ = {**demo.environ, **self.environ}
        demo.write({".pre-commit-config.yaml": self.config})
        demo.git("init", "--initial-branch=main")
        demo.cli("sync")
        commit(demo, "first")
        demo.run(sys.executable, "-m", "pre_commit", "install")


@pytest.fixture(scope="module")
def pre_commit(tmp_path_factory: pytest.TempPathFactory) -> PreCommit:
    """Commit this tree as it is to a repository of its own, and let pre-commit make the hooks' environment."""
    folder = tmp_path_factory.mktemp("pre-commit")
    source, user = folder / "dyncachekeys", folder / "user"
    left_out = (".git", ".*_cache", ".dyncachekeys", ".hypothesis", ".venv", "__pycache__", "dist", "tests")
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(*left_out))
    user.mkdir()
    # pip needs its configuration, its proxy and its certificates: the environment as it is, but for git.
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    environ |= {**GIT_IDENTITY, "PRE_COMMIT_HOME": str(folder / "home"), "PRE_COMMIT_COLOR": "never"}

    def run(where: Path, *command: str) -> str:
        done = subprocess.run(command, cwd=where, env=environ, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout.strip()

    run(source, "git", "init")
    run(source, "git", "add", "--all")
    run(source, "git", "commit", "--message", "as it is")
    config = documented(str(source), run(source, "git", "rev-parse", "HEAD"))
    (user / ".pre-commit-config.yaml").write_text(config, encoding="utf-8")
    run(user, "git", "init")
    run(user, sys.executable, "-m", "pre_commit", "install-hooks")
    return PreCommit(config, environ)


def commit(demo: Demo, message: str, *options: str) -> None:
    demo.git("add", "--all")
    demo.git(*options, "commit", "--message", message)


def is_stamped(demo: Demo) -> bool:
    return demo.cli("check", "--stamp", check=False).returncode == 0


def test_commit_is_refused_until_the_region_is_in_sync(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.write({"build_backend/version.py": "VERSION = '1'\n"})
    demo.append("build_backend/helper.py", "\nfrom build_backend import version\n")
    demo.git("add", "--all")
    refused = demo.run("git", "commit", "--message", "out of sync", check=False)
    assert refused.returncode == 1
    assert "dyncachekeys check" in refused.stderr
    assert NOT_IN_SYNC in refused.stderr
    assert "Run `dyncachekeys sync`, `git add pyproject.toml`, and commit again." in refused.stderr
    assert demo.git("log", "--format=%s") == "first"
    assert "version.py" not in (demo.root / "pyproject.toml").read_text(encoding="utf-8")  # it only looks
    demo.cli("sync")
    commit(demo, "in sync")
    assert demo.git("log", "--format=%s").splitlines() == ["in sync", "first"]
    assert demo.git("status", "--porcelain") == ""


def test_one_install_command_installs_all_hooks(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    """Without `default_install_hook_types` it is that of `pre-commit` alone."""
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    installed = {path.name for path in (demo.root / ".git/hooks").iterdir() if path.suffix != ".sample"}
    assert installed == {"pre-commit", "post-checkout", "post-merge", "post-rewrite"}


def test_both_can_be_run_by_hand(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.write({"src/a.c": "int changed;\n"})
    by_hand = (sys.executable, "-m", "pre_commit", "run", "--all-files", "--hook-stage", "manual")
    done = demo.run(*by_hand)
    names = [line.partition(".")[0] for line in done.stdout.splitlines() if "...." in line]
    assert names == ["dyncachekeys check", "dyncachekeys sync"]
    assert is_stamped(demo)


def test_a_branch_without_keys_is_nobodys_business(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    """From before dyncachekeys was used: its commits pass, and going there and back says nothing."""
    demo = demo_maker("", SOURCES)
    demo.write({".pre-commit-config.yaml": pre_commit.config})
    demo.git("init", "--initial-branch=before")
    commit(demo, "before")
    demo.git("checkout", "-b", "main")
    demo.append("pyproject.toml", KEYS)
    pre_commit.install(demo)
    for branch in ("before", "main"):
        assert "error" not in demo.run("git", "checkout", branch).stderr
    demo.git("checkout", "before")
    demo.write({"src/a.c": "int fixed;\n"})
    commit(demo, "a fix")


def test_commit_with_a_stale_stamp_passes(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    """The stamp is this checkout's; what is committed is the same for everybody."""
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.write({"src/a.c": "int changed;\n"})
    assert not is_stamped(demo)
    commit(demo, "sources")


def test_configuration_error_stops_a_commit(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.edit("pyproject.toml", 'resolver = "files"', 'resolver = "flies"')
    demo.git("add", "--all")
    refused = demo.run("git", "commit", "--message", "typo", check=False)
    assert refused.returncode == 1
    assert "tool.dyncachekeys.keys.sources.resolver: there is no resolver `flies`" in refused.stderr
    assert "did you mean `files`?" in refused.stderr


@pytest.fixture
def branches(pre_commit: PreCommit, demo_maker: DemoMaker) -> Demo:
    """Return a repository on `main`; `other` has another source, and lacks the last commit of `main`."""
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.git("checkout", "-b", "other")
    demo.write({"src/b.c": "int b;\n"})
    demo.cli("sync")
    commit(demo, "other")
    demo.git("checkout", "main")
    demo.write({"src/c.c": "int c;\n"})
    demo.cli("sync")
    commit(demo, "main")
    demo.settled()
    assert is_stamped(demo)
    return demo


CHANGES = {
    "checkout": ("checkout", "other"),
    "switch": ("switch", "other"),
    "merge": ("merge", "--no-edit", "other"),
    "rebase": ("rebase", "other"),
}
EACH_CHANGE = pytest.mark.parametrize(
    "change", [one if one in {"merge", "rebase"} else pytest.param(one, marks=pytest.mark.thorough) for one in CHANGES]
)


@EACH_CHANGE
def test_what_git_changes_is_stamped_by_the_hook(change: str, branches: Demo) -> None:
    branches.git(*CHANGES[change])
    assert (branches.root / "src/b.c").exists()
    assert is_stamped(branches)
    assert branches.uv_sync() == 1  # plain uv sees it
    assert branches.git("status", "--porcelain") == ""


@pytest.mark.parametrize("change", every_second(CHANGES))
def test_without_the_hook_it_is_not(change: str, branches: Demo) -> None:
    branches.git(*NO_HOOKS, *CHANGES[change])
    assert not is_stamped(branches)
    assert branches.uv_sync() == 0


def test_there_and_back_costs_no_build(branches: Demo) -> None:
    branches.git("checkout", "other")
    branches.git("checkout", "main")
    assert is_stamped(branches)
    assert branches.uv_sync() == 0


def test_amended_commit_is_stamped_by_the_hook(branches: Demo) -> None:
    branches.write({"src/c.c": "int amended;\n"})
    assert not is_stamped(branches)
    branches.git("commit", "--all", "--amend", "--no-edit")
    assert is_stamped(branches)


ENVIRONMENT_KEY = """
[tool.dyncachekeys.keys.environment]
resolver = "env"
names = ["PATH", "VIRTUAL_ENV", "GIT_*", "PYTHON*", "LANG"]
"""
EVENTS: dict[str, list[tuple[str, ...]]] = {
    "pre-commit": [("commit", "--all", "--message", "x")],
    "commit-msg": [("commit", "--message", "x", "src/a.c")],
    "post-commit": [("commit", "--all", "--message", "x")],
    "post-checkout": [("checkout", "-b", "x")],
    "post-merge": [("stash",), ("checkout", "-b", "x", "HEAD^"), ("merge", "--no-edit", "main")],
    "post-rewrite": [("commit", "--amend", "--all", "--message", "x")],
    "pre-rebase": [("stash",), ("rebase", "--force-rebase", "HEAD^")],
    "pre-push": [("push", "../beside/remote.git", "main")],
}


@pytest.mark.parametrize("worktree", [False, True], ids=["checkout", "linked worktree"])
@pytest.mark.parametrize("event", every_second(EVENTS))
def test_digest_is_the_same_inside_a_hook(event: str, worktree: bool, demo_maker: DemoMaker) -> None:
    """Case 39: git hands its hooks another `PATH`, `GIT_DIR`, `GIT_INDEX_FILE` and more."""
    demo = demo_maker(KEYS + ENVIRONMENT_KEY, SOURCES)
    demo.git("init", "--initial-branch=main")
    demo.git("init", "--bare", str(demo.beside / "remote.git"))
    for message in ("first", "second"):
        demo.append("src/a.c", f"// {message}\n")
        commit(demo, message)
    hooks = demo.root / ".git/hooks"
    if worktree:
        demo.git("checkout", "--detach")
        demo.git("worktree", "add", "../linked", "main")
        demo = Demo(demo.root.parent / "linked", demo.beside)
    demo.append("src/a.c", "// not yet committed\n")
    hook = hooks / event
    inside = demo.beside / "inside"
    hook.write_text(
        f'#!/bin/sh\n"{sys.executable}" -m dyncachekeys digest > "{inside}.digest" || exit 1\nenv > "{inside}.env"\n',
        encoding="utf-8",
    )
    hook.chmod(0o755)
    for arguments in EVENTS[event]:
        demo.git(*arguments)
    lines = Path(f"{inside}.env").read_text(encoding="utf-8").splitlines()
    handed = dict(line.split("=", 1) for line in lines if line.startswith(("PATH=", "GIT_")))
    assert {name for name, value in handed.items() if demo.environ.get(name) != value}, "git changes something"
    digest = demo.cli("digest").stdout
    assert Path(f"{inside}.digest").read_text(encoding="utf-8") == digest
    assert demo.cli("digest", GIT_OF_THE_USER="1").stdout != digest


@pytest.mark.thorough
def test_partly_staged(pre_commit: PreCommit, demo_maker: DemoMaker) -> None:
    """pre-commit sets aside what is not staged, so the hook sees what will be committed; nothing of it is lost."""
    demo = demo_maker(KEYS, SOURCES)
    pre_commit.install(demo)
    demo.write({"build_backend/one.py": "", "build_backend/two.py": ""})
    helper = demo.root / "build_backend/helper.py"
    demo.append("build_backend/helper.py", "\n\nfrom build_backend import one\n")
    demo.git("add", "build_backend/helper.py", "build_backend/one.py")
    demo.append("build_backend/helper.py", "from build_backend import two\n")
    demo.sync()  # of the tree: the region names both modules
    demo.git("add", "pyproject.toml")
    tree = {path: path.read_bytes() for path in (helper, demo.root / "pyproject.toml")}
    refused = demo.run("git", "commit", "--message", "one", check=False)
    assert refused.returncode == 1
    assert NOT_IN_SYNC in refused.stderr
    assert "with `git add --patch pyproject.toml`" in refused.stderr
    assert {path: path.read_bytes() for path in tree} == tree  # all is as it was
    # What it says to do, without somebody at the keyboard.
    lines = (demo.root / "pyproject.toml").read_text(encoding="utf-8").splitlines(keepends=True)
    part = demo.beside / "pyproject.toml"
    part.write_text("".join(line for line in lines if "/two" not in line), encoding="utf-8")
    blob = demo.git("hash-object", "-w", str(part))
    demo.git("update-index", "--cacheinfo", f"100644,{blob},pyproject.toml")
    demo.git("commit", "--message", "one")
    committed = demo.git("show", "HEAD:pyproject.toml")
    assert ("build_backend/one.py" in committed, "build_backend/two.py" in committed) == (True, False)
    assert {path: path.read_bytes() for path in tree} == tree
    commit(demo, "two")
    assert demo.git("status", "--porcelain") == ""
