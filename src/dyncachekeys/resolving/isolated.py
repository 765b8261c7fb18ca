"""Running a resolver that is not built in in a process of its own, which runs `worker`.

A resolver that prints, hangs, forks, exits or changes the directory does not harm the run: its output
is captured and shown on failure, its time is bounded, and its whole process group ends.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import tempfile
import threading
from typing import TYPE_CHECKING, Any, final

from dyncachekeys.errors import Problem, ResolverError
from dyncachekeys.model import Notice
from dyncachekeys.names import masked
from dyncachekeys.resolving.found import Found
from dyncachekeys.resolving.wire import merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.resolving.wire import Request

_BOOT = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]); from dyncachekeys.resolving.worker import main; main()"
)
_BOOT_OWN = """
import json, sys
theirs, ours = [folder for folder in sys.path if folder], json.loads(sys.argv[1])
sys.path[:] = ours
import dyncachekeys  # of all that is there twice, this one must be ours
sys.path[:] = theirs + [folder for folder in ours if folder not in theirs]
from dyncachekeys.resolving.worker import main
main()
"""
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
        self._request, self._timeout, self._environ, self._files = request, timeout, environ, files
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        self._process = subprocess.Popen(  # noqa: S603
            [python or sys.executable, "-c", _BOOT_OWN if python else _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            cwd=request.root,
            env=environ.whole(),
            start_new_session=True,
            encoding="ascii",
        )
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:  # for the type checker: both were asked for
            raise RuntimeError
        self._orders, self._answers = orders, answers
        self._lines: queue.Queue[str] = queue.Queue()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
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
        self._listener.join()
        with contextlib.suppress(OSError):  # a line that was never read
            self._orders.close()
        self._answers.close()
        self._output.close()

    def prepare(self) -> list[Problem]:
        """Wait until the resolver is loaded and its options are checked; return what is wrong."""
        answer = self._receive()
        self.machine = bool(answer.get("machine", True))
        return self._problems(answer)

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        """Run the resolver.

        Raises:
            ResolverError: it failed, took too long or yielded what is not an input.
        """
        self._send("go")
        answer = self._receive()
        if "found" not in answer:
            raise ResolverError(self._problems(answer))
        self.runs_each_time = "looked" not in answer
        if "looked" in answer:
            merge(answer["looked"], self._files, self._environ)
        return [Found(*row) for row in answer["found"]], [], [Notice(*row) for row in answer["notices"]]

    def _send(self, line: str) -> None:
        with contextlib.suppress(OSError):  # it may have ended; its output then says why
            self._orders.write(line + "\n")
            self._orders.flush()

    def _listen(self) -> None:
        for line in self._answers:
            self._lines.put(line)
        self._lines.put("")

    def _receive(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._timeout)
            return dict(json.loads(line)) if line else self._failure("ended without an answer", "resolver-failed")
        except queue.Empty:
            return self._failure(f"did not answer within {self._timeout:g} seconds", "resolver-timeout")

    def _failure(self, what: str, code: str) -> dict[str, Any]:
        remedy = f"fix the resolver, or raise `{self._request.where}.timeout`"
        return {"problems": [self._request.problem(what, remedy, code)._asdict()]}

    def _problems(self, answer: Mapping[str, Any]) -> list[Problem]:
        problems = [Problem(**problem) for problem in answer["problems"]]
        output = self._printed()
        if problems and output:
            message = f"{problems[0].message}\n  its output was:\n{output}"
            problems[0] = problems[0]._replace(message=message)
        return [one._replace(message=masked(one.message, self._environ.whole())) for one in problems]

    def _printed(self) -> str:
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace").strip()
        tail = text if len(text) <= _OUTPUT_SHOWN else "..." + text[-_OUTPUT_SHOWN:]
        return "\n".join(f"    {line}" for line in tail.splitlines())
