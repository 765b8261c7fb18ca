"""The `git` resolver and what it stands on, against git itself, in repositories of many shapes."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest

import dyncachekeys
import hostile
from dyncachekeys.files import git, repository
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.resolving.engine import Resolution
from kit import Demo, DemoMaker, refused, told

CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.it]
resolver = "git"
"""
OPTIONS = ("commit", "tags", "describe", "dirty", "submodules")
ALL = "".join(f"{option} = true\n" for option in OPTIONS)
Change = Callable[[Demo], object]


def resolved(demo: Demo) -> Resolution:
    return dyncachekeys.resolve(demo.root, demo.environ)


def digest(demo: Demo) -> str:
    return resolved(demo).digest


def commit(demo: Demo, message: str = "more", *options: str) -> None:
    demo.git("add", "--all")
    demo.git("commit", "--quiet", f"--message={message}", "--allow-empty", *options)


@pytest.fixture
def repo(demo_maker: DemoMaker) -> Callable[..., Demo]:
    """Return a function that makes a project in a repository with one commit."""

    def make(options: str = "", *init: str) -> Demo:
        demo = demo_maker(CONFIG + options, {"src/a.c": "a\n", "docs/b.md": "b\n"})
        demo.git("init", "--quiet", "--initial-branch=main", *init)
        commit(demo, "first")
        return demo

    return make


# What is read by hand, against git.


def _packed(demo: Demo) -> None:
    demo.git("pack-refs", "--all")


def _packed_and_more(demo: Demo) -> None:
    demo.git("pack-refs", "--all")
    commit(demo)
    demo.git("tag", "--force", "one")
    demo.git("tag", "three")


def _detached(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "--detach")


def _chained(demo: Demo) -> None:
    demo.git("symbolic-ref", "refs/heads/other", "refs/heads/main")
    demo.git("symbolic-ref", "HEAD", "refs/heads/other")
    demo.git("symbolic-ref", "refs/tags/chained", "refs/tags/one")


def _deep(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "-b", "deep/er/branch")


def _unborn(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "--orphan", "empty")


def _broken(demo: Demo) -> None:
    demo.write({".git/refs/tags/broken": "no object\n", ".git/refs/tags/x.lock": ""})


def _linked(demo: Demo) -> None:
    demo.git("worktree", "add", "--quiet", "-b", "linked", str(demo.beside / "linked"))
    demo.root = demo.beside / "linked"
    commit(demo)


def _linked_and_packed(demo: Demo) -> None:
    _linked(demo)
    _packed(demo)


def _moved_git_folder(demo: Demo) -> None:
    demo.git("init", "--quiet", f"--separate-git-dir={demo.beside}/elsewhere")


def _pairs(options: Iterable[str], changes: Sequence[Change]) -> list[Any]:
    """Return each option with each change; two thirds of them are thorough, so that each of both still comes often."""
    return [
        pytest.param(
            option, change, marks=[pytest.mark.thorough] * bool((one + other) % 3), id=f"{_name(change)}-{option}"
        )
        for one, option in enumerate(options)
        for other, change in enumerate(changes)
    ]


SOURCE_PATTERNS = (
    *(lambda _: None, _packed, _packed_and_more, _detached, _chained, _deep, _unborn, _broken),
    *(_linked, _linked_and_packed, _moved_git_folder),
)


def _name(shape: object) -> str:
    return getattr(shape, "__name__", str(shape)).strip("_")


@pytest.mark.parametrize("objects", ["sha1", pytest.param("sha256", marks=pytest.mark.thorough)])
@pytest.mark.parametrize("shape", SOURCE_PATTERNS, ids=_name)
def test_commit_and_tags_are_those_of_git(repo: Callable[..., Demo], shape: Change, objects: str) -> None:
    demo = repo("", f"--object-format={objects}")
    demo.git("tag", "one")
    demo.git("tag", "--annotate", "v/two", "--message=two")
    shape(demo)
    files = Files(demo.root, FileMemory())
    asked = demo.git("for-each-ref", "--format=%(refname:strip=2) %(objectname)", "refs/tags")
    assert repository.commit(files) == git.ask(demo.root, "rev-parse", "--verify", "--quiet", "HEAD")
    assert repository.tags(files) == dict(line.split(" ") for line in asked.splitlines())
    only_by_new_ones = {_packed, _linked, _linked_and_packed, _moved_git_folder}
    for packed, not_read in ((True, {_chained}), (False, {_chained, *only_by_new_ones})):
        is_read = (shape not in not_read and objects == "sha1") or shape is _unborn
        assert repository.is_read_by_uv(files, "commit", packed=packed) == is_read


