"""Resolvers of the project's own that misbehave: the run is not harmed, and the user is told."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import textwrap
import time
import warnings
from pathlib import Path

import pytest

from kit import Demo, DemoMaker, refused, told, tree_of

WHERE = "tool.dyncachekeys.keys.own"
KEY = """
[tool.dyncachekeys]
plugin-path = ["tools"]

[tool.dyncachekeys.keys.own]
resolver = "own:own"
timeout = 30
"""
HEAD = """\
import os, subprocess, sys, time
from pathlib import Path
from dyncachekeys import Directory, Env, File, Value

"""
BLAME = "the resolver `own:own` (the project's own tree)"
MEND = "fix the resolver, or its options"
OR_TIMEOUT = f"fix the resolver, or raise `{WHERE}.timeout`"
EXPECTED = "File, Directory, Env, Git, Output or Value"


def own(demo_maker: DemoMaker, body: str, config: str = KEY) -> Demo:
    """Return a project with a resolver of its own that has the given body; `beside` is a folder for notes."""
    demo = demo_maker(config)
    head = HEAD + f"beside = Path({str(demo.beside)!r})\n\ndef own(context):\n"
    demo.write({"tools/own.py": head + textwrap.indent(textwrap.dedent(body).strip("\n"), "    ") + "\n"})
    return demo


FAILING = {
    "raises": ("raise KeyError('name')", "raised KeyError: 'name' (tools/own.py:8)"),
    "raises while it yields": (
        "yield File('a')\nraise OSError(5, 'no such luck')",
        "raised OSError: [Errno 5] no such luck (tools/own.py:9)",
    ),
    "calls sys.exit": ("sys.exit(0)", "called sys.exit(0)"),
    "calls sys.exit with text": ("sys.exit('enough')", "called sys.exit('enough')"),
    "asks for input": ("input()", "raised EOFError: EOF when reading a line (tools/own.py:8)"),
    "returns nothing": ("pass", f"it returned NoneType, not an iterable of {EXPECTED}"),
    "returns text": ("return 'src/a.c'", f"it returned str, not an iterable of {EXPECTED}"),
    "returns one input": ("return File('a')", f"it returned File, not an iterable of {EXPECTED}"),
    "yields text": ("yield 'src/a.c'", f"it yielded str, not a {EXPECTED}"),
    "yields a path": ("yield Path('src/a.c')", f"it yielded PosixPath, not a {EXPECTED}"),
    "path that is no text": (
        "yield File(Path('a'))",
        "it yielded File with what can't be used: the path must be text, not PosixPath",
    ),
    "absolute path": (
        "yield File('/etc/hosts')",
        (
            "it yielded File with what can't be used: "
            "`/etc/hosts` is absolute, and so differs between machines; write it relative to the project"
        ),
    ),
    "path at home": (
        "yield Directory('~/x')",
        (
            "it yielded Directory with what can't be used: "
            "`~/x` is absolute, and so differs between machines; write it relative to the project"
        ),
    ),
    "empty path": ("yield File('')", "it yielded File with what can't be used: an empty path names nothing"),
    "nameless variable": (
        "yield Env('')",
        "it yielded Env with what can't be used: the name must be text, and not empty",
    ),
    "value with a set": (
        "yield Value('names', {'deep': [set()]})",
        "it yielded Value with what can't be used: set is not plain data (text, number, truth value, time, list, table)",
    ),
    "value with numbers for keys": (
        "yield Value('names', {1: 2})",
        "it yielded Value with what can't be used: a table's keys must be text",
    ),
}


@pytest.mark.skipif(sys.platform == "win32", reason="PosixPath is in two of the messages")
@pytest.mark.parametrize("case", FAILING)
def test_failure_is_told_with_what_is_to_blame(case: str, demo_maker: DemoMaker) -> None:
    body, said = FAILING[case]
    demo = own(demo_maker, body)
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where, problem.remedy) == ("resolver-failed", WHERE, MEND)
    assert problem.message.startswith(f"{BLAME} ")
    assert said in problem.message
    assert "its output was" not in problem.message


@pytest.mark.parametrize(
    ("body", "last_words"),
    [("os._exit(0)", ""), ("print('bye')\nos._exit(0)", "bye"), ("os.kill(os.getpid(), 9)", "")],
)
def test_end_without_an_answer(body: str, last_words: str, demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, body)
    (problem,) = refused(demo.root, demo.environ)
    assert (problem.code, problem.where, problem.remedy) == ("resolver-failed", WHERE, OR_TIMEOUT)
    assert problem.message.startswith(f"{BLAME} ended without an answer")
    assert problem.message.endswith(last_words)
    assert demo.cli("sync", check=False).returncode == 2


@pytest.mark.parametrize("name", ["lone surrogate \\ud800", "line\\nbreak", 'quote"'])
def test_odd_name_is_used_or_refused_but_no_bug(name: str, demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, f"yield Value({name!r}.encode('ascii').decode('unicode_escape'), 1)")
    done = demo.cli("sync", check=False)
    assert done.returncode in {0, 2}, done.stderr


def test_output_is_captured_and_shown_on_failure(demo_maker: DemoMaker) -> None:
    demo = own(
        demo_maker,
        """
        print("by print")
        print("to stderr", file=sys.stderr)
        os.write(1, b"by file descriptor\\n")
        subprocess.run([sys.executable, "-c", "print('by a child')"], check=True)
        raise ValueError("the message")
        """,
    )
    done = demo.cli("sync", check=False)
    assert (done.returncode, done.stdout) == (2, "")
    first, rest = done.stderr.split("\n  its output was:\n")
    assert first == f"error: {WHERE}: {BLAME} raised ValueError: the message (tools/own.py:12)"
    *lines, remedy = rest.splitlines()
    assert sorted(lines) == ["    by a child", "    by file descriptor", "    by print", "    to stderr"]
    assert remedy == f"  do: {MEND}"


def test_output_is_not_shown_on_success(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "print('by print')\nos.system('echo by a child')\nyield Value('one', 1)")
    done = demo.cli("sync", "--format", "json")
    assert done.stderr == ""
    assert json.loads(done.stdout)["projects"][0]["keys"][1]["name"] == "own"
    assert "by" not in demo.cli("digest").stdout


def test_much_output_neither_blocks_nor_floods(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "print('x' * 3_000_000)\nprint('the end')\nraise ValueError")
    (problem,) = refused(demo.root, demo.environ)
    assert problem.message.endswith("the end")
    assert len(problem.message) < 3_000


def test_standard_input_is_not_the_resolvers(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "yield Value('read', sys.stdin.read())")
    command = [sys.executable, "-m", "dyncachekeys", "sync"]
    with subprocess.Popen(command, cwd=demo.root, env=demo.environ, stdin=subprocess.PIPE) as process:
        assert process.wait(timeout=60) == 0  # though nobody has closed our end


def test_changing_the_directory_does_no_harm(demo_maker: DemoMaker) -> None:
    body = "{}\nyield File('build_backend/core.py')\nfor path in context.files(['tools/*.py']):\n    yield File(path)"
    demo = own(demo_maker, body.format("os.chdir('/')"))
    moving = demo.sync()
    assert {one.subject for one in moving.keys[1].inputs} == {"build_backend/core.py", "tools/own.py"}
    demo.edit("tools/own.py", "os.chdir('/')", "os.chdir('.')")
    demo.edit("tools/own.py", "os.chdir('.')", "os.chdir('/')")
    assert demo.sync().digest == moving.digest


@pytest.mark.parametrize("at", ["import", "call"])
def test_hanging_resolver_is_ended_with_all_that_it_started(at: str, demo_maker: DemoMaker) -> None:
    hang = textwrap.dedent("""
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (beside / "pids").write_text(f"{os.getpid()} {child.pid}")
        print("about to hang")
        time.sleep(600)
    """)
    demo = own(demo_maker, hang if at == "call" else "return []", KEY.replace("timeout = 30", "timeout = 2"))
    if at == "import":
        demo.append("tools/own.py", hang)
    began = time.monotonic()
    problems = refused(demo.root, demo.environ)
    assert time.monotonic() - began < 30
    assert told(problems) == (
        f"[resolver-timeout] {WHERE}\n  {BLAME} did not answer within 2 seconds\n"
        f"  its output was:\n    about to hang\n  do: {OR_TIMEOUT}\n"
    )
    assert_ended(demo.beside / "pids")


def test_child_that_stays_behind_is_ended(demo_maker: DemoMaker) -> None:
    demo = own(
        demo_maker,
        """
        child = os.fork()
        if child == 0:
            time.sleep(600)
        (beside / "pids").write_text(f"{os.getpid()} {child}")
        yield Value("one", 1)
        """,
    )
    began = time.monotonic()
    assert demo.sync().keys[1].name == "own"
    assert time.monotonic() - began < 30
    assert_ended(demo.beside / "pids")


def test_resolver_that_returns_twice_is_heard_once(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "os.fork()\nyield Value('one', 1)")
    assert [one.subject for one in demo.sync().keys[1].inputs] == ["one"]


def assert_ended(pids: Path) -> None:
    """A killed process may stay listed for a moment, or, where nobody reaps it, as a zombie."""
    numbers = [int(pid) for pid in pids.read_text(encoding="utf-8").split()]
    assert len(numbers) == 2
    deadline = time.monotonic() + 10
    while alive := [pid for pid in numbers if is_running(pid)]:
        assert time.monotonic() < deadline, f"still running: {alive}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    done = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return bool(done.stdout.strip()) and not done.stdout.strip().startswith("Z")


def test_is_running_can_tell() -> None:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        assert is_running(process.pid)
        process.kill()
    assert not is_running(process.pid)


LOADING = {
    "no module": (
        "not_there:own",
        "ModuleNotFoundError: No module named 'not_there'",
        "check the name, and that `plugin-path` names the folder that holds it",
    ),
    "no function": (
        "own:other",
        "AttributeError: module 'own' has no attribute 'other'",
        "check that the module defines `other`",
    ),
    "imports what is not there": (
        "needs:own",
        "ModuleNotFoundError: No module named 'not_installed'",
        "name the package of `not_installed` in `with`, or import it only where it is needed",
    ),
    "raises": ("raises:own", "ZeroDivisionError: division by zero", "fix the module, or report it to whoever made it"),
    "is no Python": (
        "syntax:own",
        "SyntaxError: invalid syntax (syntax.py, line 1)",
        "fix the module, or report it to whoever made it",
    ),
}


@pytest.mark.parametrize("case", LOADING)
def test_resolver_that_cannot_be_loaded(case: str, demo_maker: DemoMaker) -> None:
    name, error, remedy = LOADING[case]
    demo = own(demo_maker, "return []", KEY.replace("own:own", name))
    demo.write(
        {"tools/needs.py": "import not_installed\n", "tools/raises.py": "1 / 0\n", "tools/syntax.py": "no python\n"}
    )
    assert told(refused(demo.root, demo.environ)) == (
        f"[resolver-not-loaded] {WHERE}.resolver\n"
        f"  `{name}` of the project's own tree can't be loaded: {error}\n"
        f"  do: {remedy}\n"
    )


def test_resolver_that_is_no_function(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "return []", KEY.replace("own:own", "own:HERE"))
    demo.append("tools/own.py", "HERE = 1\n")
    assert told(refused(demo.root, demo.environ)) == (
        f"[resolver-not-loaded] {WHERE}.resolver\n"
        "  `own:HERE` of the project's own tree can't be called\n"
        "  do: name a function that takes a context and yields inputs\n"
    )


def test_exit_while_it_is_imported(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "return []")
    demo.append("tools/own.py", "sys.exit(3)\n")
    assert told(refused(demo.root, demo.environ)) == (
        f"[resolver-failed] {WHERE}\n  {BLAME} called sys.exit(3) while it was imported\n  do: {MEND}\n"
    )


def test_function_without_a_parameter_for_the_context(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "return []")
    demo.append("tools/own.py", "def own():\n    return []\n")
    (problem,) = refused(demo.root, demo.environ)
    assert problem.where.startswith(WHERE)
    assert problem.message.startswith(BLAME)


def test_all_failures_are_told_and_other_keys_do_not_suffer(demo_maker: DemoMaker) -> None:
    keys = KEY + "".join(
        f'\n[tool.dyncachekeys.keys.{name}]\nresolver = "own:{name}"\n' for name in ("first", "second", "good")
    )
    demo = own(demo_maker, "return []", keys)
    demo.append(
        "tools/own.py",
        """
        def first(context):
            raise ValueError("one")
        def second(context):
            sys.exit("two")
        def good(context):
            (beside / "good-has-run").touch()
            return []
        """,
    )
    problems = refused(demo.root, demo.environ)
    assert [(one.code, one.where) for one in problems] == [
        ("resolver-failed", "tool.dyncachekeys.keys.first"),
        ("resolver-failed", "tool.dyncachekeys.keys.second"),
    ]
    assert (demo.beside / "good-has-run").exists()


def test_no_resolver_runs_while_the_configuration_is_wrong(demo_maker: DemoMaker) -> None:
    body = '(beside / "has-run").touch()\nreturn []'
    demo = own(demo_maker, body, KEY + '\n[tool.dyncachekeys.keys.other]\nresolver = "files"\n')
    (problem,) = refused(demo.root, demo.environ)
    assert problem.where == "tool.dyncachekeys.keys.other.patterns"
    assert not (demo.beside / "has-run").exists()
    demo.append("pyproject.toml", 'patterns = ["tools/"]\n')
    demo.sync()
    assert (demo.beside / "has-run").exists()


def test_run_does_not_start_the_command_if_a_resolver_fails(demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, "raise ValueError('one')")
    before = tree_of(demo.root)
    mark = demo.beside / "has-run"
    command = ("--", sys.executable, "-c", f"open({str(mark)!r}, 'w').close(); print('ran')")
    done = demo.cli("run", *command, check=False)
    assert (done.returncode, done.stdout, mark.exists()) == (2, "", False)
    done = demo.cli("run", "--no-fail", *command)
    assert (done.stdout, mark.exists()) == ("ran\n", True)
    assert done.stderr.startswith(f"warning: {WHERE}: {BLAME} raised ValueError: one")
    assert tree_of(demo.root) == before


def test_pattern_that_matches_nothing_is_a_warning_once(demo_maker: DemoMaker) -> None:
    demo = demo_maker(
        """
        [tool.dyncachekeys.keys.sources]
        resolver = "files"
        patterns = ["build_backend/*.py", "csrc/**/*.c", "csrc/**/*.c"]
        """
    )
    message = "pattern `csrc/**/*.c` matches nothing: fix it, or take it out"
    first = demo.cli("sync")
    assert first.stderr == f"warning: tool.dyncachekeys.keys.sources: {message}\n"
    assert "Stamped demo" in first.stdout
    (project,) = json.loads(demo.cli("sync", "--format", "json").stdout)["projects"]
    assert project["changed"] is False
    assert project["warnings"] == [
        {"code": "pattern-matches-nothing", "message": message, "where": "tool.dyncachekeys.keys.sources"}
    ]
    assert demo.cli("sync", "--quiet").stderr == ""
    demo.write({"csrc/a/b.c": ""})
    assert demo.cli("sync").stderr == ""


@pytest.mark.parametrize("body", ["yield Value('one', 1)", "raise ValueError", "time.sleep(600)"])
def test_worker_leaves_nothing_open(body: str, demo_maker: DemoMaker) -> None:
    demo = own(demo_maker, body, KEY.replace("timeout = 30", "timeout = 2"))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        if body.startswith("yield"):
            demo.sync()
        else:
            refused(demo.root, demo.environ)
        gc.collect()
    assert [str(one.message) for one in caught] == []
