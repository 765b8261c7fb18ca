"""What a build depends on that is no file of the tree: programs, git's answers, and which variables there are."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator
from pathlib import Path

from dyncachekeys.files import git, refs, repository
from dyncachekeys.files.content import digest_of
from dyncachekeys.files.tree import Files
from dyncachekeys.model import Value
from dyncachekeys.process.environ import Environment
from dyncachekeys.quick.snapshot import TIMED
from dyncachekeys.trace import replay
from dyncachekeys.trace.model import Trace, by
from dyncachekeys.trace.session import is_of_session

_SMALL = 65_536
"""Bytes up to which a program is taken for a script, which is known by what it holds, and not by its time."""


def values(
    trace: Trace, files: Files, environ: Environment, answers: dict[str, str | None], when: str
) -> Iterator[Value]:
    """Yield what a build depends on outside of the tree, as it is now.

    Args:
        trace: What the build did.
        files: The project's files.
        environ: The environment.
        answers: What git has answered already; more is added.
        when: What each reason ends with.
    """
    if trace.looped:
        names = [name for name in environ.matching("*") if not is_of_session(name)]
        yield Value("names of variables", names, f"gone through by {trace.looped} {when}")
    for path, who in trace.programs.items():
        yield Value(f"program {posixpath.basename(path)}", _program(path, files, environ), f"started{by(who)} {when}")
    for asked, who in trace.git.items():
        question = replay.question(asked)
        if question is not None:
            if _leads_away(question, files):
                yield Value(f"git {question.shown}", None, f"not asked again: it is about another repository {when}")
                continue
            if asked not in answers:
                answers[asked] = _answer(question, files)
            yield Value(f"git {question.shown}", answers[asked], f"asked{by(who)} {when}")


def runs_each_time(trace: Trace) -> bool:
    """Tell whether only asking again shows whether an answer still holds: where git was asked about the work tree."""
    questions = map(replay.question, trace.git)
    return any(question is not None and question.of_work_tree for question in questions)


def _program(path: str, files: Files, environ: Environment) -> list[object]:
    """Return by what a program is recognised: path, size and time of what is started by its name now.

    Looked up on ``PATH`` again if it was found there: another one may come first by now.
    """
    name = posixpath.basename(path)
    for folder in environ.get("PATH", "").split(os.pathsep):
        candidate = os.path.join(folder, name)
        if candidate == path:
            break
        if os.path.isabs(folder) and files.is_file(files.relative(candidate)) and os.access(candidate, os.X_OK):
            path = candidate if _is_on_path(path, environ) else path
            break
    files.note(files.relative(path), TIMED)
    try:
        info = os.stat(path)
    except OSError:
        return [path]
    if info.st_size > _SMALL:
        return [path, info.st_size, info.st_mtime_ns]
    digest = digest_of(path)
    return [path, None if digest is None else digest.hex()]  # it may be executed, and not read


def _is_on_path(path: str, environ: Environment) -> bool:
    return os.path.dirname(path) in environ.get("PATH", "").split(os.pathsep)


def _answer(question: replay.Question, files: Files) -> str | None:
    repository.note(files)
    return git.ask(Path(files.full(question.folder)), *question.arguments)


def _leads_away(question: replay.Question, files: Files) -> bool:
    """Tell whether a question names a repository that is not the project's: git would believe it, whoever owns it."""
    top, own = refs.work_tree(files) or files.root, refs.find(files)
    inside = [top, *(Path(files.full(folder)) for folder in ((own.own, own.common) if own else ()))]
    start = Path(files.full(question.folder), *(value for value in _folders(question)))
    places = (Path(os.path.realpath(start / name)) for name in question.named)
    return not all(any(place.is_relative_to(os.path.realpath(one)) for one in inside) for place in places)


def _folders(question: replay.Question) -> Iterator[str]:
    """Yield the folders that git is told to go to first."""
    for name, value in zip(question.arguments, question.arguments[1:], strict=False):
        if name == "-C":
            yield value
