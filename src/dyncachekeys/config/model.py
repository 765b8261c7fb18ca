"""``[tool.dyncachekeys]``: the one model from which come the reader, the JSON schema and the reference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any

from dyncachekeys.config.check import mismatches
from dyncachekeys.config.options import Checked, fields_of
from dyncachekeys.errors import Problem, nearest
from dyncachekeys.model import Guard, Transport, Watch
from dyncachekeys.paths import check_path

WHERE = "tool.dyncachekeys"
_INHERITED = f"{WHERE}.workspace.keys"
LONGEST_TIMEOUT = 86_400
GUARD_TIMEOUT = 600
"""Seconds, if `guard-timeout` does not say otherwise."""
DEFAULTS = "defaults"
"""The name of the implicit key."""


@dataclass(frozen=True)
class Key:
    """A named rule: which resolver, with which options. All that is not reserved is the resolver's."""

    resolver: Annotated[
        str, "a built-in resolver, one of an installed package, or `module:function` in the project's own tree"
    ]
    watch: Annotated[Watch | None, "who notices a change; as the whole table says, if not given"] = None
    timeout: Annotated[float, "seconds after which a resolver of the project's own is ended"] = 60
    fallback: Annotated[
        bool,
        "count only as long as no build was watched that saw all that it read; its entries stay, and under the transport `digest` what follows from the tree",
    ] = False
    with_: Annotated[
        list[str], "requirements of the resolver: it then runs in an environment that uv makes and keeps"
    ] = field(default_factory=list)
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Config:
    """The whole table."""

    transport: Annotated[
        Transport, "how a change reaches uv: a stamp that moves, or a name that carries the digest"
    ] = "stamp"
    watch: Annotated[
        Watch, "who notices a change: uv by its own means (`uv`), only dyncachekeys (`digest`), or as it suits (`auto`)"
    ] = "auto"
    defaults: Annotated[bool, "keep watching what uv watches where there are no cache keys"] = True
    plugin_path: Annotated[
        list[Annotated[str, Checked(check_path)]], "folders from which the project's own resolvers are imported"
    ] = field(default_factory=lambda: ["."])
    guard: Annotated[
        Guard | None,
        "what the first import of the package in a process does if it is out of date: warn, have uv build it, or fail",
    ] = None
    guard_timeout: Annotated[float, "seconds that such an import waits for a build at most"] = GUARD_TIMEOUT
    hard_links: Annotated[
        bool, "give inputs a second name in `.dyncachekeys/inputs`, by which plain uv sees that one was deleted"
    ] = True
    inherit: Annotated[bool, "take the keys that the workspace's root declares for its members"] = True
    workspace: Annotated[
        dict[str, Any],
        "`[tool.dyncachekeys.workspace.keys.NAME]`: keys for every member of the workspace; `guard` there: for every "
        "member that has none of its own",
    ] = field(default_factory=dict)
    keys: Mapping[str, Key] = field(default_factory=dict)
    inherited: frozenset[str] = frozenset()
    """The names of those keys that the workspace's root declares."""

    def where(self, name: str) -> str:
        """Return the path of a key."""
        if name == DEFAULTS:
            return f"{WHERE}.{DEFAULTS}"
        return f"{WHERE}.{'workspace.' if name in self.inherited else ''}keys.{quoted(name)}"