def test_tags_that_not_every_uv_reads(repo: Callable[..., Demo]) -> None:
    demo = repo()

    def is_read() -> tuple[bool, bool]:
        """Return whether uv before and after 0.11.20 reads them."""
        files = Files(demo.root, FileMemory())
        return tuple(repository.is_read_by_uv(files, "tags", packed=packed) for packed in (False, True))  # type: ignore[return-value]

    assert is_read() == (True, True)
    demo.git("tag", "one")
    assert is_read() == (True, True)
    demo.git("pack-refs", "--all")
    assert is_read() == (False, True)
    demo.git("tag", "two")
    assert is_read() == (False, True)
    demo.git("symbolic-ref", "refs/tags/three", "refs/tags/two")
    assert is_read() == (False, False)


def test_a_project_below_the_top(repo: Callable[..., Demo]) -> None:
    demo = repo()
    files = Files(demo.root / "src", FileMemory())
    assert repository.commit(files) == demo.git("rev-parse", "HEAD")
    assert repository.is_read_by_uv(files, "commit", packed=False)


def test_reftable_is_left_to_git(repo: Callable[..., Demo]) -> None:
    demo = repo()
    demo.git("tag", "one")
    demo.write({".git/reftable/tables.list": "x\n"})
    files = Files(demo.root, FileMemory())
    assert repository.commit(files) == demo.git("rev-parse", "HEAD")
    assert list(repository.tags(files)) == ["one"]


# What counts, and what does not.


def _commit_docs(demo: Demo) -> None:
    demo.append("docs/b.md", "more\n")
    commit(demo)


def _commit_sources(demo: Demo) -> None:
    demo.append("src/a.c", "more\n")
    commit(demo)


def _edit_sources(demo: Demo) -> None:
    demo.append("src/a.c", "more\n")


def _edit_docs(demo: Demo) -> None:
    demo.append("docs/b.md", "more\n")


def _untracked(demo: Demo) -> None:
    demo.write({"src/new.c": "new\n"})


def _ignored(demo: Demo) -> None:
    demo.write({"src/__pycache__/x.pyc": "x", ".venv/x": "x", "uv.lock": "x"})


def _touched(demo: Demo) -> None:
    os.utime(demo.root / "src/a.c", (1, 1))


def _same_bytes(demo: Demo) -> None:
    data = (demo.root / "src/a.c").read_bytes()
    (demo.root / "src/a.c").unlink()
    (demo.root / "src/a.c").write_bytes(data)


def _deleted(demo: Demo) -> None:
    (demo.root / "src/a.c").unlink()


def _executable(demo: Demo) -> None:
    (demo.root / "src/a.c").chmod(0o755)


def _tag(demo: Demo) -> None:
    demo.git("tag", "v1")


def _moved_tag(demo: Demo) -> None:
    demo.git("tag", "--force", "v0", "HEAD~0")


def _another_branch(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "-b", "other")


def _there_and_back(demo: Demo) -> None:
    demo.git("checkout", "--quiet", "-b", "other")
    _commit_sources(demo)
    demo.git("checkout", "--quiet", "main")


def _synced(demo: Demo) -> None:
    demo.sync()


def _stashed(demo: Demo) -> None:
    _edit_sources(demo)
    demo.git("stash", "--quiet")


