"""What the last run looked at, in columns: by asking whether it still holds, the next one can be quiet.

The quiet path reads this in front of every uv command, so this module imports next to nothing, and what
it reads first stands first: folders, names and stats. The content digests and the rest follow, for runs
that found a change. Whatever is damaged, of another format, interpreter or release of ours, somebody
else's, reached through a link, or a copy (its inode is another), is ignored.
"""

from __future__ import annotations

import os
import stat
import sys

from dyncachekeys import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import hashlib
    from collections.abc import Iterable, Iterator, Sequence
    from typing import BinaryIO

FILE = "snapshot"
SCOPE_FILE = "scope"
"""The same of what decides which projects there are."""
STATE_FILE = "state.json"
INPUT, STAMPED, EXECUTABLE, TIMED, READ, LINKED, SEARCHED = 1, 2, 4, 8, 16, 32, 64
"""Roles of a file: an input; one that moves the stamp; its owner may execute it; uv's record depends on
its time; a resolver, or we ourselves, read it; uv sees it through a link, so its record depends on the time, too;
it is an index of git's, and only what it does not hold counts."""
WALKED, LISTED_AGAIN = 1, 2
"""A walk went through a folder; what it chose there are not all plain files, or it passed over something that a pattern
matches, or asked git about it, and none of that is remembered."""
RACY = " racy"
"""Behind the stat of a link or special file that is racy (`clock`): no stat is equal to that."""
UNSET = "-"
STAMP_LINK = ".dyncachekeys/current"
"""The link to the stamp, relative to the project (U25)."""
LINK_FOLDER = ".dyncachekeys/inputs"
"""What holds the links to inputs (U27)."""
FOLDER_LINKS = ".dyncachekeys/folders"
"""What holds the links to whole folders (U40)."""
LEFT_OUT = frozenset({".git", "__pycache__", ".dyncachekeys"})
"""Names that no walk enters or chooses."""
_UNLISTED = LEFT_OUT - {".git"}
"""Of a folder it counts that another repository begins there."""
RELEASE: str = __version__
"""Another release of ours may find other inputs."""
FORMAT = f"dyncachekeys-snapshot-6 {sys.implementation.cache_tag} {sys.byteorder}"
HASH, LISTING = 32, 16
_PRIME = (1 << 61) - 1
ROW = 32
"""Bytes of a stat: four numbers of eight bytes."""


TEXTS = ("name", "salt", "stamp", "state", "digest", "stamp_digest", "named", "newest", "alone", "fresh")
LISTS = ("keys", "always", "facts", "folders")
PAIRS = ("env", "prefixes", "non_regular", "warnings", "searched")
"""What the header holds, in this order: the texts behind the release, `taken` and `inputs`; then a group for each
list; one for each list of pairs; and `racy`."""
COLD = {
    "listings": (LISTING, 0),
    "plain": (1, 0),
    "roles": (0, 1),
    "contents": (0, HASH),
    "digests": (2 * HASH, 0),
}
"""The columns that only a run with something to do reads, in their order: bytes for each folder, and for each file."""
_STATS = ("names", "folder_stats", "file_stats", "rests")
_COMPARED = frozenset({*TEXTS, "inputs", *LISTS, *PAIRS, *_STATS, *COLD}) - {"state"}
"""All but when it was taken: the state is written before it, and what is racy is a matter of the clock."""


class Damaged(ValueError):  # noqa: N818  it is not an error to the user
    """What was read is not what was written."""


class Unit:
    """What one selection of one key chose: for each file the number of its pattern plus one, else 0."""

    __slots__ = ("chosen", "key", "patterns", "signature", "visited")

    def __init__(self, key: str, signature: str, patterns: Sequence[str], visited: bytes, chosen: bytes) -> None:
        self.key: str = key
        self.signature: str = signature
        self.patterns: tuple[str, ...] = tuple(patterns)
        self.visited: bytes = visited
        """A byte for each folder: 0, `WALKED` or `LISTED_AGAIN`."""
        self.chosen: bytes = chosen
        """Four bytes for each file, in the machine's order: a key may have more patterns than two can number."""


