"""Records of builds: how they are stored, when they stand, and which of several is chosen."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from dyncachekeys.files.tree import Files
from dyncachekeys.process.environ import Environment
from dyncachekeys.trace.builds import KEPT, Builds
from dyncachekeys.trace.choice import Chosen
from dyncachekeys.trace.in_build import protocol
from dyncachekeys.trace.inputs import Pyproject, Surroundings
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import BuildRecord, dump, load
from dyncachekeys.trace.seals import differing, stands, unchanged_products, with_seals

SALT = "5a" * 16
WHO = "backend.py:6"
NOW = 1_000_000_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "demo"
    (root / "reqs").mkdir(parents=True)
    (root / "reqs/a.txt").write_text("one\n", encoding="utf-8")
    return root


def around(root: Path, pyproject: object = None, **environ: str) -> Surroundings:
    """Return what is there now: nothing of an earlier look is remembered."""
    return Surroundings(Files(root), Environment(environ), Pyproject(pyproject, {}), {})


def made(root: Path, trace: Trace, *, id: str = "1", step: str = "build", **environ: str) -> BuildRecord:  # noqa: A002
    """Return the record of a build that has just ended."""
    variables = {name: protocol.seal(SALT, environ.get(name)) for name in trace.variables}
    rules = dict.fromkeys(trace.listed, (".txt",))
    time = int(id) * NOW
    record = BuildRecord(id, step=step, kind="editable", started=time, ended=time, trace=trace, rules=rules, salt=SALT)
    return with_seals(dataclasses.replace(record, variables=variables), around(root, **environ), vouched=True)


class TestStored:
    def test_it_comes_back_as_it_was(self, root: Path, tmp_path: Path) -> None:
        trace = Trace(
            read={"reqs/a.txt": WHO, "made.txt": WHO},
            listed={"reqs": WHO},
            walked=("reqs",),
            missing={"flag": WHO},
            there={"docs": WHO},
            variables={"MODE": WHO},
            written=("made.txt",),
            made=("out",),
            products=("made.txt",),
            programs={"/usr/bin/cc": WHO},
            git={".\x1fdescribe": WHO},
            looped=WHO,
        )
        record = dataclasses.replace(
            made(root, trace, MODE="fast"), python="3.11.7", outputs=("made.txt",), suspects={"reqs/*": 2}
        )
        (tmp_path / "1.json").write_bytes(dump(record))
        assert load(tmp_path / "1.json") == record

    def test_a_name_that_is_no_text(self, tmp_path: Path) -> None:
        record = BuildRecord("1", trace=Trace(read={"a\udcff.txt": WHO}), salt=SALT)
        (tmp_path / "1.json").write_bytes(dump(record))
        assert load(tmp_path / "1.json") == record

    @pytest.mark.parametrize(
        "change",
        [
            {"version": "another"},
            {"format": 2},
            {"salt": "no number"},
            {"salt": None},
            {"trace": None},
            {"trace": {"read": {}}},
            {"rules": []},
            {"suspects": {"a": "x"}},
            {"started": "x"},
            {"seals": []},
        ],
        ids=repr,
    )
    def test_one_that_is_damaged_or_of_another_version_is_none(self, tmp_path: Path, change: dict[str, object]) -> None:
        data = json.loads(dump(BuildRecord("1", salt=SALT)))
        (tmp_path / "1.json").write_text(json.dumps({**data, **change}), encoding="utf-8")
        assert load(tmp_path / "1.json") is None

    @pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff", b"null"])
    def test_nor_is_what_somebody_else_wrote(self, tmp_path: Path, content: bytes) -> None:
        (tmp_path / "1.json").write_bytes(content)
        assert load(tmp_path / "1.json") is None

    def test_nor_one_that_is_not_there_or_no_file(self, tmp_path: Path) -> None:
        assert load(tmp_path / "1.json") is None
        (tmp_path / "2.json").mkdir()
        assert load(tmp_path / "2.json") is None
        (tmp_path / "4.json").write_bytes(dump(BuildRecord("4", salt=SALT)))
        (tmp_path / "3.json").symlink_to("4.json")
        assert load(tmp_path / "3.json") is None

    def test_nor_one_of_another_owner(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = tmp_path / "1.json"
        path.write_bytes(dump(BuildRecord("1", salt=SALT)))
        assert load(path) is not None
        own = os.geteuid()
        monkeypatch.setattr(os, "geteuid", lambda: own + 1)
        assert load(path) is None

    def test_a_damaged_one_is_told_of_and_the_others_count(self, root: Path) -> None:
        folder = stored(root, made(root, Trace(read={"reqs/a.txt": WHO}), id="1"))
        (folder / "2.json").write_bytes(b"{")
        builds = Builds(folder)
        assert builds.choose(around(root)).ids == ("1",)
        assert builds.problems == [("record", "2.json")]

    def test_where_git_tracks_them_none_is_believed(self, root: Path) -> None:
        folder = stored(root, made(root, Trace(read={"reqs/a.txt": WHO})))
        assert Builds(folder, trusted=False).choose(around(root)) == Chosen()


class TestStands:
    """`differing` names what is not as it was."""

    def test_as_long_as_nothing_changes(self, root: Path) -> None:
        record = made(root, Trace(read={"reqs/a.txt": WHO}, listed={"reqs": WHO}, variables={"MODE": WHO}), MODE="x")
        (root / "other.txt").write_text("", encoding="utf-8")
        os.utime(root / "reqs/a.txt", (1, 1))
        assert stands(record, around(root, MODE="x", OTHER="x"))

    def test_not_if_nobody_vouches_for_it(self, root: Path) -> None:
        record = made(root, Trace(read={"reqs/a.txt": WHO}))
        assert not stands(with_seals(record, around(root), vouched=False), around(root))

    def test_a_file(self, root: Path) -> None:
        record = made(root, Trace(read={"reqs/a.txt": WHO}))
        (root / "reqs/a.txt").write_text("two\n", encoding="utf-8")
        assert differing(record, around(root)) == {"file reqs/a.txt"}
        (root / "reqs/a.txt").unlink()
        assert differing(record, around(root)) == {"file reqs/a.txt"}
        (root / "reqs/a.txt").write_text("one\n", encoding="utf-8")
        assert stands(record, around(root))

    def test_a_file_that_was_looked_for_and_comes(self, root: Path) -> None:
        record = made(root, Trace(missing={"flag": WHO}))
        assert stands(record, around(root))
        (root / "flag").write_text("", encoding="utf-8")
        assert differing(record, around(root)) == {"file flag"}

    def test_a_folder_that_was_looked_for_and_goes(self, root: Path) -> None:
        record = made(root, Trace(there={"reqs": WHO}))
        (root / "reqs/b.txt").write_text("", encoding="utf-8")
        assert stands(record, around(root))
        (root / "reqs").rename(root / "moved")
        assert differing(record, around(root)) == {"value what is at reqs"}

    @pytest.mark.parametrize(
        ("before", "after"),
        [({"MODE": "a"}, {"MODE": "b"}), ({"MODE": "a"}, {}), ({"MODE": ""}, {}), ({}, {"MODE": ""})],
        ids=repr,
    )
    def test_a_variable(self, root: Path, before: dict[str, str], after: dict[str, str]) -> None:
        record = made(root, Trace(variables={"MODE": WHO}), **before)
        assert not differing(record, around(root, **before))
        assert differing(record, around(root, **after)) == {"env MODE"}

    def test_a_variable_whose_value_counts_no_more(self, root: Path) -> None:
        """Its seal is there, but it is none of the inputs: the build has set it itself."""
        record = dataclasses.replace(made(root, Trace(read={"reqs/a.txt": WHO})), variables={"MODE": "seal"})
        assert stands(record, around(root))

    def test_a_name_that_comes(self, root: Path) -> None:
        record = made(root, Trace(read={"reqs/a.txt": WHO}, listed={"reqs": WHO}))
        (root / "reqs/notes.md").write_text("", encoding="utf-8")
        assert stands(record, around(root))
        (root / "reqs/b.txt").write_text("", encoding="utf-8")
        assert differing(record, around(root)) == {"value names in reqs"}

    def test_the_values_of_pyproject(self, root: Path) -> None:
        record = made(root, Trace(read={"pyproject.toml": WHO}))
        assert differing(record, around(root, {"a": 1})) == {"value pyproject.toml"}

    def test_a_program(self, root: Path, tmp_path: Path) -> None:
        tool = tmp_path / "bin/tool"
        tool.parent.mkdir()
        tool.write_text("#!/bin/sh\n", encoding="utf-8")
        tool.chmod(0o755)
        path = os.pathsep.join([str(tmp_path / "first"), str(tool.parent)])
        record = made(root, Trace(programs={str(tool): WHO}), PATH=path)
        tool.write_text("#!/bin/sh\n", encoding="utf-8")
        os.utime(tool, (1, 1))
        assert stands(record, around(root, PATH=path)), "it holds what it held"
        tool.write_text("#!/bin/sh\nexit\n", encoding="utf-8")
        assert differing(record, around(root, PATH=path)) == {"value program tool"}
        tool.write_text("#!/bin/sh\n", encoding="utf-8")
        assert stands(record, around(root, PATH=path))
        (tmp_path / "first").mkdir()
        earlier = tmp_path / "first/tool"
        earlier.write_text("#!/bin/sh\n", encoding="utf-8")
        earlier.chmod(0o755)
        assert differing(record, around(root, PATH=path)) == {"value program tool"}

    def test_a_product_that_somebody_edits(self, root: Path) -> None:
        trace = Trace(written=("version.py",), products=("version.py",))
        (root / "version.py").write_text("1\n", encoding="utf-8")
        record = made(root, trace)
        assert stands(record, around(root))
        assert unchanged_products(record, around(root)) == {"version.py"}
        (root / "version.py").write_text("2\n", encoding="utf-8")
        assert differing(record, around(root)) == {"value product version.py"}
        assert unchanged_products(record, around(root)) == set()

    def test_all_that_changed_is_named(self, root: Path) -> None:
        trace = Trace(read={"reqs/a.txt": WHO}, listed={"reqs": WHO}, missing={"flag": WHO}, variables={"MODE": WHO})
        record = made(root, trace)
        for name in ("reqs/a.txt", "reqs/b.txt", "flag"):
            (root / name).write_text("new\n", encoding="utf-8")
        expected = {"file reqs/a.txt", "value names in reqs", "file flag", "env MODE"}
        assert differing(record, around(root, MODE="x")) == expected


def stored(root: Path, *records: BuildRecord) -> Path:
    folder = root / ".dyncachekeys/builds"
    folder.mkdir(parents=True, exist_ok=True)
    for record in records:
        (folder / f"{record.id}.json").write_bytes(dump(record))
    return folder


class TestChosen:
    def test_so_many_are_kept_of_each_step(self, root: Path) -> None:
        trace = Trace(read={"reqs/a.txt": WHO})
        ids = [f"{number:02}" for number in range(1, KEPT + 4)]
        folder = stored(root, *(made(root, trace, id=id) for id in ids))  # noqa: A001
        stored(root, made(root, trace, id="99", step="metadata"))
        builds = Builds(folder)
        builds.choose(around(root))
        builds.clear()
        assert sorted(path.stem for path in folder.glob("*.json")) == [*ids[-KEPT:], "99"]

    def test_another_branch_and_back(self, root: Path) -> None:
        """Each has its record, and the older one stands again."""
        file, trace = root / "reqs/a.txt", Trace(read={"reqs/a.txt": WHO})
        here = made(root, trace, id="1")
        file.write_text("of another branch\n", encoding="utf-8")
        there = made(root, trace, id="2")
        folder = stored(root, here, there)

        def choose() -> Chosen:
            return Builds(folder).choose(around(root))

        assert (choose().ids, choose().standing) == (("2",), True)
        file.write_text("one\n", encoding="utf-8")
        assert (choose().ids, choose().standing) == (("1",), True)
        file.write_text("of neither\n", encoding="utf-8")
        assert (choose().ids, choose().standing) == (("2",), False)

    def test_the_last_sync_knew_one_that_still_stands(self, root: Path) -> None:
        trace = Trace(read={"reqs/a.txt": WHO})
        folder = stored(root, made(root, trace, id="1"), made(root, trace, id="2"))
        assert Builds(folder, basis=("1",)).choose(around(root)).ids == ("1",)
        assert Builds(folder).choose(around(root)).ids == ("2",)

    def test_of_each_step_one(self, root: Path) -> None:
        """In the order in which uv takes them, and all of them count."""
        folder = stored(
            root,
            made(root, Trace(read={"reqs/a.txt": WHO}), id="1", step="build"),
            made(root, Trace(variables={"MODE": WHO}), id="2", step="requires"),
            made(root, Trace(missing={"flag": WHO}), id="3", step="metadata"),
        )
        chosen = Builds(folder).choose(around(root))
        assert (chosen.ids, chosen.standing) == (("2", "3", "1"), True)
        assert (set(chosen.trace.read), set(chosen.trace.missing)) == ({"reqs/a.txt"}, {"flag"})
        assert not Builds(folder).choose(around(root, MODE="x")).standing

    @pytest.mark.parametrize(
        ("read", "counts"), [("reqs/a.txt", False), ("meta.txt", True)], ids=["seen by both", "by the metadata alone"]
    )
    def test_metadata_that_a_later_build_supersedes(self, root: Path, read: str, counts: bool) -> None:
        """uv does not ask for them again if it takes them from the wheel."""
        (root / "meta.txt").write_text("", encoding="utf-8")
        metadata = made(root, Trace(read={read: WHO}), id="1", step="metadata")
        (root / read).write_text("edited\n", encoding="utf-8")
        build = made(root, Trace(read={"reqs/a.txt": WHO}), id="2")
        chosen = Builds(stored(root, metadata, build), built=(0, 9 * NOW)).choose(around(root))
        assert chosen.ids == (("1", "2") if counts else ("2",))
        assert (chosen.standing, chosen.vouched) == (not counts, not counts)

    @pytest.mark.parametrize("edited_again", [False, True])
    def test_metadata_that_a_build_between_supersedes(self, root: Path, edited_again: bool) -> None:
        """As where a version is counted from commits until there is a tag: the newest build does not ask for these."""
        (root / "meta.txt").write_text("", encoding="utf-8")
        trace = Trace(read={"meta.txt": WHO, "reqs/a.txt": WHO})
        metadata = made(root, trace, id="1", step="metadata")
        (root / "meta.txt").write_text("edited\n", encoding="utf-8")
        between = made(root, trace, id="2")
        (root / "reqs/a.txt").write_text("edited\n", encoding="utf-8")
        build = made(root, Trace(read={"reqs/a.txt": WHO}), id="3")
        if edited_again:
            (root / "meta.txt").write_text("edited again\n", encoding="utf-8")
        chosen = Builds(stored(root, metadata, between, build), built=(2 * NOW, 9 * NOW)).choose(around(root))
        expected = (("1", "3"), False) if edited_again else (("3",), True)
        assert (chosen.ids, chosen.vouched) == expected

    @pytest.mark.parametrize("built", [None, (3 * NOW, 9 * NOW), (0, NOW)], ids=["nothing", "later", "earlier"])
    def test_metadata_are_not_superseded_by_a_build_that_is_not_installed(
        self, root: Path, built: tuple[int, int] | None
    ) -> None:
        metadata = made(root, Trace(read={"reqs/a.txt": WHO}), id="1", step="metadata")
        (root / "reqs/a.txt").write_text("edited\n", encoding="utf-8")
        build = made(root, Trace(read={"reqs/a.txt": WHO}), id="2")
        chosen = Builds(stored(root, metadata, build), built=built).choose(around(root))
        assert (chosen.ids, chosen.standing, chosen.vouched) == (("1", "2"), False, False)

    def test_what_is_installed_was_made_before_an_edit(self, root: Path) -> None:
        folder = stored(root, made(root, Trace(read={"reqs/a.txt": WHO}), id="2"))
        (root / "reqs/a.txt").write_text("edited\n", encoding="utf-8")
        assert not Builds(folder, built=(0, 9 * NOW)).choose(around(root)).vouched

    def test_what_the_last_sync_knew(self, root: Path) -> None:
        trace = Trace(read={"reqs/a.txt": WHO})
        builds = Builds(stored(root, made(root, trace, id="1"), made(root, trace, id="2")), basis=("1", "gone"))
        builds.records(around(root))
        chosen = builds.as_before().chosen
        assert chosen is not None
        assert chosen.ids == ("1",)


@pytest.mark.parametrize(
    ("trace", "step", "expected"),
    [
        (Trace(), "build", True),
        (Trace(unseen={"sh": WHO}), "build", False),
        (Trace(), "metadata", False),
    ],
    ids=["a build", "with a program that nobody saw", "metadata alone"],
)
def test_whether_all_was_seen(root: Path, trace: Trace, step: str, expected: bool) -> None:
    builds = Builds(stored(root, made(root, trace, step=step)))
    assert not builds.sees_all
    builds.choose(around(root))
    assert builds.sees_all is expected