NOTHING: tuple[Change, ...] = (_ignored, _touched, _same_bytes, _another_branch, _there_and_back, _synced, _packed)
COUNTS: dict[str, tuple[Change, ...]] = {
    "": (_commit_docs, _commit_sources),
    "commit = true": (_commit_docs, _commit_sources),
    "tags = true": (_tag,),
    "describe = true": (_commit_docs, _commit_sources, _tag),
    "dirty = true": (_edit_sources, _edit_docs, _untracked, _deleted, _executable),
    "submodules = true": (),
    'path = "src"': (_commit_sources, _edit_sources, _untracked, _deleted, _executable),
    'path = "src/"': (_commit_sources, _edit_sources, _untracked, _deleted, _executable),
    'path = "src/a.c"': (_commit_sources, _edit_sources, _deleted, _executable),
    'path = "."': (_commit_docs, _commit_sources, _edit_sources, _edit_docs, _untracked, _deleted, _executable),
}
CHANGES = (
    *(_commit_docs, _commit_sources, _tag, _edit_sources, _edit_docs, _untracked, _deleted, _executable, _stashed),
    *NOTHING,
)


@pytest.mark.parametrize(("options", "change"), _pairs(COUNTS, CHANGES))
def test_what_counts(repo: Callable[..., Demo], options: str, change: Change) -> None:
    demo = repo(options)
    first = digest(demo)
    change(demo)
    assert (digest(demo) != first) == (change in COUNTS[options])


@pytest.mark.parametrize("options", ["dirty = true", 'path = "src"'])
def test_dirt_is_its_content(repo: Callable[..., Demo], options: str) -> None:
    demo = repo(options)
    seen = [digest(demo)]
    for content in ("one\n", "two\n"):
        for name in ("src/a.c", "src/new.c"):
            demo.write({name: content})
            assert digest(demo) not in seen
            seen.append(digest(demo))
    demo.git("add", "--all")
    assert digest(demo) == seen[-1], "staging is no change"
    demo.git("reset", "--quiet", "--hard")
    assert digest(demo) == seen[0]


def test_committed_dirt_is_none(repo: Callable[..., Demo]) -> None:
    demo = repo("dirty = true")
    clean = digest(demo)
    _edit_sources(demo)
    assert digest(demo) != clean
    commit(demo)
    assert digest(demo) == clean, "what is committed is what `commit` tells"


def test_dirt_elsewhere_in_the_repository_counts_unless_there_is_a_path(repo: Callable[..., Demo]) -> None:
    demo = repo()
    whole = demo.root
    for options, counts in (("dirty = true", True), ('path = "."', False), ('path = "../docs"', True)):
        demo.git("checkout", "--quiet", "--force", "main")
        demo.git("clean", "--quiet", "-d", "--force")
        demo.write({"part/pyproject.toml": f'[project]\nname = "part"\nversion = "1"\n{CONFIG}{options}\n'})
        commit(demo)
        demo.root = whole / "part"
        first = digest(demo)
        demo.write({"../docs/b.md": "other\n"})
        assert (digest(demo) != first) is counts, options
        second = digest(demo)
        demo.write({"x.c": "x\n"})
        assert (digest(demo) != second) is (options != 'path = "../docs"'), options
        demo.root = whole


def test_our_region_is_no_dirt(repo: Callable[..., Demo]) -> None:
    demo = repo('dirty = true\npath = "."\n')
    first = digest(demo)
    demo.sync()
    assert demo.git("status", "--porcelain") == "M pyproject.toml"
    assert digest(demo) == first
    demo.edit("pyproject.toml", 'version = "0.1"', 'version = "0.2"')
    assert digest(demo) != first
    demo.edit("pyproject.toml", 'version = "0.2"', 'version = "0.1"')
    data = (demo.root / "pyproject.toml").read_bytes()
    (demo.root / "pyproject.toml").write_bytes(data.replace(b"\n", b"\r\n"))
    assert digest(demo) == first, "line ends are what `core.autocrlf` makes of them"