def read(table: Mapping[str, Any], inherited: object = None) -> tuple[Config, list[Problem]]:
    """Read the table; what is wrong is left out of the result, and all of it is reported.

    Args:
        table: The parsed ``[tool.dyncachekeys]``.
        inherited: The keys that the workspace's root declares for its members, if there are any.
    """
    values, rest, problems = _fields(Config, table, WHERE, skip=("keys", "inherited"))
    keys, wrong = _read_keys(rest.pop("keys", {}), f"{WHERE}.keys")
    known = [option.spelled for option in fields_of(Config).values() if option.name != "inherited"]
    problems += _wrong_seconds(values, "guard_timeout", WHERE)
    workspace = dict(values.get("workspace", {}))
    _, wrong_in_workspace = _read_keys(workspace.pop("keys", {}), _INHERITED)
    if "guard" in workspace:
        problems += mismatches(workspace.pop("guard"), fields_of(Config)["guard"], f"{WHERE}.workspace.guard")
    problems += [
        *_unknown(rest, known, WHERE, "option or table"),
        *wrong,
        *_unknown(workspace, ["guard", "keys"], f"{WHERE}.workspace", "option or table"),
        *wrong_in_workspace,
    ]
    if inherited and values.get("inherit", True):
        theirs, wrong = _read_keys(inherited, _INHERITED)
        problems += [problem for problem in wrong if problem not in problems]
        values["inherited"] = frozenset(theirs.keys() - keys.keys())
        keys = {**theirs, **keys}
    return Config(**values, keys=keys), problems


def _unknown(names: Iterable[str], known: Sequence[str], where: str, what: str) -> Iterator[Problem]:
    for name in names:
        yield Problem("unknown-option", f"there is no such {what}", f"{where}.{name}", nearest(name, known))


def _read_keys(tables: object, where: str) -> tuple[dict[str, Key], list[Problem]]:
    if not isinstance(tables, dict):
        return {}, [Problem("wrong-type", "must be a table of keys", where, f"write `[{where}.NAME]`")]
    keys: dict[str, Key] = {}
    problems: list[Problem] = []
    for name, table in tables.items():
        key, wrong = _read_key(name, table, f"{where}.{quoted(name)}")
        problems += wrong
        if key is not None:
            keys[name] = key
    return keys, problems


def _read_key(name: str, table: object, where: str) -> tuple[Key | None, list[Problem]]:
    if name == DEFAULTS:
        remedy = f"give it another name, or set `{WHERE}.defaults`"
        return None, [Problem("reserved-name", "this name is taken by the implicit key", where, remedy)]
    if not isinstance(table, dict):
        return None, [Problem("wrong-type", "must be a table", where, f"write `[{where}]`")]
    values, rest, problems = _fields(Key, table, where, skip=("options",))
    problems += _wrong_seconds(values, "timeout", where)
    problems += [
        Problem("written-twice", f"is the same as `{name.replace('_', '-')}`", f"{where}.{name}", "keep one of them")
        for name in rest
        if "_" in name and name.replace("_", "-") in rest
    ]
    if "resolver" not in values:
        if "resolver" not in table:
            remedy = 'add `resolver = "files"`, or another one'
            problems.append(Problem("missing-option", "is missing", f"{where}.resolver", remedy))
        return None, problems
    options = {option.replace("-", "_"): value for option, value in rest.items()}
    return Key(**values, options=options), problems


def _wrong_seconds(values: dict[str, Any], name: str, where: str) -> Iterator[Problem]:
    """Yield what is wrong with a number of seconds, and leave it out of the values then."""
    if not 0 < values.get(name, 1) <= LONGEST_TIMEOUT:
        del values[name]
        message = f"must be more than 0 and at most {LONGEST_TIMEOUT:,} seconds"
        yield Problem("invalid-option", message, f"{where}.{name.replace('_', '-')}", "write seconds, such as `60`")


def _fields(
    model: type, table: Mapping[str, Any], where: str, *, skip: Sequence[str]
) -> tuple[dict[str, Any], dict[str, Any], list[Problem]]:
    """Return the values of a model's fields, what no field claims, and what is wrong."""
    rest = dict(table)
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, option in fields_of(model).items():
        if name in skip or option.spelled not in rest:
            continue
        value = rest.pop(option.spelled)
        wrong = mismatches(value, option, f"{where}.{option.spelled}")
        problems += wrong
        if not wrong:
            values[name] = value
    return values, rest, problems


def quoted(name: str) -> str:
    """Return a key's name as it is written in a dotted TOML key."""
    plain = name and all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in name)
    return name if plain else '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'
