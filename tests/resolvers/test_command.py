"""The `command` resolver: what counts of an output, what expands, what is refused and how."""

from __future__ import annotations

import os
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys.plugin import Completed, Context, OutputTooLargeError, Value
from dyncachekeys.resolvers.command import command
from kit import Demo, DemoMaker, refused, told

WHERE = "tool.dyncachekeys.keys.cc"
CONFIG = """
[tool.dyncachekeys]
defaults = false
[tool.dyncachekeys.keys.cc]
resolver = "command"
"""
ContextMaker = Callable[..., Context]


@pytest.fixture
def context_maker(tmp_path: Path) -> ContextMaker:
    """Return a function that makes the context of a key in an otherwise empty project."""
    from dyncachekeys.files.recall import FileMemory  # noqa: PLC0415
    from dyncachekeys.files.tree import Files  # noqa: PLC0415
    from dyncachekeys.process.environ import Environment  # noqa: PLC0415  nothing else here knows how contexts are made

    def make(environ: Mapping[str, str] | None = None, timeout: float = 60) -> Context:
        values = {"PATH": os.environ["PATH"], **(environ or {})}
        return Context(tmp_path, {}, Environment(values), Files(tmp_path, FileMemory()), WHERE, timeout=timeout)

    return make


def sh(script: str) -> list[str]:
    return ["sh", "-c", script]


def value_of(context: Context, argv: list[str], **options: object) -> Value:
    (value,) = command(context, argv=argv, **options)  # type: ignore[arg-type]
    return value


def keyed(demo_maker: DemoMaker, options: str, files: Mapping[str, str] | None = None) -> Demo:
    demo = demo_maker(CONFIG + options + "\n", files)
    for path in files or {}:
        (demo.root / path).chmod(0o755)
    return demo


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def dies(pid: int) -> bool:
    """Tell whether a process is gone, or soon will be."""
    for _ in range(100):
        if not is_alive(pid):
            return True
        time.sleep(0.02)
    return False


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks /proc who is alive")


# What counts


@pytest.mark.parametrize(
    ("script", "data"),
    [
        ("echo gcc 12.2", b"gcc 12.2"),
        (r"printf 'a  \r\nb\r\n\r\n'", b"a  \nb"),
        (r"printf '  a\n \t\n'", b"  a"),
        (r"printf '\377\000\n'", b"\xff\x00"),
        ("true", b""),
        ("echo out; echo err >&2", b"out"),
        ("cat", b""),
    ],
)
def test_the_output_counts_without_what_trails(context_maker: ContextMaker, script: str, data: bytes) -> None:
    assert value_of(context_maker(), sh(script)).data == data


@pytest.mark.parametrize(
    ("output", "pattern", "data"),
    [
        ("gcc (Debian 12.2.0-14) 12.2.0", r"\d+\.\d+\.\d+$", [["12.2.0"]]),
        ("release 11.8, V11.8.89", r"release (\S+), V(\S+)", [["11.8", "11.8.89"]]),
        ("a 1\nb 2\nc", r"^\w (\d)$", [["1"], ["2"]]),
        ("x86 y", r"x(86)?|(y)", [["86", None], [None, "y"]]),
        ("gcc 12", r"\d*", [["12"]]),
        ("größe 1", r"gr[ö]ße", [["größe"]]),
    ],
)
def test_a_pattern_chooses_what_counts(
    context_maker: ContextMaker, output: str, pattern: str, data: list[list[str | None]]
) -> None:
    assert value_of(context_maker(), ["printf", "%s\n", output], pattern=pattern).data == data


def test_a_match_of_what_is_no_utf_8_counts(context_maker: ContextMaker) -> None:
    context = context_maker()
    one, other = (value_of(context, ["printf", rf"v \{sign}"], pattern="v .") for sign in ("377", "376"))
    assert one.data == [["v \udcff"]]
    assert one.data != other.data


