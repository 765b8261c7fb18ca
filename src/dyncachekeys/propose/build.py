"""Keys for what the build runs and what takes part in it."""

from __future__ import annotations

from collections.abc import Iterator

from dyncachekeys.names import normalised_name
from dyncachekeys.propose import source_patterns, sources
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration, Option
from dyncachekeys.uv.build_variables import is_built_by_uv

_WATCHED = "What uv's own builds are seen to depend on."
_BY_SETTINGS = "What uv itself builds the package from, by its settings."
_MYPYC = frozenset({"hatch-mypyc", "mypy"})
_SHOWN = 3


def keys(facts: Facts, *, unwatched: bool = False) -> Iterator[Declaration]:
    """Yield the key for what builds are seen to read, and those for code that they run and sources that they compile.

    If `unwatched`, somebody has to do without records of builds, so that a plugin of ours helps.
    """
    yield Declaration("build", "build", {}, (_BY_SETTINGS if is_built_by_uv(facts.pyproject) else _WATCHED,))
    if facts.runs_own_code:
        yield Declaration("backend", "backend", {}, (_run_by(facts),))
    if facts.globs:
        why = f"Gone through by {', '.join(dict.fromkeys(facts.globs.values()))}."
        yield Declaration("data", "files", {"patterns": list(facts.globs)}, (why,), fallback=True)
    if _MYPYC & facts.requires:
        why = "mypyc compiles Python, so that an edit of it needs a build."
        excluded = [f"{name}/" for name in source_patterns.NOT_BUILT]
        everywhere: dict[str, Option] = {"patterns": ["*.py"], "exclude": excluded}
        below_src: dict[str, Option] = {"patterns": ["/src/**/*.py"]}
        yield Declaration("python", "files", below_src if "src" in facts.present else everywhere, (why,), fallback=True)
    yield from sources.keys(facts, unwatched=unwatched)
    yield from _hooks(facts)
    if facts.modules is not None:
        why = "Not installed editable: the wheel holds a copy of its files."
        yield Declaration("modules", *facts.modules, (why,), fallback=True)
    if facts.shared:
        why = "Built without isolation: what the build takes from the environment, by its version there."
        yield Declaration("installed", "distribution", {"names": list(facts.shared)}, (why,))
    for name in facts.siblings:
        why = "A local package that runs in this build: its Python counts, too."
        yield Declaration(f"uses-{normalised_name(name)}", "package", {"name": name, "whole": True}, (why,))


def _run_by(facts: Facts) -> str:
    more = " and more" if len(facts.run) > _SHOWN else ""
    files = ", ".join(facts.run[:_SHOWN] or facts.named) + more
    return f"Code of this tree that the build runs, with what it imports: {files}."


def _hooks(facts: Facts) -> Iterator[Declaration]:
    """Yield the key for the variables by which hatchling (1.33: builders/constants.py) runs hooks that are off."""
    tables = [facts.at("tool.hatch.build.hooks"), facts.at("tool.hatch.build.targets.wheel.hooks")]
    hooks = [pair for table in tables if isinstance(table, dict) for pair in table.items()]
    names = [name for name, hook in hooks if isinstance(hook, dict) and hook.get("enable-by-default") is False]
    if names and facts.module == "hatchling":
        own = (f"HATCH_BUILD_HOOK_ENABLE_{name.upper().replace('-', '_')}" for name in names)
        variables = ["HATCH_BUILD_HOOKS_ENABLE", *dict.fromkeys(own)]
        yield Declaration("environment", "env", {"names": variables}, ("By these, hooks run that are off.",))
