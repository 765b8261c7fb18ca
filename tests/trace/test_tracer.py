"""The tracer itself: it runs on every Python that may build a project, and leaves the build as it is."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
import textwrap
from pathlib import Path

import pytest

from dyncachekeys.trace.build import TRACER
from dyncachekeys.trace.fact import Fact, by_kind, parsed
from dyncachekeys.trace.filter import filtered, paths
from dyncachekeys.trace.model import Bounds, Trace

FILES = sorted(TRACER.parent.glob("*.py"))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_it_is_python_3_8_and_imports_nothing_of_ours(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))
    at_run_time = [
        node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)) and node.col_offset == 0
    ]
    names = {
        name
        for node in at_run_time
        for name in ([node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names])
    }
    assert names <= {"__future__", "atexit", "json", "os", "sitecustomize", "sys", "time"}  # time, atexit: built in


def run(folder: Path, code: str, *options: str) -> tuple[subprocess.CompletedProcess[str], list[Fact]]:
    """Run code under the tracer, in a folder of its own."""
    (folder / "project").mkdir(exist_ok=True)
    (folder / "trace").mkdir(exist_ok=True)
    log = folder / "trace" / "log"
    argv = [sys.executable, str(TRACER), str(log), str(folder / "project"), *options, textwrap.dedent(code)]
    done = subprocess.run(argv, cwd=folder / "project", capture_output=True, text=True, check=False)
    return done, list(parsed(log.read_bytes()))


def trace_of(folder: Path, code: str) -> Trace:
    done, facts = run(folder, code, "-c")
    assert done.returncode == 0, done.stderr
    root = (folder / "project").resolve()
    return filtered(facts, Bounds(root, root, (os.path.realpath(tempfile.gettempdir()),)))


def test_the_program_is_run_as_python_would_run_it(tmp_path: Path) -> None:
    code = "import json, sys; print(json.dumps([__name__, sys.argv, sys.path[0], sorted(vars())]))"
    traced, _ = run(tmp_path, code, "-c")
    plain = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert set(json.loads(plain.stdout)[3]) == {*json.loads(traced.stdout)[3], "__annotations__"} - (
        {"__annotations__"} - set(json.loads(plain.stdout)[3])
    )
    assert json.loads(traced.stdout)[:3] == json.loads(plain.stdout)[:3]
    failing, _ = run(tmp_path, "raise SystemExit(7)", "-c")
    assert failing.returncode == 7


def test_what_is_written_is_no_input_nor_what_lies_below(tmp_path: Path) -> None:
    found = trace_of(
        tmp_path,
        """
        import os, shutil, tempfile
        from pathlib import Path
        Path("out").mkdir(); Path("out/a.txt").write_text("x"); Path("out/a.txt").read_text(); os.listdir("out")
        Path("b.txt").write_text("x"); os.rename("b.txt", "c.txt"); open("c.txt").read()
        with tempfile.TemporaryDirectory() as name:  # removed by names relative to an open folder
            Path(name, "kept.txt").write_text("x"); Path(name, "deep").mkdir()
        Path("kept.txt").exists(); Path("deep").exists()
        os.symlink("kept.txt", "link.txt")
        """,
    )
    assert found.read == found.there == {}
    assert set(found.listed) == {"out"}  # where others may put something, too
    assert set(found.missing) == {"kept.txt", "deep"}
    assert found.made == ("out",)
    assert set(found.written) == {"out", "out/a.txt", "b.txt", "c.txt", "link.txt"}


def test_processes_that_are_python_are_traced_however_they_are_started(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    for name in ("run", "env", "shell", "spawn", "fork", "exec"):
        (tmp_path / "project" / f"{name}.txt").write_text("x")
    found = trace_of(
        tmp_path,
        """
        import os, subprocess, sys
        code = "import sys; open(sys.argv[1]).read()"
        subprocess.run([sys.executable, "-c", code, "run.txt"], check=True)
        subprocess.run([sys.executable, "-c", code, "env.txt"], env={"PYTHONPATH": "x"}, check=True)
        subprocess.run(f"{sys.executable} -c '{code}' shell.txt", shell=True, check=True, env={})
        os.waitpid(os.posix_spawn(sys.executable, [sys.executable, "-c", code, "spawn.txt"], {}), 0)
        if not (child := os.fork()):
            open("fork.txt").read()
            os._exit(0)
        os.waitpid(child, 0)
        if not (child := os.fork()):
            os.execve(sys.executable, [sys.executable, "-c", code, "exec.txt"], {})
        os.waitpid(child, 0)
        """,
    )
    assert set(found.read) == {"run.txt", "env.txt", "shell.txt", "spawn.txt", "fork.txt", "exec.txt"}
    assert set(found.processes) == {"sh"}


def test_a_sitecustomize_that_is_there_still_runs(tmp_path: Path) -> None:
    (tmp_path / "project" / "site").mkdir(parents=True)
    (tmp_path / "project" / "site" / "sitecustomize.py").write_text("MARK = 'theirs'\n")
    trace_of(
        tmp_path,
        """
        import os, subprocess, sys
        code = "import sitecustomize; assert sitecustomize.MARK == 'theirs', sitecustomize"
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": "site"}, check=True)
        """,
    )


def test_where_a_link_leads_and_what_can_not_be_opened(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "link").symlink_to("a.txt")
    (tmp_path / "outside").symlink_to("b.txt")
    found = trace_of(
        tmp_path,
        """
        import os
        from pathlib import Path
        os.readlink("link"); Path("link").resolve()
        for name in ("no-link", "../outside"):
            try:
                os.readlink(name)
            except OSError:
                pass
        """,
    )
    assert (found.read, set(found.there)) == ({}, {"link"})
    assert {"a.txt", "no-link"} <= set(found.missing)


def test_what_gets_other_times_is_reported(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    for name in "abcd":
        (project / name).write_text("x")
    code = (
        'import os; os.link("a", "e"); os.chmod("b", 0o644); os.utime("c"); os.chmod(os.open("d", os.O_RDONLY), 0o644)'
    )
    done, facts = run(tmp_path, code, "-c")
    assert done.returncode == 0, done.stderr
    bounds = Bounds(project.resolve(), project.resolve())
    assert (paths(by_kind(facts), bounds, "touched"), paths(by_kind(facts), bounds, "dated")) == (
        {"a", "b", "d"},
        {"c"},
    )


@pytest.mark.parametrize(
    "code",
    [
        "import os, subprocess; os.mkdir('x'); os.chdir('x'); os.rmdir('../x'); subprocess.run(['true'], cwd='/', check=True)",
        "import subprocess, unittest.mock as m\nwith m.patch('os.environ', {}): subprocess.run(['/bin/true'], check=True)",
        "import os, pickle; assert pickle.loads(pickle.dumps(os.readlink)) is os.readlink; os.stat.__qualname__",
        "import os, sys; os.execve(path=sys.executable, argv=[sys.executable, '-c', ''], env={})",
        "import os, sys; os.execve(sys.executable, [sys.executable, '-c', ''], os.environ)",
    ],
    ids=["no folder", "environ replaced", "pickled", "by keyword", "os.environ itself"],
)
def test_it_is_in_nobodys_way(tmp_path: Path, code: str) -> None:
    done, _ = run(tmp_path, code, "-c")
    assert done.returncode == 0, done.stderr


def test_a_child_without_code_of_its_own_asks_for_who_started_it(tmp_path: Path) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/core.py").write_text(
        """import os, subprocess, sys
