"""What uv's builds of one project were seen to depend on, as a context gives it to the resolver `build`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from dyncachekeys.files import pattern
from dyncachekeys.files.tree import Files
from dyncachekeys.model import File, Notice, Output, Value
from dyncachekeys.paths import join
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.tables import at
from dyncachekeys.trace import replay
from dyncachekeys.trace.builds import Builds
from dyncachekeys.trace.inputs import Found, Pyproject, Surroundings, folder_of_names, inputs_of
from dyncachekeys.trace.model import Trace, is_intermediate
from dyncachekeys.trace.outside import runs_each_time
from dyncachekeys.trace.record import BuildRecord
from dyncachekeys.uv import workspace

Result: TypeAlias = Found | Output
_MOST_PRODUCTS = 200


class WatchedBuild:
    """A project's build, as uv made it. What is looked at is added to the project's files."""

    def __init__(self, project: Project, files: Files, environ: Environment, builds: Builds) -> None:
        self._project, self._builds = project, builds
        self._files, self._environ = files, environ
        self.runs_each_time: bool = False
        """Whether only asking again shows whether the answer still holds."""

    def results(
        self, whole: object, tables: object, exclude: Sequence[str], where: str, *, programs: bool
    ) -> tuple[list[Result], list[Notice]]:
        """Return what the build depends on, and what of it nobody saw.

        Args:
            whole: What counts of ``pyproject.toml`` where the project's own code reads it.
            tables: What counts of it where a backend does.
            exclude: Patterns of files that do not count, as in a ``.gitignore`` file.
            where: The key that asks.
            programs: Whether programs other than Python are to be watched in the builds that come.
        """
        self._builds.programs &= programs
        around = Surroundings(self._files, self._environ, Pyproject(whole, tables), {})
        chosen = self._builds.choose(around)
        results: list[Result] = []

        def is_excluded(path: str) -> bool:
            return any(pattern.matches(one, path) for one in exclude)

        for record in chosen.records:
            self.runs_each_time |= runs_each_time(record.trace)
            counted = (_without(one, is_excluded) for one in inputs_of(record, around))
            results += (one for one in counted if one is not None)
        trace = chosen.trace
        results += (
            Output(path, (path,) if self._files.exists(path) else (), "written by the build")
            for path in products(chosen.records, self._project.pyproject)
            if not is_excluded(path)
        )
        return results, [*_unseen(trace, self._project, where)]


def _without(one: Found, is_excluded: Callable[[str], bool]) -> Found | None:
    """Return what is left of an input where some paths do not count."""
    if isinstance(one, File):
        return None if is_excluded(one.path) else one
    folder = folder_of_names(one)
    if folder is None or not isinstance(one, Value) or not isinstance(one.data, list):
        return one
    return replace(one, data=[name for name in one.data if not is_excluded(join(folder, name.rstrip("/")))])


def products(records: Iterable[BuildRecord], pyproject: Mapping[str, object]) -> list[str]:
    """Return what must be there after a build: files that it wrote into the tree, less what it needs on its way only.

    An editable install of meson-python builds in its folder at each import, so that one has to stay.
    """
    is_meson = at(pyproject, "build-system.build-backend") == "mesonpy"
    found = {path for record in records for path in record.outputs}
    kept = (path for path in found if not is_intermediate(path) or (is_meson and path.endswith("/build.ninja")))
    return sorted(kept)[:_MOST_PRODUCTS]


def _unseen(trace: Trace, project: Project, where: str) -> Iterator[Notice]:
    """Yield what of the build nobody saw, unless there is a key that may be there for it."""
    for shown, who in trace.hidden.items():
        what = f"the build asks for `{shown}` ({who}): that holds a credential, so it is neither recorded nor watched"
        yield Notice("build-unseen", f"{what}; keep credentials out of paths and addresses", where)
    resolvers = {*workspace.resolvers(project)}
    if ":" in trace.environment and not trace.looped and "env" not in resolvers:
        what = f"the build goes through all variables ({trace.environment}), so which of them count is not seen"
        yield Notice("build-unseen", f"{what}; add an env key for these", where)
    if any(":" in resolver for resolver in resolvers):
        return
    isolated = {name: who for name, who in trace.processes.items() if name.startswith("isolated ")}
    for program, who in {**trace.unseen, **isolated}.items():
        if resolvers.isdisjoint(("files", "command")):
            what = f"the build runs `{program}` ({who}), and what that reads is not seen"
            yield Notice("build-unseen", f"{what}; add a files key for it", where)
    for asked, who in trace.git.items():
        if "git" not in resolvers and replay.question(asked) is None:
            shown = "git " + " ".join(asked.split("\x1f")[1:])
            yield Notice("build-unseen", f"the build runs `{shown}` ({who}); add a git key for it", where)