class Snapshot:
    """The columns. Paths are relative to the project; times in nanoseconds; all text may hold any bytes."""

    name: str = ""
    """The project's."""
    taken: int = 0
    """When the look began, in nanoseconds since the epoch by the file system's clock (`clock.Began`)."""
    salt: str = ""
    """Seals the values of variables; of this checkout only."""
    stamp: str = ""
    """What the link to the stamp says; empty if there was none."""
    state: str = ""
    """The `non_regular_stat` of the state, which was written before this."""
    digest: str = ""
    """Over all inputs."""
    stamp_digest: str = ""
    """Over what moves the stamp."""
    alone: str = ""
    """Not empty, if `uv sync` in the project's folder would build nothing else."""
    fresh: str = ""
    """Not empty, if uv had nothing to build; asked only where a guard is in the environment (`quick.guard`)."""
    inputs: int = 0
    """How many there are."""
    named: str = ""
    """The birth time or inode of the stamp folder that the installed record names; empty if there is none."""
    newest: str = ""
    """The latest time of all that file entries name, in nanoseconds: uv's maximum (U1); empty without any."""
    keys: list[str] = []  # noqa: RUF012  never changed, only replaced
    """Their names, in their order."""
    always: list[str] = []  # noqa: RUF012
    """The names of keys that have to run each time, so that no run is quiet."""
    env: Sequence[tuple[str, str]] = ()
    """Variables that were asked for, each with its sealed value, or `UNSET`."""
    prefixes: Sequence[tuple[str, str]] = ()
    """Beginnings of variables' names, each with the sealed list of the names."""
    facts: Sequence[str] = ()
    """A letter and a path: ``F`` it is a file, ``f`` it is none, ``D`` a directory, ``R`` one and no link to
    one, ``d`` no directory, ``x`` nothing at all."""
    non_regular: Sequence[tuple[str, str]] = ()
    """Links and whatever is not a regular file, each with its `non_regular_stat`, and `RACY` behind it."""
    warnings: Sequence[tuple[str, str]] = ()
    """Where, and what."""
    searched: Sequence[tuple[str, str]] = ()
    """An index of git's, and a path in its repository that it does not hold (`git_index`)."""
    racy: Sequence[int] = ()
    """Places of files (from 0 up) and of folders (from -1 down) that are racy: as young as the look at them."""
    folder_stats: bytes | bytearray = b""
    """mtime, ctime, inode, number of files; an inode of 0 for a folder that was not listed."""
    file_stats: bytes | bytearray = b""
    """size, mtime, ctime, inode"""

    rests: tuple[bytes, bytes] = (b"", b"")
    """The digests of all inputs, and of those of the stamp, that are not files."""
    listings: bytes | bytearray = b""
    """A hash of what a folder held."""
    plain: bytes | bytearray = b""
    """1 for a folder whose digests can be computed from these columns alone."""
    roles: bytes | bytearray = b""
    contents: bytes | bytearray = b""
    """The SHA-256 of each file."""
    digests: bytes | bytearray = b""
    """For each folder, the digest of its inputs, and of those that move the stamp; NUL bytes without any."""
    units: Sequence[Unit] = ()

    def __init__(self) -> None:
        self.changed = False
        """Whether it is not any more what was read."""
        self.folders: list[str] = []
        self.names: list[str] = []
        """For each folder, the names of the files looked at there, joined by NUL."""
        self.home: str = ""
        self.inode: int = 0
        self.ends: int = 0
        self.header: bytes = b""

    @classmethod
    def load(cls, home: str, file: str = FILE) -> Snapshot | None:
        """Read what the quiet path needs of what lies in a folder; nothing if there is nothing to believe."""
        found = cls()
        try:
            found._read_hot(home, file)
        except (OSError, ValueError, IndexError, StopIteration):
            return None
        return found

    def _read_hot(self, home: str, file: str) -> None:
        if not stat.S_ISDIR(os.lstat(home).st_mode):
            raise Damaged
        with opened(f"{home}/{file}") as stream:
            info = os.fstat(stream.fileno())
            line = stream.readline(200)
            written_as, *numbers, total = line.decode("ascii").rsplit(" ", 7)
            inode, checksum, header, folders, files, names = map(int, numbers)
            if written_as != FORMAT or inode != info.st_ino or int(total) != info.st_size:
                raise Damaged
            if min(header, folders, files, names) < 0 or header + (folders + files) * ROW + names > info.st_size:
                raise Damaged
            self.header = stream.read(header)
            if checksum_of(self.header) != checksum:
                raise Damaged
            head = unpacked(self.header)
            release, taken, inputs, *texts = next(head)
            if release != RELEASE or len(texts) != len(TEXTS):
                raise Damaged
            self.taken, self.inputs = int(taken), int(inputs)
            self.__dict__.update(zip(TEXTS, texts))  # noqa: B905  they are equally long
            for name in LISTS:
                setattr(self, name, next(head))
            for name in PAIRS:
                group = next(head)
                setattr(self, name, list(zip(group[::2], group[1::2], strict=True)))
            self.racy = tuple(map(int, next(head)))
            self.folder_stats, self.file_stats = stream.read(folders * ROW), stream.read(files * ROW)
            # A name can't hold a slash: that is what frames the folders.
            self.names = _text(stream.read(names)).split("/") if self.folders else []
            self.home, self.inode, self.ends = home, info.st_ino, stream.tell()
        counts = memoryview(self.folder_stats).cast("q")[3::4]
        if not len(self.folders) == len(self.names) == folders or sum(counts) != files or min(counts, default=0) < 0:
            raise Damaged

    def is_current(self) -> bool:
        """Tell whether no other run has written since this was read."""
        try:
            return os.stat(f"{self.home}/{FILE}").st_ino == self.inode
        except OSError:
            return False

    def firsts(self) -> list[int]:
        """Return for each folder the row of its first file, and behind them the number of all files."""
        found, passed = [], 0
        for count in memoryview(self.folder_stats).cast("q")[3::4]:
            found.append(passed)
            passed += count
        return [*found, passed]

    def see_stamp(self) -> None:
        """Look again at the stamp, which we have just moved."""
        seen = non_regular_stat(f"{self.home}/current")
        self.non_regular = [(path, seen if path == STAMP_LINK else row) for path, row in self.non_regular]

    def differs_from(self, other: Snapshot) -> bool:
        """Tell whether anything but the time of the look differs."""
        if any(getattr(self, name) != getattr(other, name) for name in _COMPARED):
            return True
        return [(unit.chosen, unit.visited) for unit in self.units] != [
            (unit.chosen, unit.visited) for unit in other.units
        ]

    def names_in(self, place: int) -> list[str]:
        """Return the names of the files looked at in a folder."""
        return self.names[place].split("\0") if self.names[place] else []


