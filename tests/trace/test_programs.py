"""Programs that a build starts run as they would without us, and what they do is known."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dyncachekeys.trace.build import TRACER
from native import SCRIPT, left, needs, project, watched

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="POSIX programs")
below_strace = needs("strace", "cat", "make", "git")


@below_strace
class TestBelowStrace:
    def test_a_script_that_calls_python(self, tmp_path: Path) -> None:
        files = {
            "gen.sh": "cat data.txt > out.txt\nls csrc > list.txt\n[ -e extra.txt ]\npython3 gen.py\nexit 0\n",
            "gen.py": "open('by-python.txt').read()\nimport subprocess\nsubprocess.run(['cat', 'deep.txt'], check=True)\n",
            "by-python.txt": "x",
            "deep.txt": "x",
            "data.txt": "x",
            "csrc/a.c": "",
        }
        root = project(tmp_path, files)
        code = """
            import os, subprocess, sys
            os.environ["PATH"] = os.path.dirname(sys.executable) + os.pathsep + os.environ["PATH"]
            subprocess.run(["sh", "gen.sh"], check=True)
            """
        found = watched(root, code)
        assert found.paths("read") == {"gen.sh", "data.txt", "deep.txt"}
        assert found.paths("listed") == {"csrc"}
        assert found.paths("missing") == {"extra.txt"}
        assert found.paths("written") == {"out.txt", "list.txt"}
        assert {fact.who for fact in found.left} == {f"project:{SCRIPT}:4"}
        by_python = {fact.subject: fact.who for fact in found.log if fact.what == "read"}
        assert by_python[str(root / "by-python.txt")] == "project:gen.py:1"
        assert "unseen" not in {fact.what for fact in found.log}

    @pytest.mark.parametrize(
        "start",
        [
            "subprocess.run(['cat', 'a.txt'], check=True)",
            "subprocess.run(['/bin/cat', 'a.txt'], check=True, close_fds=False)",
            "subprocess.run(['./cat', 'a.txt'], check=True, cwd='.')",
            "subprocess.run('cat a.txt', check=True, shell=True)",
            "subprocess.run(b'cat < a.txt', check=True, shell=True, executable='/bin/bash')",
            "subprocess.run([b'cat', pathlib.Path('a.txt')], check=True, env={'PATH': os.environ['PATH']})",
            "os.waitpid(os.posix_spawn('/bin/cat', ['cat', 'a.txt'], os.environ), 0)",
            "os.waitpid(os.posix_spawnp('cat', ['cat', 'a.txt'], {'PATH': '/bin'}), 0)",
            "os.spawnlp(os.P_WAIT, 'cat', 'cat', 'a.txt')",
            "os.system('cat \\'a.txt\\'')",
            "os.popen('cat a.txt').read()",
            "os.execvp('cat', ['cat', 'a.txt'])",
            "os.execve('/bin/cat', ['cat', 'a.txt'], {})",
            "subprocess.run([sys.executable, '-I', '-c', 'open(\"a.txt\").read()'], check=True)",
        ],
    )
    def test_however_it_is_started(self, tmp_path: Path, start: str) -> None:
        root = project(tmp_path, {"a.txt": "x"})
        (root / "cat").symlink_to("/bin/cat")
        found = watched(root, f"import os, pathlib, subprocess, sys\n{start}\n")
        if "exec" in start.partition("(")[0]:  # then nobody waits
            time.sleep(0.5)
            found = found._replace(left=left(root))
        assert "a.txt" in found.paths("read")
        assert {fact.who for fact in found.left} == {f"project:{SCRIPT}:2"}
        assert not [fact for fact in found.log if "strace" in fact.subject]

    def test_codes_and_streams_are_as_before(self, tmp_path: Path) -> None:
        root = project(tmp_path, {"bad": "no program"})
        (root / "bad").chmod(0o755)
        code = """
            import os, subprocess
            done = subprocess.run(["sh", "-c", "read x; echo got $x; echo err >&2; exit 7"], input=b"in\\n", capture_output=True)
            print(done.returncode, done.stdout, done.stderr)
            print(subprocess.run(["sh", "-c", "kill -TERM $$"]).returncode)
            print(os.system("exit 3") >> 8, os.system("kill -9 $$"))
            for words in (["nothing-like-it"], ["./bad"], ["./go.py"]):
                try:
                    subprocess.run(words)
                except OSError as error:
                    print(type(error).__name__, error.errno, error.filename)
            child = subprocess.Popen(["sh", "-c", "echo $$ $0; ps -o pgid= -p $$"], stdout=subprocess.PIPE, start_new_session=True)
            words = child.communicate()[0].split()
            print([child.pid == int(words[0]), words[1], int(words[2]) == child.pid])
            """
        with_strace, plain = watched(root, code), watched(root, code, strace=False)
        assert with_strace.done.stdout == plain.done.stdout
        assert with_strace.done.stderr == plain.done.stderr
        assert "[True, b'sh', True]" in plain.done.stdout

    def test_an_interrupt_is_as_before(self, tmp_path: Path) -> None:
        """The child ends a second later: ended at once, it may be lost to Python between two instructions."""
        trap = "trap 'echo caught; sleep 1; exit 9' INT"
        root = project(tmp_path, {"wait.sh": f"{trap}\necho ready\nwhile :; do sleep 0.1; done\n"})
        code = """
            import signal, subprocess
            child = subprocess.Popen(["sh", "wait.sh"])
            try:
                child.wait()
            except KeyboardInterrupt:
                print("code", child.wait(), flush=True)
            """
        (root / SCRIPT).write_text("\n".join(line[12:] for line in code.splitlines()))
        (root.parent / "log").mkdir()
        environ = os.environ | {"DYNCACHEKEYS_TRACE_STRACE": "/usr/bin/strace"}
        argv = [sys.executable, str(TRACER), str(root.parent / "log/log"), str(root), SCRIPT]
        with subprocess.Popen(
            argv, cwd=root, env=environ, stdout=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            os.killpg(process.pid, signal.SIGINT)
            assert process.stdout.read().split() == ["caught", "code", "9"]
        assert process.returncode == 0

    def test_make_looks_at_times(self, tmp_path: Path) -> None:
        files = {"Makefile": "out.txt: in.txt sub/b.txt\n\tcat in.txt > out.txt\n", "in.txt": "x", "sub/b.txt": "x"}
        root = project(tmp_path, files)
        code = "import subprocess\nsubprocess.run(['make'], check=True)\n"
        first = watched(root, code)
        assert {"Makefile", "in.txt", "sub/b.txt"} <= first.paths("read")
        assert "out.txt" in first.paths("written")
        for path in root.parent.glob("log/*"):
            path.unlink()
        assert {"Makefile", "in.txt", "sub/b.txt"} <= watched(root, code).paths("read")

    def test_git_below_a_script_is_named_with_its_arguments(self, tmp_path: Path) -> None:
        root = project(tmp_path, {"version.sh": "git -C sub describe --tags '--match=v *' || true\n", "sub/a": ""})
        found = watched(root, "import subprocess\nsubprocess.run(['sh', 'version.sh'], check=True)\n")
        subject = "\x1f".join([str(root), "-C", "sub", "describe", "--tags", "--match=v *"])
        assert found.askers("git") == {subject: f"project:{SCRIPT}:2"}

    def test_where_the_tracer_can_not_be_used(self, tmp_path: Path) -> None:
        root = project(tmp_path, {"a.txt": "x"})
        code = "import subprocess\nsubprocess.run(['cat', 'a.txt'], check=True)\n"
        (root.parent / "log").mkdir()
        (root.parent / "log/strace-works").write_bytes(b"0")
        assert watched(root, code).askers("unseen") == {"cat": f"project:{SCRIPT}:2"}

    def test_no_program_is_traced_twice(self, tmp_path: Path) -> None:
        root = project(
            tmp_path, {"a.sh": "python3 b.py", "b.py": "import os; os.system('cat c.txt; true')", "c.txt": ""}
        )
        code = "import os, sys\nos.environ['PATH'] = f'{os.path.dirname(sys.executable)}:/usr/bin:/bin'\nos.system('sh a.sh; true')\n"
        found = watched(root, code)
        assert found.paths("read") == {"a.sh", "c.txt"}
        assert len([*root.parent.glob("log/strace-*.who")]) == 1
        assert found.askers("unseen") == {}


def test_without_strace_what_is_not_seen_is_named(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.txt": "x"})
    code = """
        import os, subprocess
        subprocess.run(["cat", "a.txt"], check=True)
        os.system("uname")
        subprocess.run("git --version", shell=True, check=True)
        subprocess.run("git status; true", shell=True, check=True)
        """
    found = watched(root, code, strace=False)
    assert found.askers("unseen") == {"cat": f"project:{SCRIPT}:3", "sh": f"project:{SCRIPT}:6"}
    assert found.left == []


def test_programs_are_named_by_where_they_are_found(tmp_path: Path) -> None:
    root = project(tmp_path, {"tools/mine": "#!/bin/sh\n"})
    (root / "tools/mine").chmod(0o755)
    code = "import os, subprocess\nos.environ['PATH'] = 'tools:/usr/bin:/bin'\nsubprocess.run(['mine'], check=True)\nsubprocess.run(['true'], check=True)\n"
    found = watched(root, code, strace=False)
    programs = found.askers("program")
    assert programs.pop(str(root / "tools/mine")) == f"project:{SCRIPT}:3"
    assert {Path(path).name for path in programs} == {"true"}


@pytest.mark.parametrize("line", ["subprocess.run(words, cwd='.')", "subprocess.run(' '.join(words), shell=True)"])
def test_git_is_to_be_replayed(tmp_path: Path, line: str) -> None:
    root = project(tmp_path, {"sub/a": ""})
    code = f"import subprocess\nwords = ['git', 'describe', '--tags']\n{line}\n"
    found = watched(root, code, strace=False)
    assert found.askers("git") == {"\x1f".join([str(root), "describe", "--tags"]): f"project:{SCRIPT}:3"}
    assert found.askers("unseen") == {}


HEADERS = {
    "src/m.c": '#include "a.h"\n#include <b.h>\n#include <stdio.h>\nint x(void) { return A + B; }\n',
    "inc/a.h": "#define A 1\n",
    "sys/b.h": "#define B 2\n",
    "exports.map": "{ global: x; local: *; };\n",
}


@needs("gcc")
class TestCompilers:
    def test_headers_sources_and_what_is_linked(self, tmp_path: Path) -> None:
        root = project(tmp_path, HEADERS)
        code = """
            import subprocess
            subprocess.run(["gcc", "-fPIC", "-Iinc", "-isystem", "sys", "-c", "m.c", "-o", "../m.o", "-I../inc", "-I../sys"], check=True, cwd="src")
            subprocess.run(["gcc", "-shared", "m.o", "-o", "m.so", "-Wl,--version-script=exports.map"], check=True)
            """
        found = watched(root, code, strace=False)
        named = {fact.subject for fact in found.log if fact.what == "read"}
        assert found.paths("read") == {"inc/a.h", "sys/b.h"}
        assert {str(root / name) for name in ("src/m.c", "m.o", "exports.map")} <= named
        assert str(root / "m.so") not in named
        assert found.askers("unseen") == {}
        assert found.askers("variable")["CPATH"] == f"project:{SCRIPT}:4"

    def test_who_asks_gcc_itself_gets_what_it_asks_for(self, tmp_path: Path) -> None:
        root = project(tmp_path, HEADERS)
        code = (
            "import subprocess\nsubprocess.run('gcc -Iinc -Isys -c src/m.c -o m.o -MD -MF m.d'.split(), check=True)\n"
        )
        found = watched(root, code, strace=False)
        assert "inc/a.h" in (root / "m.d").read_text()
        assert found.askers("unseen") == {"gcc": f"project:{SCRIPT}:2"}

    @pytest.mark.parametrize("output", [pytest.param("m.o", marks=below_strace)])
    def test_it_is_then_seen_by_strace(self, tmp_path: Path, output: str) -> None:
        root = project(tmp_path, HEADERS)
        words = f"gcc -Iinc -Isys -c src/m.c -o {output} -MD -MF m.d".split()
        found = watched(root, f"import subprocess\nsubprocess.run({words}, check=True)\n")
        assert found.paths("read") >= {"src/m.c", "inc/a.h", "sys/b.h"}
        assert {output, "m.d"} <= found.paths("written")


def test_who_leaves_a_server_is_left_alone(tmp_path: Path) -> None:
    """Strace would stay with the server, and hold the pipe that `subprocess` waits for."""
    root = project(tmp_path, {"gradlew": "#!/bin/sh\nsleep 5 >/dev/null 2>&1 </dev/null &\n"})
    (root / "gradlew").chmod(0o755)
    code = "import subprocess\nsubprocess.run(['./gradlew'], check=True, capture_output=True)\n"
    began = time.monotonic()
    assert watched(root, code).askers("unseen") == {"gradlew": f"project:{SCRIPT}:2"}
    assert time.monotonic() - began < 5


@needs("gcc")
def test_programs_that_threads_start_at_once(tmp_path: Path) -> None:
    names = [f"f{number}" for number in range(12)]
    files = {f"{name}.{end}": f'#include "{name}.h"\n' if end == "c" else "" for name in names for end in "ch"}
    code = f"""
        import subprocess
        from concurrent.futures import ThreadPoolExecutor
        with ThreadPoolExecutor(6) as pool:
            list(pool.map(lambda name: subprocess.run(["gcc", "-c", name + ".c"], check=True), {names}))
        """
    root = project(tmp_path, files)
    assert watched(root, code, strace=False).paths("read") == {f"{name}.h" for name in names}
    assert len([*root.parent.glob("log/cc-*.d")]) == len(names)


@below_strace
def test_a_program_that_is_gone_is_none(tmp_path: Path) -> None:
    root = project(tmp_path, {"a.sh": "cp /bin/true mine\n./mine\nrm mine\n"})
    found = watched(root, "import subprocess\nsubprocess.run(['sh', 'a.sh'], check=True)\n")
    assert found.paths("program") == set()
    assert "cp" in {Path(fact.subject).name for fact in found.left if fact.what == "program"}
