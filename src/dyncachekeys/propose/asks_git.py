"""Which files of a build ask git, by their text: build scripts of crates, CMake, Meson, and Python."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

_COMMANDS = rb"(?:describe|rev-parse|rev-list|log|show|tag)\b"
_QUOTED = rb"[\"']git[\"']|[\"']git[ \t]+" + _COMMANDS
_FOLDER = rb"(?<![\w.-])\.git\b"
"""The repository's own, and not the end of an address."""
_FORMS = {
    "build.rs": re.compile(_QUOTED + rb"|" + _FOLDER + rb"|\bvergen\b"),
    "CMakeLists.txt": re.compile(rb"(?:\bgit|GIT_EXECUTABLE\}?\"?)[ \t\r\n]+" + _COMMANDS, re.IGNORECASE),
    "meson.build": re.compile(rb"\bvcs_tag[ \t]*\(|" + _QUOTED),
    "*.cmake": re.compile(rb"(?:\bgit|GIT_EXECUTABLE\}?\"?)[ \t\r\n]+" + _COMMANDS, re.IGNORECASE),
    "*.py": re.compile(
        _QUOTED + rb"|" + _FOLDER + rb"/"
    ),  # without the slash it is often in a list of what to leave out
}


def asking_git(paths: Iterable[str], read: Callable[[str], bytes]) -> Iterator[str]:
    """Yield those of some files that ask git, as far as their text tells.

    Args:
        paths: The files.
        read: Returns a file's content, or raises `OSError`.
    """
    for path in paths:
        name = posixpath.basename(path)
        form = _FORMS.get(name) or _FORMS.get(f"*{posixpath.splitext(name)[1]}")
        try:
            if form is not None and form.search(read(path)):
                yield path
        except OSError:
            continue
