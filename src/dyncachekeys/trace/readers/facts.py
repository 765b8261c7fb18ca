"""All that programs other than Python left in the folder of a build's log, as facts like those of the log itself."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from dyncachekeys.files.content import content_of, script_of, text_of
from dyncachekeys.quick.snapshot import opened
from dyncachekeys.trace.fact import Fact
from dyncachekeys.trace.in_build.paths import source_of
from dyncachekeys.trace.in_build.protocol import PROJECT
from dyncachekeys.trace.readers import cargo, cmake, ninja
from dyncachekeys.trace.readers.depfile import dependencies
from dyncachekeys.trace.readers.strace import Strace

LOG = "log"
"""The name of the tracer's log."""
_INPUTS = frozenset({"read", "listed", "missing", "there", "updated", "link", "program"})
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})
"""Folders in which nobody looks for sources."""
_BUILD_FILES = ("CMakeLists.txt", "meson.build")


class _Artifact(NamedTuple):
    """What one program left."""

    path: Path
    """Its file, or its folder."""
    told: Mapping[str, str]
    """What was written down when it was started."""
    root: Path
    """The project's folder."""

    @property
    def who(self) -> str:
        return self.told["who"]


def facts_of(folder: Path, root: Path, keep: Callable[[str], bool] = lambda _: True) -> list[Fact]:
    """Return what programs other than Python did, each fact once.

    Args:
        folder: That of the build's log.
        root: The project's folder.
        keep: Which absolute paths may be of interest; asked often.
    """
    artifacts = [*_artifacts(folder, root)]
    found = dict.fromkeys(fact for artifact in artifacts for fact in _READERS[artifact.told["kind"]](artifact, keep))
    own = tuple(build + os.sep for build in _build_folders(artifacts, root))
    facts = [
        fact
        for fact in found
        if fact.what not in _INPUTS or not f"{fact.subject}{os.sep}".startswith(own)
        if fact.what != "program" or os.path.exists(fact.subject)  # else the build made it, and took it away again
    ]
    set_by_build = {name for artifact in artifacts for name in artifact.told.get("own", "").split("=")}
    asked = (fact for fact in _of_scripts(facts, root) if fact.subject not in set_by_build)
    return [*facts, *dict.fromkeys(asked)]


def _artifacts(folder: Path, root: Path) -> Iterator[_Artifact]:
    for path in sorted(folder.glob("*.who")):
        texts = text_of(path).split("\0")[:-1]
        told = {key: value for key, _, value in (text.partition("=") for text in texts)}
        if {"kind", "who", "folder"} <= told.keys() and told["kind"] in _READERS:
            yield _Artifact(path.with_suffix(""), told, root)


def _build_folders(artifacts: list[_Artifact], root: Path) -> Iterator[str]:
    """Yield the folders that CMake, Meson or cargo has for itself: what is in there is the build's own."""
    for artifact in artifacts:
        build = artifact.told.get("build") or artifact.told.get("target", "")
        is_own = artifact.told["kind"] != "ninja" or (artifact.path / "generated").exists()
        is_source = any(os.path.exists(os.path.join(build, name)) for name in _BUILD_FILES)
        if build and is_own and not is_source and not f"{root}{os.sep}".startswith(build + os.sep):
            yield build


def _of_compiler(artifact: _Artifact, keep: Callable[[str], bool]) -> Iterator[Fact]:
    text = text_of(artifact.path.with_name(artifact.path.name + ".d"))
    yield from _read(artifact, dependencies(text), artifact.told["folder"], keep)


def _of_ninja(artifact: _Artifact, keep: Callable[[str], bool]) -> Iterator[Fact]:
    copy, build = artifact.path, artifact.told.get("build", artifact.told["folder"])
    text = text_of(copy / "build.ninja")
    edges = ninja.known(text, text_of(copy / ".ninja_log"))
    products = {_placed(build, output) for edge in ninja.edges(text) for output in edge.outputs}
    named = ninja.phonies(text)
    inputs = [path for edge in edges for path in edge.inputs]
    inputs += [*ninja.inputs_of_log(content_of(copy / ".ninja_deps") or b""), *dependencies(text_of(copy / "deps.d"))]
    for fact in _read(artifact, inputs, build, keep, {path for path in named if not os.path.isabs(path)}):
        # ninja keeps what it knew of files that are gone by now.
        if fact.subject not in products and os.path.exists(fact.subject):
            yield fact
    outputs = dict.fromkeys(_placed(build, output) for edge in edges for output in edge.outputs)
    yield from (Fact("written", path, artifact.who) for path in outputs if keep(path))
    for path, deep in ninja.globs(text_of(copy / "VerifyGlobs.cmake")):
        folders = _below(path, keep) if deep else [path]
        yield from (Fact("listed", one, artifact.who) for one in folders if keep(one))


def _below(path: str, keep: Callable[[str], bool]) -> Iterator[str]:
    """Yield a folder and those below it, but none that is hidden."""
    for folder, names, _ in os.walk(path):
        names[:] = [
            name for name in names if name[:1] != "." and name not in _LEFT_OUT and keep(os.path.join(folder, name))
        ]
        yield folder


def _of_cargo(artifact: _Artifact, keep: Callable[[str], bool]) -> Iterator[Fact]:
    return cargo.facts(artifact.told, artifact.path, artifact.root, keep)


def _of_strace(artifact: _Artifact, keep: Callable[[str], bool]) -> Iterator[Fact]:
    log = str(artifact.path.with_name(LOG))
    if not artifact.path.is_file():
        return
    with io.TextIOWrapper(opened(os.fspath(artifact.path)), "utf-8", "surrogateescape", newline="\n") as lines:
        found = Strace(log, artifact.told["folder"], keep).read(lines)
    for seen in found:
        path = source_of(seen.subject) if seen.what == "read" else seen.subject
        what = "there" if seen.what == "read" and os.path.isdir(path) else seen.what
        yield Fact(what, path, seen.aim if seen.what == "led" else artifact.who)


def _read(
    artifact: _Artifact,
    paths: Iterator[str] | list[str],
    folder: str,
    keep: Callable[[str], bool],
    names: frozenset[str] | set[str] = frozenset(),
) -> Iterator[Fact]:
    """Yield that files were read, named from a folder; not what is only a name, or was in a folder that is gone."""
    is_gone = not os.path.isdir(folder)
    for name in dict.fromkeys(paths):
        path = _placed(folder, name)
        is_file = not (name in names or (is_gone and path.startswith(folder + os.sep))) or os.path.isfile(path)
        if keep(path) and is_file and not os.path.isdir(path):
            yield Fact("read", path, artifact.who)


def _of_scripts(facts: list[Fact], root: Path) -> Iterator[Fact]:
    """Yield the variables that CMake's scripts ask for, those that were read."""
    for fact in facts:
        if fact.what == "read" and cmake.is_script(fact.subject):
            relative = os.path.relpath(fact.subject, root).replace(os.sep, "/")
            for name, line in cmake.variables(script_of(fact.subject)):
                yield Fact("variable", name, fact.who if relative[:3] == "../" else f"{PROJECT}{relative}:{line}")


def _placed(folder: str, path: str) -> str:
    return os.path.normpath(os.path.join(folder, path))


_READERS: dict[str, Callable[[_Artifact, Callable[[str], bool]], Iterator[Fact]]] = {
    "cc": _of_compiler,
    "ninja": _of_ninja,
    "cargo": _of_cargo,
    "strace": _of_strace,
}
