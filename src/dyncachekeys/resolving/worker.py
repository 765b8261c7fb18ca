"""The process in which a resolver that is not built in runs: the other side of `isolated`.

It reads and writes one JSON document a line: it reads the request, writes the problems of loading, reads
``go``, and writes the results. Whatever the resolver prints goes to standard error, which the parent keeps.
"""

from __future__ import annotations

import json
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from dyncachekeys.config import model
from dyncachekeys.config.check import check_options
from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.tree import Files
from dyncachekeys.plugin import Context, Resolver, is_tracked, may_ask_machine
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.source import parse
from dyncachekeys.resolving import from_source, registry
from dyncachekeys.resolving.found import Found, WrongResultError, plain
from dyncachekeys.resolving.wire import Request, packed


def main(standard: int) -> None:
    """Serve one key.

    Args:
        standard: How many folders of the standard library ``sys.path`` begins with.
    """
    answers = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what is printed must outlive a kill
    orders = os.fdopen(os.dup(0), encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a resolver that asks for input must not wait for ever
    sys.dont_write_bytecode = True

    def send(answer: dict[str, Any]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    job = _Task(Request(**json.loads(orders.readline())), standard)
    problems = job.prepare()
    send({"problems": [problem._asdict() for problem in problems], "machine": job.machine})
    if not problems and orders.readline().strip() == "go":
        send(job.answer())


class _Task:
    """One key of a project."""

    def __init__(self, request: Request, standard: int) -> None:
        self.machine = True
        """Whether the resolver may yield what depends on the machine."""
        self._request = request
        self._root = Path(request.root)
        self._pyproject = parse(request.bare.encode())
        table = self._pyproject.get("tool", {}).get("dyncachekeys", {})
        settings, _ = model.read(table, _inherited(request.home))
        self._key = settings.keys[request.key]
        folders = settings.plugin_path if request.in_tree else ()
        self._search, self._standard = [str((self._root / folder).resolve()) for folder in folders], standard
        self._modules_before = set(sys.modules)
        self._function: Resolver

    def prepare(self) -> list[Problem]:
        """Import the resolver and check the key's options; return what is wrong."""
        sys.path[self._standard : self._standard] = self._search
        from_source.below(self._search)
        named = registry.Reference(self._request.name, self._request.target, self._request.origin)
        try:
            self._function = registry.load(named, self._request.where)
        except ResolverError as error:
            return list(error.problems)
        except SystemExit as error:
            return [self._problem(f"called sys.exit({error.code!r}) while it was imported")]
        except BaseException as error:  # noqa: BLE001  it is a stranger's code; what it raises is the message
            return [self._problem(f"raised {_shown(error)} while it was imported")]
        problems = check_options(self._function, self._key.options, self._request.where)
        if not problems:
            try:
                self.machine = may_ask_machine(self._function, self._key.options)
            except Exception as error:  # noqa: BLE001  it is a stranger's code; what it raises is the message
                return [self._problem(f"can't tell whether it asks the machine: {_shown(error)}")]
        return problems

    def answer(self) -> dict[str, Any]:
        """Run the resolver; return what it found, or what is wrong, as JSON has it."""
        files = Files(self._root, bare=self._request.bare.encode())
        environ = Environment(dict(os.environ))
        # A little less than the parent waits, so that the message names the program that took too long.
        seconds = self._key.timeout - min(1, self._key.timeout / 10)
        where = self._request.where
        context = Context(self._root, self._pyproject, environ, files, where, timeout=seconds, own_group=False)
        try:
            found = self._found(context)
        except ResolverError as error:
            return {"problems": [problem._asdict() for problem in error.problems]}
        notices, modules = [list(notice) for notice in context.notices], self._modules()
        answer: dict[str, Any] = {
            "found": found,
            "notices": notices,
            "modules": [files.relative(path) for path in modules if "site-packages" not in Path(path).parts],
            "consulted": list(files.consulted),
        }
        if is_tracked(self._function) and not context.runs_each_time:
            self._note_code(files, map(files.relative, modules))
            answer["looked"] = packed(files, environ)
        return answer

    def _found(self, context: Context) -> list[Found]:
        try:
            return plain(self._function(context, **self._key.options))
        except ResolverError:
            raise
        except SystemExit as error:
            what = f"called sys.exit({error.code!r})"
        except WrongResultError as error:
            what = f"did not do what it should: {error}"
        except BaseException as error:  # noqa: BLE001  as above
            what = f"raised {_shown(error)}{_place(error, self._root)}"
        raise ResolverError([self._problem(what)])

    def _modules(self) -> list[str]:
        """Return the files of all modules that the resolver has imported, but for the standard library."""
        found = []
        standard = Path(os.__file__).parent
        for name, module in sorted(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if name in self._modules_before or not isinstance(file, str):
                continue
            path = Path(file)
            if not path.is_relative_to(standard) or "site-packages" in path.parts:
                found.append(file)
        return found

    def _note_code(self, files: Files, modules: Iterable[str]) -> None:
        """Record the code that the resolver is made of: the modules that it imported, and the folders searched."""
        for path in modules:
            files.note(path)
        for folder in map(files.relative, self._search):
            if files.is_dir(folder):
                files.entries(folder)

    def _problem(self, what: str) -> Problem:
        return self._request.problem(what, "fix the resolver, or its options")


def _inherited(home: str) -> object:
    """Return the keys that the root of the workspace declares for its members."""
    if not home:
        return None
    return parse((Path(home) / FILE).read_bytes())["tool"]["dyncachekeys"]["workspace"]["keys"]


def _shown(error: BaseException) -> str:
    return "".join(traceback.format_exception_only(error)).strip()


def _place(error: BaseException, root: Path) -> str:
    """Return where an error was raised: the last place in the project, or else the last place."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(root)] or frames[-1:]
    path = Path(ours[-1].filename)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f" ({shown}:{ours[-1].lineno})"
