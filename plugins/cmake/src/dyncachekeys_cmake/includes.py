"""What C and C++ sources include, read from their text: so a new include counts before the compiler says so."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from dyncachekeys.plugin import Context
from dyncachekeys_cmake.tree import Tree

_INCLUDE = re.compile(
    r'^[ \t]*\#[ \t]*(?:include|include_next|import|embed)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE
)
_CODE = re.compile(r"\.(?:c|cc|cpp|cxx|c\+\+|cu|cuh|m|mm|h|hh|hpp|hxx|h\+\+|inc|inl|ipp|tpp|tcc|def)$", re.IGNORECASE)


class Includes:
    """The files that others include, under any condition.

    Args:
        context: What is asked.
        tree: What may count.
        folders: Where the compilers of the last build looked for headers.
    """

    def __init__(self, context: Context, tree: Tree, folders: Iterable[str]) -> None:
        self._context, self._tree = context, tree
        self._folders = list(folders)
        self._looked_up: dict[tuple[str, str], str | None] = {}

    def beyond(self, known: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Yield the files that the known ones include and that are not among them, each with its includer."""
        todo = [path for path in known if _CODE.search(path)]
        seen = set(todo)
        for path in todo:
            for target in self._included_by(path):
                if target not in seen:
                    seen.add(target)
                    todo.append(target)
                    yield target, path

    def _included_by(self, path: str) -> Iterator[str]:
        text = self._context.read_bytes(path).decode("utf-8", "replace")
        here = posixpath.dirname(path) or "."
        for quoted, angled in _INCLUDE.findall(text):
            found = self._in(here, quoted) if quoted else None
            found = found or next(filter(None, (self._in(one, quoted or angled) for one in self._folders)), None)
            if found is not None:
                yield found

    def _in(self, folder: str, name: str) -> str | None:
        if (folder, name) not in self._looked_up:
            target = self._tree.placed(folder, name)
            there = self._tree.holds(target) and self._context.is_file(target)
            self._looked_up[folder, name] = target if there else None
        return self._looked_up[folder, name]
