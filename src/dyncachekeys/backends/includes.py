"""Which files of the tree a source in a compiled language includes, as far as it quotes their names."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator

_QUOTED = rb"[ \t]*[\"']([^\"'\r\n]+)[\"']"
_BY_ENDING = (
    # C and what is like it, Objective-C, assembler, TableGen, IDL; Cython and Fortran.
    ((".rs",), re.compile(rb"include(?:_str|_bytes)?!\s*\(\s*\"([^\"\r\n]+)\"")),
    ((".pyx", ".pxd", ".pxi"), re.compile(rb"^[ \t]*(?:include|cdef[ \t]+extern[ \t]+from)" + _QUOTED, re.MULTILINE)),
    (("",), re.compile(rb"^[ \t]*[#%.]?[ \t]*(?:include|import|incbin)" + _QUOTED, re.MULTILINE | re.IGNORECASE)),
)
_ROOTS = ("", "include", "src")
"""Where compilers are often told to look."""
_MOST_FILES = 5000


def included(paths: Iterable[str], read: Callable[[str], bytes], is_file: Callable[[str], bool]) -> list[str]:
    """Return the files that some sources include, and what these include, each once.

    Args:
        paths: The sources.
        read: Returns a file's content, or raises `OSError`.
        is_file: Whether there is a file at a path.
    """
    todo, found = list(paths), dict[str, None]()
    seen = set(todo)
    while todo and len(seen) < _MOST_FILES:
        path = todo.pop()
        for name in _names(path, read):
            place = next(filter(is_file, _places(path, name)), None)
            if place is not None:
                found[place] = None
                if place not in seen:
                    seen.add(place)
                    todo.append(place)
    return list(found)


def _names(path: str, read: Callable[[str], bytes]) -> Iterator[str]:
    form = next(form for endings, form in _BY_ENDING if path.endswith(endings))
    try:
        content = read(path)
    except OSError:
        return
    for name in form.findall(content):
        yield name.decode("utf-8", "replace")


def _places(path: str, name: str) -> Iterator[str]:
    """Yield where a name may lead: beside the source, or below the folders where compilers are often told to look."""
    if posixpath.isabs(name) or "\\" in name or "\0" in name:
        return
    for folder in dict.fromkeys([posixpath.dirname(path), *_ROOTS]):
        yield posixpath.normpath(posixpath.join(folder, name))
