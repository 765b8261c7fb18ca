"""Running a resolver that is not built in in a process of its own, which runs `worker`.

A resolver that prints, hangs, forks, exits or changes the directory does not harm the run: its output
is captured and shown on failure, its time is bounded, and its whole process group ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.model import Notice
from dyncachekeys.names import Mask
from dyncachekeys.resolving.answers import Answers
from dyncachekeys.resolving.found import Found, unpacked
from dyncachekeys.resolving.wire import merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.resolving.wire import Request

_BOOT = """
import json, os, sys
library = os.path.dirname(os.__file__)
theirs, (ours, theirs_first) = list(sys.path), json.loads(sys.argv[1])
standard = [one for one in theirs if one.endswith(".zip") or one in (library, os.path.join(library, "lib-dynload"))]
sys.path[:] = standard + ours
import dyncachekeys  # of all that is there twice, this one must be ours
sys.path[:] = dict.fromkeys(standard + (theirs + ours if theirs_first else ours + theirs))
from dyncachekeys.resolving.worker import main
main(len(standard))
"""
"""The standard library comes first: no module of the tree, or of whoever called us, can take its place."""
_NOT_OURS = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)
"""What comes of reading an answer that `worker` has not written."""
_OUTPUT_SHOWN = 2_000


@final
class Worker:
    """One key's resolver in its own process; a context manager, at whose end the process group is gone.

    Args:
        request: Which key of which project.
        timeout: Seconds that loading, and again resolving, may take.
        environ: The environment of the process.
        files: The project's files, to which is added what the resolver looked at.
        python: The interpreter of an environment of its own, which comes before ours.
    """

    def __init__(
        self, request: Request, timeout: float, environ: Environment, files: Files, python: Path | None = None
    ) -> None:
        self.runs_each_time: bool = True
        """Whether only running it shows what it finds; known after `resolve`."""
        self.machine: bool = True
        """Whether it may yield what depends on the machine; known after `prepare`."""
        self.modules: list[str] = []
        """The files of the modules that it imported; known after `resolve`."""
        self._request, self._timeout, self._environ, self._files = request, timeout, environ, files
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        ours = [folder for folder in sys.path if Path(folder).is_absolute()]
        self._process = subprocess.Popen(  # noqa: S603
            [python or sys.executable, *_flags(), "-c", _BOOT, json.dumps([ours, python is not None])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            cwd=request.root,
            env=environ.whole(),
            start_new_session=True,
        )
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:  # for the type checker: both were asked for
            raise RuntimeError
        self._orders, self._answers = orders, Answers(self._process, answers)
        self._send(json.dumps(request._asdict()))

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if hasattr(os, "killpg"):
            # Before the process is waited for, its number can't belong to anybody else.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        self._process.wait()
        with contextlib.suppress(OSError):  # a line that was never read
            self._orders.close()
        self._answers.close()
        self._output.close()

    def prepare(self) -> list[Problem]:
        """Wait until the resolver is loaded and its options are checked; return what is wrong."""
        try:
            answer = self._receive()
            self.machine = bool(answer.get("machine", True))
            return self._problems(answer)
        except _NOT_OURS:
            return self._problems(self._foreign())

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        """Run the resolver.

        Raises:
            ResolverError: it failed, took too long or yielded what is not an input.
        """
        self._send("go")
        try:
            answer = self._receive()
            if "found" not in answer:
                raise ResolverError(self._problems(answer))
            found = [unpacked(row) for row in answer["found"]]
            if "looked" in answer:
                merge(answer["looked"], self._files, self._environ)
            self.modules = list(map(str, answer["modules"]))
            self._files.consulted.update(dict.fromkeys(map(str, answer["consulted"])))
            notices = [Notice(*map(str, row)) for row in answer["notices"]]
        except _NOT_OURS as error:
            raise ResolverError(self._problems(self._foreign())) from error
        self.runs_each_time = "looked" not in answer
        return found, [], notices

    def _send(self, line: str) -> None:
        with contextlib.suppress(OSError):  # it may have ended; its output then says why
            self._orders.write(f"{line}\n".encode("ascii"))
            self._orders.flush()

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._answers.line(self._timeout)
        except TimeoutError:
            return self._failure(f"did not answer within {self._timeout:g} seconds", "resolver-timeout")
        return dict(json.loads(line)) if line else self._failure("ended without an answer", "resolver-failed")

    def _foreign(self) -> dict[str, Any]:
        return self._failure("wrote into a file descriptor that is not its own", "resolver-failed")

    def _failure(self, what: str, code: str) -> dict[str, Any]:
        remedy = f"fix the resolver, or raise `{self._request.where}.timeout`"
        return {"problems": [self._request.problem(what, remedy, code)._asdict()]}

    def _problems(self, answer: Mapping[str, Any]) -> list[Problem]:
        problems = [Problem(**problem) for problem in answer["problems"]]
        output = self._printed()
        if problems and output:
            message = f"{problems[0].message}\n  its output was:\n{output}"
            problems[0] = problems[0]._replace(message=message)
        mask = Mask(self._environ.whole())
        return [one._replace(message=mask(one.message)) for one in problems]

    def _printed(self) -> str:
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace").strip()
        tail = text if len(text) <= _OUTPUT_SHOWN else "..." + text[-_OUTPUT_SHOWN:]
        return "\n".join(f"    {line}" for line in tail.splitlines())


def _flags() -> list[str]:
    """Return the options of the interpreter: it is isolated, and else behaves like this one."""
    without_bytecode = ["-B"] if sys.dont_write_bytecode else []
    return ["-I", *without_bytecode, *(["-X", "utf8"] if sys.flags.utf8_mode else [])]
