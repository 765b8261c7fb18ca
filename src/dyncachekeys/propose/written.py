"""How to tell what `init` has written from what others have, in a file that may have been edited and formatted since."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from dyncachekeys.errors import DyncachekeysError
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.propose.decide import InitOptions, decide, shared_keys
from dyncachekeys.propose.inspect import inspect
from dyncachekeys.propose.keys import Table
from dyncachekeys.propose.record import Remembered
from dyncachekeys.propose.without import TABLE
from dyncachekeys.pyproject.project import Project
from dyncachekeys.pyproject.source import parse
from dyncachekeys.pyproject.tables import table_at, without_our_table

_GROUPS = (("keys",), ("workspace", "keys"))
_SETTINGS = frozenset({"watch", "transport", "defaults"})
"""What `init` writes into the table itself."""


class Written:
    """What `init` would write now, and what it is remembered to have written."""

    def __init__(self, projects: Iterable[Project], known: Iterable[Remembered], environ: Mapping[str, str]) -> None:
        fresh = [table for project in projects for table in _fresh(project, environ)]
        self._keys = [table_at({"keys": {key.name: key.as_table() for key in table.keys}}, "keys") for table in fresh]
        shown = [*fresh, Table(shared=shared_keys(fresh)), *(Table(shared=table.keys) for table in fresh)]
        lines = {line for table in shown for line in table.lines()}
        for one in known:
            table = table_at(parse(one.after), TABLE)
            self._keys += [table_at(table, group) for group in _GROUPS]
            lines |= {line.decode() for line in {*one.after.splitlines()} - {*one.before.splitlines()}}
        self._comments = {line.partition(":")[0] for line in lines if line.startswith("#")}

    def is_comment(self, text: str) -> bool:
        """Tell whether a comment is one that `init` writes; behind a colon it names files, which come and go."""
        return text.partition(":")[0] in self._comments

    def sorted_out(self, project: Project) -> tuple[list[tuple[str, ...]], list[str]]:
        """Return the paths of a project's keys that are as `init` writes them, and the names of all else in our table."""
        table = project.table or {}
        mine, others = [], [name for name in table if name not in {"keys", "workspace", *_SETTINGS}]
        others += [f"workspace.{name}" for name in table_at(table, "workspace") if name != "keys"]
        for group in _GROUPS:
            for name, key in table_at(table, group).items():
                if any(_in_order(keys.get(name)) == _in_order(key) for keys in self._keys):
                    mine.append((*TABLE, *group, name))
                else:
                    others.append(".".join((*group, name)))
        return mine, others


def _in_order(key: Any) -> Any:
    """Return a key with its lists sorted: a formatter may have sorted what they were made of."""
    return {name: sorted(map(str, one)) if isinstance(one, list) else one for name, one in (key or {}).items()}


def _fresh(project: Project, environ: Mapping[str, str]) -> Iterator[Table]:
    """Yield the table that `init` would write for a project now."""
    table = project.table or {}
    options = InitOptions(
        watch="digest" if table.get("watch") == "digest" else "auto",
        transport="digest" if table.get("transport") == "digest" else "stamp",
    )
    less = project._replace(pyproject=without_our_table(project.pyproject), inherited={}, home=None)
    try:
        yield decide(inspect(less, Files(project.root, FileMemory()), environ), options)
    except DyncachekeysError:  # then nothing of it is known
        return
