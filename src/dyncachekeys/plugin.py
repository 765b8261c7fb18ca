"""What the author of a resolver imports. The built-in resolvers are written against this module too.

A resolver is a function::

    def dependency_sources(context: Context, roots: list[str]) -> Iterable[Result]:
        for path in context.files(roots):
            yield File(path)

It takes a `Context` and the key's options as keyword arguments, and yields `File`, `Directory`, `Env`
and `Value` results. It prints nothing, changes nothing, and depends on nothing but what it asks of
the context. If it keeps to that last one without exception, say so with ``@resolver(tracked=True)``:
then it is called only when what it asked for has changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from dyncachekeys.model import Data, Directory, Env, File, Notice, Value
from dyncachekeys.paths import check_path, normalised
from dyncachekeys.patterns import check as check_pattern
from dyncachekeys.selection import Selected, Selection
from dyncachekeys.signature import Checked, Later

if TYPE_CHECKING:
    from pathlib import Path

    from dyncachekeys.environment import Environment
    from dyncachekeys.files import Files

__all__ = [
    "Checked",
    "Context",
    "Data",
    "Directory",
    "Env",
    "File",
    "Later",
    "Resolver",
    "Result",
    "Selected",
    "Value",
    "check_path",
    "check_pattern",
    "is_tracked",
    "resolver",
]

Result: TypeAlias = File | Directory | Env | Value | Selected
"""What a resolver yields."""
Resolver: TypeAlias = Callable[..., Iterable[Result]]
"""``resolver(context, **options)``; its signature says which options there are."""


_TRACKED = "_dyncachekeys_tracked"
_Function = TypeVar("_Function", bound=Callable[..., object])


def resolver(*, tracked: bool) -> Callable[[_Function], _Function]:
    """Mark a function as a resolver, where there is something to say of it.

    Args:
        tracked: It looks only through the context: whatever it yields is a function of what it asks
            there, of its options and of its own code. Then a run in which all of that stands as it was
            need not call it. Without this it is called each time, since it may look anywhere.
    """

    def mark(function: _Function) -> _Function:
        setattr(function, _TRACKED, tracked)
        return function

    return mark


def is_tracked(function: Resolver) -> bool:
    """Tell whether a resolver is marked to look only through the context."""
    return bool(getattr(function, _TRACKED, False))


class Context:
    """The project as a resolver may see it: nothing here depends on the current directory or the clock.

    All paths are relative to the project, with ``/``; a leading ``../`` leaves it.
    """

    def __init__(
        self,
        root: Path,
        pyproject: Mapping[str, Any],
        environ: Environment,
        files: Files,
        where: str,
    ) -> None:
        self.root = root
        """The project's folder."""
        self.pyproject = pyproject
        """``pyproject.toml``, parsed, without the entries that dyncachekeys generates."""
        self.environ: Mapping[str, str] = environ
        """The environment, without what git hooks and an active virtual environment put there."""
        self.where = where
        """The key that is being resolved: ``tool.dyncachekeys.keys.NAME``."""
        self.notices: list[Notice] = []
        self._files, self._environment = files, environ

    def files(self, patterns: Sequence[str], exclude: Sequence[str] = (), *, gitignore: bool = True) -> Selected:
        """Return the files that gitignore-style patterns choose, sorted, each with the pattern that chose it.

        It is a mapping from paths to patterns. A resolver may yield it whole: that is quicker, and takes
        less memory, than a `File` for each.


        Ignored files are left out unless ``gitignore`` is false; ``.git``, virtual environments,
        ``__pycache__`` and ``.dyncachekeys`` always, unless a pattern without wildcards names the file.
        A pattern that matches nothing is a warning.

        Raises:
            ValueError: a pattern that can't be understood.
            ResolverError: a folder can't be listed.
        """
        selection = Selection(patterns, exclude, gitignore=gitignore)
        found = selection.among(self._files)
        for pattern in selection.unmatched(found, self.root.parts):
            self.warn("pattern-matches-nothing", f"pattern `{pattern}` matches nothing")
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

    def is_file(self, path: str) -> bool:
        """Tell whether a regular file stands there, links followed."""
        return self._files.is_file(normalised(path))

    def is_dir(self, path: str) -> bool:
        """Tell whether a directory stands there, links followed."""
        return self._files.is_dir(normalised(path))

    def variables(self, wildcard: str) -> list[str]:
        """Return the names of the set variables that a wildcard (``*``, ``?``, ``[...]``) matches, sorted.

        Better than going through ``environ``: that asks for every variable there is, and so the resolver
        has to run again whenever any comes or goes.
        """
        return self._environment.matching(wildcard)

    def warn(self, code: str, message: str) -> None:
        """Say something that the user should know and that is no error; said once."""
        notice = Notice(code, message, self.where)
        if notice not in self.notices:
            self.notices.append(notice)
