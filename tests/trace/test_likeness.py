"""Which names count where a build listed a folder: those that are like what it used there."""

from __future__ import annotations

from pathlib import Path

import pytest

from dyncachekeys.files.tree import Files
from dyncachekeys.trace.likeness import Likeness, Rules
from dyncachekeys.trace.model import BUILD, Trace
from dyncachekeys.trace.rules import ALL, NAMES, OWN, WALKED, is_mere_entry, is_question, rules_of

OURS, THEIRS = "backend.py:6", "hatchling"
"""Who asks: the project's own code, a requirement."""


def write(root: Path, *paths: str) -> None:
    for path in paths:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("", encoding="utf-8")


def by(who: str, *paths: str) -> dict[str, str]:
    return dict.fromkeys(paths, who)


def rules(root: Path, trace: Trace) -> dict[str, set[str]]:
    """Return what chooses names in each folder, whoever has listed it."""
    return {folder: {*some} - {OWN} for folder, some in rules_of(trace, Files(root)).items()}


@pytest.mark.parametrize("who", [OURS, THEIRS])
def test_a_rule_tells_who_has_listed_the_folder(tmp_path: Path, who: str) -> None:
    write(tmp_path, "reqs/a.txt")
    trace = Trace(read=by(who, "reqs/a.txt"), listed=by(who, "reqs"))
    assert (OWN in rules_of(trace, Files(tmp_path))["reqs"]) == (who == OURS)


def names(root: Path, folder: str, some: tuple[str, ...], trace: Trace) -> list[str] | None:
    return Likeness(trace, Files(root)).names(folder, some)


def coming(root: Path, trace: Trace, *paths: str) -> set[str]:
    """Return which names count that were not there before some files were written."""
    known = rules_of(trace, Files(root))
    before = {folder: names(root, folder, some, trace) or [] for folder, some in known.items()}
    write(root, *paths)
    after = {folder: names(root, folder, some, trace) or [] for folder, some in known.items()}
    return {f"{folder}/{name}" for folder in known for name in {*after[folder]} - {*before[folder]}}


def test_a_file_that_ends_like_one_that_was_read(tmp_path: Path) -> None:
    write(tmp_path, "reqs/a.txt", "reqs/notes.md")
    trace = Trace(read=by(OURS, "reqs/a.txt"), listed=by(OURS, "reqs"))
    assert rules(tmp_path, trace) == {"reqs": {".txt"}}
    assert coming(tmp_path, trace, "reqs/b.txt", "reqs/c.md", "reqs/c", "other/d.txt") == {"reqs/b.txt"}


@pytest.mark.parametrize(
    ("who", "read", "is_all"),
    [
        pytest.param(OURS, ["d/a.txt", "d/b.csv"], True, id="of several kinds, by the project"),
        pytest.param(OURS, ["d/a.txt", "d/b.txt"], False, id="of one kind, by the project"),
        pytest.param(THEIRS, ["d/a.txt", "d/b.txt"], True, id="of one kind, by a requirement"),
        pytest.param(THEIRS, ["d/a.txt"], False, id="not all of them"),
    ],
)
def test_each_file_counts_where_all_were_read(tmp_path: Path, who: str, read: list[str], is_all: bool) -> None:
    """As where a folder is packed. Who reads all of one kind may care for that kind only."""
    write(tmp_path, "d/a.txt", read[-1], "d/sub/c.py")
    if len(read) == 1:
        write(tmp_path, "d/unread")
    trace = Trace(read=by(who, *read), listed=by(who, "d"))
    assert (ALL in rules(tmp_path, trace)["d"]) is is_all
    assert coming(tmp_path, trace, "d/new") == ({"d/new"} if is_all else set())


def test_names_are_what_the_project_wants_where_it_only_lists(tmp_path: Path) -> None:
    write(tmp_path, "plugins/one")
    trace = Trace(listed=by(OURS, "plugins"))
    assert rules(tmp_path, trace) == {"plugins": {NAMES}}
    assert coming(tmp_path, trace, "plugins/two", "plugins/three/x") == {"plugins/two", "plugins/three/"}
    assert rules(tmp_path, Trace(listed=by(THEIRS, "plugins"))) == {}


def test_a_question_is_put_to_a_new_folder(tmp_path: Path) -> None:
    write(tmp_path, "mono/one/requirements.txt", "mono/two/README.md")
    trace = Trace(
        read=by(OURS, "mono/one/requirements.txt"),
        missing=by(OURS, "mono/two/requirements.txt"),
        listed=by(OURS, "mono"),
    )
    assert rules(tmp_path, trace) == {"mono": {"/requirements.txt"}}
    new = coming(tmp_path, trace, "mono/three/requirements.txt", "mono/four/README.md", "mono/notes.txt")
    assert new == {"mono/three/requirements.txt"}
    asked = rules_of(trace, Files(tmp_path))
    assert is_question("mono/two/requirements.txt", OURS, trace, asked)
    assert not is_question("mono/two/requirements.txt", THEIRS, trace, asked)
    assert not is_question("other/two/requirements.txt", OURS, trace, asked)
    assert is_mere_entry("mono/one", trace)
    assert not is_mere_entry("mono/one/requirements.txt", trace)


def test_a_new_file_in_a_new_folder_of_a_tree_that_is_gone_through(tmp_path: Path) -> None:
    write(tmp_path, "tree/a.txt", "tree/docs/a.txt")
    trace = Trace(read=by(OURS, "tree/a.txt"), listed=by(OURS, "tree"), walked=("tree",))
    assert rules(tmp_path, trace) == {"tree": {".txt", WALKED, "!docs"}}
    new = coming(tmp_path, trace, "tree/x/y/b.txt", "tree/x/y/b.md", "tree/docs/b.txt", "tree/docs/deep/b.txt")
    assert new == {"tree/x/y/b.txt"}


