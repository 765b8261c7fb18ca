"""The process in which a resolver that is not ours runs: the child's side of `isolation`.

It speaks one JSON document a line: a request comes in, the problems of loading go out, ``go`` comes in,
the results go out. Whatever the resolver prints goes to standard error, which the parent keeps.
"""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dyncachekeys.config import model
from dyncachekeys.config.check import check_options
from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.files.recall import FileMemory
from dyncachekeys.files.tree import Files
from dyncachekeys.plugin import Context, is_tracked, may_ask_machine
from dyncachekeys.process.environ import Environment
from dyncachekeys.pyproject.project import FILE
from dyncachekeys.pyproject.source import parse
from dyncachekeys.resolving import registry
from dyncachekeys.resolving.found import WrongResultError, plain
from dyncachekeys.resolving.wire import note_modules, packed

if TYPE_CHECKING:
    from typing import TextIO

    from dyncachekeys.config.model import Config, Key
    from dyncachekeys.plugin import Resolver


def main() -> None:
    """Serve one key."""
    channel = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]  # what is printed must outlive a kill
    orders = os.fdopen(os.dup(0), encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)  # a resolver that asks for input must not wait for ever
    sys.dont_write_bytecode = True
    request = json.loads(orders.readline())
    root, where = Path(request["root"]), request["where"]
    bare = request["bare"].encode()
    pyproject = parse(bare)
    settings, _ = model.read(pyproject.get("tool", {}).get("dyncachekeys", {}), _inherited(request["home"]))
    key = settings.keys[request["key"]]
    before = list(sys.modules)
    function, problems = _loaded(root, settings, key, request)
    tracked = function is not None and is_tracked(function)
    machine = True
    if function is not None and not problems:
        machine, problems = _machine(function, key, request)
    _send(channel, {"problems": [dataclasses.asdict(problem) for problem in problems], "machine": machine})
    if function is None or problems or orders.readline().strip() != "go":
        return
    files = Files(root, FileMemory(), bare)
    environ = Environment(dict(os.environ))
    # A little less than the parent waits, so that what is told is which program took too long.
    seconds = key.timeout - min(1, key.timeout / 10)
    context = Context(root, pyproject, environ, files, where, timeout=seconds, own_group=False)
    answer = _answer(function, context, key, request)
    if tracked and not context.runs_each_time and "found" in answer:
        note_modules(files, before, _search(root, settings))
        answer["looked"] = packed(files, environ)
    _send(channel, answer)


def _loaded(root: Path, settings: Config, key: Key, request: dict[str, Any]) -> tuple[Resolver | None, list[Problem]]:
    where = request["where"]
    reference = registry.Reference(request["name"], request["target"], request["origin"])
    sys.path[:0] = _search(root, settings)
    try:
        function = registry.load(reference, where)
    except ResolverError as error:
        return None, list(error.problems)
    except SystemExit as error:
        return None, [_problem(request, f"called sys.exit({error.code!r}) while it was imported")]
    return function, check_options(function, key.options, where)


def _machine(function: Resolver, key: Key, request: dict[str, Any]) -> tuple[bool, list[Problem]]:
    try:
        return may_ask_machine(function, key.options), []
    except Exception as error:  # noqa: BLE001  it is a stranger's code; what it raises is the message
        said = "".join(traceback.format_exception_only(error)).strip()
        return True, [_problem(request, f"can't tell whether it asks the machine: {said}")]


def _inherited(home: str) -> object:
    """Return the keys that the root of the workspace declares for its members."""
    if not home:
        return None
    return parse((Path(home) / FILE).read_bytes())["tool"]["dyncachekeys"]["workspace"]["keys"]


def _search(root: Path, settings: Config) -> list[str]:
    return [str((root / folder).resolve()) for folder in settings.plugin_path]


def _answer(function: Resolver, context: Context, key: Key, request: dict[str, Any]) -> dict[str, Any]:
    try:
        found = plain(function(context, **key.options))
    except ResolverError as error:
        return {"problems": [dataclasses.asdict(problem) for problem in error.problems]}
    except SystemExit as error:
        return {"problems": [dataclasses.asdict(_problem(request, f"called sys.exit({error.code!r})"))]}
    except WrongResultError as error:
        return {"problems": [dataclasses.asdict(_problem(request, f"did not do what it should: {error}"))]}
    except Exception as error:  # noqa: BLE001  it is a stranger's code; what it raises is the message
        said = "".join(traceback.format_exception_only(error)).strip()
        place = _place(error, context.root)
        return {"problems": [dataclasses.asdict(_problem(request, f"raised {said}{place}"))]}
    return {"found": found, "notices": [dataclasses.astuple(notice) for notice in context.notices]}


def _problem(request: dict[str, Any], said: str) -> Problem:
    message = f"the resolver `{request['name']}` ({request['origin']}) {said}"
    return Problem("resolver-failed", message, request["where"], "mend the resolver, or its options")


def _place(error: BaseException, root: Path) -> str:
    """Return where in the project an error came from, or where at all."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if Path(frame.filename).is_relative_to(root)] or frames[-1:]
    if not ours:
        return ""
    path = Path(ours[-1].filename)
    shown = path.relative_to(root).as_posix() if path.is_relative_to(root) else path.name
    return f" ({shown}:{ours[-1].lineno})"


def _send(channel: TextIO, message: dict[str, Any]) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    channel.write(json.dumps(message) + "\n")
    channel.flush()