def opened(path: str, most: int = 1 << 32) -> BinaryIO:
    """Open what lies in ``.dyncachekeys`` to be read: all that is read there is opened here.

    Args:
        path: A file that we have written.
        most: How many bytes it may hold: more can't be ours.

    Raises:
        OSError: there is none; or it is a link, a pipe, a device or a folder, somebody else's, or larger than that.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags)
    info = os.fstat(descriptor)
    mine = not hasattr(os, "geteuid") or info.st_uid == os.geteuid()
    if not mine or not stat.S_ISREG(info.st_mode) or info.st_size > most:
        os.close(descriptor)
        message = "not a file of ours"
        raise OSError(message)
    return open(descriptor, "rb")


def non_regular_stat(full: str) -> str:
    """Return the stat of a link or special file, and of what it leads to, in one text.

    Raises:
        OSError: it is not there.
    """
    own = os.lstat(full)
    try:
        behind = _row(os.stat(full))
    except OSError:
        behind = "nowhere"
    return f"{_row(own)} {behind}"


def newest_of(row: str) -> int:
    """Return from a `non_regular_stat` the latest time of what it is of, or of what that leads to, in nanoseconds."""
    numbers = row.split(" ")
    return max(map(int, (*numbers[2:4], *numbers[7:9])))


def _row(info: os.stat_result) -> str:
    return f"{info.st_mode} {info.st_size} {info.st_mtime_ns} {info.st_ctime_ns} {info.st_ino}"


def listing(entries: Iterable[os.DirEntry[str]]) -> bytes:
    """Return a hash of what a folder holds: names, and which are folders or no files at all."""
    marked = [_marked(entry) for entry in entries if entry.name not in _UNLISTED]
    return _hash("\0".join(sorted(marked))).digest()


def checksum_of(header: bytes) -> int:
    """Return a checksum of the header, without an import: a bit that flipped in a fact must not go unseen."""
    return int.from_bytes(header, "big") % _PRIME


def _hash(text: str, key: bytes = b"") -> hashlib.blake2b:
    try:  # hashlib takes 3 ms to import, mostly for what this is the fallback of
        from _blake2 import blake2b  # noqa: PLC0415
    except ImportError:
        from hashlib import blake2b  # noqa: PLC0415
    return blake2b(encoded(text), key=key, digest_size=LISTING)


def _marked(entry: os.DirEntry[str]) -> str:
    if entry.is_dir(follow_symlinks=False):
        return entry.name + "/"
    return entry.name if entry.is_file(follow_symlinks=False) or entry.is_symlink() else entry.name + "//"


def sealed_value(salt: str, value: str | None) -> str:
    """Return a variable's value, sealed, or `UNSET`.

    Keyed BLAKE2b (RFC 7693) is a message authentication code like HMAC, and needs no import that costs.
    """
    return UNSET if value is None else _hash(value, encoded(salt)).hexdigest()


def sealed_names(salt: str, prefix: str, environ: Iterable[str]) -> str:
    """Return the names of variables that begin with a prefix, sealed."""
    return sealed_value(salt, "\0".join(sorted(name for name in environ if name.startswith(prefix))))


def unpacked(data: bytes) -> Iterator[list[str]]:
    """Yield the groups of texts that `snapshot_file` has packed."""
    fields = _text(data).split("\0") if data else []
    at = 0
    while at < len(fields):
        count = int(fields[at])
        group = fields[at + 1 : at + 1 + count]
        if len(group) != count:
            raise Damaged
        yield group
        at += 1 + count


def encoded(text: str) -> bytes:
    """Return text as bytes; those of a file name that is not UTF-8 stay what they are."""
    return text.encode("utf-8", "surrogateescape")


def _text(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")
