"""What takes long, each with one command: ``nox -s speed``, ``nox -s staleness``, ``nox -s thorough``.

They are run by hand, on a machine that does nothing else, and the benchmarks write the figures in
``docs/`` anew. Nothing depends on what they measure, so plain ``nox`` runs none of them. What must pass is ``.ci/run``.
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
def links(session: nox.Session) -> None:
    """Measure what the link folder adds to uv's commands; write docs/link-folder-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/links.py", "--write", *session.posargs)


@nox.session
def closure(session: nox.Session) -> None:
    """Measure what it costs to read an in-tree build backend of 500 modules; write docs/closure-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/closure.py", "--write", *session.posargs)


@nox.session
def staleness(session: nox.Session) -> None:
    """Count stale and needless builds, with dyncachekeys and without; write docs/staleness.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/staleness.py", "--write", *session.posargs)


@nox.session
def thorough(session: nox.Session) -> None:
    """Run all tests, also those that take long, with many more random ones."""
    session.install("-e", ".", "--group", "test")
    environ = {"DYNCACHEKEYS_MATCHING_EXAMPLES": "5000", "DYNCACHEKEYS_QUIET_SEEDS": "50"}
    session.run("python", "-m", "pytest", "-m", "thorough or not thorough", *session.posargs, env=environ)


@nox.session
def trace_public(session: nox.Session) -> None:
    """Trace the builds of public packages, which come from the registry; write docs/trace-public.md."""
    session.install(".", "uv", "pip")
    session.run("python", "benchmarks/trace_public.py", "--write", *session.posargs)


@nox.session
def uv_matrix(session: nox.Session) -> None:
    """Run the end-to-end suite over versions of uv (or those that are named), and write the table of it."""
    session.install("-e", ".", "--group", "test")
    session.run("python", "benchmarks/uv_matrix.py", *session.posargs)