def test_the_region_of_another_member_is_no_dirt(repo: Callable[..., Demo]) -> None:
    demo = repo("dirty = true\n")
    shutil.copy(demo.root / "pyproject.toml", demo.root / "src/pyproject.toml")
    commit(demo)
    first = digest(demo)
    dyncachekeys.sync(demo.root / "src", demo.environ)
    assert "src/pyproject.toml" in demo.git("status", "--porcelain")
    assert digest(demo) == first
    demo.append("src/pyproject.toml", "[tool.other]\n")
    assert digest(demo) != first


def test_odd_names(repo: Callable[..., Demo]) -> None:
    demo = repo("dirty = true\n")
    first = digest(demo)
    for name in ("~tilde", "c:drive", " space ", "new\nline", "ünï*[x]", os.fsdecode(b"latin-\xe9")):
        (demo.root / name).write_text("1")
        second = digest(demo)
        assert second != first, name
        (demo.root / name).write_text("2")
        first = digest(demo)
        assert first != second, name
    demo.git("init", "--quiet", "nested")
    assert digest(demo) != first


SETTINGS = """\
[core]
    quotePath = true
    abbrev = 5
    excludesFile = ignored
[color]
    ui = always
[diff]
    external = false
    noprefix = true
    renames = copies
    ignoreSubmodules = all
    relative = true
[status]
    showUntrackedFiles = no
    renames = copies
    relativePaths = true
    branch = true
    showStash = true
    short = true
[log]
    showSignature = true
"""


def test_settings_of_the_user_do_not_count(repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch) -> None:
    demo = repo(ALL)
    demo.git("tag", "v1")
    _stashed(demo)
    _edit_sources(demo)
    demo.write({"src/ünï.c": "x\n", "src/copy.c": "a\nmore\n"})
    home = demo.beside / "home"
    monkeypatch.setenv("HOME", str(home))
    first = digest(demo)
    (home / ".gitconfig").write_text(SETTINGS.replace("= ignored", f"= {home}/ignored"), encoding="utf-8")
    (home / "ignored").write_text("*.c\n", encoding="utf-8")
    (home / "git").mkdir()
    (home / "git/ignore").write_text("*.c\n", encoding="utf-8")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(home))
    assert digest(demo) == first