@pytest.mark.parametrize(
    ("script", "options", "data"),
    [
        ("echo a", {}, {"code": 0, "output": b"a"}),
        ("echo a; exit 3", {}, {"code": 3, "output": b"a"}),
        ("kill -9 $$", {}, {"code": -9, "output": b""}),
        ("echo a 1; exit 3", {"pattern": r"\d"}, {"code": 3, "output": [["1"]]}),
        ("echo a; exit 3", {"pattern": r"\d"}, {"code": 3, "output": []}),
    ],
)
def test_an_allowed_failure_is_a_state(
    context_maker: ContextMaker, script: str, options: dict[str, object], data: object
) -> None:
    assert value_of(context_maker(), sh(script), allow_failure=True, **options).data == data


def test_it_runs_each_time_and_says_what(context_maker: ContextMaker) -> None:
    context = context_maker({"CC": "echo SECRET"})
    assert not context.runs_each_time
    value = value_of(context, ["${CC}", "a b", "x${CC}\n"])
    assert context.runs_each_time
    assert value.name == r"${CC} 'a b' 'x${CC}\n'"
    assert value.reason == f"output of `{value.name}`"


# What is run


@pytest.mark.parametrize(
    ("words", "data"),
    [
        (["${ONE}"], b"<one>"),
        (["${MORE}"], b"<-O2><a b><c>"),
        (["${EMPTY}", "x"], b"<x>"),
        (
            ["x${ONE}", "$ONE", "${ONE} ", "${ONE-y}", "*", "~", "`id`"],
            b"<x${ONE}><$ONE><${ONE} ><${ONE-y}><*><~><`id`>",
        ),
        (["${NESTED}"], b"<${ONE}><$(id)>"),
        ([""], b"<>"),
    ],
)
def test_only_a_whole_word_expands_and_no_shell_sees_it(
    context_maker: ContextMaker, words: list[str], data: bytes
) -> None:
    environ = {"ONE": "one", "MORE": " -O2  'a b' c\n", "EMPTY": "", "NESTED": "${ONE} $(id)"}
    assert value_of(context_maker(environ), ["printf", "<%s>", *words]).data == data


def test_a_variable_may_name_program_and_arguments(context_maker: ContextMaker) -> None:
    assert value_of(context_maker({"CC": "echo ccache"}), ["${CC}", "--version"]).data == b"ccache --version"


