"""Whether the stamp moves, rule by rule: `decide` on a status put together by hand, with times that are exact."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from dyncachekeys.files.selection import Selected
from dyncachekeys.model import Input
from dyncachekeys.quick.stamp import Stamps
from dyncachekeys.resolving.inputs import Inputs
from dyncachekeys.syncing import decision
from dyncachekeys.syncing.decision import Decision, decide
from dyncachekeys.syncing.diff import rows_of
from dyncachekeys.uv.record import Record
from dyncachekeys.watch.coverage import Coverage, Naming

SALT = b"salt"
TICK = 10_000_000
SECOND = 1_000_000_000
T = 1_700_000_000 * SECOND + 1
"""When the last sync began; not a whole second."""
MOVED, KEPT = Decision("moved"), Decision("kept")


class Tree(dict[str, int]):
    """When paths were written, in nanoseconds."""

    def __init__(self) -> None:
        super().__init__()
        self.read: list[tuple[str, int]] = []
        self.folders: dict[str, Any] = {}
        self.before: dict[str, set[str]] = {}
        self.memory = SimpleNamespace(
            known=SimpleNamespace(folders=[""]), linked=lambda: self.before, holds=lambda _, seen: seen.same
        )

    def changed_at(self, path: str) -> int:
        return self.get(path, 0)

    def changed_in(self, folders: dict[str, list[tuple[str, int]]]) -> Iterable[tuple[str, int]]:
        return [
            (f"{folder}/{name}", self.changed_at(f"{folder}/{name}"))
            for folder in folders
            for name, _ in folders[folder]
        ]

    def read_since_the_last_run(self) -> list[tuple[str, int]]:
        return self.read


def folder(states: dict[str, str], *, same: bool = False, non_regular: Iterable[str] = (), changed: int = 0) -> Any:
    return SimpleNamespace(
        same=same, non_regular=dict.fromkeys(non_regular, ""), state=states.get, changed=lambda _: changed or None
    )


class Case:
    """A status and what covers it: nothing has happened since the last sync, which saw the digest ``now``."""

    def __init__(self, home: Path) -> None:
        self.home, self.files, self.missing = home, Tree(), ()
        self.state: dict[str, Any] = {
            "digest": "now", "others": "", "rest": "", "expected": None, "started": T, "due": False, "keys": {}
        }  # fmt: skip
        self.status: dict[str, Any] = {
            "builds": None, "is_vouched": False, "vouched": frozenset(), "made_by_build": frozenset(), "named": None,
            "new_record": None, "single_files": {}, "believed": True, "then": {},
        }  # fmt: skip
        self.coverage: dict[str, Any] = {
            "entries": (), "watched": frozenset(), "linked": {}, "walked": (), "stamped": frozenset(), "selections": ()
        }  # fmt: skip
        self.digest = "now"
        self.keys: list[Any] = []
        Stamps(home).move("now", None)

    def record(self, timestamp: int | None = T, made: int = T + SECOND, **facts: Any) -> Record:
        """Have uv installed a record since the last sync."""
        record = Record(timestamp=timestamp, git=None, env={}, current=None, identity=(1, made), **facts)
        self.status["new_record"] = record
        return record

    def expect(self, record: Record) -> None:
        """Have the last sync led to a record like this."""
        self.state["expected"] = record.facts(SALT)

    def decide(self, missing: tuple[str, ...] = ()) -> Decision:
        status = SimpleNamespace(
            **{name: value for name, value in self.status.items() if name not in {"believed", "then"}},
            home=self.home,
            files=self.files,
            state=SimpleNamespace(**self.state),
            last=SimpleNamespace(believed=self.status["believed"], salt=SALT),
            state_then=lambda folder, name: self.status["then"].get(f"{folder}/{name}"),
            resolution=SimpleNamespace(keys=self.keys),
        )
        digests: Any = SimpleNamespace(digest=self.digest)
        as_it_is: Any = status
        return decide(Coverage(**self.coverage, digests=digests), missing, as_it_is)

    @property
    def why(self) -> tuple[str, ...]:
        return self.decide().why


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    made = Case(tmp_path)
    latest: Callable[[Tree, list[str]], int | None] = lambda files, paths: files.get(paths[0])  # noqa: E731
    monkeypatch.setattr(decision, "latest", latest)
    return made


def file(path: str, state: str = "new") -> Input:
    return Input("file", path, state)


def chosen(folders: dict[str, list[str]]) -> Selected:
    found = Selected(["*"])
    for name, names in folders.items():
        found.folders[name] = [(one, 0) for one in names]
    return found


def test_nothing_has_happened(case: Case) -> None:
    assert case.decide() == KEPT


def test_another_digest(case: Case) -> None:
    case.digest = "other"
    assert case.decide() == MOVED


def test_back_to_what_the_installed_record_names(case: Case) -> None:
    former = Stamps(case.home).current()
    assert former is not None
    Stamps(case.home).move("between", former.birth)
    case.state["digest"] = "between"
    assert case.decide() == MOVED, "no record names it"
    case.status["named"] = former.birth
    assert case.decide() == Decision("returned", former)
    assert case.decide(missing=("x.so is gone",)) == Decision("moved", why=("x.so is gone",))


def test_without_a_stamp_only_doubts_are_told(case: Case) -> None:
    case.coverage["has_stamp"] = False
    case.digest = "other"
    case.status["believed"] = False
    assert case.decide(missing=("x.so is gone",)) == KEPT
    case.expect(case.record(timestamp=T - 1))
    case.coverage["watched"] = frozenset([file("a.c")])
    case.status["single_files"] = {"a.c": "old"}
    case.files["a.c"] = T - 1
    assert case.decide() == Decision("kept", why=("a.c changed, but older files than the newest are nothing to uv",))


def test_what_is_not_believed(case: Case) -> None:
    case.status["believed"] = False
    assert case.decide() == MOVED
    case.expect(case.record(timestamp=T))
    case.coverage["watched"] = frozenset([file("a.c")])
    case.status["single_files"] = {"a.c": "old"}
    case.files["a.c"] = T
    assert case.decide() == MOVED, "whatever else there is to say"


def test_a_stamp_without_a_memory(case: Case) -> None:
    case.state["digest"] = None
    assert case.decide() == Decision("moved", why=("the memory of the last sync is gone",))
    assert case.decide(missing=("x.so is gone",)).why == ("the memory of the last sync is gone", "x.so is gone")


def test_a_memory_without_a_stamp(case: Case) -> None:
    former = Stamps(case.home).current()
    assert former is not None
    (case.home / "current").unlink()
    assert case.decide() == MOVED
    case.status["named"] = former.birth
    assert case.decide() == Decision("returned", former), "it is there still, and uv knows it"
    assert case.decide(missing=("x.so is gone",)) == MOVED
    case.state["digest"] = None
    assert case.decide() == MOVED, "without a memory of the last sync, it is not known what it stood for"


def test_where_nothing_moves_it_there_need_be_none(case: Case) -> None:
    (case.home / "current").unlink()
    case.coverage["naming"] = Naming("abc", frozenset(), ())
    case.digest = "other"
    assert case.decide() == KEPT
    case.coverage["stamped"] = frozenset([file("a.c")])
    assert case.decide() == MOVED


def test_products_that_are_gone(case: Case) -> None:
    assert case.decide(missing=("x.so is gone",)) == Decision("moved", why=("x.so is gone",))


@pytest.mark.parametrize(
    ("is_vouched", "others", "move"),
    [(True, "others", "kept"), (False, "others", "moved"), (True, "changed", "moved"), (True, "", "moved")],
)
def test_a_build_that_was_watched(case: Case, is_vouched: bool, others: str, move: str) -> None:
    """The digest is another since more is known, and what is installed was built from just that."""
    case.digest = "other"
    case.status["is_vouched"] = is_vouched
    case.state["others"], case.coverage["others_digest"] = "others" if others else "", others
    assert case.decide() == Decision(move)  # type: ignore[arg-type]


def test_built_from_others(case: Case) -> None:
    case.coverage["stamped"] = frozenset([Input("env", "CC", "set 1"), Input("env", "LD", "set 1"), file("a.c")])
    differing = frozenset([("env", "LD"), ("env", "CC"), ("env", "not-stamped")])
    case.status["builds"] = SimpleNamespace(chosen=SimpleNamespace(differing=differing))
    assert case.decide() == Decision(
        "moved", why=("uv built without a sync, when CC was another", "uv built without a sync, when LD was another")
    )
    case.status["builds"] = SimpleNamespace(chosen=None)
    assert case.decide() == KEPT


class TestBuiltWith:
    """Linked files came or went, and uv has built since then: that is one build, and not two."""

    @pytest.fixture
    def built(self, case: Case) -> Case:
        case.digest = "other"
        case.state["rest"] = case.coverage["rest_digest"] = "rest"
        case.record(timestamp=T, made=T + SECOND)
        case.files.before = {"src": {"a.c", "gone.c"}}
        case.coverage["linked"] = {"src": ["a.c", "new.c"]}
        case.files.folders["src"] = folder({}, same=True)
        case.files |= {"src": T, "src/new.c": T - 1}
        return case

    def test_it_is_kept(self, built: Case) -> None:
        assert built.decide() == KEPT

    def test_as_old_as_a_tick_of_the_clock(self, built: Case) -> None:
        built.files["src"] = T + TICK
        assert built.decide() == KEPT
        built.files["src"] = T + TICK + 1
        assert built.decide() == MOVED

    def test_the_new_file_itself_counts(self, built: Case) -> None:
        built.files["src/new.c"] = T + TICK + 1
        assert built.decide() == MOVED

    def test_what_was_there_before_is_not_asked(self, built: Case) -> None:
        built.files["src/a.c"] = T + SECOND
        assert built.decide() == KEPT

    def test_no_regular_file(self, built: Case) -> None:
        built.files.folders["src"] = folder({}, same=True, non_regular=["new.c"])
        built.files.before = {"src": {"a.c"}}
        built.files["src"] = T + SECOND
        assert built.decide() == KEPT, "of it, the rest says everything"

    def test_a_folder_of_which_all_went(self, built: Case) -> None:
        built.files.before["deep/down"] = {"x.c"}
        built.files |= {"deep": T, "deep/down": T}
        assert built.decide() == KEPT
        built.files["deep"] = T + SECOND
        assert built.decide() == MOVED, "the folder may have been moved away as a whole"

    def test_a_folder_that_went_as_a_whole(self, built: Case) -> None:
        built.files.before["deep/down"] = {"x.c"}
        built.files["deep"] = T
        assert built.decide() == KEPT, "the one above tells when"

    def test_one_that_came_to_the_top(self, built: Case) -> None:
        built.coverage["linked"][""] = ["new.c"]
        built.files.folders[""] = folder({}, same=True)
        built.files["new.c"] = T
        assert built.decide() == KEPT

    def test_values_by_files_that_uv_sees(self, built: Case) -> None:
        seen = Inputs([Input("value", "level.json:level", "two", tree=True)], None, cast("Any", built.files))
        built.keys = [SimpleNamespace(name="level", inputs=seen, consulted=frozenset({"level.json"}))]
        built.coverage["consulted"] = frozenset({"level.json", "other.json"})
        built.files |= {"level.json": T + TICK, "other.json": T + SECOND}
        assert built.decide() == KEPT, "the other one has nothing to do with it"
        built.files["level.json"] = T + TICK + 1
        assert built.decide() == MOVED
        built.state["keys"] = {"level": rows_of(seen, SALT)}
        assert built.decide() == KEPT, "its value is the same"

    @pytest.mark.parametrize("what", ["record", "rest", "other rest", "memory", "clock", "top"])
    def test_it_is_not_known(self, built: Case, what: str) -> None:
        match what:
            case "record":
                built.status["new_record"] = None
            case "rest":
                built.state["rest"] = ""
                built.coverage["rest_digest"] = ""
            case "other rest":
                built.coverage["rest_digest"] = "another"
            case "memory":
                built.files.memory.known.folders = []
            case "clock":
                built.record(timestamp=T + SECOND + 1, made=T + SECOND)
            case "top":
                built.files.before[""] = {"gone.c"}
        assert built.decide() == MOVED

    def test_the_clock_may_stand_still(self, built: Case) -> None:
        built.record(timestamp=T + SECOND, made=T + SECOND)
        assert built.decide() == KEPT

    def test_a_record_without_a_time(self, built: Case) -> None:
        built.record(timestamp=None)
        assert built.decide() == MOVED


class TestUnseenEdits:
    """An edit that does not raise uv's maximum is nothing to uv."""

    WHY = "a.c changed, but older files than the newest are nothing to uv"

    @pytest.fixture
    def edited(self, case: Case) -> Case:
        case.state["expected"] = {"timestamp": T}
        case.coverage["watched"] = frozenset([file("a.c"), file("b.c", "same"), Input("env", "CC", "set")])
        case.status["single_files"] = {"a.c": "old", "b.c": "same", "CC": "old"}
        case.files |= {"a.c": T, "b.c": T - 5, "CC": T - 5}
        return case

    def test_it_is_told(self, edited: Case) -> None:
        assert edited.decide() == Decision("moved", why=(self.WHY,))

    def test_all_in_their_order(self, edited: Case) -> None:
        edited.coverage["watched"] |= {file("0.c")}
        edited.status["single_files"]["0.c"] = "old"
        edited.files["0.c"] = 1
        assert edited.why == (self.WHY.replace("a.c", "0.c"), self.WHY)

    def test_a_younger_one_is_seen(self, edited: Case) -> None:
        edited.files["a.c"] = T + 1
        assert edited.decide() == KEPT

    def test_one_that_is_gone(self, edited: Case) -> None:
        del edited.files["a.c"]
        assert edited.decide() == KEPT, "of a file that is not there, the digest tells"

    def test_one_that_was_not_known(self, edited: Case) -> None:
        del edited.status["single_files"]["a.c"]
        assert edited.decide() == KEPT

    def test_one_that_the_build_knew(self, edited: Case) -> None:
        edited.status["vouched"] = frozenset([("file", "a.c")])
        assert edited.decide() == KEPT
        edited.status["vouched"] = frozenset([("env", "a.c")])
        assert edited.why == (self.WHY,)

    def test_one_that_the_build_wrote(self, edited: Case) -> None:
        edited.status["made_by_build"] = frozenset(["a.c"])
        assert edited.decide() == KEPT

    @pytest.mark.parametrize("expected", [None, {}, {"timestamp": None}])
    def test_no_time_is_known(self, edited: Case, expected: dict[str, Any] | None) -> None:
        edited.state["expected"] = expected
        assert edited.decide() == KEPT