two = "import os; os.environ.get('TWO')"
code = f"import os, subprocess, sys; os.environ.get('ONE'); subprocess.run([sys.executable, '-c', {two!r}], check=True)"
subprocess.run([sys.executable, "-c", code], check=True)
subprocess.run([sys.executable, "-c", "import os; os.environ.get('THREE')"], check=True, env={})
four = "import os; os.environ.get('FOUR')"
os.system(f'{sys.executable} -c "{four}"')
os.environ.get("FIVE")
"""
    )
    done, facts = run(tmp_path, "import core", "-c")
    assert done.returncode == 0, done.stderr
    who = {fact.subject: fact.who for fact in facts if fact.what == "variable" and fact.who}
    lines = {"ONE": 4, "TWO": 4, "THREE": 5, "FOUR": 7, "FIVE": 8}
    assert {name: who[name] for name in lines} == {name: f"project:core.py:{line}" for name, line in lines.items()}


def test_a_log_that_ends_in_the_middle(tmp_path: Path) -> None:
    assert list(parsed(b"read\0/a\0\0read\0/b\0")) == [Fact("read", "/a", "")]
    assert list(parsed(b"")) == []


def test_no_value_is_written_down(tmp_path: Path) -> None:
    code = "import os; os.system('KEY=hidden-two true'); os.environ['X'] = 'hidden-one'; os.environ.get('HOME'); dict(os.environ); os.putenv('Y', 'hidden')"
    _, facts = run(tmp_path, code, "-c")
    assert "hidden" not in str(facts)
    assert {fact.subject for fact in facts if fact.what == "process"} == {"/bin/sh", "true"}


def test_it_is_nobody_where_it_is_installed(tmp_path: Path) -> None:
    """Between the project's code and what it starts there is a function of the tracer's own."""
    installed = tmp_path / "lib/site-packages/dyncachekeys/trace/in_build/install.py"
    shutil.copytree(Path(TRACER).parent, installed.parent, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "project").mkdir()
    (tmp_path / "project/core.py").write_text("import subprocess\nsubprocess.run(['true'], check=True)\n")
    argv = [sys.executable, str(installed), str(tmp_path / "log"), str(tmp_path / "project"), "core.py"]
    subprocess.run(argv, cwd=tmp_path / "project", check=True)
    facts = list(parsed((tmp_path / "log").read_bytes()))
    assert Fact("process", "true", "project:core.py:2") in facts
    assert not [fact for fact in facts if "dyncachekeys" in fact.who]


@pytest.mark.parametrize(
    "given",
    ["'a.db'", "b'a.db'", "pathlib.Path('a.db')", "'file:a.db?mode=ro', uri=True", "'file:%61.db', uri=True"],
)
def test_databases(tmp_path: Path, given: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "project/a.db").write_bytes(b"")
    found = trace_of(tmp_path, f"import pathlib, sqlite3; sqlite3.connect({given}).close()")
    assert (set(found.read), set(found.missing)) == ({"a.db"}, set())


@pytest.mark.parametrize("given", ["':memory:'", "''", "'file::memory:?mode=memory', uri=True"])
def test_databases_that_are_no_files(tmp_path: Path, given: str) -> None:
    found = trace_of(tmp_path, f"import sqlite3; sqlite3.connect({given}).close()")
    assert found.read == found.missing == {}


def test_where_a_program_was_looked_for_is_said_by_the_program(tmp_path: Path) -> None:
    """But not of one that is never started: whether it is there may change what is built."""
    (tmp_path / "project").mkdir()
    (tmp_path / "project/build.py").write_text(
        "import shutil, subprocess\n"
        "found = shutil.which('git')\n"
        "subprocess.run([found, '--version'], check=True, capture_output=True)\n"
        "open(found, 'rb').read(4)\n"
        "shutil.which('no-such-program')\n",
        encoding="utf-8",
    )
    found = trace_of(tmp_path, "import sys; sys.path.insert(0, '.'); import build")
    names = {path.rpartition("/")[2] for some in (found.read, found.there, found.missing) for path in some}
    assert "git" not in names
    assert "no-such-program" in names