def test_it_runs_in_the_project_with_the_environment_of_keys(
    demo_maker: DemoMaker, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = '#!/bin/sh\npwd\necho "${GIT_DIR-unset} ${VIRTUAL_ENV-unset} ${ONLY_HERE-unset} $PATH"\n'
    demo = keyed(demo_maker, 'argv = ["./tool"]', {"tool": script})
    monkeypatch.setenv("ONLY_HERE", "1")
    first = dyncachekeys.resolve(demo.root, demo.environ).digest
    monkeypatch.chdir(demo.beside)
    hook = {
        "GIT_DIR": ".git",
        "VIRTUAL_ENV": "/venv",
        "PATH": f"/venv/bin{os.pathsep}{demo.environ['PATH']}",
    }
    assert dyncachekeys.resolve(demo.root, {**demo.environ, **hook}).digest == first
    assert dyncachekeys.resolve(demo.root, {**demo.environ, "PATH": "/bin:/usr/bin:/else"}).digest != first


@pytest.mark.parametrize("path", ["tools", "./tools", "{root}/tools", ":tools"])
def test_programs_are_looked_up_by_path_relative_to_the_project(context_maker: ContextMaker, path: str) -> None:
    context = context_maker()
    tool = context.root / "tools" / "cc"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho $0\n", encoding="utf-8")
    tool.chmod(0o755)
    found = context_maker({"PATH": path.format(root=context.root)})
    assert value_of(found, ["cc"]).data == str(tool).encode()
    assert value_of(found, ["tools/cc"]).data == str(tool).encode()


# What is refused


REFUSED = {
    "no words": ("argv = []", "[invalid-option] {w}.argv\n  names no program\n", '`["cc", "--version"]`'),
    "an empty word": ('argv = [""]', "[invalid-option] {w}.argv\n  names no program\n", '`["cc", "--version"]`'),
    "text": (
        'argv = "cc --version"',
        '[wrong-type] {w}.argv\n  must be a list, not "cc --version"\n',
        "write it as `[...]`",
    ),
    "a NUL character": (
        'argv = ["cc", "a\\u0000"]',
        "[invalid-option] {w}.argv[1]\n  no argument can hold a NUL character\n",
        "write another value",
    ),
    "no argv": ('pattern = "a"', "[missing-option] {w}.argv\n  is missing\n", "add `argv = ...`"),
    "no regular expression": (
        'argv = ["true"]\npattern = "("',
        "[invalid-option] {w}.pattern\n  `(` is not a regular expression: missing ), unterminated subpattern at position 0\n",
        "write another value",
    ),
    "no bytes": (
        'argv = ["true"]\nmax-output = 0',
        "[invalid-option] {w}.max-output\n  must be more than 0\n",
        "write bytes, such as `1048576`",
    ),
    "a variable that is not set": (
        'argv = ["true", "${NOT_SET}"]',
        "[variable-unset] {w}.argv[1]\n  the variable `NOT_SET` is not set\n",
        "set `NOT_SET`, or write a word in its place",
    ),
    "an empty variable": (
        'argv = ["${EMPTY}", "true"]',
        "[variable-empty] {w}.argv[0]\n  the variable `EMPTY` is empty, and so names no program\n",
        "set `EMPTY` to a program",
    ),
    "a variable with open quotes": (
        'argv = ["${QUOTED}"]',
        "[invalid-option] {w}.argv[0]\n  the value of `QUOTED` can't be split into words: No closing quotation\n",
        "fix the quotes in `QUOTED`",
    ),
    "no program": (
        'argv = ["no-such-program"]',
        "[program-missing] {w}.argv[0]\n  the program `no-such-program` can't be found\n",
        "install it, or fix `PATH` or the name; with a slash in it, it is relative to the project",
    ),
    "no program of the project": (
        'argv = ["tools/cc"]\nallow-failure = true',
        "[program-missing] {w}.argv[0]\n  the program `tools/cc` can't be found\n",
        "install it, or fix `PATH` or the name; with a slash in it, it is relative to the project",
    ),
    "no program in a variable": (
        'argv = ["${SECRET}"]',
        "[program-missing] {w}.argv[0]\n  the program `${SECRET}` can't be found\n",
        "install it, or fix `PATH` or the name; with a slash in it, it is relative to the project",
    ),
    "a file that is not executable": (
        'argv = ["./pyproject.toml"]',
        (
            "[program-not-started] {w}.argv[0]\n"
            "  the program `./pyproject.toml` can't be started: it is not an executable file\n"
        ),
        "make it a program: executable, for this machine, and a script with a first line like `#!/bin/sh`",
    ),
    "a script without its interpreter": (
        'argv = ["./broken"]',
        (
            "[program-not-started] {w}.argv[0]\n"
            "  the program `./broken` can't be started: the interpreter that it names is missing\n"
        ),
        "make it a program: executable, for this machine, and a script with a first line like `#!/bin/sh`",
    ),
    "a script without a first line": (
        'argv = ["./nothing"]',
        "[program-not-started] {w}.argv[0]\n  the program `./nothing` can't be started: Exec format error\n",
        "make it a program: executable, for this machine, and a script with a first line like `#!/bin/sh`",
    ),
    "a failure": (
        'argv = ["sh", "-c", "echo out; exit 3"]',
        "[program-failed] {w}.argv\n  `sh -c 'echo out; exit 3'` failed with exit code 3\n",
        "fix the command, or set `allow-failure = true` if a failure is a state like any other",
    ),
    "a failure that is explained": (
        'argv = ["sh", "-c", \'printf "a\\033[1m\\nb c\\n" >&2; exit 1\']',
        (
            "[program-failed] {w}.argv\n"
            "  `sh -c 'printf \"a\\033[1m\\nb c\\n\" >&2; exit 1'` failed with exit code 1\n"
            "  its standard error was:\n    a[1m\n    b c\n"
        ),
        "fix the command, or set `allow-failure = true` if a failure is a state like any other",
    ),
    "a failure that tells a variable": (
        'argv = ["sh", "-c", \'echo "bad token: $1" >&2; exit 1\', "x", "${SECRET}"]',
        (
            "[program-failed] {w}.argv\n"
            "  `sh -c 'echo \"bad token: $1\" >&2; exit 1' x ${SECRET}` failed with exit code 1\n"
            "  its standard error was:\n    bad token: ${SECRET}\n"
        ),
        "fix the command, or set `allow-failure = true` if a failure is a state like any other",
    ),
    "a signal": (
        'argv = ["sh", "-c", \'kill -SEGV $$\']',
        "[program-failed] {w}.argv\n  `sh -c 'kill -SEGV $$'` was ended by signal SIGSEGV\n",
        "fix the command, or set `allow-failure = true` if a failure is a state like any other",
    ),
    "no match": (
        'argv = ["echo", "hunter2"]\npattern = "release"',
        "[no-match] {w}.pattern\n  it matches nothing in the output of `echo hunter2`\n",
        "fix the pattern; run the command to see its output",
    ),
    "too slow": (
        'argv = ["sleep", "60"]\ntimeout = 0.2\nallow-failure = true',
        "[program-timeout] {w}.timeout\n  `sleep 60` did not end within 0.2 seconds\n",
        "raise `{w}.timeout`, or let the program do less",
    ),
    "an expression without end": (
        'argv = ["echo", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac"]\npattern = "(a+)+b"\ntimeout = 0.5',
        "[pattern-timeout] {w}.pattern\n  matching it took longer than is left of the 0.5 seconds of the key\n",
        "write a simpler one (`(a+)+b` can be read in too many ways), or raise `{w}.timeout`",
    ),
    "too much": (
        'argv = ["printf", "12345"]\nmax-output = 4',
        "[output-too-large] {w}.max-output\n  `printf 12345` wrote more than 4 bytes\n",
        "raise `{w}.max-output`, or let the program write less",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_what_where_and_what_to_do(demo_maker: DemoMaker, case: str) -> None:
    options, said, remedy = REFUSED[case]
    demo = keyed(demo_maker, options, {"broken": "#!/no/such/interpreter\n", "nothing": "\1\2\3"})
    environ = {**demo.environ, "EMPTY": " ", "QUOTED": "'hunter2-is-no-password", "SECRET": "hunter2-is-no-password"}
    answer = told(refused(demo.root, environ))
    expected = said.replace("{w}", WHERE)
    assert answer.startswith(expected + "  do: ")
    assert answer.endswith(remedy.replace("{w}", WHERE) + "\n")
    assert "hunter2-is" not in answer


def test_a_long_explanation_is_cut_to_its_end(demo_maker: DemoMaker) -> None:
    script = "head -c 200000 /dev/zero | tr '\\\\0' a >&2; echo >&2; echo the end >&2; exit 1"
    demo = keyed(demo_maker, f'argv = ["sh", "-c", "{script}"]')
    (problem,) = refused(demo.root, demo.environ)
    assert len(problem.message) < 2_300
    assert problem.message.endswith("\n    the end")


# Bounds


def test_as_much_as_it_may_is_not_too_much(context_maker: ContextMaker) -> None:
    assert value_of(context_maker(), ["printf", "12345"], max_output=5).data == b"12345"


def test_much_output_and_many_errors_at_once(context_maker: ContextMaker) -> None:
    script = "head -c 900000 /dev/zero >&2 & head -c 900000 /dev/zero; wait"
    done = context_maker().run(sh(script))
    assert (len(done.output), len(done.error)) == (900_000, 65_536)


def test_endless_output_is_ended(context_maker: ContextMaker) -> None:
    with pytest.raises(OutputTooLargeError):
        context_maker().run(["yes"])


@needs_proc
@pytest.mark.parametrize(
    ("script", "limits"),
    [
        ("sleep 60 & echo $! > pid; sleep 61", {"timeout": 0.3}),
        ("trap '' TERM INT HUP; sleep 60 & echo $! > pid; wait", {"timeout": 0.3}),
        ("exec >&- 2>&-; sleep 60 & echo $! > pid; wait", {"timeout": 0.3}),
        ("sleep 60 & echo $! > pid; yes", {}),
    ],
)
def test_the_whole_process_group_ends(context_maker: ContextMaker, script: str, limits: dict[str, float]) -> None:
    context = context_maker(**limits)
    began = time.monotonic()
    with pytest.raises((TimeoutError, OutputTooLargeError)):
        context.run(sh(script))
    assert time.monotonic() - began < 20
    assert dies(int((context.root / "pid").read_text(encoding="ascii")))


@needs_proc
def test_what_a_program_leaves_behind_does_not_hold_us_up(context_maker: ContextMaker) -> None:
    context = context_maker()
    began = time.monotonic()
    assert context.run(sh("sleep 60 & echo $! > pid; echo done; exit 4")) == Completed(4, b"done\n", b"")
    assert time.monotonic() - began < 20
    assert dies(int((context.root / "pid").read_text(encoding="ascii")))


def test_what_escapes_the_group_and_holds_the_pipe_does_not_hold_us_up(context_maker: ContextMaker) -> None:
    escaped = "import os, sys, time; os.setsid(); open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
    script = f"{shlex.quote(sys.executable)} -c {shlex.quote(escaped)} & while ! [ -s pid ]; do :; done; echo done"
    context = context_maker()
    began = time.monotonic()
    assert context.run(sh(script)).output == b"done\n"
    assert time.monotonic() - began < 20
    os.kill(int((context.root / "pid").read_text(encoding="ascii")), 9)


def test_late_output_of_a_helper_is_waited_for(context_maker: ContextMaker) -> None:
    assert context_maker().run(sh("(sleep 0.2; echo late) & echo early")).output == b"early\nlate\n"


def test_all_programs_of_a_key_share_its_time(context_maker: ContextMaker) -> None:
    context = context_maker(timeout=0.5)
    context.run(["sleep", "0.4"])
    with pytest.raises(TimeoutError):
        context.run(["sleep", "0.3"])


def test_no_file_is_left_open(context_maker: ContextMaker) -> None:
    context = context_maker(timeout=5)
    opened = Path("/dev/fd")
    before = len(list(opened.iterdir()))
    context.run(["true"])
    with pytest.raises(OutputTooLargeError):
        context.run(["yes"])
    with pytest.raises(OSError, match="no such program"):
        context.run(["no-such-program"])
    assert len(list(opened.iterdir())) == before


# Of a stranger's resolver


OWN = """
[tool.dyncachekeys.keys.own]
resolver = "own:own"
timeout = {timeout}
"""
OWN_MODULE = """\
from dyncachekeys import Value, resolver


@resolver(tracked=True)
def own(context):
    yield Value("it", context.run({argv!r}).output)
"""


def test_a_resolver_of_ones_own_may_run_programs_and_then_runs_each_time(demo_maker: DemoMaker) -> None:
    argv = ["sh", "-c", "echo run >> ../beside/runs; cat ../beside/answer"]
    demo = demo_maker(OWN.format(timeout=30), {"own.py": OWN_MODULE.format(argv=argv)})
    (demo.beside / "answer").write_text("1", encoding="utf-8")
    digests = [dyncachekeys.resolve(demo.root, demo.environ).digest]
    (demo.beside / "answer").write_text("2", encoding="utf-8")
    demo.sync()
    demo.sync()
    digests.append(dyncachekeys.resolve(demo.root, demo.environ).digest)
    assert digests[0] != digests[1]
    assert (demo.beside / "runs").read_text(encoding="utf-8").count("run") == 4


@needs_proc
def test_a_program_of_a_stranger_s_resolver_ends_with_its_time(demo_maker: DemoMaker) -> None:
    argv = ["sh", "-c", "echo $$ > ../beside/pid; sleep 60; true"]
    demo = demo_maker(OWN.format(timeout=5), {"own.py": OWN_MODULE.format(argv=argv)})
    (problem,) = refused(demo.root, demo.environ)
    assert "raised TimeoutError: it did not end within the 4.5 seconds that it had (own.py:6)" in problem.message
    assert dies(int((demo.beside / "pid").read_text(encoding="ascii")))
