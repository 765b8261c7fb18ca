"""What a resolver yielded, checked and made plain for another process; and the inputs that it becomes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple, get_args

from dyncachekeys.encoding import value_digest
from dyncachekeys.files import repository
from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Directory, Env, File, FoundKind, Git, Input, Kind, Output, Value
from dyncachekeys.paths import normalised
from dyncachekeys.process.environ import Environment
from dyncachekeys.resolving.inputs import Inputs

_KINDS = frozenset([*get_args(Kind), "output"])


class Found(NamedTuple):
    """A result, without its state. A value's data never leaves the process that made it: only its digest."""

    kind: FoundKind
    subject: str
    data: str
    reason: str
    entry: bool
    tree: bool = False


def unpacked(row: Sequence[Any]) -> Found:
    """Return what another process has found.

    Raises:
        TypeError: that is not what one finds.
    """
    found = Found(*row)
    is_text = all(isinstance(one, str) for one in (found.kind, found.subject, found.data, found.reason))
    if not is_text or found.kind not in _KINDS:
        raise TypeError
    return found


class WrongResultError(TypeError):
    """A resolver yielded what is not an input. The message says what it was and what is expected."""


def plain(results: Iterable[object]) -> list[Found]:
    """Check and convert whatever a resolver returned, in its order, each once, selections file by file.

    Raises:
        WrongResultError: something that is not a `File`, `Directory`, `Env` or `Value`, or has a wrong name.
    """
    found, selections = partitioned(results)
    return list(dict.fromkeys([*found, *(one for selected in selections for one in expanded(selected))]))


def partitioned(results: Iterable[object]) -> tuple[list[Found], list[Selected]]:
    """Check and convert whatever a resolver returned, and keep its selections apart. Errors as `plain`."""
    if isinstance(results, (str, bytes)) or not isinstance(results, Iterable):
        message = f"it returned {type(results).__name__}, not an iterable of File, Directory, Env, Git, Output or Value"
        raise WrongResultError(message)
    found: dict[Found, None] = {}
    selections: list[Selected] = []
    for result in results:
        if isinstance(result, Selected):
            selections.append(result)
        elif isinstance(result, Git):
            wanted = {"commit": result.commit, "tags": result.tags}
            found.update({Found("git", name, "", str(result.reason), True): None for name in wanted if wanted[name]})
        else:
            found[_plain(result)] = None
    return list(found), selections


def expanded(selected: Selected) -> Iterator[Found]:
    """Yield a selection file by file."""
    for path, pattern in selected.items():
        yield Found("file", path, "", f"matches {pattern}", False, True)


def _plain(result: object) -> Found:
    try:
        match result:
            case File(path, reason, entry, tree):
                return Found("file", _path(path), "", str(reason), bool(entry), bool(tree))
            case Directory(path, reason):
                return Found("directory", _path(path), "", str(reason), True, True)
            case Env(name, reason, entry):
                return Found("env", _name(name), "", str(reason), bool(entry))
            case Output(pattern, there, reason):
                return Found("output", _name(pattern), "\0".join(map(_path, there)), str(reason), False)
            case Value(name, data, reason, tree):
                return Found("value", _name(name), value_digest(data), str(reason), False, bool(tree))
    except (TypeError, ValueError) as error:
        message = f"it yielded {type(result).__name__} with what can't be used: {error}"
        raise WrongResultError(message) from error
    message = f"it yielded {type(result).__name__}, not a File, Directory, Env, Git, Output or Value"
    raise WrongResultError(message)


def _path(path: Any) -> str:
    if not isinstance(path, str):
        message = f"the path must be text, not {type(path).__name__}"
        raise TypeError(f"{message}; write File(str(path))" if isinstance(path, os.PathLike) else message)
    os.fsencode(path)  # a name that no file can have
    return normalised(path)


def _name(name: Any) -> str:
    if not isinstance(name, str) or not name or "\0" in name:
        message = "the name must be text, and not empty"
        raise TypeError(message)
    name.encode("utf-8", "surrogateescape")  # a name that nothing can have
    return name


def inputs_of(found: Sequence[Found], selections: Sequence[Selected], environ: Environment, files: Files) -> Inputs:
    """Look at all that a resolver found. A selection stays whole if nothing else names files.

    Raises:
        ResolverError: a file can't be read.
    """
    if len(selections) != 1 or any(one.kind == "file" for one in found):
        found = [*found, *(one for selected in selections for one in expanded(selected))]
        return Inputs(_with_states(found, environ, files), None, files)
    (selected,) = selections
    files.look_at_all({folder: [name for name, _ in chosen] for folder, chosen in selected.folders.items()})
    return Inputs(_with_states(found, environ, files), selected, files)


def _with_states(results: Iterable[Found], environ: Environment, files: Files) -> Iterable[Input]:
    """Return the inputs, each once, sorted. Products of the build are not inputs."""
    inputs: dict[tuple[str, str, str], Input] = {}
    for found in results:
        if found.kind == "output":
            continue
        one = Input(found.kind, found.subject, _state(found, environ, files), found.reason, found.entry, found.tree)
        key = one.kind, one.subject, one.state
        inputs[key] = _joined(inputs[key], one) if key in inputs else one
    return [inputs[key] for key in sorted(inputs)]


def _joined(first: Input, other: Input) -> Input:
    """Return an input that was found twice; the reason is that of the entry, if one of them asks for an entry."""
    reason = other.reason if other.entry and not first.entry else first.reason
    return first._replace(reason=reason, entry=first.entry or other.entry, tree=first.tree or other.tree)


def _state(found: Found, environ: Environment, files: Files) -> str:
    match found.kind:
        case "file":
            return files.state(found.subject)
        case "directory":
            return files.directory_state(found.subject)
        case "env":
            value = environ.get(found.subject)
            return "unset" if value is None else f"set {value_digest(value)}"
        case "git":
            names = repository.commit(files) if found.subject == "commit" else repository.tags(files)
            return f"set {value_digest(names)}" if names else "none"
        case _:
            return found.data
