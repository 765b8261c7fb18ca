"""Keys for what a build depends on and nobody watches, put at the end of ``pyproject.toml``: text to text."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from dyncachekeys.errors import DyncachekeysError, EditError, Problem
from dyncachekeys.files.pattern import check, exactly
from dyncachekeys.propose.audit import folder_of, names, unwatched
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.render import render
from dyncachekeys.pyproject.source import decode, parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from dyncachekeys.propose.audit import Audit, Dependency

_KEYS = "tool.dyncachekeys.keys"


@dataclass(frozen=True, slots=True)
class Addition:
    """A key that is to be added."""

    name: str
    options: Mapping[str, str | list[str]]

    def lines(self) -> Iterator[str]:
        """Yield it as TOML."""
        yield f"[{_KEYS}.{self.name}]"
        for option, value in self.options.items():
            if isinstance(value, str):
                yield f"{option} = {render(value)}"
            else:
                yield f"{option} = ["
                yield from (f"    {render(one)}," for one in value)
                yield "]"


def additions(one: Audit) -> list[Addition]:
    """Return keys that watch what nobody watches, as far as a key can: files by patterns, variables by name."""
    missed, known = unwatched(one), set(one.taken)
    found: list[Addition] = []
    read = [path for path in names(missed, "read") if path != FILE]
    files = [path for path in read if path not in one.in_tree and not _is_of_machine(path, one)]
    if one.in_tree.intersection(read):
        found.append(Addition(_free("backend", known), {"resolver": "backend"}))
    # What a build requirement lists, as setuptools packages, is for their names: their content may not count.
    listed = names([each for each in missed if ":" in each.who], "listed")
    patterns = list(_patterns(files, listed, one))
    if patterns:
        found.append(Addition(_free("traced-files", known), {"resolver": "files", "patterns": patterns}))
    variables = names(missed, "variables")
    if variables:
        found.append(Addition(_free("traced-variables", known), {"resolver": "env", "names": variables}))
    return found


def beyond(one: Audit, added: Iterable[Addition]) -> list[Dependency]:
    """Return what nobody watches and no key can: files that are not there, and folders by themselves."""
    patterns = [pattern for each in added for pattern in each.options.get("patterns", [])]
    return [
        each
        for each in unwatched(one)
        if each.asked in {"missing", "there"}
        or (each.asked == "read" and _is_of_machine(each.subject, one))
        or (each.asked == "listed" and not any(folder_of(pattern.strip("/")) == each.subject for pattern in patterns))
    ]


def _is_of_machine(path: str, one: Audit) -> bool:
    """Tell whether a path leads over the root of the file system: another checkout has another way there."""
    return path.split("/").count("..") >= len(one.root.parts) - 1


def _free(name: str, taken: set[str]) -> str:
    found, number = name, 2
    while found in taken:
        found, number = f"{name}-{number}", number + 1
    taken.add(found)
    return found


def _patterns(files: Iterable[str], listed: Iterable[str], one: Audit) -> Iterator[str]:
    """Yield patterns: for what is read in a folder that is listed, one by their common ending; else each file."""
    rest = list(files)
    for folder in listed:
        here = [path for path in one.trace.read if folder_of(path) == folder]
        endings = {posixpath.splitext(path)[1] for path in here}
        if folder != "." and len(endings) == 1 and "" not in endings:
            yield f"{exactly(folder)}/*{endings.pop()}"
            rest = [path for path in rest if path not in here]
    yield from (exactly(path) for path in rest if check(exactly(path)) is None)


def put(data: bytes, added: Iterable[Addition]) -> bytes:
    """Return a ``pyproject.toml`` with keys at its end, and every other byte as it was.

    Raises:
        ConfigurationError: it is not valid.
        EditError: it can't be done so; the message shows what to add by hand.
    """
    added = list(added)
    _, text = decode(data)
    end = "\r\n" if "\r\n" in text else "\n"
    lines = [line for one in added for line in ("", *one.lines())]
    gap = "" if not text or text.endswith("\n") else end
    block = gap + end.join(lines if text else lines[1:]) + end
    after = data + block.encode()
    try:
        proved = _with(parse(data), added) == parse(after)
        proved = proved and cut(after).data == cut(data).data + block.encode()
    except (DyncachekeysError, TypeError):  # a list, where a table has to be
        proved = False
    if not proved:
        shown = "".join(f"\n    {line}" for line in lines[1:])
        message = "keys can't be added at the end safely, so the file was left as it was"
        remedy = f"write `tool.dyncachekeys.keys` as tables with headers, or add by hand:{shown}"
        raise EditError([Problem("edit-not-proved", message, _KEYS, remedy)])
    return after


def _with(before: Mapping[str, Any], added: Iterable[Addition]) -> dict[str, Any]:
    """Return what a document says with keys added."""
    tool = {**before.get("tool", {})}
    ours = {**tool.get("dyncachekeys", {})}
    ours["keys"] = {**ours.get("keys", {}), **{one.name: dict(one.options) for one in added}}
    return {**before, "tool": {**tool, "dyncachekeys": ours}}
