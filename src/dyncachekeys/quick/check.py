"""The quiet path: does all that the last run looked at still stand as it was?

It sits in front of every uv command, so it imports `snapshot` and nothing else, changes nothing, and on
any doubt leaves it to the full path. It can never say more than that: what holds here is what the full
path would believe too.
"""

from __future__ import annotations

import os

from dyncachekeys.quick import snapshot

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from dyncachekeys.quick.snapshot import Snapshot

HOME = ".dyncachekeys"
_ENOUGH_FOR_TWO = 2_500
"""From how many files on a second process pays: making one takes as long as some 700 stats."""


class NotQuick(Exception):  # noqa: N818  it is not an error
    """This is for the full path."""


class QuickCheck:
    """A quick look at all files and folders of the last run, for whoever looks closer afterwards."""

    __slots__ = ("known", "places", "started")

    def __init__(self, known: Snapshot, places: Sequence[int], started: int) -> None:
        self.known: Snapshot = known
        self.places: Sequence[int] = places
        """What is not as it was, or racy: files from 0 up, folders from -1 down."""
        self.started: int = started
        """When it began, in nanoseconds (`clock.monotonic`)."""


def differences(root: str, known: Snapshot, environ: Mapping[str, str]) -> list[int]:
    """Return the places of files and folders that are not as they were, or racy.

    Args:
        root: The project's folder, absolute.
        known: What the last run looked at.
        environ: The environment.

    Returns:
        As `Snapshot.racy`: files count from 0 up, folders from -1 down.

    Raises:
        NotQuick: something else differs.
    """
    try:
        if known.always or not (_home_holds(root, known) and environment_holds(known, environ)):
            raise NotQuick
    except ValueError as error:  # it is damaged: that is no salt
        raise NotQuick from error
    return looks(root, known)


def looks(root: str, known: Snapshot) -> list[int]:
    """Return the same for what was looked at alone, whoever looked. Errors as `differences`."""
    for fact in known.facts:
        if not _is_fact(fact[0], f"{root}/{fact[1:]}"):
            raise NotQuick
    try:
        if any(snapshot.non_regular_stat(f"{root}/{path}") != row for path, row in known.non_regular):
            raise NotQuick
    except (OSError, ValueError) as error:  # not there, or not to be looked at any more, or no name at all
        raise NotQuick from error
    return places(root, known)


def places(root: str, known: Snapshot) -> list[int]:
    """Return the places of files and folders that are not as they were, are gone, or are racy.

    Arguments and result as `differences`.

    Raises:
        NotQuick: that can't be told.
    """
    try:
        return sorted({*in_folders(root, known), *known.racy})
    except (OSError, ValueError) as error:
        raise NotQuick from error


def _home_holds(root: str, known: Snapshot) -> bool:
    """Tell whether the stamp and the state are those that were written with the snapshot."""
    home = f"{root}/{HOME}"
    try:
        if snapshot.non_regular_stat(f"{home}/{snapshot.STATE_FILE}") != known.state:
            return False
        return os.readlink(f"{home}/current") == known.stamp
    except OSError:
        return not known.stamp and os.path.lexists(f"{home}/{snapshot.STATE_FILE}")


def environment_holds(known: Snapshot, environ: Mapping[str, str]) -> bool:
    """Tell whether all variables that were asked for are as they were."""
    salt = known.salt
    if any(snapshot.sealed_names(salt, prefix, environ) != seal for prefix, seal in known.prefixes):
        return False
    return all(snapshot.sealed_value(salt, environ.get(name)) == seal for name, seal in known.env)


def _is_fact(kind: str, full: str) -> bool:
    if kind == "F":
        return os.path.isfile(full)
    if kind == "f":
        return not os.path.isfile(full)
    if kind == "D":
        return os.path.isdir(full)
    if kind == "R":
        return os.path.isdir(full) and not os.path.islink(full)
    if kind == "d":
        return not os.path.isdir(full)
    return not os.path.lexists(full)


def in_folders(root: str, known: Snapshot) -> list[int]:
    """Look at all folders and files; on large trees with a second process, which has its own half."""
    here = os.open(".", os.O_RDONLY) if os.chdir in os.supports_fd else os.getcwd()
    try:
        middle, first = _middle(known)
        if not middle:
            return _between(root, known, 0, len(known.folders), 0)
        from dyncachekeys.quick.child import Child

        second = Child(lambda: " ".join(map(str, _between(root, known, middle, len(known.folders), first))).encode())
        try:
            found = _between(root, known, 0, middle, 0)
        finally:
            answer = second.answer()
        if answer is None:
            raise NotQuick
        return [*found, *map(int, answer.split())]
    finally:
        os.chdir(here)
        if isinstance(here, int):
            os.close(here)


def _middle(known: Snapshot) -> tuple[int, int]:
    """Return the folder with which the second process begins, and its first file; 0 if one process does it."""
    files = len(known.file_stats) // 32
    if files < _ENOUGH_FOR_TWO:
        return 0, 0
    from dyncachekeys.quick import child

    if not child.pays():
        return 0, 0
    counts = memoryview(known.folder_stats).cast("q")[3::4]
    passed = 0
    for place, count in enumerate(counts):
        if passed >= files // 2:
            return place, passed
        passed += count
    return 0, 0


def _between(root: str, known: Snapshot, begin: int, end: int, first: int) -> list[int]:
    """Look at the folders from one place to another, whose files begin at ``first``.

    Going there once and naming the files from there is a fifth faster than naming them from the root.
    """
    found: list[int] = []
    folders = iter(memoryview(known.folder_stats).cast("q")[begin * 4 :])
    numbers = iter(memoryview(known.file_stats).cast("q")[first * 4 :])
    for place in range(begin, end):
        mtime, ctime, inode, count = next(folders), next(folders), next(folders), next(folders)
        if not inode and not count:  # nothing was seen there, and it may not be there
            continue
        try:
            os.chdir(f"{root}/{known.folders[place]}")
        except OSError:
            found += (-1 - place, *range(first, first + count))
            first += count
            for _ in range(count * 4):
                next(numbers, 0)
            continue
        if inode:
            info = os.stat(".")
            if info.st_mtime_ns != mtime or info.st_ctime_ns != ctime or info.st_ino != inode:
                found.append(-1 - place)
        if count:
            found += _changed(known.names[place].split("\0"), numbers, first)
            first += count
    return found


def _changed(names: list[str], numbers: Iterator[int], first: int) -> list[int]:
    """Return the places of those files in the current folder that are not as they were."""
    found = []
    lstat = os.lstat
    # The names come first, so that no number is taken when they end.
    for place, (name, size, mtime, ctime, inode) in enumerate(
        zip(names, numbers, numbers, numbers, numbers),  # noqa: B905
        first,
    ):
        try:
            info = lstat(name)
        except OSError:
            found.append(place)
            continue
        if info.st_mtime_ns != mtime or info.st_ctime_ns != ctime or info.st_size != size or info.st_ino != inode:
            found.append(place)
    return found