class TestUnseenEditsOfLinkedFiles:
    WHY = "src/a.c changed, but older files than the newest are nothing to uv"

    @pytest.fixture
    def edited(self, case: Case) -> Case:
        case.state["expected"] = {"timestamp": T}
        case.coverage["linked"] = {"src": ["a.c", "b.c", "new.c"]}
        case.files.folders["src"] = folder({"a.c": "new", "b.c": "same", "new.c": "1"}, changed=T)
        case.status["then"] = {"src/a.c": "old", "src/b.c": "same"}
        return case

    def test_it_is_told(self, edited: Case) -> None:
        assert edited.why == (self.WHY,)

    def test_a_folder_that_is_as_it_was(self, edited: Case) -> None:
        edited.files.folders["src"].same = True
        assert edited.decide() == KEPT
        edited.files.folders["src"].non_regular = {"x": ""}
        assert edited.why == (self.WHY,), "of what is no regular file, the stat of the folder says nothing"

    def test_a_younger_one_is_seen(self, edited: Case) -> None:
        edited.files.folders["src"] = folder({"a.c": "new", "b.c": "same"}, changed=T + 1)
        assert edited.decide() == KEPT

    def test_one_that_has_no_time(self, edited: Case) -> None:
        edited.files.folders["src"] = folder({"a.c": "new", "b.c": "same"})
        assert edited.decide() == KEPT

    def test_one_that_is_a_link(self, edited: Case) -> None:
        edited.files.folders["src"] = folder({"a.c": "new", "b.c": "same"}, non_regular=["a.c"], changed=T)
        edited.files["src/a.c"] = T + 1
        assert edited.decide() == KEPT, "the time of what it leads to"
        edited.files["src/a.c"] = T
        assert edited.why == (self.WHY,)

    def test_one_that_the_build_knew(self, edited: Case) -> None:
        edited.status["vouched"] = frozenset([("file", "src/a.c")])
        assert edited.decide() == KEPT


