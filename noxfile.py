"""The checks, and what takes long, each with one command: ``nox -s NAME``; ``nox -l`` lists them.

Plain ``nox`` runs `lint`, `docs`, `types` and `tests`, which is what ``.ci/run`` demands. The others are run by hand,
on a machine that does nothing else: they measure, and most write their figures into ``docs/``.
"""

from __future__ import annotations

from pathlib import Path

import nox

nox.options.sessions = ["lint", "docs", "types", "tests"]

PARALLEL = ["-n", "auto", "--dist", "worksteal"]
"""All tests take minutes; a few of them are faster without workers (see CONTRIBUTING.md)."""


WITHOUT_COVERAGE = [
    "tests/e2e/test_workspace_cases.py::test_quiet_from_the_root_and_what_ends_it",
    "tests/trace/test_tracer.py::test_databases",
    "tests/trace/test_tracer.py::test_databases_that_are_no_files",
    "tests/trace/test_tracer.py::test_it_is_in_nobodys_way",
    "tests/trace/test_tracer.py::test_what_is_written_is_no_input_nor_what_lies_below",
]
"""Tests that hold a process to all that it imports or opens, coverage's own modules and database included."""


@nox.session
def lint(session: nox.Session) -> None:
    """Run ruff, mypy and the import contracts, hold what GitHub reads against its schemas, and check the spelling."""
    session.install("-e", ".", "--group", "dev")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")
    session.run("lint-imports")
    session.run(".ci/github-files", external=True)
    session.run("python", ".ci/spelling.py")


@nox.session
def docs(session: nox.Session) -> None:
    """Compare what is generated with what it is made of, and follow the links of all pages."""
    session.install("-e", ".", "--group", "dev")
    session.run("python", "schema/generate.py", "--check")
    session.run("python", "schema/api.py", "--check")
    session.run("python", "-m", "pytest", "tests/test_links.py")


@nox.session
def site(session: nox.Session) -> None:
    """Build the site of the documentation into site/; a link that leads nowhere fails it."""
    session.install("--group", "docs")
    session.run("zensical", "build", "--strict", "--clean")


@nox.session
def types(session: nox.Session) -> None:
    """Ask pyright whether the type of every public name is known to whoever imports it."""
    session.install("-e", ".", "--group", "dev")
    session.run("pyright", "--verifytypes", "dyncachekeys", "--ignoreexternal")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, or those that are named behind ``--``."""
    session.install("-e", ".", "--group", "test")
    session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session
def coverage(session: nox.Session) -> None:
    """Measure which lines and branches the tests take, in the children that they start as well."""
    session.install("-e", ".", "--group", "coverage")
    session.run("coverage", "erase")
    deselected = [f"--deselect={test}" for test in WITHOUT_COVERAGE]
    session.run("coverage", "run", "-m", "pytest", *PARALLEL, *deselected, *session.posargs)
    session.run("coverage", "combine", "--quiet")
    for left in Path().glob(".coverage.*"):  # of children that were killed while they wrote: not to be read
        left.unlink()
    session.run("coverage", "report")


@nox.session
def instructions(session: nox.Session) -> None:
    """Count what the runs that everybody waits for execute, against tests/cost/limits.toml; ``-- --write`` sets it."""
    session.install("-e", ".", "--group", "test")
    session.run("python", "benchmarks/instructions.py", *session.posargs, env={"PYTHONPATH": "tests"})


@nox.session
def structure(session: nox.Session) -> None:
    """Print how the source is laid out, in figures; of two checkouts, if they are named behind ``--``."""
    session.install(".")
    session.run("python", "benchmarks/structure.py", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build wheel and sdist, and look at them as whoever installs them; ``-- v0.1.0`` compares the tag."""
    session.install("build", "check-wheel-contents", "pyroma", "twine", "uv>=0.13.9")
    session.run(".ci/release", *session.posargs, external=True)


@nox.session
def speed(session: nox.Session) -> None:
    """Measure what a sync costs, beside what it is compared with; write docs/speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/speed.py", "--write", *session.posargs)


@nox.session
def links(session: nox.Session) -> None:
    """Measure what links add to uv's commands; write docs/link-folder-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/links.py", "--write", *session.posargs)


@nox.session
def start(session: nox.Session) -> None:
    """Measure help, version, quiet and full runs against a bare start of Python; write docs/start-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/start.py", "--write", *session.posargs)


@nox.session
def guard(session: nox.Session) -> None:
    """Measure what the import guard costs a start of Python and an import; write docs/guard-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/guard.py", "--write", *session.posargs)


@nox.session
def closure(session: nox.Session) -> None:
    """Measure what it costs to read an in-tree build backend of 500 modules; write docs/closure-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/closure.py", "--write", *session.posargs)


@nox.session
def watched(session: nox.Session) -> None:
    """Time what watching costs a build, in pairs; write docs/watched-speed.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/watched.py", "--write", *session.posargs)


@nox.session
def staleness(session: nox.Session) -> None:
    """Count stale and needless builds, with dyncachekeys and without; write docs/staleness.md."""
    session.install(".", "uv")
    session.run("python", "benchmarks/staleness.py", "--write", *session.posargs)


@nox.session
def thorough(session: nox.Session) -> None:
    """Run all tests, also those that take long, with many more random ones."""
    session.install("-e", ".", "--group", "test")
    environ = {
        "DYNCACHEKEYS_MATCHING_EXAMPLES": "5000",
        "DYNCACHEKEYS_QUIET_SEEDS": "50",
        "DYNCACHEKEYS_EACH_WRITE": "1",
    }
    session.run("python", "-m", "pytest", *PARALLEL, "-m", "thorough or not thorough", *session.posargs, env=environ)
    # Once more by the command, which answers edits without the full run that the tests call in their own process.
    environ = {"DYNCACHEKEYS_BY_COMMAND": "1"}
    session.run("python", "-m", "pytest", *PARALLEL, "tests/e2e", "tests/trace", *session.posargs, env=environ)


@nox.session(python=["3.10", "3.13"])
def order(session: nox.Session) -> None:
    """Run the tests five times, each time in another order, on the oldest Python and a new one."""
    session.install("-e", ".", "--group", "test", "pytest-randomly")
    for _ in range(5):
        session.run("python", "-m", "pytest", *PARALLEL, *session.posargs)


@nox.session
def mutation(session: nox.Session) -> None:
    """Change the code that must never be wrong, one fault at a time; ``-- --write``: into docs/robustness.md."""
    session.run("python", "benchmarks/mutation.py", *session.posargs)


@nox.session
def fuzz(session: nox.Session) -> None:
    """Fuzz the splice and the configuration, guided by coverage; ``-- --write``: into docs/robustness.md."""
    session.install("-e", ".", "atheris>=3.0")
    session.run("python", "benchmarks/fuzz.py", *session.posargs)


@nox.session
def faults(session: nox.Session) -> None:
    """Let each system call that changes something fail, or be the last one; ``-- --write``: into docs/robustness.md."""
    session.install("-e", ".", "--group", "test")
    session.run("python", "benchmarks/inject_faults.py", *session.posargs, env={"PYTHONPATH": "tests"})


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