def test_what_a_hook_sets_does_not_count(repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch) -> None:
    demo = repo(ALL)
    _edit_sources(demo)
    first = digest(demo)
    for name in ("GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(demo.beside / "elsewhere"))
    monkeypatch.setenv("GIT_PREFIX", "src/")
    monkeypatch.chdir(demo.root / "src")
    assert digest(demo) == first


def test_the_index_is_never_written(repo: Callable[..., Demo]) -> None:
    demo = repo(ALL + 'path = "src"\n')
    index = demo.root / ".git/index"
    _touched(demo)
    before = (index.stat().st_mtime_ns, index.stat().st_ino, index.read_bytes())
    demo.sync()
    assert before == (index.stat().st_mtime_ns, index.stat().st_ino, index.read_bytes())
    assert not (demo.root / ".git/index.lock").exists()


@pytest.mark.parametrize("shape", SOURCE_PATTERNS, ids=_name)
@pytest.mark.parametrize("objects", ["sha1", pytest.param("sha256", marks=pytest.mark.thorough)])
def test_every_shape_notices_a_commit_and_a_tag(repo: Callable[..., Demo], shape: Change, objects: str) -> None:
    demo = repo(ALL, f"--object-format={objects}")
    shape(demo)
    resolution = resolved(demo)
    assert not resolution.notices
    commit(demo)
    second = digest(demo)
    assert second != resolution.digest
    demo.git("tag", "next")
    assert digest(demo) != second
    assert digest(demo) == digest(demo)


def test_the_clone_and_the_original_agree(repo: Callable[..., Demo]) -> None:
    demo = repo(ALL + 'path = "src"\n')
    demo.git("tag", "--annotate", "v1", "--message=v1")
    commit(demo)
    first = digest(demo)
    demo.git("clone", "--quiet", str(demo.root), str(demo.beside / "clone"))
    demo.root = demo.beside / "clone"
    assert digest(demo) == first
    demo.git("gc", "--quiet", "--aggressive")
    assert digest(demo) == first


# Submodules


@pytest.fixture
def nested(repo: Callable[..., Demo]) -> Callable[[str], Demo]:
    """Return a function that makes a project with the submodule `libs/one`, which holds the submodule `two`."""

    def make(options: str) -> Demo:
        demo = repo(options)
        top, allowed = demo.root, ("-c", "protocol.file.allow=always")
        for name in ("two", "one"):
            demo.root = demo.beside / name
            demo.root.mkdir()
            demo.git("init", "--quiet", "--initial-branch=main")
            demo.write({"x.c": "x\n"})
            if name == "one":
                demo.git(*allowed, "submodule", "--quiet", "add", str(demo.beside / "two"), "two")
            commit(demo)
            commit(demo)
        demo.root = top
        demo.git(*allowed, "submodule", "--quiet", "add", str(demo.beside / "one"), "libs/one")
        demo.git(*allowed, "submodule", "--quiet", "update", "--init", "--recursive")
        commit(demo)
        return demo

    return make


def _move_submodule(demo: Demo) -> None:
    demo.git("-C", "libs/one", "checkout", "--quiet", "HEAD~1")


def _move_inner_submodule(demo: Demo) -> None:
    demo.git("-C", "libs/one/two", "checkout", "--quiet", "HEAD~1")


def _edit_submodule(demo: Demo) -> None:
    demo.append("libs/one/x.c", "more\n")


def _edit_inner_submodule(demo: Demo) -> None:
    demo.append("libs/one/two/x.c", "more\n")


def _add_in_submodule(demo: Demo) -> None:
    demo.write({"libs/one/new.c": "new\n"})


def _take_away(demo: Demo) -> None:
    demo.git("submodule", "--quiet", "deinit", "libs/one")


MOVES = (_move_submodule, _move_inner_submodule)
EDITS = (_edit_submodule, _edit_inner_submodule, _add_in_submodule)
OF_SUBMODULES: dict[str, tuple[Change, ...]] = {
    "commit = true": (),
    "submodules = true": (*MOVES, _take_away),
    "dirty = true": (_move_submodule,),
    "submodules = true\ndirty = true": (*MOVES, *EDITS, _take_away),
    'submodules = true\npath = "libs"': (*MOVES, *EDITS, _take_away),
    'submodules = true\npath = "src"': (),
}


@pytest.mark.parametrize(("options", "change"), _pairs(OF_SUBMODULES, [*MOVES, *EDITS, _take_away, _commit_docs]))
def test_submodules(nested: Callable[[str], Demo], options: str, change: Change) -> None:
    """Case 19: the superproject's HEAD stays the same."""
    demo = nested(options)
    first = digest(demo)
    change(demo)
    counts = change in OF_SUBMODULES[options] or (change is _commit_docs and options == "commit = true")
    assert (digest(demo) != first) == counts


def test_submodule_changed_twice_is_two_changes(nested: Callable[[str], Demo]) -> None:
    demo = nested("submodules = true\ndirty = true\n")
    seen = {digest(demo)}
    for content in ("1", "2"):
        demo.write({"libs/one/two/x.c": content})
        seen.add(digest(demo))
    assert len(seen) == 3


def test_a_project_that_is_a_submodule(nested: Callable[[str], Demo]) -> None:
    demo = nested("")
    demo.root = demo.root / "libs/one"
    demo.write({"pyproject.toml": f'[project]\nname = "one"\nversion = "1"\n{CONFIG}{ALL}'})
    commit(demo)
    first = resolved(demo)
    assert not first.notices
    commit(demo)
    assert digest(demo) != first.digest


# Where nothing can be learnt


def _said(demo: Demo) -> list[str]:
    return [f"[{notice.code}] {notice.where}: {notice.message}" for notice in resolved(demo).notices]


@pytest.mark.parametrize("options", ["", "tags = true", ALL, 'path = "src"', "dirty = true"], ids=str)
def test_no_repository_is_a_state_and_a_warning(demo_maker: DemoMaker, options: str) -> None:
    demo = demo_maker(CONFIG + options, {"src/a.c": "a\n"})
    message = "there is no git repository here or above; what the key asks of it counts as none"
    assert f"[git-unknown] tool.dyncachekeys.keys.it: {message}" in _said(demo)
    first = digest(demo)
    demo.sync()
    demo.git("init", "--quiet")
    commit(demo)
    if options != "tags = true":
        assert digest(demo) != first
    assert _said(demo) == []


def _without_git(demo: Demo, monkeypatch: pytest.MonkeyPatch) -> None:
    empty = demo.beside / "empty"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))


