"""Keys for what the build runs and compiles."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dyncachekeys.files.pattern import exactly
from dyncachekeys.names import normalised_name
from dyncachekeys.propose import source_patterns
from dyncachekeys.propose.keys import Declaration, Option

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dyncachekeys.propose.facts import Facts

PURE = frozenset({"flit", "flit_core", "hatchling", "pdm", "poetry", "poetry_dynamic_versioning", "uv_build"})
"""Backends, by the first part of their module, that compile nothing unless a script of the project has them do it."""
_COMPILER = ("CC", "CFLAGS", "CXX", "CXXFLAGS", "LDFLAGS")
_VARIABLES = {
    "maturin": ("MATURIN_PEP517_ARGS", "RUSTFLAGS"),
    "mesonpy": _COMPILER,
    "scikit_build_core": (*_COMPILER, "CMAKE_ARGS"),
    "setuptools": _COMPILER,
}
"""What each backend's documentation says that it takes from the environment when it compiles."""
_PLUGINS = {
    "maturin": "For crates outside of this folder there is the plugin dyncachekeys-cargo, which asks Cargo.",
    "scikit_build_core": "The plugin dyncachekeys-cmake asks CMake instead, and knows sources outside of this folder.",
}
READS = "Other files that this code reads are not known from reading it: `dyncachekeys trace` tells, or `trace = true` here."
_COMPILERS = frozenset({"cffi", "cython", "nanobind", "pybind11", "setuptools-rust"})
"""What setuptools projects require of the build in order to compile."""
_MYPYC = frozenset({"hatch-mypyc", "mypy"})


def keys(facts: Facts) -> Iterator[Declaration]:
    """Yield keys for code that the build runs, and for sources that it compiles."""
    if facts.in_tree or facts.named or facts.is_in_tree:
        yield Declaration("backend", "backend", {}, (_run_by(facts), READS))
    if _MYPYC & facts.requires:
        why = "mypyc compiles Python, so that an edit of it needs a build."
        options: dict[str, Option] = {"patterns": ["/src/**/*.py"]}
        if "src" not in facts.present:
            options = {"patterns": ["*.py"], "exclude": [f"{name}/" for name in source_patterns.ASIDE]}
        yield Declaration("python", "files", options, (why,))
    if _compiles(facts) and (facts.natives or facts.compiled):
        yield from _compiled(facts)
    if facts.shared:
        why = "Built without isolation: what the build takes from the environment, by its version there."
        yield Declaration("installed", "distribution", {"names": list(facts.shared)}, (why,))
    for name in facts.siblings:
        why = "A local package that runs in this build: its Python counts, too, which its own keys need not name."
        yield Declaration(f"uses-{normalised_name(name)}", "package", {"name": name, "whole": True}, (why,))


def _run_by(facts: Facts) -> str:
    what = ", ".join(facts.in_tree[:3]) + (" and more" if len(facts.in_tree) > 3 else "")  # noqa: PLR2004  enough
    what = what or ", ".join(facts.named)
    return f"The code that the build runs from this tree, and all of the tree that it imports: {what}."


def _compiles(facts: Facts) -> bool:
    if facts.in_tree or facts.named or facts.is_in_tree:
        return True
    if facts.module == "setuptools":
        declared = facts.at("tool.setuptools.ext-modules") or _COMPILERS & facts.requires
        return bool(declared) or "setup.py" in facts.present
    return facts.module not in PURE


def _compiled(facts: Facts) -> Iterator[Declaration]:
    out = [path for path in facts.natives if not set(path.split("/")[:-1]) & set(source_patterns.ASIDE)]
    rest = _not_carried(facts, out)
    named = _not_carried(facts, [path for path in facts.compiled if path not in facts.natives])
    if rest or named:
        patterns = [*_with_lock(source_patterns.patterns(rest)), *map(exactly, named)]
        options: dict[str, Option] = {"patterns": patterns}
        beside = _reached(patterns, [path for path in facts.natives if path not in out])
        if beside:
            options["exclude"] = [f"{name}/" for name in beside]
        why = ["What is compiled, and what describes how."]
        if facts.module in _PLUGINS:
            why.append(_PLUGINS[facts.module])
        if facts.module == "mesonpy":
            why.append(
                "An editable install of meson-python compiles by itself at import, if it was built without isolation."
            )
        yield Declaration("sources", "files", options, tuple(why))
    variables = _VARIABLES.get(facts.module, ())
    if variables:
        why_so = f"What {facts.module} takes from the environment when it compiles."
        yield Declaration("environment", "env", {"names": list(variables)}, (why_so,))
    bare = [one for one in facts.submodules if not any(path.startswith(f"{one}/") for path in facts.natives)]
    if bare:
        why_so = f"Submodules whose files no other key watches: {', '.join(bare)}. Asks git in each run."
        yield Declaration("git", "git", {"submodules": True}, (why_so,))


def _with_lock(patterns: list[str]) -> list[str]:
    """Return patterns that find a lock file, too, if it comes later: one of its own would find nothing yet."""
    if "/Cargo.toml" not in patterns:
        return patterns
    return ["/Cargo.*", *(one for one in patterns if one not in {"/Cargo.toml", "/Cargo.lock"})]


def _not_carried(facts: Facts, paths: list[str]) -> list[str]:
    """Return the files that the user's own entries did not name already."""
    carried = {path for one in facts.old if not one.is_folder for path in one.files}
    return [path for path in paths if path not in carried]


def _reached(patterns: list[str], beside: list[str]) -> tuple[str, ...]:
    """Return the folders to be left out that lie where patterns reach."""
    tops = {pattern.split("/")[1] for pattern in patterns if pattern.startswith("/") and "**" in pattern}
    anywhere = any(not pattern.startswith("/") for pattern in patterns)
    return source_patterns.aside(path for path in beside if anywhere or path.partition("/")[0] in tops)
