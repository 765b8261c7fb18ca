"""What cargo knows of a build: its dep-info files, and what build scripts have told it. Reads files.

Facts: Cargo 1.95. ``target/PROFILE/NAME.d`` names all files of path crates that a product is made from, and what their
build scripts name; ``deps/*.d`` name the variables, by crate; ``build/*/output`` is what a build script has put out.
With a target platform, all of that lies one folder deeper.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from dyncachekeys.files.content import script_of, text_of
from dyncachekeys.trace.fact import Fact
from dyncachekeys.trace.in_build.protocol import PROJECT, REQUIREMENT
from dyncachekeys.trace.readers import manifests
from dyncachekeys.trace.readers.depfile import dependencies, variables

_RERUN = re.compile(r"^cargo::?rerun-if-(env-)?changed=(.+?)\r?$", re.MULTILINE)
_SET_BY_SCRIPT = re.compile(r"^cargo::?rustc-env=([^=\r\n]+)=", re.MULTILINE)
_SET_BY_CARGO = re.compile(r"CARGO(_|$)|OUT_DIR$|TARGET$|HOST$|PROFILE$|RUSTC$|RUSTDOC$|NUM_JOBS$|OPT_LEVEL$|DEBUG$")
_LEFT_OUT = frozenset({"target"})


def rerun(output: str) -> tuple[list[str], list[str]]:
    """Return the files and the variables that a build script depends on, as it said."""
    found = _RERUN.findall(output)
    return [text for env, text in found if not env], [text.strip() for env, text in found if env]


def facts(told: Mapping[str, str], copy: Path, project: Path, keep: Callable[[str], bool]) -> Iterator[Fact]:
    """Yield what a build by cargo depends on.

    Args:
        told: What was written down when it was started (`in_build.programs`).
        copy: Where the target was copied to, if it was removed in the build.
        project: The project's folder.
        keep: Which paths are of interest.
    """
    folder, who = Path(told["folder"]), told["who"]
    first = manifests.first_manifest(Path(told.get("manifest") or folder), folder)
    if first is None:
        return
    first = Path(os.path.normpath(first))
    build = _Build(told, first, copy, project, keep)
    for path in build.surroundings(folder):
        if keep(str(path)):
            # cargo rewrites its lock file where that no longer fits: whether it did, its time tells.
            what = "updated" if path.name == "Cargo.lock" else "read"
            yield Fact(what if path.is_file() else "missing", str(path), who)
    yield Fact("written", str(build.target), who)
    own = told.get("own", "").split("=")
    for fact in build.found():
        if fact.what != "variable" or not (_SET_BY_CARGO.match(fact.subject) or fact.subject in own):
            yield fact


class _Build:
    """One build by cargo."""

    def __init__(
        self, told: Mapping[str, str], first: Path, copy: Path, project: Path, keep: Callable[[str], bool]
    ) -> None:
        self._who, self._keep, self._first, self._project = told["who"], keep, first, project
        self._crates, self._root = manifests.crates_from(first), manifests.workspace_of(first)
        target = told.get("target")
        self.target = Path(os.path.normpath(target)) if target else manifests.target_of(self._root, first.parent)
        """Where it built."""
        self._records = copy if copy.is_dir() else self.target
        self._profile = told.get("profile", "")

    def surroundings(self, folder: Path) -> Iterator[Path]:
        """Yield the manifests, the lock, and the settings, whether or not they are there."""
        yield from (*self._crates, self._root, self._root.with_name("Cargo.lock"))
        yield from manifests.settings(folder)

    def found(self) -> Iterator[Fact]:
        """Yield what the records say."""
        for profile in self._profiles():
            by_scripts = [*dict.fromkeys(self._by_scripts(profile))]
            sources = {path for record in profile.glob("*.d") for path in self._sources(record)}
            # Cargo adds what build scripts name, which may be folders, or not be there.
            sources -= {fact.subject for fact in by_scripts}
            yield from (Fact("read", path, self._who) for path in sorted(sources))
            yield from by_scripts
            yield from self._variables(profile, sources)

    def _by_scripts(self, profile: Path) -> Iterator[Fact]:
        for record in _newest(profile.glob("build/*/output"), lambda path: path.parent.name):
            yield from self._build_script(record.parent.name.rpartition("-")[0], text_of(record))

    def _variables(self, profile: Path, sources: AbstractSet[str]) -> Iterator[Fact]:
        """Yield the variables that crates were compiled with, those of some sources, less what build scripts set."""
        outputs = (text_of(record) for record in profile.glob("build/*/output"))
        own = {name for output in outputs for name in _SET_BY_SCRIPT.findall(output)}
        for record in _newest(profile.glob("deps/*.d")):
            text = text_of(record)
            compiled = sources & {*map(self._placed, dependencies(text))}
            if compiled:
                yield from (
                    Fact("variable", name, self._asker(name, sorted(compiled)))
                    for name in variables(text)
                    if name not in own
                )

    def _asker(self, name: str, sources: Iterable[str]) -> str:
        """Return which line of the project's own sources names a variable; else who started cargo."""
        for source in sources:
            place = os.path.relpath(source, self._project).replace(os.sep, "/")
            if place.startswith("../"):
                continue
            for number, line in enumerate(script_of(source).splitlines(), 1):
                if re.search(rf"\b{re.escape(name)}\b", line):
                    return f"{PROJECT}{place}:{number}"
        return self._who

    def _profiles(self) -> Iterator[Path]:
        for deps in sorted([*self._records.glob("*/deps"), *self._records.glob("*/*/deps")]):
            if self._profile in {"", deps.parent.name}:
                yield deps.parent

    def _placed(self, path: str) -> str:
        return os.path.normpath(self._root.parent / path)

    def _sources(self, record: Path) -> list[str]:
        """Return the files that a product is made from, if it is one of the crates that are built."""
        paths = [self._placed(path) for path in dependencies(text_of(record))]
        own = [f"{manifest.parent}{os.sep}" for manifest in [self._first, *self._crates]]
        is_own = any(path.startswith(tuple(own)) for path in paths)
        return [path for path in paths if is_own and self._keep(path)]

    def _build_script(self, name: str, output: str) -> Iterator[Fact]:
        """Yield what a build script depends on: all of its crate, if it does not say."""
        files, names = rerun(output)
        crate = next((one for one in self._crates if _name(one) == name), None)
        if crate is None:
            yield from (Fact("variable", one, REQUIREMENT + name) for one in names)
        else:
            script = manifests.build_script(crate)
            yield from (Fact("variable", one, self._asker(one, [str(script)])) for one in names)
            for file in files or ([] if names else ["."]):
                yield from self._tree(os.path.normpath(crate.parent / file))

    def _tree(self, path: str) -> Iterator[Fact]:
        """Yield a file, or a folder with all that is in it."""
        if not os.path.isdir(path):
            yield Fact("read" if os.path.exists(path) else "missing", path, self._who)
            return
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(one for one in folders if one[:1] != "." and one not in _LEFT_OUT)
            yield Fact("listed", folder, self._who)
            yield from (Fact("read", os.path.join(folder, one), self._who) for one in sorted(names))


def _name(manifest: Path) -> str:
    return str(manifests.table(manifests.parsed(manifest), "package").get("name", ""))


def _newest(
    records: Iterator[Path], named: Callable[[Path], str] = lambda path: path.name.removesuffix(".d")
) -> list[Path]:
    """Return of each crate the last record: older ones, of other versions and features, lie beside it."""
    by_crate: dict[str, tuple[float, Path]] = {}
    for path in sorted(records):
        name, time = named(path).rpartition("-")[0], path.stat().st_mtime
        by_crate[name] = max(by_crate.get(name, (0.0, path)), (time, path))
    return [path for _, path in by_crate.values()]
