"""What a resolver gets: the project, of which it may ask, and what it asks is recorded."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files import git, repository
from dyncachekeys.files.selection import Selected, Selection
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Completed, Directory, Env, File, Git, Notice, Output, Value
from dyncachekeys.paths import check_path, normalised
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject import project
from dyncachekeys.pyproject.tables import at
from dyncachekeys.uv.record import is_editable
from dyncachekeys.uv.workspace import project_environment

_MOST_NAMED = 20
"""Of many patterns that match nothing, so many are named."""
Result: TypeAlias = File | Directory | Env | Git | Output | Value | Selected
"""What a resolver yields."""


class OtherPackages(Protocol):
    """Other local packages, as a context asks for them."""

    runs_each_time: bool

    def named(self, name: str, where: str) -> str:
        """Return the folder of a package."""

    def results(self, path: str, where: str, *, whole: bool) -> Iterable[Result]:
        """Yield the inputs of the package in a folder; if it is used whole, all files that git does not ignore."""


class Watched(Protocol):
    """What uv's builds of a project were seen to do, as a context asks for it."""

    runs_each_time: bool

    def results(
        self, whole: object, tables: object, exclude: Sequence[str], where: str, *, programs: bool
    ) -> tuple[Iterable[Result], Iterable[Notice]]:
        """Return what the build depends on, and notices about what nobody saw."""


