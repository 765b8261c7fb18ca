"""Merge conflicts in the generated region, made by the real git and settled by computing anew."""

from __future__ import annotations

import pytest

from dyncachekeys.syncing import document
from kit import BACKEND_KEY, Demo, DemoMaker, refused

STYLES = ["merge", "diff3", "zdiff3"]
MARKERS = ("<<<<<<<", "|||||||", "=======", ">>>>>>>")


@pytest.fixture
def branches(demo_maker: DemoMaker) -> Demo:
    """Return a repository on `main`; it and `other` have each a module more that the backend imports."""
    demo = demo_maker(BACKEND_KEY)
    demo.git("init", "--initial-branch=main")
    demo.sync()
    _commit(demo, "first")
    for branch, name, at in (("other", "theirs", "a"), ("main", "ours", "b")):
        demo.git("checkout", *(["-b"] if branch == "other" else []), branch)
        # In files of their own, so that nothing is in conflict but the region.
        demo.write({f"build_backend/{name}.py": "", f"build_backend/{at}.py": f"from build_backend import {name}\n"})
        demo.append("build_backend/core.py" if branch == "main" else "build_backend/helper.py", _import(at))
        demo.sync()
        _commit(demo, branch)
    return demo


def _import(name: str) -> str:
    return f"\n\nfrom build_backend import {name}\n"


def _commit(demo: Demo, message: str) -> None:
    demo.git("add", "--all")
    demo.git("commit", "--message", message)


def _conflict(demo: Demo, style: str, operation: str) -> str:
    done = demo.run("git", "-c", f"merge.conflictStyle={style}", operation, "other", check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    text = (demo.root / "pyproject.toml").read_bytes().decode()
    assert demo.git("diff", "--name-only", "--diff-filter=U") == "pyproject.toml"
    assert ("|||||||" in text) == (style != "merge")
    return text


def _fresh(demo: Demo) -> bytes:
    """Return what a sync writes into the committed file without any region and any memory."""
    other = Demo(demo.root.parent / "fresh", demo.beside)
    demo.git("worktree", "add", "--detach", str(other.root), "main")
    for path in (demo.root / "build_backend").glob("*.py"):
        other.write({f"build_backend/{path.name}": path.read_bytes()})
    document.clean(other.root)
    other.sync()
    return (other.root / "pyproject.toml").read_bytes()


@pytest.mark.parametrize(
    ("style", "operation", "crlf"),
    [
        ("merge", "merge", False),
        ("diff3", "rebase", False),
        ("zdiff3", "merge", True),
        *(
            pytest.param(style, operation, crlf, marks=pytest.mark.thorough)
            for style in STYLES
            for operation in ("merge", "rebase")
            for crlf in (False, True)
        ),
    ],
)
def test_a_conflict_in_the_region_is_settled(branches: Demo, style: str, operation: str, crlf: bool) -> None:
    if crlf:
        branches.git("config", "core.autocrlf", "true")
        for branch in ("other", "main"):
            branches.git("checkout", branch)
            (branches.root / "pyproject.toml").unlink()
            branches.git("checkout", "pyproject.toml")
            assert b"\r\n" in (branches.root / "pyproject.toml").read_bytes()
    _conflict(branches, style, operation)
    before = (branches.root / "pyproject.toml").read_bytes()
    checked = branches.cli("check", check=False)
    assert checked.returncode == 1
    assert "pyproject.toml is not what `dyncachekeys sync` would write" in checked.stdout
    assert "a merge left a conflict in the region" in checked.stderr
    assert (branches.root / "pyproject.toml").read_bytes() == before
    done = branches.cli("sync")
    assert "a merge left a conflict in the region: a sync computes it again; then `git add` the file" in done.stderr
    mended = (branches.root / "pyproject.toml").read_bytes()
    assert not any(marker in mended.decode() for marker in MARKERS)
    assert b"build_backend/ours.py" in mended
    assert b"build_backend/theirs.py" in mended
    again = branches.cli("sync")
    assert (again.stdout.partition(" in sync")[0], again.stderr) == ("demo is", "")
    branches.git("add", "pyproject.toml")
    branches.git(operation, "--continue", GIT_EDITOR="true")
    assert branches.git("status", "--porcelain") == ""
    assert mended == _fresh(branches)
    assert branches.cli("check").returncode == 0


def test_run_settles_it_on_the_way(branches: Demo) -> None:
    """uv could not even read the file."""
    _conflict(branches, "merge", "merge")
    assert branches.uv("sync", check=False).returncode != 0
    branches.cli("run", "--", "uv", "sync", PATH=f"{_uv_folder()}:{branches.environ['PATH']}")
    assert branches.builds == 1


def _uv_folder() -> str:
    from uv import find_uv_bin  # noqa: PLC0415

    return find_uv_bin().rpartition("/")[0]


def test_a_conflict_outside_too_is_the_users(branches: Demo) -> None:
    for branch, version in (("other", "0.2"), ("main", "0.3")):
        branches.git("checkout", branch)
        branches.edit("pyproject.toml", 'version = "0.1"', f'version = "{version}"')
        _commit(branches, version)
    text = _conflict(branches, "merge", "merge")
    line = text[: text.index("version =")].count("\n")
    (problem,) = refused(branches.root)
    assert (problem.code, problem.where) == ("merge-conflict", f"pyproject.toml:{line}")
    for command in (["sync"], ["check"], ["run", "--", "true"], ["clean"]):
        done = branches.cli(*command, check=False)
        assert done.returncode == 2
        assert f"pyproject.toml:{line}: there is a merge conflict outside the generated region" in done.stderr
        assert "resolve it, then run `dyncachekeys sync`, which settles what is in the region" in done.stderr
    assert (branches.root / "pyproject.toml").read_bytes().decode() == text
    ours, theirs = '<<<<<<< HEAD\nversion = "0.3"\n=======\n', 'version = "0.2"\n>>>>>>> other\n'
    branches.edit("pyproject.toml", ours + theirs, 'version = "0.4"\n')
    branches.sync()
    assert not any(marker in (branches.root / "pyproject.toml").read_text(encoding="utf-8") for marker in MARKERS)


def test_a_conflict_in_a_conflict_is_the_users(branches: Demo) -> None:
    """Somebody committed the markers, and merges again: which lines belong together is anybody's guess."""
    _conflict(branches, "merge", "merge")
    branches.edit("pyproject.toml", "<<<<<<< HEAD\n", "<<<<<<< HEAD\n<<<<<<< before\n")
    (problem,) = refused(branches.root)
    assert problem.code == "invalid-toml"
    assert "a merge conflict starts at line" in problem.remedy


def test_clean_takes_a_conflict_in_the_region_away(branches: Demo) -> None:
    _conflict(branches, "diff3", "merge")
    branches.cli("clean")
    text = (branches.root / "pyproject.toml").read_text(encoding="utf-8")
    assert not any(marker in text for marker in (*MARKERS, "cache-keys"))
