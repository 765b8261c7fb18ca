"""Whether git's index may hold a path, told by its bytes: without git, and without reading it entry by entry.

In versions 2 and 3 of the format (gitformat-index) each path stands in full, between its length and a NUL. It does not
in version 4, in a split index (extension ``link``) and in a sparse one (``sdir``): of these, only git can tell.
"""

from __future__ import annotations

_IN_FULL = (b"DIRC\0\0\0\2", b"DIRC\0\0\0\3")
_ELSEWHERE = (b"link\0", b"sdir\0")
"""These extensions, with the first byte of their length."""
_SLASH = 0x2F


def names_in_full(index: bytes) -> bool:
    """Tell whether all paths of an index stand in it in full. A path that ends like an extension makes it a no."""
    return index.startswith(_IN_FULL) and not any(mark in index for mark in _ELSEWHERE)


def may_hold(index: bytes, path: bytes) -> bool:
    """Tell whether an index, in which paths stand in full, may hold a path or one below it: no is certain.

    Args:
        index: What the file holds.
        path: Relative to the work tree's root, without a slash at its end.
    """
    at = index.find(path)
    while at >= 0:
        # In front of a path stands the low byte of its length, which may look like a slash as well.
        is_begin = index[at - 1] != _SLASH or (index.find(b"\0", at) - at) & 0xFF == _SLASH
        if is_begin and index[at + len(path) : at + len(path) + 1] in (b"/", b"\0"):
            return True
        at = index.find(path, at + 1)
    return False
