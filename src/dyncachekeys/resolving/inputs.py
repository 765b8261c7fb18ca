"""What keys found, looked at: a few inputs one by one, and whole selections folder by folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Input
from dyncachekeys.paths import join, split
from dyncachekeys.quick.digest import Triple, combined, folder_digest, rest_digest


class Inputs:
    """The inputs of one key. Those of a selection become values only when they are asked for.

    Args:
        single: One by one, sorted.
        selected: A selection, none of whose files is among them.
        files: The project's files, where all of them were looked at.
    """

    def __init__(self, single: Iterable[Input], selected: Selected | None, files: Files) -> None:
        self.single: tuple[Input, ...] = tuple(single)
        self.selected = selected
        self._files = files

    def __len__(self) -> int:
        return len(self.single) + (len(self.selected) if self.selected is not None else 0)

    def __iter__(self) -> Iterator[Input]:
        yield from sorted([*self.single, *self.of_selection()], key=lambda one: (one.kind, one.subject, one.state))

    def of_selection(self, *, only_non_regular: bool = False) -> Iterator[Input]:
        """Yield the inputs of the selection; if wanted, only those that are not regular files."""
        if self.selected is None:
            return
        for folder, chosen in self.selected.folders.items():
            seen = self._files.folders[folder]
            if only_non_regular and not seen.non_regular:
                continue
            for name, number in chosen:
                if not only_non_regular or name in seen.non_regular:
                    path = join(folder, name)
                    reason = f"matches {self.selected.patterns[number]}"
                    yield Input("file", path, seen.state(name) or "", reason, tree=True)


class Digests(NamedTuple):
    """The digest of some inputs, and what it is made of."""

    rest: bytes
    """Over all that are not files."""
    folders: Mapping[str, bytes]
    names: Mapping[str, Sequence[str]]
    """By folder, the names of the files, sorted."""
    others: int
    """How many different inputs there are besides files."""

    @property
    def digest(self) -> str:
        """The digest over all of them."""
        return combined(self.rest, self.folders)

    @property
    def total(self) -> int:
        """How many different inputs there are."""
        return self.others + sum(map(len, self.names.values()))


def digests_of(
    single: Iterable[Triple], selections: Iterable[Selected], files: Files, known: Digests | None = None
) -> Digests:
    """Return the digests of inputs, each of which counts once.

    Args:
        single: (kind, subject, state), one by one.
        selections: Selections.
        files: The project's files, where all of them were looked at.
        known: Digests of the same files, perhaps with others: what is equal is not computed again.
    """
    rest: list[Triple] = []
    names: dict[str, list[str]] = {}
    for selected in selections:
        for folder, chosen in selected.folders.items():
            _merge(names, folder, [name for name, _ in chosen])
    one_by_one: dict[str, set[str]] = {}
    for kind, subject, state in single:
        if kind == "file":
            folder, name = split(subject)
            one_by_one.setdefault(folder, set()).add(name)
        else:
            rest.append((kind, subject, state))
    for folder, of_folder in one_by_one.items():
        _merge(names, folder, sorted(of_folder))
    folders = {folder: _folder_digest(folder, of_folder, files, known) for folder, of_folder in names.items()}
    return Digests(rest_digest(rest), folders, names, len({(kind, subject) for kind, subject, _ in rest}))


def _merge(names: dict[str, list[str]], folder: str, more: list[str]) -> None:
    known = names.get(folder)
    if known is None:
        names[folder] = more
    elif known != more:
        names[folder] = sorted({*known, *more})


def _folder_digest(folder: str, names: Sequence[str], files: Files, known: Digests | None) -> bytes:
    if known is not None and known.names.get(folder) == names:
        return known.folders[folder]
    seen = files.folders[folder]
    if seen.digest and not seen.non_regular and len(names) == len(seen.names):
        return seen.digest
    return folder_digest(names, seen.states(names))
