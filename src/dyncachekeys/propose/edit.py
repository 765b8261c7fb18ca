"""The edit of ``pyproject.toml``: keys at its end, entries out of ``cache-keys``; text to text, and proved."""

from __future__ import annotations

import itertools
import posixpath
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from dyncachekeys.config.model import WHERE
from dyncachekeys.errors import ConfigurationError, DyncachekeysError, EditError, Problem
from dyncachekeys.files.pattern import check, exactly
from dyncachekeys.propose.audit import Audit, Dependency
from dyncachekeys.propose.keys import Declaration, Table
from dyncachekeys.propose.watched import folder_of
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.region import find_list, line_end, line_start
from dyncachekeys.pyproject.remove import cut
from dyncachekeys.pyproject.source import KEY, decode, parse, prove, user_entries
from dyncachekeys.pyproject.spans import less, owned_spans


def removable(data: bytes) -> bool:
    """Tell whether entries can be taken out of ``cache-keys``: whether it is a plain list."""
    listing = find_list(decode(data)[1])
    return listing is not None and listing.statement.path == KEY


def with_keys(data: bytes, keys: Sequence[Declaration]) -> bytes:
    """Return a ``pyproject.toml`` with keys at its end, and every other byte as it was.

    Raises:
        EditError: it can't be done safely; the message shows what to add by hand.
    """
    lines = [line for key in keys for line in ("", *key.lines())]
    return _with_tables(data, data, lines[1:], {"keys": {key.name: key.as_table() for key in keys}})


def with_table(data: bytes, table: Table, removed: Sequence[bool]) -> bytes:
    """Return a ``pyproject.toml`` with the table at its end and without some entries; all else is as it was.

    Args:
        data: The file.
        table: What to add; may be empty.
        removed: For each element of ``cache-keys``, whether to remove it; empty if none is to go.

    Raises:
        EditError: it can't be done safely; the message shows what to write by hand.
    """
    left, comments = _without(data, removed)
    content = table.as_table()
    return _with_tables(data, left, list(table.lines(comments)) if content else [], content, removed)


def with_lines(data: bytes, lines: Sequence[str], *, apart: bool = False) -> bytes:
    """Return a file with lines at its end, in its own newlines; `apart` puts a blank line before them."""
    if not lines:
        return data
    end = b"\r\n" if b"\r\n" in data else b"\n"
    start = data if not data or data.endswith(b"\n") else data + end
    if apart and data and not start.endswith(end * 2):
        start += end
    return start + b"".join(line.encode() + end for line in lines)


def _with_tables(
    before: bytes, left: bytes, lines: Sequence[str], content: Mapping[str, Any], removed: Sequence[bool] = ()
) -> bytes:
    """Return what is left of a document with lines at its end, if that adds this content and changes nothing else."""
    after = with_lines(left, lines, apart=True)
    try:
        entries = itertools.zip_longest(user_entries(before), removed)
        kept = [entry for entry, is_removed in entries if not is_removed]
        expected = _merged(parse(before), {"tool": {"dyncachekeys": content}} if content else {})
        _prove(expected, after, kept)
        proved = cut(after).data == cut(left).data + after[len(left) :]
    except (DyncachekeysError, TypeError):  # a list, where a table has to be
        proved = False
    if not proved:
        shown = "".join(f"\n    {line}" for line in lines)
        message = "the keys can't be added at the end safely, so the file was left as it was"
        remedy = f"write `tool` and the tables in it with headers, or add by hand:{shown}"
        raise EditError([Problem("edit-not-proved", message, WHERE, remedy)])
    return after


