"""The snapshot: what is written is read again to the byte, and whatever is damaged, copied or another's is not believed."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dyncachekeys.quick import snapshot, snapshot_file
from dyncachekeys.quick.snapshot import (
    COLD,
    HASH,
    LISTING,
    LISTS,
    PAIRS,
    ROW,
    TEXTS,
    UNSET,
    Damaged,
    Snapshot,
    Unit,
    checksum_of,
    newest_of,
    non_regular_stat,
    opened,
    sealed_names,
    sealed_value,
    unpacked,
)

COLUMNS = (*TEXTS, "taken", "inputs", *LISTS, *PAIRS, "racy", "folders", "names", "folder_stats", "file_stats")
FOLDERS, FILES = 3, 4


def rows(*of: tuple[int, int, int, int]) -> bytes:
    return b"".join(number.to_bytes(8, "little") for row in of for number in row)


def sample() -> Snapshot:
    """Return a snapshot in which no two things are alike: three folders, of which one holds no file that counts."""
    known = Snapshot()
    known.taken, known.inputs = 1_700_000_000_123_456_789, 7
    for number, name in enumerate(TEXTS):
        setattr(known, name, f"text {number}")
    for number, name in enumerate(LISTS):
        setattr(known, name, [f"list {number} {one}" for one in range(number)])
    known.folders = ["", "csrc", "odd\udcff/ü"]
    for number, name in enumerate(PAIRS):
        setattr(known, name, [(f"pair {number} {one}", "") for one in range(number)])
    known.racy = [0, 3, -1]
    known.names = ["a.c\0b.c\0ü\udcff", "", "c.h"]
    known.folder_stats = rows((1, 2, 3, 3), (4, 5, 0, 0), (6, 7, 8, 1))
    known.file_stats = rows(*((10 * one, 10 * one + 1, 10 * one + 2, 10 * one + 3) for one in range(FILES)))
    known.rests = (b"\1" * HASH, b"\2" * HASH)
    for number, (name, (for_folder, for_file)) in enumerate(COLD.items()):
        setattr(known, name, bytes([100 + number]) * (for_folder * FOLDERS + for_file * FILES))
    known.units = [
        Unit("sources", "signature", ["*.c", "**/*.h"], b"\1\0\2", b"\3" * 4 * FILES),
        Unit("also", "", [], b"\0\0\1", b"\0" * 4 * FILES),
    ]
    return known


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a project in which one was written."""
    (tmp_path / snapshot.STATE_FILE).write_text("{}", encoding="utf-8")
    snapshot_file.write(sample(), str(tmp_path))
    return tmp_path


def loaded(home: Path) -> Snapshot:
    found = Snapshot.load(str(home))
    assert found is not None
    return found


def rewritten(path: Path, data: bytes) -> None:
    """Change the content of a file that stays the same file."""
    with path.open("r+b") as stream:
        stream.truncate()
        stream.write(data)


def is_believed(home: Path) -> bool:
    found = Snapshot.load(str(home))
    return found is not None and snapshot_file.read_on(found)


def test_what_is_written_is_read(home: Path) -> None:
    wanted, found = sample(), loaded(home)
    wanted.state = non_regular_stat(str(home / snapshot.STATE_FILE))
    assert not found.changed
    for name in COLUMNS:
        assert (name, getattr(found, name)) == (name, type(getattr(found, name))(getattr(wanted, name)))
    assert not found.roles, "only those who have something to do read on"
    assert snapshot_file.read_on(found)
    for name in COLD:
        assert (name, getattr(found, name)) == (name, getattr(wanted, name))
    assert found.rests == wanted.rests
    of_units = [
        [(one.key, one.signature, one.patterns, one.visited, one.chosen) for one in it.units] for it in (found, wanted)
    ]
    assert of_units[0] == of_units[1]
    assert not wanted.differs_from(found)
    assert [path.name for path in home.iterdir() if path.name.endswith(".tmp")] == []


