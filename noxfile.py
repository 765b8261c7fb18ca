"""Benchmarks, each with one command: ``nox -s speed`` and ``nox -s staleness``.

They are run by hand, on a machine that does nothing else, and write the figures in ``docs/`` anew. Nothing
depends on what they measure, so plain ``nox`` runs none of them. What must pass is ``.ci/run``.
"""

from __future__ import annotations

import nox

nox.options.sessions = []


@nox.session
def speed(session: nox.Session) -> None:
    """Measure what a sync costs, beside what it is compared with; write docs/speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/speed.py", "--write", *session.posargs)


@nox.session
def staleness(session: nox.Session) -> None:
    """Count stale and needless builds, with dyncachekeys and without; write docs/staleness.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/staleness.py", "--write", *session.posargs)
