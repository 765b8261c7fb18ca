"""The work tree as git sees it: submodules, and what differs from HEAD. For ``resolver = "git"``."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from dyncachekeys.plugin import Context, File, Result, Value

_SETTINGS = ("-c", "core.excludesFile=/dev/null")
"""The settings of a user must not change an answer."""
_HAVE_FILTER = (":(exclude,attr:!filter)", ":(exclude,attr:-filter)")
"""Select what is left: files to which gitattributes give a filter."""
_STATUS = ("status", "--porcelain=v2", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
_FIELDS = {"1": 8, "u": 10, "?": 1}
"""How many fields come before the path in a line of git's status."""
_IGNORED = {".dyncachekeys", "__pycache__"}
_GITLINK = "160000"
_FILTERED = "git would have to run a filter to tell whether it is as committed"


@dataclass(frozen=True, slots=True)
class WorkTree:
    """The work tree around the project, with those of its submodules. Places are relative to its top."""

    context: Context
    prefix: str
    """The place of the project; empty at the top."""

    @classmethod
    def around(cls, context: Context) -> WorkTree | None:
        """Return the work tree that the project is in; nothing if there is none, with a warning."""
        inside, _, prefix = (context.git("rev-parse", "--is-inside-work-tree", "--show-prefix") or "").partition("\n")
        if inside == "true":
            return cls(context, prefix.rstrip("/"))
        if not context.git_blocker():
            context.warn("git-unknown", "git has no work tree here; what the key asks of it counts as none")
        return None

    def place(self, path: str | None) -> str:
        """Return the place of a path that is relative to the project; empty for the top, and if there is no path."""
        place = posixpath.normpath(posixpath.join(self.prefix, path) if path else ".")
        return "" if place == "." else place

    def named(self, place: str) -> str:
        """Return the path of a place relative to the project."""
        return posixpath.relpath(place or ".", self.prefix or ".")

    def ask(self, place: str, *arguments: str) -> str | None:
        """Ask git in a place."""
        return self.context.git("-C", self.named(place), *_SETTINGS, *arguments)

    def filtered(self, top: str, below: str) -> list[str]:
        """Return the tracked files that git can compare with what is committed only by running a filter.

        No filter is ever run, since whoever made the repository says what it is. Git Large File Storage has one.
        """
        if not self.ask(top, "config", "--name-only", "--get-regexp", r"^filter\..*\.(clean|process)$"):
            return []
        narrowed = f":(top,literal){below}" if below else ":(top)"
        listed = self.ask(top, "ls-files", "-z", "--", narrowed, *_HAVE_FILTER) or ""
        return [path for path in listed.split("\0") if path and not _IGNORED & set(path.split("/"))]

    def head(self, place: str) -> str | None:
        """Return the commit that a submodule has checked out; nothing if it is not checked out."""
        dot_git = f"./{self.named(place)}/.git"
        if not (self.context.is_file(dot_git) or self.context.is_dir(dot_git)):
            return None  # git would answer for the repository around it
        return self.ask(place, "rev-parse", "--verify", "--quiet", "HEAD")

    def submodules(self, top: str, below: str) -> Iterator[tuple[str, str | None]]:
        """Yield the place of each submodule in a repository and in these, with the commit that is checked out."""
        listed = self.ask(top, "ls-files", "--stage", "-z", *_narrowed(below)) or ""
        for line in listed.split("\0"):
            if not line.startswith(_GITLINK):
                continue
            place = posixpath.join(top, line.partition("\t")[2])
            commit = self.head(place)
            yield place, commit
            if commit:
                yield from self.submodules(place, "")

    def changes(self, top: str, below: str) -> Iterator[Result]:
        """Yield what differs from HEAD in one repository: the names, and the content of each.

        Args:
            top: The repository.
            below: The place in it that counts; empty for all of it.
        """
        listed = self.ask(top, *_STATUS, *_narrowed(below))
        changed: list[object] = [] if listed is None else [""]
        filtered = set(self.filtered(top, below))
        differing = {one for one in _parsed(listed or "") if one[0] not in filtered}
        for place, is_submodule in sorted(differing | {(path, False) for path in filtered}):
            whole = posixpath.join(top, place)
            name = self.named(whole)
            if is_submodule:
                changed.append([name, self.head(whole)])
            elif posixpath.basename(place) != "pyproject.toml":
                changed.append(name)
                yield File(f"./{name}", _FILTERED if place in filtered else "not as committed")
            elif (content := self.changed_pyproject(top, place)) is not None:
                changed.append([name, content])
        yield Value(f"changes in {self.named(top)}" if top else "changes", changed, "what is not as committed")

    def changed_pyproject(self, top: str, place: str) -> bytes | None:
        """Return the content of a ``pyproject.toml`` without the region; nothing if that is as committed."""
        try:
            data = self.context.read_bytes(f"./{self.named(posixpath.join(top, place))}")
        except OSError:
            return b""
        data = self.context.without_region(data)
        committed = self.ask(top, "show", f"HEAD:{place}")
        if committed is None:
            return data
        bare = self.context.without_region(committed.encode("utf-8", "surrogateescape"))
        return None if _lines(bare) == _lines(data) else data


def _narrowed(place: str) -> tuple[str, ...]:
    return ("--", f":(top,literal){place}") if place else ()


def _parsed(status: str) -> Iterator[tuple[str, bool]]:
    """Yield the paths of git's status, each with whether it is a submodule."""
    for line in status.split("\0"):
        fields = line.split(" ", _FIELDS.get(line[:1], 0))
        place = fields[-1].rstrip("/")
        if line[:1] in _FIELDS and not _IGNORED & set(place.split("/")):
            yield place, line[0] != "?" and fields[2].startswith("S")


def _lines(data: bytes) -> bytes:
    return data.replace(b"\r\n", b"\n").rstrip(b"\n")