def test_nothing_at_all_is_written_and_read(tmp_path: Path) -> None:
    snapshot_file.write(Snapshot(), str(tmp_path), snapshot.SCOPE_FILE)
    found = Snapshot.load(str(tmp_path), snapshot.SCOPE_FILE)
    assert found is not None
    assert (found.folders, found.names, found.firsts(), found.state) == ([], [], [0], "")
    assert (found.taken, found.inputs) == (0, 0)
    assert Snapshot.load(str(tmp_path)) is None


def test_others_may_not_read_it(home: Path) -> None:
    assert stat.S_IMODE((home / snapshot.FILE).stat().st_mode) == 0o600


def test_names_and_rows(home: Path) -> None:
    found = loaded(home)
    assert [found.names_in(place) for place in range(FOLDERS)] == [["a.c", "b.c", "ü\udcff"], [], ["c.h"]]
    assert found.firsts() == [0, 3, 3, 4]
    assert (len(found.folder_stats), len(found.file_stats)) == (FOLDERS * ROW, FILES * ROW)


def test_each_byte_counts(home: Path) -> None:
    """What is damaged anywhere is never believed as a whole; a stat may be another, which is what is compared."""
    path = home / snapshot.FILE
    right = path.read_bytes()
    for place in range(len(right)):
        wrong = bytearray(right)
        wrong[place] ^= 1
        rewritten(path, bytes(wrong))
        assert not is_believed(home), f"byte {place}"
    rewritten(path, right)
    assert is_believed(home)


def test_each_length_counts(home: Path) -> None:
    path = home / snapshot.FILE
    right = path.read_bytes()
    for length in range(len(right)):
        rewritten(path, right[:length])
        assert Snapshot.load(str(home)) is None, f"{length} bytes"
    rewritten(path, right + b"\0")
    assert Snapshot.load(str(home)) is None


@pytest.mark.parametrize("place", range(1, 8))
@pytest.mark.parametrize("number", [b"-1", b"0", b"1", b"9999999", b"99999999999999999999", b"x", b""])
def test_the_first_line_is_no_order(home: Path, place: int, number: bytes) -> None:
    """No number of it makes us read what is not there, or wait."""
    path = home / snapshot.FILE
    line, rest = path.read_bytes().split(b"\n", 1)
    numbers = line.rsplit(b" ", 7)
    numbers[place] = number
    rewritten(path, b" ".join(numbers) + b"\n" + rest)
    assert Snapshot.load(str(home)) is None


def test_numbers_of_files_must_agree(home: Path) -> None:
    """The folders' numbers of files are in the part that no checksum holds while nothing is to be done."""
    path = home / snapshot.FILE
    right = path.read_bytes()
    counts = right.index(sample().folder_stats)
    for of_first, of_second in ((2, 0), (4, 0), (4, -1), (3, 1)):
        stats = rows((1, 2, 3, of_first), (4, 5, 0, of_second % (1 << 64)), (6, 7, 8, 1))
        rewritten(path, right[:counts] + stats + right[counts + len(stats) :])
        assert Snapshot.load(str(home)) is None, (of_first, of_second)


def test_folders_must_agree(home: Path, tmp_path: Path) -> None:
    for change in ("folders", "names"):
        known = sample()
        setattr(known, change, getattr(known, change)[:-1])
        snapshot_file.write(known, str(tmp_path))
        assert Snapshot.load(str(home)) is None, change


@pytest.mark.parametrize("name", ["RELEASE", "FORMAT"])
def test_another_release_or_format(home: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshot, name, "other")
    assert Snapshot.load(str(home)) is None


def test_the_format_names_the_interpreter_and_the_order_of_bytes() -> None:
    assert snapshot.FORMAT.split(" ")[1:] == [sys.implementation.cache_tag, sys.byteorder]