class Context:
    """The project as a resolver may see it: nothing here depends on the current directory or the clock.

    All paths are relative to the project, with ``/``; a leading ``../`` leaves it.
    """

    def __init__(  # noqa: PLR0913  only we make one
        self,
        root: Path,
        pyproject: Mapping[str, Any],
        environ: Environment,
        files: Files,
        where: str,
        *,
        timeout: float = 60,
        own_group: bool = True,
        packages: OtherPackages | None = None,
        watched: Watched | None = None,
        venv: Path | None = None,
    ) -> None:
        self.root = root
        """The project's folder."""
        self.pyproject = pyproject
        """``pyproject.toml``, parsed, without the entries that dyncachekeys generates."""
        self.environ: Mapping[str, str] = environ
        """The environment, without what git hooks and an active virtual environment put there."""
        self.where = where
        """The key that is being resolved: ``tool.dyncachekeys.keys.NAME``."""
        self.timeout = timeout
        """Seconds that the programs which `run` starts may take together."""
        self.runs_each_time: bool = False
        """Whether `each_time` was called."""
        self.notices: list[Notice] = []
        self._files, self._environment = files, environ
        self._left, self._own_group = timeout, own_group
        self._packages, self._watched, self._venv = packages, watched, venv

    def files(
        self, patterns: Sequence[str], exclude: Sequence[str] = (), *, gitignore: bool = True, expected: bool = True
    ) -> Selected:
        """Return the files that gitignore-style patterns choose, sorted, each with the pattern that chose it.

        It is a mapping from paths to patterns. A resolver may yield it whole: that is quicker, and takes
        less memory, than a `File` for each.

        Ignored files are left out unless ``gitignore`` is false; ``.git``, virtual environments,
        ``__pycache__`` and ``.dyncachekeys`` always, unless a pattern without wildcards names the file.
        A warning says which pattern matches nothing, unless ``expected`` is false.

        Raises:
            ValueError: a pattern that can't be understood.
            ResolverError: a folder can't be listed.
        """
        selection = Selection(patterns, exclude, gitignore=gitignore)
        found = selection.among(self._files)
        unmatched = selection.unmatched(found, self.root.parts) if expected else []
        for pattern in unmatched[:_MOST_NAMED]:
            self.warn("pattern-matches-nothing", f"pattern `{pattern}` matches nothing: fix it, or take it out")
        if more := len(unmatched[_MOST_NAMED:]):
            self.warn("pattern-matches-nothing", f"{more:,} more patterns match nothing: fix them, or take them out")
        return found

    def read_bytes(self, path: str) -> bytes:
        """Return a file's content; that of the project's ``pyproject.toml`` comes without our region.

        Raises:
            ValueError: the path is not relative.
            OSError: there is no such file, or it can't be read.
        """
        return self._files.read(normalised(path))

    def read_text(self, path: str, encoding: str = "utf-8") -> str:
        """Return a file's content as text. Errors as `read_bytes`, and ``UnicodeDecodeError``."""
        return self.read_bytes(path).decode(encoding)

    def derived(self, path: str, question: str, function: Callable[[bytes], str]) -> str:
        """Return what a pure function makes of a file's content; from memory, if an earlier run asked the same.

        Only built-in resolvers have that memory. Errors as `read_bytes`, and those of the function.

        Args:
            path: The file.
            question: Names the function and its version, and all that its answer depends on besides the content.
            function: Takes the content, and returns the answer.
        """
        return self._files.derive(normalised(path), question, function)

    def names(self, path: str, *, noted: bool = True) -> list[str]:
        """Return the names of what a folder holds, sorted; ``.`` for the project's own.

        Args:
            path: The folder.
            noted: Whether the resolver is called again when a name is added or removed there. Say false
                only if nothing counts but names that are asked for in another way as well (`read_text`,
                `is_dir`), so that their removal is noticed. If none of these is there, list the folder
                again, noted: else nobody notices when one is added.

        Raises:
            ValueError: the path is not relative.
            OSError: it can't be listed. A folder that is missing is noted in any case.
        """
        folder = normalised(path)
        try:
            if not noted:
                return sorted(entry.name for entry in (self.root / folder).iterdir())
            return sorted(entry.name for entry in self._files.entries("" if folder == "." else folder))
        except OSError:
            if self._files.exists(folder) and self._files.is_dir(folder):
                self.each_time()  # it is there, and only listing it again shows whether that works now
            raise

    def environment(self) -> str:
        """Return where uv keeps the project's environment, relative to the project; it need not be there.

        ``UV_PROJECT_ENVIRONMENT``, else ``.venv``: in the project, or at the root of the workspace that
        it is a member of.
        """
        path = self._files.relative(str(self._environment_folder())) or "."
        return path if check_path(path) is None else f"./{path}"  # a folder may well be called `~`

    def is_editable(self) -> bool:
        """Tell whether the project is installed editable in its environment; so it will be, if it is not there yet."""
        name = at(self.pyproject, "project.name")
        return is_editable(self._files, name if isinstance(name, str) else self.root.name, self._environment_folder())

    def _environment_folder(self) -> Path:
        return self._venv or project_environment(self._files, self.environ)

    def git(self, *arguments: str) -> str | None:
        """Ask git what only HEAD, branches and tags decide, and return what it prints, less the last line break.

        Nothing where there is no git, no repository or an error. Neither a hook's variables nor the
        directory from which it is called change the answer, and the index is never written. For what
        depends on the index or on the work tree, call `each_time` as well.
        """
        repository.note(self._files)
        return git.ask(self.root, *arguments)

    def git_blocker(self, *, needs_git: bool = True) -> str | None:
        """Return why `git` gives nothing, as text for a message; nothing if git can be asked.

        If git itself fails, the resolver is called each time: nothing else shows when that is fixed.

        Args:
            needs_git: Say false if only commit and tags are wanted, as by a `Git` result: those are read
                without the git program where that is possible.
        """
        blocker = repository.blocker(self._files, needs_git=needs_git)
        if blocker and repository.is_there(self._files):
            self.each_time()
        return blocker

    def without_region(self, pyproject: bytes) -> bytes:
        """Return the content of a ``pyproject.toml`` without the entries that dyncachekeys generates.

        As it is, where it can't be parsed.
        """
        return project.without_region(pyproject)

    def run(self, argv: Sequence[str], *, max_output: int = 1_048_576) -> Completed:
        """Run a program in the project's folder, without a shell and with empty input; return its exit code and output.

        It gets the environment that ``environ`` shows. A name is looked up by its ``PATH``; with a slash,
        it is relative to the project. Processes that the program leaves behind are killed when it ends.
        A resolver that runs one is called each time.

        Raises:
            FileNotFoundError: there is no such program.
            TimeoutError: all programs together took longer than the key's ``timeout``.
            OutputTooLargeError: it wrote more bytes than ``max_output`` to its standard output.
            OSError: it can't be started.
        """
        from dyncachekeys.process import run  # noqa: PLC0415  most resolvers run nothing

        self.each_time()
        started = time.monotonic()
        try:
            return run.run(
                argv,
                folder=self.root,
                environ=self._environment.whole(),
                timeout=max(self._left, 0),
                max_output=max_output,
                own_group=self._own_group,
            )
        finally:
            self._left -= time.monotonic() - started

    def limited(self) -> AbstractContextManager[None]:
        """Bound what is done in a ``with`` by what is left of the key's ``timeout``: a regular expression may never end.

        On Linux and macOS, and on the main thread.

        Raises:
            TimeoutError: it took longer.
        """
        from dyncachekeys.process.limit import limited  # noqa: PLC0415  as in `run`

        return limited(self._left)

    def package(self, *, name: str | None = None, path: str | None = None, whole: bool = False) -> Iterable[Result]:
        """Return the inputs of another local package, as results of this one.

        By its own keys, if it has any; else all files in its folder that git does not ignore.

        Args:
            name: Its name, in the same workspace or among the path sources; or
            path: its folder, relative to the project.
            whole: Whether what its wheel takes in counts, too, as far as the settings of hatchling or ``uv_build`` say
                that, else all files that git does not ignore. Of the project itself (``.``), that alone.

        Raises:
            ValueError: the path is not relative.
            ResolverError: there is no such package, or packages use each other.
        """
        if self._packages is None:
            message = "a resolver that runs in a process of its own can't ask for other packages"
            raise ResolverError([Problem("no-packages", message, self.where, 'use `resolver = "package"`')])
        where = f"{self.where}.{'path' if name is None else 'name'}"
        folder = normalised(path or "") if name is None else self._packages.named(name, where)
        results = list(self._packages.results(folder, where, whole=whole))
        self.runs_each_time |= self._packages.runs_each_time
        return results

    def watched(
        self, whole: object, tables: object, exclude: Sequence[str] = (), *, programs: bool = True
    ) -> Iterable[Result]:
        """Return what uv's last builds of the project were seen to depend on, as results that ask for no entry.

        Nothing is built: by the record of a build that stands, else of the newest.

        Args:
            whole: What counts of ``pyproject.toml`` where the project's own code reads it.
            tables: What counts of it where a backend does.
            exclude: Patterns of files that do not count, as in a ``.gitignore`` file.
            programs: Whether programs other than Python are to be watched in the builds that come.

        Raises:
            ResolverError: only a built-in resolver can ask.
        """
        if self._watched is None:
            message = "a resolver of one's own can't ask for what builds were seen to read"
            raise ResolverError([Problem("no-builds", message, self.where, 'use `resolver = "build"`')])
        found, notices = self._watched.results(whole, tables, exclude, self.where, programs=programs)
        self.runs_each_time |= self._watched.runs_each_time
        for notice in notices:
            self.warn(notice.code, notice.message)
        return found

    def each_time(self) -> None:
        """Have the resolver called in every run.

        For results that come from elsewhere than the context, such as a program's output.
        """
        self.runs_each_time = True

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file stands there, links followed."""
        return self._files.is_file(normalised(path))

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there, links followed."""
        return self._files.is_dir(normalised(path))

    def variables(self, wildcard: str) -> list[str]:
        """Return the names of the set variables that a wildcard (``*``, ``?``, ``[...]``) matches, sorted.

        Better than going through ``environ``: that asks for every variable there is, and so the resolver
        is called again whenever any variable is set or unset.
        """
        return self._environment.matching(wildcard)

    def warn(self, code: str, message: str) -> None:
        """Report something that the user should know and that is not an error; each once."""
        notice = Notice(code, message, self.where)
        if notice not in self.notices:
            self.notices.append(notice)
