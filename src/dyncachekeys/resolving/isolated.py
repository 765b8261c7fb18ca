"""Running a resolver that is not ours in a process of its own: the parent's side of `worker`.

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
from dyncachekeys.resolving.found import Found
from dyncachekeys.resolving.wire import merge

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType

    from dyncachekeys.files.selection import Selected
    from dyncachekeys.files.tree import Files
    from dyncachekeys.process.environ import Environment
    from dyncachekeys.pyproject.project import Project
    from dyncachekeys.resolving.registry import Reference

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
        project: The project.
        key: The key's name, and ``where``: its path.
        reference: The resolver.
        timeout: Seconds that loading, and again resolving, may take.
        environ: The environment of the process.
        files: The project's files, to which is added what the resolver looked at.
        python: The interpreter of an environment of its own, which comes before ours.
    """

    def __init__(  # noqa: PLR0913  what crosses to the process is listed here and nowhere else
        self,
        project: Project,
        *,
        key: str,
        where: str,
        reference: Reference,
        timeout: float,
        environ: Environment,
        files: Files,
        python: Path | None = None,
    ) -> None:
        self.runs_each_time: bool = True
        """Whether nobody can tell without running it what it will say; known after `resolve`."""
        self.machine: bool = True
        """Whether it may yield what depends on the machine; known after `prepare`."""
        self._files, self._environ = files, environ
        self._where, self._timeout, self._reference = where, timeout, reference
        self._output = tempfile.TemporaryFile()  # noqa: SIM115  closed in __exit__
        self._process = subprocess.Popen(  # noqa: S603
            [python or sys.executable, "-c", _BOOT_OWN if python else _BOOT, json.dumps(sys.path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._output,
            cwd=project.root,
            env=environ.whole(),
            start_new_session=True,
            encoding="ascii",
        )
        self._lines: queue.Queue[str] = queue.Queue()
        orders, answers = self._process.stdin, self._process.stdout
        if orders is None or answers is None:  # for the type checker: both were asked for
            raise RuntimeError
        self._orders = orders
        self._answers = answers
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        request = {
            "root": os.fspath(project.root),
            "bare": project.bare.decode("utf-8"),
            "home": os.fspath(project.home) if project.home is not None else "",
            "key": key,
            "where": where,
            "name": reference.name,
            "target": reference.target,
            "origin": reference.origin,
        }
        self._say(json.dumps(request))

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
        answer = self._hear()
        self.machine = bool(answer.get("machine", True))
        return self._problems(answer)

    def resolve(self) -> tuple[list[Found], list[Selected], list[Notice]]:
        """Run the resolver.

        Raises:
            ResolverError: it failed, took too long or yielded what is no input.
        """
        self._say("go")
        answer = self._hear()
        if "found" not in answer:
            raise ResolverError(self._problems(answer))
        self.runs_each_time = "looked" not in answer
        if "looked" in answer:
            merge(answer["looked"], self._files, self._environ)
        return [Found(*row) for row in answer["found"]], [], [Notice(*row) for row in answer["notices"]]

    def _say(self, line: str) -> None:
        with contextlib.suppress(OSError):  # it may have ended; then what it left says why
            self._orders.write(line + "\n")
            self._orders.flush()

    def _listen(self) -> None:
        for line in self._answers:
            self._lines.put(line)
        self._lines.put("")

    def _hear(self) -> dict[str, Any]:
        try:
            line = self._lines.get(timeout=self._timeout)
            return dict(json.loads(line)) if line else self._failure("resolver-failed", "ended without an answer")
        except queue.Empty:
            return self._failure("resolver-timeout", f"did not answer within {self._timeout:g} seconds")

    def _failure(self, code: str, said: str) -> dict[str, Any]:
        message = f"the resolver `{self._reference.name}` ({self._reference.origin}) {said}"
        remedy = f"mend the resolver, or raise `{self._where}.timeout`"
        return {"problems": [{"code": code, "message": message, "where": self._where, "remedy": remedy}]}

    def _problems(self, answer: Mapping[str, Any]) -> list[Problem]:
        problems = [Problem(**problem) for problem in answer["problems"]]
        output = self._printed()
        if not problems or not output:
            return problems
        first = problems[0]
        told = f"{first.message}\n  its output was:\n{output}"
        return [Problem(first.code, told, first.where, first.remedy), *problems[1:]]

    def _printed(self) -> str:
        self._output.seek(0)
        text = self._output.read().decode("utf-8", "replace").strip()
        tail = text if len(text) <= _OUTPUT_SHOWN else "..." + text[-_OUTPUT_SHOWN:]
        return "\n".join(f"    {line}" for line in tail.splitlines())
