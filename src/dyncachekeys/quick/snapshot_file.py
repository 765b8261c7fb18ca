"""The part of the snapshot that only a run with something to do reads, and the writing of all of it."""

from __future__ import annotations

import os
import zlib

from dyncachekeys.quick.atomic import place, remove, temporary_name
from dyncachekeys.quick.snapshot import (
    COLD,
    FILE,
    FORMAT,
    HASH,
    LISTS,
    PAIRS,
    RELEASE,
    ROW,
    STATE_FILE,
    TEXTS,
    Damaged,
    Unit,
    checksum_of,
    encoded,
    non_regular_stat,
    opened,
    unpacked,
)

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from dyncachekeys.quick.snapshot import Snapshot

_CRC, _LENGTH = 4, 8


def read_on(known: Snapshot) -> bool:
    """Read the rest of what the quiet path has begun to read; tell whether it can be believed."""
    try:
        with opened(f"{known.home}/{FILE}") as stream:
            if os.fstat(stream.fileno()).st_ino != known.inode:
                return False  # another run wrote at the same time
            _unpack(known, stream.read(known.ends), stream.read())
    except (OSError, ValueError, IndexError, StopIteration):
        return False
    return True


def _unpack(known: Snapshot, hot: bytes, data: bytes) -> None:
    hot = hot[hot.index(b"\n") + 1 :]
    if zlib.crc32(memoryview(data)[_CRC:], zlib.crc32(hot)).to_bytes(_CRC, "big") != data[:_CRC]:
        raise Damaged
    folders, files = len(known.folders), len(known.file_stats) // ROW
    at = _CRC
    for column, (for_folder, for_file) in COLD.items():
        size = folders * for_folder + files * for_file
        setattr(known, column, data[at : at + size])
        at += size
    known.rests = (data[at : at + HASH], data[at + HASH : at + 2 * HASH])
    at += 2 * HASH
    length = int.from_bytes(data[at : at + _LENGTH], "big")
    units = list(unpacked(data[at + _LENGTH : at + _LENGTH + length]))
    at += _LENGTH + length
    known.units = []
    for key, signature, *patterns in units:
        visited, chosen = data[at : at + folders], data[at + folders : at + folders + 4 * files]
        known.units.append(Unit(key, signature, patterns, visited, chosen))
        at += folders + 4 * files


def write(known: Snapshot, home: str, file: str = FILE) -> None:
    """Replace what lies in a folder, where the state was written before.

    Raises:
        OSError: it can't be written.
    """
    if file == FILE:
        known.state = non_regular_stat(f"{home}/{STATE_FILE}")
    parts = _parts(known)
    begins = f"{checksum_of(bytes(parts[0]))} {len(parts[0])}"
    sizes = f"{begins} {len(known.folders)} {len(known.file_stats) // ROW} {len(parts[3])}"
    temporary = temporary_name(f"{home}/{file}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with open(os.open(temporary, flags, 0o600), "wb") as stream:
            begin = f"{FORMAT} {os.fstat(stream.fileno()).st_ino} {sizes} "
            total = len(begin) + 21 + sum(map(len, parts))  # twenty digits and the end of the line
            stream.write(f"{begin}{total:020}\n".encode("ascii"))
            stream.writelines(parts)
        place(temporary, f"{home}/{file}")
    except BaseException:
        remove(temporary)
        raise


def _parts(known: Snapshot) -> list[bytes | bytearray]:
    """Return what follows the first line, in its order."""
    texts = [RELEASE, str(known.taken), str(known.inputs), *(getattr(known, name) for name in TEXTS)]
    lists = [getattr(known, name) for name in LISTS]
    pairs = [[text for pair in getattr(known, name) for text in pair] for name in PAIRS]
    header = packed([texts, *lists, *pairs, [str(place) for place in known.racy]])
    units = packed([[unit.key, unit.signature, *unit.patterns] for unit in known.units])
    cold: list[bytes | bytearray] = [getattr(known, column) for column in COLD]
    cold += [*known.rests, len(units).to_bytes(_LENGTH, "big"), units]
    cold += [column for unit in known.units for column in (unit.visited, unit.chosen)]
    hot = [header, known.folder_stats, known.file_stats, encoded("/".join(known.names))]
    crc = 0
    for column in (*hot, *cold):
        crc = zlib.crc32(column, crc)
    return [*hot, crc.to_bytes(_CRC, "big"), *cold]


def packed(groups: Iterable[Sequence[str]]) -> bytes:
    """Return groups of texts without NUL as bytes."""
    return encoded("\0".join("\0".join([str(len(group)), *group]) for group in groups))