@pytest.mark.parametrize("shape", SOURCE_PATTERNS, ids=_name)
@pytest.mark.parametrize("objects", ["sha1", pytest.param("sha256", marks=pytest.mark.thorough)])
def test_commit_and_tags_need_no_git_program(
    repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch, shape: Change, objects: str
) -> None:
    demo = repo("commit = true\ntags = true\n", f"--object-format={objects}")
    demo.git("tag", "one")
    shape(demo)
    first = digest(demo)
    _without_git(demo, monkeypatch)
    assert digest(demo) == first
    assert _said(demo) == []


@pytest.mark.parametrize("options", ["describe = true", "dirty = true", "submodules = true", 'path = "src"'])
def test_no_git_program_is_a_state_and_a_warning(
    repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch, options: str
) -> None:
    demo = repo(options)
    first = digest(demo)
    with monkeypatch.context() as patched:
        _without_git(demo, patched)
        message = "there is no program `git` on PATH; what the key asks of it counts as none"
        assert f"[git-unknown] tool.dyncachekeys.keys.it: {message}" in _said(demo)
        assert demo.sync().move == "moved"
        assert digest(demo) != first
    assert digest(demo) == first
    assert demo.sync().move == "moved"


def test_reftable_without_git_is_a_state_and_a_warning(
    repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = repo("")
    demo.write({".git/reftable/tables.list": "x\n"})
    assert _said(demo) == []
    _without_git(demo, monkeypatch)
    assert ["there is no program `git` on PATH" in said for said in _said(demo)] == [True]


def test_git_that_refuses_is_told(repo: Callable[..., Demo]) -> None:
    demo = repo("describe = true\n")
    demo.write({".git/config": "[core\n"})
    assert ["git refuses: fatal: bad config line 1" in said for said in _said(demo)] == [True]


def test_a_bare_repository_has_no_work_tree(repo: Callable[..., Demo]) -> None:
    demo = repo(ALL)
    demo.git("config", "core.bare", "true")
    assert ["git has no work tree here" in said for said in _said(demo)] == [True]


@pytest.mark.parametrize(
    "content", ["gitdir: /nowhere/at/all\n", "nonsense\n", "", b"\xff\0"], ids=["gone", "nonsense", "empty", "bytes"]
)
def test_a_broken_git_file_is_a_state(demo_maker: DemoMaker, content: str | bytes) -> None:
    demo = demo_maker(CONFIG + ALL, {".git": content})
    assert len(_said(demo)) == 1
    demo.sync()


def test_unborn_is_a_state(demo_maker: DemoMaker) -> None:
    demo = demo_maker(CONFIG + ALL)
    demo.git("init", "--quiet")
    first = digest(demo)
    assert _said(demo) == []
    demo.write({"new.c": "x\n"})
    assert digest(demo) != first


@pytest.mark.parametrize("path", ["srk", "../outside", "src/none/../a.d", "new.c"])
def test_a_path_that_is_not_committed_is_a_warning(repo: Callable[..., Demo], path: str) -> None:
    demo = repo(f'path = "{path}"')
    demo.write({"new.c": "x\n"})
    assert _said(demo) == [
        f"[git-path-unknown] tool.dyncachekeys.keys.it: nothing of `{path}` is committed: check the spelling, or commit it"
    ]


# What the user needs to fix

WHERE = "tool.dyncachekeys.keys.it"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        (
            "commit = false",
            f"[invalid-option] {WHERE}\n  asks for nothing\n  do: set one of `commit`, `tags`, `describe`, `dirty`, `submodules` to true, or give a `path`\n",
        ),
        (
            "commit = 1",
            f"[wrong-type] {WHERE}.commit\n  must be true or false, not 1\n  do: write it as `true`\n",
        ),
        (
            'tags = "v*"',
            f'[wrong-type] {WHERE}.tags\n  must be true or false, not "v*"\n  do: write it as `true`\n',
        ),
        (
            "path = 1",
            f'[wrong-type] {WHERE}.path\n  must be text, not 1\n  do: write it as `"..."`\n',
        ),
        (
            'path = "/src"',
            f"[invalid-option] {WHERE}.path\n  `/src` is absolute, and so differs between machines; write it relative to the project\n  do: write another value\n",
        ),
        (
            'path = ""',
            f"[invalid-option] {WHERE}.path\n  an empty path names nothing\n  do: write another value\n",
        ),
        (
            "submodule = true",
            f"[unknown-option] {WHERE}.submodule\n  the resolver has no such option\n  do: did you mean `submodules`?\n",
        ),
    ],
)
def test_what_is_wrong_is_told(repo: Callable[..., Demo], options: str, problem: str) -> None:
    assert told(refused(repo(options).root)) == problem


