"""Framed hashing: the same digest on every machine, interpreter, clock, checkout path and order.

Every field is preceded by its length, so that no two different sets of inputs look alike. Files are
hashed folder by folder, as git does it, so that the edit of one among a hundred thousand costs the
hashing of its folder. A change of anything here changes every digest: raise ``ALGORITHM`` with it; the
test vectors will insist.
"""

from __future__ import annotations

import hashlib

TYPE_CHECKING = False  # an edit is answered from here, in front of a uv command
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ALGORITHM = b"dyncachekeys-digest-2"
PREFIX = "sha256-"

Triple = tuple[str, str, str]
"""(kind, subject, state)"""


def framed(fields: Iterable[bytes]) -> bytes:
    """Return byte strings one after the other, each preceded by its length."""
    return b"".join(len(field).to_bytes(8, "big") + field for field in fields)


def encoded(text: str) -> bytes:
    """Encode as UTF-8; the bytes of a file name that is not UTF-8 stay what they are."""
    return text.encode("utf-8", "surrogateescape")


def digest_of(triples: Iterable[Triple]) -> str:
    """Return ``sha256-<hex>`` over the deduplicated, sorted set of (kind, subject, state)."""
    rest: list[Triple] = []
    folders: dict[str, set[tuple[str, str]]] = {}
    for kind, subject, state in triples:
        if kind == "file":
            folder, _, name = subject.rpartition("/")
            folders.setdefault(folder, set()).add((name, state))
        else:
            rest.append((kind, subject, state))
    by_folder = {folder: folder_digest(*zip(*sorted(files), strict=True)) for folder, files in folders.items()}
    return combined(rest_digest(rest), by_folder)


def file_state(digest: str, *, executable: bool) -> str:
    """Return the state of a regular file.

    Args:
        digest: The SHA-256 of its content, in hexadecimal.
        executable: Whether its owner may execute it.
    """
    return f"file {'x' if executable else '-'} {digest}"


def folder_digest(names: Sequence[str], states: Sequence[str]) -> bytes:
    """Return the digest of the files of one folder.

    Args:
        names: Sorted. A name holds no NUL character, nor does a state: that is what frames them here.
        states: In the order of the names.
    """
    return hashlib.sha256(encoded("\0".join([*names, "", *states]))).digest()


def rest_digest(triples: Iterable[Triple]) -> bytes:
    """Return the digest of the inputs that are not files."""
    return hashlib.sha256(framed(sorted({framed(map(encoded, triple)) for triple in triples}))).digest()


def combined(rest: bytes, folders: Mapping[str, bytes]) -> str:
    """Return ``sha256-<hex>`` of all inputs.

    Args:
        rest: The digest of those that are not files.
        folders: Those of the files, by their folder relative to the project; empty for the project's own.
    """
    rows = (framed([encoded(folder), folders[folder]]) for folder in sorted(folders))
    return PREFIX + hashlib.sha256(framed([ALGORITHM, rest, *rows])).hexdigest()
