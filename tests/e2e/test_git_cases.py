"""The repository, with builds counted by the real uv: cases 16 to 21."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping

import pytest

from dyncachekeys.quick import check
from dyncachekeys.quick.snapshot import Snapshot
from kit import DIGEST_TRANSPORT, UV_VERSION, Demo, DemoMaker, every_second

CONFIG = """
[tool.dyncachekeys]
watch = "{watch}"

[tool.dyncachekeys.keys.repository]
resolver = "git"
"""
READS_PACKED_REFS = pytest.mark.skipif(UV_VERSION < (0, 11, 20), reason="this uv does not read packed refs (U9)")
WATCHES = pytest.mark.parametrize("watch", ["auto", "digest", DIGEST_TRANSPORT])
RepoMaker = Callable[..., Demo]
ALLOWED = ("-c", "protocol.file.allow=always")
"""For submodules from a folder."""


def _commit(demo: Demo, message: str = "more") -> None:
    demo.git("add", "--all")
    demo.git("commit", "--quiet", "--allow-empty", f"--message={message}")


@pytest.fixture
def repo(demo_maker: DemoMaker) -> RepoMaker:
    """Return a function that makes a project in a repository, with its region committed."""

    def make(options: str = "", watch: str = "auto", files: Mapping[str, str] | None = None) -> Demo:
        demo = demo_maker(CONFIG.format(watch=watch) + options, {"src/a.c": "a\n", "docs/b.md": "b\n", **(files or {})})
        demo.git("init", "--quiet", "--initial-branch=main")
        _commit(demo, "first")
        demo.sync()
        _commit(demo, "region")
        return demo

    return make


def _tag_old_commit(demo: Demo) -> None:
    demo.git("tag", "v1", "HEAD~1")


def _check_out_former(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "--detach", "HEAD~1")


def _another_branch(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "-B", "other", "HEAD~1")


def _pack_and_commit(demo: Demo) -> None:
    demo.git("pack-refs", "--all")
    _commit(demo)


def _amend(demo: Demo) -> None:
    demo.git("commit", "--quiet", "--amend", "--allow-empty", "--message=other")


MOVES = (_commit, _check_out_former, _another_branch, _pack_and_commit, _amend)


@WATCHES
@pytest.mark.parametrize("change", MOVES)
@pytest.mark.parametrize("options", ["", "describe = true\n"], ids=repr)
def test_another_commit(repo: RepoMaker, options: str, change: Callable[[Demo], None], watch: str) -> None:
    """Case 16."""
    demo = repo(options, watch)
    _commit(demo, "second")
    demo.settled()
    change(demo)
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
@pytest.mark.parametrize("options", ["tags = true\n", "describe = true\n"], ids=repr)
def test_a_new_tag_on_an_old_commit(repo: RepoMaker, options: str, watch: str) -> None:
    """Case 16."""
    demo = repo(options, watch)
    demo.settled()
    _tag_old_commit(demo)
    assert demo.both() == 1
    assert demo.both() == 0
    demo.git("tag", "--delete", "v1")
    assert demo.both() == 1
    assert demo.both() == 0


@pytest.mark.parametrize("watch", ["auto", "uv"])
def test_plain_uv_sees_commits_and_tags(repo: RepoMaker, watch: str) -> None:
    demo = repo("commit = true\ntags = true\n", watch)
    demo.settled()
    for change in (_commit, _tag_old_commit, _check_out_former, _pack_and_commit):
        change(demo)
        assert demo.uv_sync() == 1, change
        assert demo.uv_sync() == 0, change


def test_uv_first_and_then_us_is_one_build(repo: RepoMaker) -> None:
    demo = repo("commit = true\ntags = true\n")
    demo.settled()
    for change in (_commit, _tag_old_commit):
        change(demo)
        assert demo.uv_sync() == 1
        assert demo.both() == 0


@WATCHES
def test_uncommitted_edit(repo: RepoMaker, watch: str) -> None:
    """Case 17: each edit, not only the first; and what is not tracked."""
    demo = repo("dirty = true\n", watch)
    demo.settled()
    for name, text in (("src/a.c", "1"), ("src/a.c", "2"), ("docs/b.md", "1"), ("new.txt", "1"), ("new.txt", "2")):
        demo.write({name: text})
        assert demo.both() == 1, (name, text)
        assert demo.both() == 0, (name, text)
    demo.git("add", "--all")
    assert demo.both() == 0
    demo.git("reset", "--quiet", "--hard")
    assert demo.both() == 1
    assert demo.both() == 0


@WATCHES
def test_nothing_that_is_written_for_uv_is_dirt(repo: RepoMaker, watch: str) -> None:
    demo = repo("dirty = true\n", watch)
    demo.settled()
    demo.append("pyproject.toml", '[tool.dyncachekeys.keys.more]\nresolver = "env"\nnames = ["CC"]\n')
    _commit(demo)
    demo.settled()
    expected = [] if watch == "digest" else ["pyproject.toml"]
    assert demo.git("diff", "--name-only").splitlines() == expected
    shutil.rmtree(demo.root / ".dyncachekeys")
    assert demo.both() <= 1
    assert demo.both() == 0


@WATCHES
@pytest.mark.parametrize("path", ["src", "src/a.c"])
def test_commits_elsewhere_in_a_monorepo(repo: RepoMaker, path: str, watch: str) -> None:
    """Case 18."""
    demo = repo(f'path = "{path}"\n', watch)
    demo.settled()
    demo.write({"docs/b.md": "other\n", "../demo/other/c.py": "x\n"})
    assert demo.both() == 0
    _commit(demo)
    assert demo.both() == 0
    demo.write({"src/a.c": "other\n"})
    assert demo.both() == 1
    _commit(demo)
    assert demo.both() == 1, "what was dirt is committed"
    assert demo.both() == 0


@WATCHES
def test_a_project_in_a_folder_of_a_monorepo(repo: RepoMaker, watch: str) -> None:
    """Case 18."""
    demo = repo('path = "../shared"\n', watch, {"../demo/shared/a.txt": "a\n"})
    whole = demo.root
    part = whole / "part"
    part.mkdir()
    for name in ("pyproject.toml", "build_backend", ".gitignore"):
        shutil.move(whole / name, part / name)
    demo.root = part
    demo.sync()
    demo.git("add", "--all", "..")
    _commit(demo)
    demo.settled()
    demo.write({"../docs/b.md": "other\n", "notes.txt": "x\n"})
    demo.git("add", "--all", "..")
    _commit(demo)
    assert demo.both() == 0
    for text in ("1", "2"):
        demo.write({"../shared/a.txt": text})
        assert demo.both() == 1
        assert demo.both() == 0


@WATCHES
def test_submodule_moved(repo: RepoMaker, watch: str) -> None:
    """Case 19."""
    demo = repo("submodules = true\n", watch)
    library = demo.beside / "library"
    demo.git("init", "--quiet", str(library))
    for message in ("one", "two"):
        demo.git("-C", str(library), "commit", "--quiet", "--allow-empty", f"--message={message}")
    demo.git(*ALLOWED, "submodule", "--quiet", "add", str(library), "lib")
    _commit(demo)
    demo.settled()
    head = demo.git("rev-parse", "HEAD")
    demo.git("-C", "lib", "checkout", "--quiet", "HEAD~1")
    assert demo.git("rev-parse", "HEAD") == head
    assert demo.both() == 1
    assert demo.both() == 0
    demo.write({"lib/new.c": "x\n"})
    assert demo.both() == 0, "only `dirty` asks for it"
    _commit(demo)
    assert demo.both() == 0, "it is the same commit, recorded or not"


def _linked(demo: Demo) -> None:
    demo.git("worktree", "add", "--quiet", "-b", "linked", str(demo.beside / "linked"))
    demo.root = demo.beside / "linked"


def _packed(demo: Demo) -> None:
    demo.git("tag", "v0")
    demo.git("pack-refs", "--all")


def _collected(demo: Demo) -> None:
    demo.git("tag", "--annotate", "v0", "--message=v0")
    demo.git("gc", "--quiet")


def _detached(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "--detach")


def _cloned(demo: Demo) -> None:
    demo.git("tag", "v0")
    demo.git("clone", "--quiet", "--no-local", str(demo.root), str(demo.beside / "clone"))
    demo.root = demo.beside / "clone"


def _sha256(demo: Demo) -> None:
    shutil.rmtree(demo.root / ".git")
    demo.git("init", "--quiet", "--initial-branch=main", "--object-format=sha256")
    _commit(demo)


SOURCE_PATTERNS = (_linked, _packed, _collected, _detached, _cloned, _sha256)


@WATCHES
@pytest.mark.parametrize("shape", every_second(SOURCE_PATTERNS))
@pytest.mark.parametrize("options", ["commit = true\ntags = true\n", "describe = true\n"], ids=repr)
def test_shapes_of_repositories(repo: RepoMaker, options: str, shape: Callable[[Demo], None], watch: str) -> None:
    """Case 20. Every build is one too few or one too many if uv reads a shape otherwise than we believe."""
    demo = repo(options, watch)
    shape(demo)
    demo.settled()
    for _ in range(2):
        _commit(demo)
        assert demo.both() == 1
        assert demo.both() == 0
    demo.git("tag", "v1")
    assert demo.both() == 1
    assert demo.both() == 0


@pytest.mark.parametrize(("version", "move"), [("0.11.19", "moved"), ("0.11.20", "kept")])
def test_the_stamp_moves_only_for_a_uv_that_does_not_read_packed_refs(repo: RepoMaker, version: str, move: str) -> None:
    demo = repo("commit = true\ntags = true\n")
    uv = demo.beside / "bin/uv"
    uv.parent.mkdir()
    uv.write_text(f"#!/bin/sh\necho uv {version}\n", encoding="utf-8")
    uv.chmod(0o755)
    environ = {"PATH": f"{uv.parent}:{demo.environ['PATH']}"}
    assert demo.sync(**environ).move == "kept"
    _commit(demo)
    assert demo.sync(**environ).move == "kept", "each uv sees this by itself"
    for change in (("pack-refs", "--all"), ("update-ref", "HEAD", "HEAD~1"), ("tag", "v1")):
        demo.git(*change)
        demo.git("pack-refs", "--all")
        assert demo.sync(**environ).move == move, change


@pytest.mark.parametrize("options", ["", "describe = true\n", "dirty = true\n", 'path = "src"\n'], ids=repr)
def test_checkout_there_and_back(repo: RepoMaker, options: str) -> None:
    """Case 21."""
    demo = repo(options, "digest")
    demo.git("checkout", "--quiet", "-b", "other")
    demo.write({"src/a.c": "other\n"})
    _commit(demo)
    demo.git("checkout", "--quiet", "main")
    demo.settled()
    demo.git("checkout", "--quiet", "other")
    demo.git("checkout", "--quiet", "-")
    assert demo.both() == 0
    demo.git("checkout", "--quiet", "other")
    demo.sync()
    demo.git("checkout", "--quiet", "-")
    assert demo.both() == 0, "with a sync between"


def test_entries_are_the_same_in_every_shape(repo: RepoMaker) -> None:
    demo = repo("commit = true\ntags = true\ndescribe = true\ndirty = true\nsubmodules = true\n")
    before = (demo.root / "pyproject.toml").read_bytes()
    assert b"{ git = { commit = true } }" in before
    for shape in (_packed, _sha256):
        shape(demo)
        demo.write({"dirt.txt": "x\n"})
        assert not demo.sync().region_differs
    shutil.rmtree(demo.root / ".git")
    assert not demo.sync().region_differs


def test_built_from_a_commit_that_no_sync_saw(repo: RepoMaker) -> None:
    """As case 42: `uv` builds by itself from another commit, which is then taken back."""
    demo = repo('commit = true\n[tool.uv]\ncache-keys = [{ file = "trigger" }]\n', "digest", {"trigger": "1\n"})
    demo.settled()
    _commit(demo)
    demo.tick()
    demo.write({"trigger": "2\n"})
    assert demo.uv_sync() == 1
    demo.git("reset", "--quiet", "--soft", "HEAD~1")
    assert demo.both() == 1
    assert demo.both() == 0


# Quiet


def _is_quiet(demo: Demo) -> bool:
    known = Snapshot.load(str(demo.root / ".dyncachekeys"))
    try:
        return known is not None and not check.differences(str(demo.root), known, demo.environ)
    except check.NotQuick:
        return False


def _rest(demo: Demo, clock: list[int]) -> None:
    """Let nothing be too young to be believed."""
    demo.sync()
    clock[0] += 3 * 10**9
    demo.sync()


def _tag(demo: Demo) -> None:
    demo.git("tag", "v2")


def _move_tag(demo: Demo) -> None:
    demo.git("tag", "--force", "v0", "HEAD~2")


def _annotated_deep_tag(demo: Demo) -> None:
    demo.git("tag", "--annotate", "deep/er/tag", "--message=x")


def _delete_tag(demo: Demo) -> None:
    demo.git("tag", "--delete", "v0")


def _switch_to_same_commit(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "-b", "other")


def _pack(demo: Demo) -> None:
    demo.git("pack-refs", "--all")


def _unborn(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "--orphan", "empty")


def _gone(demo: Demo) -> None:
    (demo.root / ".git").rename(demo.beside / "gone")


@pytest.mark.parametrize("options", ["", "commit = true\ntags = true\ndescribe = true\n"], ids=repr)
@pytest.mark.parametrize("shape", [lambda _: None, _packed, _linked, _detached, _sha256, _gone])
def test_quiet_until_git_changes_something(
    repo: RepoMaker, clock: list[int], options: str, shape: Callable[[Demo], None]
) -> None:
    demo = repo(options)
    demo.git("tag", "v-1")
    shape(demo)
    _rest(demo, clock)
    assert _is_quiet(demo)
    if shape is _gone:
        (demo.beside / "gone").rename(demo.root / ".git")
    else:
        _commit(demo)
    assert not _is_quiet(demo)


@pytest.mark.parametrize(
    "change",
    [
        *(_tag, _move_tag, _annotated_deep_tag, _delete_tag, _pack_and_commit, _another_branch),
        *(_check_out_former, _amend, _unborn, _gone),
    ],
)
@pytest.mark.parametrize("options", ["tags = true\ncommit = true\n", "describe = true\n"], ids=repr)
@pytest.mark.parametrize("shape", [lambda _: None, _pack])
def test_what_is_noticed(
    repo: RepoMaker, clock: list[int], options: str, shape: Callable[[Demo], None], change: Callable[[Demo], None]
) -> None:
    demo = repo(options)
    demo.git("tag", "v0")
    _commit(demo)
    shape(demo)
    _rest(demo, clock)
    assert _is_quiet(demo)
    change(demo)
    assert not _is_quiet(demo)
    assert demo.sync().keys[1].changes or "describe" in options
    clock[0] += 3 * 10**9
    demo.sync()
    assert _is_quiet(demo)


@pytest.mark.parametrize("change", [_pack, _collected, _switch_to_same_commit])
@pytest.mark.parametrize("packed", [False, True])
def test_what_changes_no_answer_costs_no_build(repo: RepoMaker, change: Callable[[Demo], None], packed: bool) -> None:
    demo = repo("commit = true\n", "digest")
    if packed:
        _pack(demo)
    demo.settled()
    change(demo)
    assert demo.both() == 0


@READS_PACKED_REFS
def test_packing_and_what_uv_sees_first_cost_nothing_more(repo: RepoMaker) -> None:
    demo = repo("commit = true\ntags = true\n")
    demo.settled()
    for change in (_pack, _switch_to_same_commit, _pack):
        change(demo)
        assert (demo.uv_sync(), demo.both()) == (0, 0)
    _commit(demo)
    _pack(demo)
    assert (demo.uv_sync(), demo.both(), demo.both()) == (1, 0, 0)
    demo.git("tag", "v1")
    _pack(demo)
    assert (demo.uv_sync(), demo.both()) == (1, 0)
    _linked(demo)
    demo.settled()
    _commit(demo)
    assert (demo.uv_sync(), demo.both()) == (1, 0)


@pytest.mark.parametrize("options", ["dirty = true\n", "submodules = true\n", 'path = "src"\n'], ids=repr)
def test_what_the_work_tree_decides_is_never_quiet(repo: RepoMaker, clock: list[int], options: str) -> None:
    demo = repo(options)
    _rest(demo, clock)
    assert not _is_quiet(demo)
    assert [key.name for key in demo.sync().keys if key.runs_each_time] == ["repository"]