@pytest.mark.parametrize(("name", "is_asked"), [("__init__.py", True), ("Cargo.toml", True), ("data.txt", False)])
def test_markers_are_questions_also_where_all_was_looked_at(tmp_path: Path, name: str, is_asked: bool) -> None:
    write(tmp_path, f"src/pkg/{name}", "src/pkg/other.md")
    trace = Trace(there=by(THEIRS, f"src/pkg/{name}"), listed=by(THEIRS, "src", "src/pkg"))
    assert (f"/{name}" in rules(tmp_path, trace).get("src", set())) is is_asked


def test_what_a_requirement_lists_is_not_like_what_the_project_reads(tmp_path: Path) -> None:
    write(tmp_path, "d/a.txt")
    assert rules(tmp_path, Trace(read=by(OURS, "d/a.txt"), listed=by(THEIRS, "d"))) == {}
    assert rules(tmp_path, Trace(read=by(THEIRS, "d/a.txt"), listed=by(OURS, "d"))) == {"d": {NAMES}}


def test_what_python_imports_is_read_by_the_project(tmp_path: Path) -> None:
    write(tmp_path, "d/a.py", "d/notes.md")
    assert rules(tmp_path, Trace(read=by(BUILD, "d/a.py"), listed=by(OURS, "d"))) == {"d": {".py"}}


def test_in_its_own_folder_a_project_is_not_known_by_its_readme(tmp_path: Path) -> None:
    write(tmp_path, "README.md", "a.c", "pyproject.toml")
    trace = Trace(read=by(THEIRS, "README.md", "a.c"), listed=by(THEIRS, "."))
    assert rules(tmp_path, trace) == {".": {".c"}}
    assert coming(tmp_path, trace, "OTHER.md", "b.c") == {"./b.c"}


def test_names_that_are_ignored(tmp_path: Path) -> None:
    """Hidden, left by packing and building, ignored by git."""
    write(tmp_path, "pyproject.toml", "a.txt")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".gitignore").write_text("*.local\n", encoding="utf-8")
    trace = Trace(listed=by(OURS, "."))
    ignored = (".hidden", "uv.lock", "demo.egg-info/x", "build/x", "dist/x", "x.pyc", "y.local")
    assert coming(tmp_path, trace, *ignored, "__pycache__/x", ".venv/x") == set()
    assert coming(tmp_path, trace, "b.txt", "sub/x") == {"./b.txt", "./sub/"}


def test_a_folder_called_build_counts_where_no_project_is(tmp_path: Path) -> None:
    write(tmp_path, "plugins/one")
    assert coming(tmp_path, Trace(listed=by(OURS, "plugins")), "plugins/build/x") == {"plugins/build/"}


def test_an_ignored_name_that_was_read_counts(tmp_path: Path) -> None:
    write(tmp_path, "d/.hidden.txt", "d/a.md")
    trace = Trace(read=by(OURS, "d/.hidden.txt"), listed=by(OURS, "d"))
    (some,) = rules_of(trace, Files(tmp_path)).values()
    assert names(tmp_path, "d", some, trace) == [".hidden.txt"]


def test_what_the_build_writes_is_no_name(tmp_path: Path) -> None:
    write(tmp_path, "d/a.txt", "d/notes.md")
    trace = Trace(read=by(OURS, "d/a.txt"), listed=by(OURS, "d"), written=("d/made.txt", "d/out"), made=("d/stage",))
    assert coming(tmp_path, trace, "d/made.txt") == set()
    listing = Trace(listed=by(OURS, "d"), written=trace.written, made=trace.made)
    assert coming(tmp_path, listing, "d/out/x", "d/stage/x") == set()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    trace = Trace(listed=by(OURS, "gone"))
    assert names(tmp_path, "gone", (NAMES,), trace) is None
    write(tmp_path, "gone/x")
    assert names(tmp_path, "gone", (NAMES,), trace) == ["x"]


def test_what_rules_take() -> None:
    assert Rules(frozenset([".txt", "/b", "/a"])).questions == ["a", "b"]
    assert Rules(frozenset([".txt"])).takes("a.txt")
    assert not Rules(frozenset([".txt", WALKED, "!docs"])).takes("a.md")
    assert Rules(frozenset([ALL])).takes("a.md")
    assert Rules(frozenset([NAMES])).takes("a")


def test_a_folder_that_was_listed_has_rules_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "tree/a.txt", "tree/in/a.csv", "tree/in/notes.md")
    trace = Trace(read=by(OURS, "tree/a.txt", "tree/in/a.csv"), listed=by(OURS, "tree", "tree/in"), walked=("tree",))
    assert coming(tmp_path, trace, "tree/in/b.txt") == set()
    assert coming(tmp_path, trace, "tree/in/b.csv") == {"tree/in/b.csv"}


def test_a_new_folder_that_git_ignores_is_not_looked_through(tmp_path: Path) -> None:
    write(tmp_path, "tree/a.txt", ".git/HEAD")
    (tmp_path / ".gitignore").write_text("cover/\n", encoding="utf-8")
    trace = Trace(read=by(OURS, "tree/a.txt"), listed=by(OURS, "tree"), walked=("tree",))
    assert coming(tmp_path, trace, "tree/cover/b.txt") == set()