@pytest.mark.parametrize("options", ["describe = true", "dirty = true", "submodules = true", 'path = "src"'])
def test_what_uv_cannot_watch_is_told(repo: Callable[..., Demo], options: str) -> None:
    demo = repo(f'watch = "uv"\n{options}\n')
    if "submodules" in options:
        Path(demo.root / ".gitmodules").touch()
        demo.git("update-index", "--add", "--cacheinfo", f"160000,{demo.git('rev-parse', 'HEAD')},sub")
    (problem, *_) = refused(demo.root)
    assert (problem.code, problem.where) == ("uv-cannot-watch", WHERE)
    assert problem.message.endswith("uv can't watch a value")


def test_reports(repo: Callable[..., Demo]) -> None:
    demo = repo("commit = true\ntags = true\ndirty = true\n")
    demo.sync()
    commit(demo)
    demo.git("tag", "v1")
    _edit_sources(demo)
    report = demo.sync()
    changes = {(change.kind, change.input, change.subject, change.cause) for change in report.keys[0].changes}
    assert changes == {
        ("changed", "git", "commit", "value"),
        ("changed", "git", "tags", "value"),
        ("changed", "value", "changes", "value"),
        ("added", "file", "src/a.c", "new-input"),
    }
    assert {"git": {"commit": True}} in report.entries
    shown = demo.cli("show").stdout
    assert "git       entry  commit" in shown
    assert "git = { commit = true }" in shown
    assert '"git": {' in demo.cli("show", "--format=json").stdout


# Filters are not run, and what only they could tell is known all the same.


@pytest.mark.parametrize("options", ["dirty = true\n", 'path = "src"\n'])
def test_files_with_a_filter_count_by_content(
    options: str, repo: Callable[..., Demo], monkeypatch: pytest.MonkeyPatch
) -> None:
    demo = repo(options)
    monkeypatch.setenv("HOME", demo.environ["HOME"])
    demo.write({".gitattributes": "*.c filter=evil\n*.h -filter\n", "src/b.h": "b\n", "src/[a].c": "odd\n"})
    demo.git("add", "--all")
    commit(demo)
    before = digest(demo)
    demo.git("config", "filter.evil.clean", f"touch {demo.beside / 'evil'}; cat")
    filtered = digest(demo)
    assert filtered != before
    (key,) = resolved(demo).keys
    assert [one.subject for one in key.inputs if "run a filter" in one.reason] == ["src/[a].c", "src/a.c"]
    hostile.touch(demo.root / "src/a.c")
    assert digest(demo) == filtered
    demo.write({"src/a.c": "another\n"})
    edited = digest(demo)
    assert edited != filtered
    assert not (demo.beside / "evil").exists()
    demo.git("-c", "filter.evil.clean=cat", "add", "--all")
    assert digest(demo) == edited
    demo.write({"src/a.c": "a\n"})
    assert digest(demo) == filtered