def test_a_text_more_or_less(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for texts in (TEXTS[:-1], (*TEXTS, "name")):
        with monkeypatch.context() as patched:
            patched.setattr(snapshot_file, "TEXTS", texts)
            snapshot_file.write(sample(), str(home))
        assert Snapshot.load(str(home)) is None


def test_a_copy_is_not_believed(home: Path) -> None:
    shutil.copy2(home / snapshot.FILE, home / "other")
    (home / "other").replace(home / snapshot.FILE)
    assert Snapshot.load(str(home)) is None


def test_no_link_is_followed(home: Path) -> None:
    (home / snapshot.FILE).rename(home / "other")
    (home / snapshot.FILE).symlink_to("other")
    assert Snapshot.load(str(home)) is None
    (home / snapshot.FILE).unlink()
    (home / "other").rename(home / snapshot.FILE)
    assert is_believed(home)
    (home / "link").symlink_to(".")
    assert Snapshot.load(str(home / "link")) is None
    assert Snapshot.load(str(home / snapshot.FILE)) is None


def open_descriptors() -> int:
    """Return how many there are, where the kernel tells."""
    return len([*Path("/proc/self/fd").iterdir()]) if Path("/proc/self/fd").is_dir() else 0


def test_only_files_of_ours_are_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"12345")
    with opened(str(path), most=5) as stream:
        assert stream.read() == b"12345"
    before = open_descriptors()
    with pytest.raises(OSError, match="not a file of ours"):
        opened(str(path), most=4)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a file of ours"):
        opened(str(tmp_path / "pipe"))
    with pytest.raises(OSError, match="not a file of ours"):
        opened(str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    with pytest.raises(OSError, match="not a file of ours"):
        opened(str(path))
    assert open_descriptors() == before, "what is refused is closed"


def test_another_run_is_seen(home: Path) -> None:
    first = loaded(home)
    assert first.is_current()
    snapshot_file.write(sample(), str(home))
    assert not first.is_current()
    assert not snapshot_file.read_on(first)
    assert loaded(home).is_current()
    for inode in (-1, 1):
        other = loaded(home)
        other.inode += inode
        assert not snapshot_file.read_on(other)
    (home / snapshot.FILE).unlink()
    assert not first.is_current()
    assert not snapshot_file.read_on(first)


@pytest.mark.parametrize("name", sorted({*COLUMNS, "rests", *COLD, "units"}))
def test_what_makes_a_difference(home: Path, name: str) -> None:
    one, other = loaded(home), loaded(home)
    assert snapshot_file.read_on(one)
    assert snapshot_file.read_on(other)
    assert not one.differs_from(other)
    value = [*other.units, Unit("more", "", [], b"", b"")] if name == "units" else ("other",)
    setattr(other, name, value)
    assert one.differs_from(other) is (name not in {"state", "taken", "racy"})


@pytest.mark.parametrize("column", ["chosen", "visited"])
def test_another_choice_makes_a_difference(home: Path, column: str) -> None:
    one, other = loaded(home), loaded(home)
    assert snapshot_file.read_on(one)
    assert snapshot_file.read_on(other)
    setattr(other.units[1], column, b"other")
    assert one.differs_from(other)


def test_what_fails_leaves_what_was_there(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (home / snapshot.FILE).read_bytes()

    def fails(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(snapshot_file, "place", fails)
    with pytest.raises(KeyboardInterrupt):
        snapshot_file.write(sample(), str(home))
    assert (home / snapshot.FILE).read_bytes() == before
    assert sorted(path.name for path in home.iterdir()) == [snapshot.FILE, snapshot.STATE_FILE]


def test_stat_of_links(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    link.symlink_to("target")
    own = link.lstat()
    begin = f"{own.st_mode} {own.st_size} {own.st_mtime_ns} {own.st_ctime_ns} {own.st_ino} "
    assert non_regular_stat(str(link)) == begin + "nowhere"
    target.write_bytes(b"123")
    behind = target.stat()
    end = f"{behind.st_mode} 3 {behind.st_mtime_ns} {behind.st_ctime_ns} {behind.st_ino}"
    assert non_regular_stat(str(link)) == begin + end
    with pytest.raises(FileNotFoundError):
        non_regular_stat(str(tmp_path / "nothing"))


@pytest.mark.parametrize("place", [2, 3, 7, 8])
def test_the_newest_of_a_stat(place: int) -> None:
    numbers = [99, 99, 1, 1, 99, 99, 99, 1, 1, 99]
    numbers[place] = 7
    assert newest_of(" ".join(map(str, numbers))) == 7


def test_the_stamp_is_seen_again(home: Path) -> None:
    found = loaded(home)
    found.non_regular = [("a", "row"), (snapshot.STAMP_LINK, "old"), ("b", "row")]
    (home / "current").symlink_to("stamps")
    found.see_stamp()
    seen = non_regular_stat(str(home / "current"))
    assert found.non_regular == [("a", "row"), (snapshot.STAMP_LINK, seen), ("b", "row")]


def listing_of(folder: Path) -> bytes:
    with os.scandir(folder) as entries:
        return snapshot.listing(entries)


def test_listing(tmp_path: Path) -> None:
    """Names, and whether each is a folder, a file (or a link), or something else; not what we, Python or git put there."""
    makers: dict[str, Callable[[Path], None]] = {"file": Path.touch, "folder": Path.mkdir, "pipe": os.mkfifo}
    (tmp_path / "nothing").mkdir()
    for name, make in makers.items():
        (tmp_path / name).mkdir()
        make(tmp_path / name / "it")
    seen = {name: listing_of(tmp_path / name) for name in ("nothing", *makers)}
    assert len({*seen.values()}) == len(seen)
    assert {len(one) for one in seen.values()} == {LISTING}
    (tmp_path / "link").mkdir()
    (tmp_path / "link/it").symlink_to("nowhere")
    assert listing_of(tmp_path / "link") == seen["file"], "what a link leads to is looked at elsewhere"
    for name in ("__pycache__", ".dyncachekeys"):
        (tmp_path / "file" / name).mkdir()
    assert listing_of(tmp_path / "file") == seen["file"]
    (tmp_path / "file/.git").mkdir()
    assert listing_of(tmp_path / "file") != seen["file"], "another repository begins there"


def test_listing_does_not_depend_on_the_order(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        (tmp_path / name).touch()
    entries = [*os.scandir(tmp_path)]
    assert len({snapshot.listing(order) for order in itertools.permutations(entries)}) == 1


def test_seals() -> None:
    """Keyed BLAKE2b: who has no salt can't try values."""
    wanted = hashlib.blake2b(b"value \xff", key=b"salt", digest_size=16).hexdigest()
    assert sealed_value("salt", "value \udcff") == wanted
    assert sealed_value("salt", None) == UNSET
    assert sealed_value("salt", "") not in {UNSET, sealed_value("pepper", "")}
    environ = ["CUDA_B", "CC", "CUDA_A", "XCUDA_"]
    assert sealed_names("salt", "CUDA_", environ) == sealed_value("salt", "CUDA_A\0CUDA_B")


def test_checksum() -> None:
    assert checksum_of(b"") == 0
    assert checksum_of(b"\1\0") == 256
    assert checksum_of((2**61).to_bytes(8, "big")) == 1, "by the prime 2 ** 61 - 1: no bit that flips goes unseen"


def test_roles_can_be_told_apart() -> None:
    roles = (
        snapshot.INPUT,
        snapshot.STAMPED,
        snapshot.EXECUTABLE,
        snapshot.TIMED,
        snapshot.READ,
        snapshot.LINKED,
        snapshot.SEARCHED,
    )
    assert [role.bit_length() - 1 for role in roles] == [*range(7)]
    assert sum(roles) == 0x7F
    assert snapshot.WALKED != snapshot.LISTED_AGAIN


TEXT = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5)


@given(st.lists(st.lists(TEXT, max_size=4), max_size=4))
def test_groups_of_texts(groups: list[list[str]]) -> None:
    assert [*unpacked(snapshot_file.packed(groups))] == groups


@pytest.mark.parametrize("data", [b"2\0a", b"1", b"x\0a", b"3\0a\0b"])
def test_damaged_groups(data: bytes) -> None:
    with pytest.raises((Damaged, ValueError)):
        [*unpacked(data)]