def _merged(table: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the content of another one added, level by level."""
    merged = {**table}
    for name, value in more.items():
        merged[name] = _merged(merged.get(name, {}), value) if isinstance(value, Mapping) else value
    return merged


def _prove(expected: Mapping[str, Any], after: bytes, entries: Sequence[object]) -> None:
    try:
        prove(expected, after, [entries])
    except EditError:
        # Where only a dotted `tool.uv.cache-keys` stood, `tool` is now what the new table's header makes.
        prove(dict(sorted(expected.items(), key=lambda item: item[0] == "tool")), after, [entries])


def _without(data: bytes, removed: Sequence[bool]) -> tuple[bytes, list[str]]:
    """Return a document without some entries, and the comments that went with the whole list."""
    if not any(removed):
        return data, []
    bom, text = decode(data)
    listing = find_list(text)
    if listing is None or len(listing.array.elements) != len(removed):
        raise ConfigurationError([Problem("edit-not-proved", "can't be edited", ".".join(KEY), "write a plain list")])
    if not all(removed):
        return bom + less(text, owned_spans(text, listing, removed)).encode(), []
    statement = listing.statement
    comments = [text[comment.start : comment.end].rstrip() for comment in listing.array.comments]
    return bom + less(text, [(line_start(text, statement.start), line_end(text, statement.end))]).encode(), comments


def additions(audit: Audit) -> list[Declaration]:
    """Return keys that watch what nobody watches, as far as a key can: files by patterns, variables by name."""
    read = [path for path in _unwatched("read", audit) if path != FILE]
    files = [path for path in read if path not in audit.in_tree and not _is_of_machine(path, audit)]
    patterns = _patterns(files, audit)
    variables = _unwatched("variables", audit)
    found: list[Declaration] = []
    if audit.in_tree.intersection(read):
        found.append(Declaration(_free("backend", audit), "backend", {}, ()))
    if patterns:
        found.append(Declaration(_free("traced-files", audit), "files", {"patterns": patterns}, ()))
    if variables:
        found.append(Declaration(_free("traced-variables", audit), "env", {"names": variables}, ()))
    return found


def not_nameable(audit: Audit, added: Iterable[Declaration]) -> list[Dependency]:
    """Return what nobody watches and no key can name: files that are not there, and folders by themselves."""
    patterns = [key.options.get("patterns") for key in added]
    folders = {folder_of(pattern.strip("/")) for some in patterns if isinstance(some, list) for pattern in some}
    return [one for one in audit.unwatched if not _is_nameable(one, folders, audit)]


def _is_nameable(one: Dependency, folders: Container[str], audit: Audit) -> bool:
    match one.asked:
        case "read":
            return not _is_of_machine(one.subject, audit)
        case "listed":
            return one.subject in folders
        case _:
            return one.asked == "variables"


def _unwatched(asked: str, audit: Audit) -> list[str]:
    return [one.subject for one in audit.unwatched if one.asked == asked]


def _is_of_machine(path: str, audit: Audit) -> bool:
    """Tell whether a path leads over the root of the file system: it would be another one in another checkout."""
    return path.split("/").count("..") >= len(audit.root.parts) - 1


def _free(name: str, audit: Audit) -> str:
    """Return a name that no declared key has."""
    numbered = (f"{name}-{number}" for number in itertools.count(2))
    return next(free for free in itertools.chain([name], numbered) if free not in audit.key_names)


def _patterns(files: Iterable[str], audit: Audit) -> list[str]:
    """Return one pattern for each listed folder where all that the build reads has one suffix; else each file."""
    suffixes = {folder: _common_suffix(folder, audit) for folder in _listed_by_own_code(audit) if folder != "."}
    found = [f"{exactly(folder)}/*{suffix}" for folder, suffix in suffixes.items() if suffix]
    found += [exactly(path) for path in files if not suffixes.get(folder_of(path))]
    return [pattern for pattern in found if check(pattern) is None]


def _listed_by_own_code(audit: Audit) -> list[str]:
    # What a build requirement lists, as setuptools packages, it lists for the names: the content may not count.
    return [one.subject for one in audit.unwatched if one.asked == "listed" and ":" in one.who]


def _common_suffix(folder: str, audit: Audit) -> str:
    """Return the suffix that all files have that the build reads in a folder; empty if they have several or none."""
    suffixes = {posixpath.splitext(path)[1] for path in audit.trace.read if folder_of(path) == folder}
    return suffixes.pop() if len(suffixes) == 1 else ""
