"""What a build depends on and nothing watches: whatever `init` would add, and the project's own list does not have."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dyncachekeys.config.model import WHERE as TABLE
from dyncachekeys.doctor.finding import Finding, first
from dyncachekeys.doctor.package import Package
from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.model import Input
from dyncachekeys.propose.keys import Declaration
from dyncachekeys.propose.needs import Need, needs

_SHOWN = 5
_WHERE = "build-system"
_OF_KINDS = {"env": "DCK027", "git": "DCK026", "value": "DCK028"}
_OF_KEYS = {
    "backend": "DCK020",
    "data": "DCK020",
    "requirements": "DCK021",
    "version": "DCK022",
    "sources": "DCK023",
    "rust": "DCK023",
    "includes": "DCK023",
    "python": "DCK023",
    "modules": "DCK024",
    "setup-cfg": "DCK029",
    "git": "DCK026",
}
"""By the name that `init` gives to a key; of all others, the files go into the metadata."""
_OF_OTHERS = "DCK025"
_EFFECT = {
    "file": "an edit leaves the old build in place",
    "env": "another value leaves the old build in place",
    "git": "a new one leaves the old build in place",
    "value": "a change there leaves the old build in place",
}


def findings(package: Package) -> Iterator[Finding]:
    """Yield what nothing watches of a package that uv builds."""
    if not package.project.is_package or package.unknown_keys:
        return
    try:
        wanted = list(needs(package.project, package.files, package.environ, package.consumer))
    except DyncachekeysError:  # a folder that can't be listed: `sync` reports it
        return
    told: set[tuple[str, str]] = set()
    # What code reads is often named by the configuration as well, which says what for.
    for need in sorted(wanted, key=lambda one: one.key.resolver == "backend"):
        if not package.declares(need.key):
            yield from _of_need(package, need, told)


def _of_need(package: Package, need: Need, told: set[tuple[str, str]]) -> Iterator[Finding]:
    found: dict[tuple[str, str], list[Input]] = {}
    for one in need.inputs:
        if not (one.identity in told or package.watches(one.kind, one.subject)):
            told.add(one.identity)
            code = _OF_KEYS.get(need.key.name, _OF_OTHERS)
            code = code if code == _OF_KEYS["git"] else _OF_KINDS.get(one.kind, code)
            found.setdefault((code, need.origins.get(one.subject, _WHERE)), []).append(one)
    for (code, where), some in found.items():
        files = tuple(one.subject for one in some if one.kind == "file")
        message = f"nothing watches {_named(some, need.key)}: {_EFFECT[some[0].kind]}"
        yield Finding(code, message, where, _remedy(package, need.key, some), files[:_SHOWN])


def _named(inputs: Sequence[Input], key: Declaration) -> str:
    """Return inputs as they stand in a message: with the reason, where that says more than the key."""
    match inputs[0].kind:
        case "env":
            return f"the variable{'s' * (len(inputs) > 1)} {first([one.subject for one in inputs], _SHOWN)}"
        case "git":
            return f"the {' and the '.join(one.subject for one in inputs)} of git"
    says_why = key.resolver in {"backend", "requirements"}
    told = [f"{one.subject} ({one.reason})" if says_why and _says_more(one) else one.subject for one in inputs]
    return first(told, _SHOWN)


def _says_more(one: Input) -> bool:
    return not one.reason.startswith("matches ")


def _remedy(package: Package, key: Declaration, inputs: Sequence[Input]) -> str:
    """Return what to do: by `init`, by the key that it would write, or by hand."""
    ours = f"add to [{TABLE}.keys]: {_inline(key)}" if package.has_keys else "run `dyncachekeys init`"
    by_hand = {"file": '{ file = "..." }', "env": '{ env = "..." }', "git": "{ git = { commit = true, tags = true } }"}
    entry = by_hand.get(inputs[0].kind)
    return f"{ours}, or add `{entry}` to tool.uv.cache-keys" if entry else ours


def _inline(key: Declaration) -> str:
    try:
        return key.inline()
    except DyncachekeysError:  # a name that TOML can't express
        return f'a key with `resolver = "{key.resolver}"`'
