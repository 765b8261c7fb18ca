"""HEAD and tags, read from git's own files: without the git program, and without its cost.

SHA-1 and SHA-256 repositories, linked worktrees, submodules and packed refs; not reftable, which only git
itself can read. Every file and folder that is looked at becomes part of the run's snapshot.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files.tree import Files

_OBJECT = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_PER_WORKTREE = re.compile(r"refs/(bisect|rewritten|worktree)/")
_LONGEST_CHAIN = 5
"""As git has it: a ref that names a ref that names a ref..."""
TAGS = "refs/tags"


class GitFolder(NamedTuple):
    """Where git keeps what, relative to the project."""

    own: str
    """Of this work tree: HEAD is there."""
    common: str
    """Of the repository: all else is there. The same as ``own`` but in a linked worktree."""
    plain: bool
    """Whether ``.git`` is that folder itself, and not a file that leads there."""


def work_tree(files: Files, at: Path | None = None) -> Path | None:
    """Return the root of the repository that a folder, or else the project, is in: the nearest with a ``.git``."""
    start = at or files.root
    return next((folder for folder in (start, *start.parents) if files.exists(files.relative(folder / ".git"))), None)


def find(files: Files) -> GitFolder | None:
    """Return the nearest repository at or above the project; nothing where there is none."""
    for above in (files.root, *files.root.parents):
        path = files.relative(above / ".git")
        if files.is_dir(path):
            if files.is_file(f"{path}/HEAD") or _text(files, f"{path}/HEAD"):
                return GitFolder(path, path, plain=True)
        elif files.is_file(path):
            return kept_in(files, path)
    return None


def kept_in(files: Files, path: str) -> GitFolder | None:
    """Return where git keeps what, by the path of a ``.git``; nothing if that is neither a folder nor leads to one."""
    if files.is_dir(path):
        return GitFolder(path, path, plain=True)
    text = _text(files, path)
    if not text.startswith("gitdir:"):
        return None
    own = _leading(files, posixpath.dirname(path), text.removeprefix("gitdir:").strip())
    common = _text(files, f"{own}/commondir")
    return GitFolder(own, _leading(files, own, common) if common else own, plain=False)


def is_reftable(files: Files, folder: GitFolder) -> bool:
    """Tell whether the refs lie where only git itself can read them."""
    return files.is_file(f"{folder.common}/reftable/tables.list")


def head(files: Files, folder: GitFolder) -> str | None:
    """Return the commit that is checked out; nothing before the first commit."""
    return _resolved(files, folder, "HEAD")


def head_for_uv(files: Files, folder: GitFolder, *, packed: bool) -> str | None:
    """Return the commit as uv finds it: in HEAD, or under the one name that stands there (U9).

    ``packed`` says whether it looks into packed refs, and beyond a linked worktree.
    """
    text = _text(files, f"{folder.own}/HEAD") if folder.plain or packed else ""
    _, is_ref, name = text.partition("ref:")
    if is_ref:
        text = _text(files, f"{folder.common}/{name.strip()}")
        text = text or (dict(_packed(files, folder)).get(name.strip(), "") if packed else "")
    return text if _is_sha1(text) else None


def tags(files: Files, folder: GitFolder) -> dict[str, str]:
    """Return the tags, each with the object that it names."""
    found = _packed_tags(files, folder)
    for name in _loose_names(files, folder.common, TAGS):
        value = None if name.endswith(".lock") else _resolved(files, folder, name)
        if value is not None:
            found[name.removeprefix(f"{TAGS}/")] = value
    return found


def tags_for_uv(files: Files, folder: GitFolder, *, packed: bool) -> dict[str, str] | None:
    """Return the tags as uv finds them: files below ``refs/tags``; nothing if one is not a tag (U9).

    ``packed`` as in `head_for_uv`.
    """
    if not (folder.plain or packed):
        return None
    found = _packed_tags(files, folder) if packed else {}
    for name in _loose_names(files, folder.common, TAGS):
        found[name.removeprefix(f"{TAGS}/")] = _text(files, f"{folder.common}/{name}")
    return found if all(map(_is_sha1, found.values())) else None


def note(files: Files, folder: GitFolder) -> None:
    """Note all files that hold HEAD, branches and tags: an answer of git itself depends on them."""
    for place in dict.fromkeys((folder.own, folder.common)):
        for name in ("HEAD", "packed-refs", "shallow", "reftable/tables.list"):
            files.note(f"{place}/{name}")
        for name in _loose_names(files, place, "refs"):
            files.note(f"{place}/{name}")


def _resolved(files: Files, folder: GitFolder, name: str) -> str | None:
    for _ in range(_LONGEST_CHAIN):
        own = name == "HEAD" or _PER_WORKTREE.match(name)
        text = _text(files, f"{folder.own if own else folder.common}/{name}")
        text = text or dict(_packed(files, folder)).get(name, "")
        if not text.startswith("ref:"):
            return text if _OBJECT.fullmatch(text) else None
        name = text.removeprefix("ref:").strip()
    return None


def _packed_tags(files: Files, folder: GitFolder) -> dict[str, str]:
    return {
        name.removeprefix(f"{TAGS}/"): value
        for name, value in _packed(files, folder)
        if name.startswith(f"{TAGS}/") and _OBJECT.fullmatch(value)
    }


def _packed(files: Files, folder: GitFolder) -> Iterator[tuple[str, str]]:
    for line in _text(files, f"{folder.common}/packed-refs").split("\n"):
        value, _, name = line.partition(" ")
        if name and not value.startswith(("#", "^")):
            yield name, value


def _loose_names(files: Files, place: str, below: str) -> Iterator[str]:
    for entry in files.listing(f"{place}/{below}"):
        name = f"{below}/{entry.name}"
        if entry.is_dir():
            yield from _loose_names(files, place, name)
        elif entry.is_file():
            yield name


def _is_sha1(text: str) -> bool:
    return len(text) == 40 and bool(_OBJECT.fullmatch(text))  # noqa: PLR2004  hexadecimal digits


def _leading(files: Files, folder: str, path: str) -> str:
    """Return where a path leads that is written in a file of git's, relative to that file's folder."""
    return files.relative(os.path.normpath(os.path.join(files.full(folder), path)))


def _text(files: Files, path: str) -> str:
    """Return a file's content, stripped; empty where there is none."""
    try:
        return files.read(path).decode("utf-8", "surrogateescape").strip()
    except OSError:
        return ""