class TestUnexpectedBuilds:
    """A build of which the last sync knew nothing: what could have been another then?"""

    WITHOUT = "uv built without a sync, and {} may have had other content then"
    ALTHOUGH = "uv built although nothing had changed, and {} may have had other content then"

    @pytest.fixture
    def unexpected(self, case: Case) -> Case:
        """A record of which the newest file is of another time than expected."""
        case.expect(case.record(timestamp=T - 5))
        case.record(timestamp=T)
        case.coverage["stamped"] = frozenset([file("src/a.c")])
        case.files["src/a.c"] = T + SECOND
        return case

    @pytest.fixture
    def expected(self, case: Case) -> Case:
        case.expect(case.record(timestamp=T))
        case.coverage["stamped"] = frozenset([file("src/a.c")])
        case.files["src/a.c"] = T + SECOND
        return case

    def test_it_is_told(self, unexpected: Case) -> None:
        assert unexpected.decide() == Decision("moved", why=(self.WITHOUT.format("src/a.c"),))

    def test_no_build(self, unexpected: Case) -> None:
        unexpected.status["new_record"] = None
        assert unexpected.decide() == KEPT

    def test_nothing_was_expected(self, unexpected: Case) -> None:
        unexpected.state["expected"] = None
        assert unexpected.decide() == KEPT

    def test_what_uv_saw_as_it_is(self, unexpected: Case) -> None:
        unexpected.files["src/a.c"] = T + TICK
        assert unexpected.decide() == KEPT
        unexpected.files["src/a.c"] = T + TICK + 1
        assert unexpected.why == (self.WITHOUT.format("src/a.c"),)

    def test_what_uv_saw_long_before_it_looked(self, unexpected: Case) -> None:
        unexpected.state["started"] = T - 10 * SECOND
        unexpected.files["src/a.c"] = T - 5 * SECOND
        assert unexpected.decide() == KEPT

    def test_what_is_older_than_the_last_sync(self, unexpected: Case) -> None:
        unexpected.record(timestamp=T - SECOND)
        unexpected.files["src/a.c"] = T - TICK
        assert unexpected.why == (self.WITHOUT.format("src/a.c"),)
        unexpected.files["src/a.c"] = T - TICK - 1
        assert unexpected.decide() == KEPT

    def test_a_file_system_of_whole_seconds(self, unexpected: Case) -> None:
        seen, whole = T - 1, T - 1  # both are whole seconds
        unexpected.record(timestamp=seen)
        unexpected.files["src/a.c"] = whole - 2 * SECOND
        assert unexpected.decide() == KEPT, "as old as what uv saw, by two seconds"
        unexpected.files["src/a.c"] = whole - SECOND
        assert unexpected.why == (self.WITHOUT.format("src/a.c"),), "it may be younger than it says"
        unexpected.record(timestamp=seen - 10 * SECOND)
        unexpected.state["started"] = whole
        unexpected.files["src/a.c"] = whole - 2 * SECOND
        assert unexpected.why == (self.WITHOUT.format("src/a.c"),)
        unexpected.files["src/a.c"] = whole - 3 * SECOND
        assert unexpected.decide() == KEPT

    def test_a_record_without_a_time(self, unexpected: Case) -> None:
        unexpected.record(timestamp=None)
        assert unexpected.why == (self.WITHOUT.format("src/a.c"),)

    def test_what_the_build_knew(self, unexpected: Case) -> None:
        unexpected.status["vouched"] = frozenset([("file", "src/a.c")])
        assert unexpected.decide() == KEPT

    def test_folders_tell_of_what_came_and_went(self, unexpected: Case) -> None:
        del unexpected.files["src/a.c"]
        unexpected.files["src"] = T + SECOND
        assert unexpected.why == (self.WITHOUT.format("src"),)
        unexpected.files = Tree()
        unexpected.files |= {"": T + SECOND, ".": T + SECOND}
        assert unexpected.decide() == KEPT, "to the project's own folder uv writes as well"

    def test_folders_beside_the_project(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] = frozenset([file("../lib/x.c")])
        unexpected.files |= {"..": T + SECOND}
        assert unexpected.decide() == KEPT
        unexpected.files |= {"../lib": T + SECOND}
        assert unexpected.why == (self.WITHOUT.format("../lib"),)

    def test_selections(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] = frozenset()
        unexpected.coverage["selections"] = (chosen({"src/deep": ["b.c"], "empty": []}),)
        unexpected.files |= {"src/a.c": 0, "empty": T + SECOND}
        assert unexpected.decide() == KEPT
        unexpected.files["src/deep/b.c"] = T + SECOND
        assert unexpected.why == (self.WITHOUT.format("src/deep/b.c"),)
        unexpected.files |= {"src/deep/b.c": 0, "src/deep": T + SECOND}
        assert unexpected.why == (self.WITHOUT.format("src/deep"),)
        unexpected.files |= {"src/deep": 0, "src": T + SECOND}
        assert unexpected.why == (self.WITHOUT.format("src"),)

    def test_what_was_gone_through(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] = frozenset()
        unexpected.coverage["walked"] = (chosen({"csrc": ["b.c"]}),)
        unexpected.files["csrc"] = T + SECOND
        assert unexpected.why == (self.WITHOUT.format("csrc"),)

    def test_what_is_missing_has_no_time(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] = frozenset([file("src/a.c", "missing"), Input("env", "src/a.c", "unset")])
        unexpected.coverage["has_stamp"] = True
        told = unexpected.why
        assert told == (self.WITHOUT.format("src/a.c"),), "the variable, not the file"
        unexpected.coverage["stamped"] = frozenset([file("src/a.c", "missing")])
        assert unexpected.decide() == KEPT

    def test_directories_count(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] = frozenset([Input("directory", "gen", "directory")])
        unexpected.files["gen"] = T + SECOND
        assert unexpected.why == (self.WITHOUT.format("gen"),)

    def test_values_of_files(self, unexpected: Case) -> None:
        value = Input("value", "pyproject.toml: project", "1", tree=True)
        unexpected.coverage["stamped"] = frozenset([value])
        unexpected.files.read = [("older.toml", T - 1), ("seen.toml", T), ("pyproject.toml", T + 1)]
        assert unexpected.why == (self.WITHOUT.format("pyproject.toml"),)
        unexpected.coverage["stamped"] = frozenset([file("src/a.c")])
        unexpected.files["src/a.c"] = 0
        assert unexpected.decide() == KEPT, "nobody took a value from it"

    def test_what_nobody_can_know(self, unexpected: Case) -> None:
        """Variables and what git says leave no trace; a value that is taken from the tree does."""
        unexpected.files["src/a.c"] = 0
        unexpected.coverage["stamped"] = frozenset(
            [
                file("src/a.c"),
                Input("git", "commit", "1"),
                Input("env", "CC", "set"),
                Input("value", "v", "1", tree=True),
            ]
        )
        assert unexpected.why == (self.WITHOUT.format("CC"),)
        unexpected.coverage["stamped"] = frozenset([file("src/a.c"), Input("git", "commit", "1")])
        assert unexpected.why == (self.WITHOUT.format("commit"),)
        unexpected.coverage["stamped"] = frozenset([Input("value", "v", "1", tree=True)])
        assert unexpected.decide() == KEPT
        unexpected.coverage["stamped"] = frozenset([Input("value", "v", "1")])
        assert unexpected.why == (self.WITHOUT.format("v"),)

    def test_one_of_each_is_told(self, unexpected: Case) -> None:
        unexpected.coverage["stamped"] |= {file("src/b.c"), Input("env", "CC", "set"), Input("env", "LD", "set")}
        unexpected.files["src/b.c"] = T + SECOND
        assert unexpected.why == (self.WITHOUT.format("src/a.c"), self.WITHOUT.format("CC"))

    def test_the_one_that_was_expected(self, expected: Case) -> None:
        assert expected.why == (self.ALTHOUGH.format("src/a.c"),)
        expected.files["src/a.c"] = T - SECOND
        assert expected.decide() == KEPT

    def test_it_was_due(self, expected: Case) -> None:
        expected.state["due"] = True
        assert expected.decide() == KEPT

    def test_what_uv_saw_is_no_matter_then(self, expected: Case) -> None:
        """uv built what it had built before: whatever was written since the sync may have gone into the one or the other."""
        expected.files["src/a.c"] = T
        assert expected.why == (self.ALTHOUGH.format("src/a.c"),)

    def test_folders_are_no_matter_then(self, expected: Case) -> None:
        expected.files = Tree()
        expected.files["src"] = T + SECOND
        assert expected.decide() == KEPT

    def test_selections_then(self, expected: Case) -> None:
        expected.coverage["stamped"] = frozenset()
        expected.coverage["selections"] = (chosen({"src": ["b.c"]}),)
        expected.files["src/b.c"] = T + SECOND
        assert expected.why == (self.ALTHOUGH.format("src/b.c"),)

    @pytest.mark.parametrize("name", ["abc", "other"])
    def test_a_name_vouches(self, case: Case, name: str) -> None:
        """Built under the name of the last sync, what that names counts; under another, somebody else had named it."""
        case.coverage["naming"] = Naming(name, frozenset([file("src/a.c")]), (chosen({"gen": ["g.c"]}),))
        case.expect(case.record(timestamp=T, name="abc"))
        case.record(timestamp=T, name=name)
        case.files |= {"src/a.c": T + SECOND}
        (case.home / "current").unlink()
        assert case.why == ((self.ALTHOUGH.format("src/a.c"),) if name == "abc" else ())
        case.files |= {"src/a.c": 0, "gen/g.c": T + SECOND}
        assert case.why == ((self.ALTHOUGH.format("gen/g.c"),) if name == "abc" else ())
