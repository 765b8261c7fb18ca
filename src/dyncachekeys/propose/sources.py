"""Keys for what the build compiles, and for what decides how."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dyncachekeys.backends.tables import distribution_of
from dyncachekeys.files.pattern import exactly
from dyncachekeys.propose import source_patterns
from dyncachekeys.propose.facts import Facts
from dyncachekeys.propose.keys import Declaration, Option

PURE = frozenset({"flit", "flit_core", "hatchling", "pdm", "poetry", "poetry_dynamic_versioning", "uv_build"})
"""Backends, by the first part of their module, that compile nothing unless a script of the project does."""
_COMPILER = ("CC", "CFLAGS", "CXX", "CXXFLAGS", "LDFLAGS")
_SKBUILD = (
    *("BUILD_TARGETS", "CMAKE_ARGS", "CMAKE_BUILD_TYPE", "CMAKE_DEFINE", "EDITABLE_MODE", "INSTALL_COMPONENTS"),
    *("WHEEL_CMAKE", "WHEEL_PY_API"),
)
_VARIABLES = {
    "maturin": ("MATURIN_PEP517_ARGS", "RUSTFLAGS"),
    "mesonpy": _COMPILER,
    # Each setting of scikit-build-core can be given so: those that change what is built.
    "scikit_build_core": (*_COMPILER, "CMAKE_ARGS", "CMAKE_GENERATOR", *(f"SKBUILD_{name}" for name in _SKBUILD)),
    "setuptools": _COMPILER,
}
"""The variables that each backend reads when it compiles, by its documentation."""
_COMPILERS = frozenset({"cffi", "cython", "nanobind", "pybind11", "setuptools-rust"})
"""Build requirements of setuptools projects that compile."""
_PLUGINS = {
    "cargo": "The crate and all that it is built with, as its manifests and sources say.",
    "cmake": "What is compiled, what that includes, and what the last build named.",
}
"""Resolvers of our plugins, ``dyncachekeys-NAME``, each with what it finds."""
_OF_CARGO = (".rs", "Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", ".cargo/config.toml")


def keys(facts: Facts, *, unwatched: bool) -> Iterator[Declaration]:
    """Yield the keys for what a build compiles, if it does.

    If `unwatched`, somebody has to do without records of builds, so that a plugin of ours helps.
    """
    natives = facts.natives
    if _compiles(facts) and (natives.sources or natives.named or natives.outside):
        yield from _sources(facts, _plugin(facts) if unwatched else "")
        yield from _includes(facts)
        yield from _environment(facts)
        yield from _submodules(facts)


def _compiles(facts: Facts) -> bool:
    if facts.runs_own_code:
        return True
    if facts.module == "setuptools":
        declared = facts.at("tool.setuptools.ext-modules") or _COMPILERS & facts.requires
        return bool(declared) or "setup.py" in facts.present
    return facts.module not in PURE


def _plugin(facts: Facts) -> str:
    """Return the resolver of the plugin that knows how the project is compiled; empty if none does."""
    if facts.module in {"scikit_build_core", "mesonpy"}:
        return "cmake"
    is_rust = facts.module == "maturin" or "setuptools-rust" in facts.requires
    return "cargo" if is_rust and any(path.endswith("Cargo.toml") for path in facts.natives.sources) else ""


def _sources(facts: Facts, plugin: str) -> Iterator[Declaration]:
    is_there = plugin in facts.plugins
    natives = facts.natives.sources
    if is_there and plugin == "cargo":
        yield Declaration("rust", plugin, {}, (_PLUGINS[plugin],), fallback=True)
        natives = tuple(path for path in natives if not path.endswith(_OF_CARGO))
    not_built = {path for path in natives if source_patterns.not_built([path])}
    built = [path for path in natives if path not in not_built]
    others = [path for path in facts.natives.named if path not in natives]
    patterns = [*_with_lock_file(source_patterns.patterns(built)), *map(exactly, others), *facts.natives.outside]
    if not patterns:
        return
    excluded = [f"{name}/" for name in _excluded(patterns, not_built)]
    excluded += [f"{exactly(path)}/" for path in facts.natives.others if _reach(patterns, path)]
    more: dict[str, Option] = {"exclude": excluded} if excluded else {}
    if is_there and plugin == "cmake":
        yield Declaration("sources", plugin, {"sources": patterns, **more}, (_PLUGINS[plugin],), fallback=True)
        return
    why = ["What is compiled, and what describes how."]
    if plugin and not is_there:
        why.append(f'The plugin dyncachekeys-{plugin} finds more; with it: `resolver = "{plugin}"`.')
    yield Declaration("sources", "files", {"patterns": patterns, **more}, tuple(why), fallback=True)


def _includes(facts: Facts) -> Iterator[Declaration]:
    if facts.natives.included:
        why = "What sources include by name, where that is no source by its own name."
        patterns = list(map(exactly, facts.natives.included))
        yield Declaration("includes", "files", {"patterns": patterns}, (why,), fallback=True)


def _environment(facts: Facts) -> Iterator[Declaration]:
    variables = _VARIABLES.get(facts.module)
    if variables is not None:
        why = f"What {distribution_of(facts.module)} takes from the environment when it compiles."
        yield Declaration("environment", "env", {"names": list(variables)}, (why,))


def _submodules(facts: Facts) -> Iterator[Declaration]:
    unwatched = [
        name
        for name in facts.natives.submodules
        if not any(path.startswith(f"{name}/") for path in facts.natives.sources)
    ]
    if unwatched:
        why = f"Submodules whose files no other key watches: {', '.join(unwatched)}."
        yield Declaration("git", "git", {"submodules": True}, (why,))


def _with_lock_file(patterns: list[str]) -> list[str]:
    """Return patterns that find Cargo's lock file, too, if it comes later: one of its own would match nothing yet."""
    if "/Cargo.toml" not in patterns:
        return patterns
    return ["/Cargo.*", *(pattern for pattern in patterns if pattern not in {"/Cargo.toml", "/Cargo.lock"})]


def _reach(patterns: Iterable[str], folder: str) -> bool:
    """Tell whether patterns may choose something in a folder of another package."""
    top = f"/{folder.partition('/')[0]}/"
    return any(not pattern.startswith("/") or ("**" in pattern and pattern.startswith(top)) for pattern in patterns)


def _excluded(patterns: list[str], not_built: Iterable[str]) -> tuple[str, ...]:
    """Return the folders to exclude: those that enter no build and that the patterns reach."""
    tops = {pattern.split("/")[1] for pattern in patterns if pattern.startswith("/") and "**" in pattern}
    anywhere = any(not pattern.startswith(("/", "../")) for pattern in patterns)
    return source_patterns.not_built(path for path in not_built if anywhere or path.partition("/")[0] in tops)
