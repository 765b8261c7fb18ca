"""From what a resolver found to inputs: each file, variable and repository is looked at, and gets its state."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from dyncachekeys.encoding import value_digest
from dyncachekeys.files import repository
from dyncachekeys.files.selection import Selected
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Input
from dyncachekeys.process.environ import Environment
from dyncachekeys.resolving.found import Found, expanded
from dyncachekeys.resolving.inputs import Inputs


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
