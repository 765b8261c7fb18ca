"""What a requirement reads of an ignore file in an editable build: which of the files that it used are left out."""

from __future__ import annotations

import os
import posixpath

from dyncachekeys.files.gitignore import Rules
from dyncachekeys.files.ignore import IGNORE_FILE
from dyncachekeys.files.tree import Files
from dyncachekeys.paths import split
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.trace.rules import is_of_project


def is_by_effect(path: str, who: str, record: BuildRecord) -> bool:
    """Tell whether of a file that was read only its effect counts.

    A wheel takes in whatever is not ignored, so that there each line may count, and so it does for the project's code.
    """
    return record.kind == "editable" and posixpath.basename(path) == IGNORE_FILE and not is_of_project(who)


def left_out(path: str, record: BuildRecord, files: Files) -> list[str] | None:
    """Return which of the files and folders that a build used an ignore file matches, sorted; nothing without the file.

    As git takes it, from the folder that it lies in, and as hatchling does (1.33: ``builders/config.py``), from the
    project's: a change of either counts.
    """
    try:
        lines = files.read(path).decode("utf-8-sig", "surrogateescape").split("\n")
    except OSError:
        return None
    rules, bases = Rules(lines), {split(path)[0], ""}
    used = {**record.trace.listed, **record.trace.there, **record.trace.read}
    return sorted(one for one in used if any(_matches(rules, _below(one, base, files)) for base in bases))


def _below(path: str, base: str, files: Files) -> str:
    return os.path.relpath(files.full(path), files.full(base)).replace(os.sep, "/")


def _matches(rules: Rules, path: str) -> bool:
    """Tell whether a path below the folder of some rules, or a folder that it lies in, is ignored."""
    place, parts = rules.top, path.split("/")
    if parts[0] in {"..", "."}:
        return False
    for number, part in enumerate(parts, 1):
        index = max(place.find(part, is_dir=number < len(parts)), place.find(part, is_dir=True))
        if index >= 0 and not rules.negated[index]:
            return True
        place = place.enter(part)
    return False
