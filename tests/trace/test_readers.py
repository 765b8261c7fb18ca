"""The readers by themselves: records as their tools write them, and such as were cut off."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator

import pytest

from dyncachekeys.trace.readers import cmake, depfile, ninja
from dyncachekeys.trace.readers.calls import Seen
from dyncachekeys.trace.readers.cargo import rerun
from dyncachekeys.trace.readers.strace import Strace

LOG = "/p/.dyncachekeys/log"


def seen(text: str, folder: str = "/p") -> set[tuple[str, ...]]:
    """Return what some lines of strace say, without what is nothing."""
    found = Strace(LOG, folder).read(text.splitlines())
    return {tuple(filter(None, one)) for one in found if one.what != "program"}


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('openat(AT_FDCWD</p>, "a", O_RDONLY|O_CLOEXEC) = 3</p/a>', {("read", "/p/a")}),
        ('openat(5</p/sub>, "../a", O_RDONLY) = 3</p/a>', {("read", "/p/a")}),
        ('open("a b", O_RDONLY) = 3</p/a b>', {("read", "/p/a b")}),
        (r'open("\303\244\"\\\t", O_RDONLY) = 3</p/x>', {("read", '/p/ä"\\\t')}),
        ('open("a\\377", O_RDONLY) = 3', {("read", "/p/a\udcff")}),
        ('openat(AT_FDCWD</p>, "a", O_RDONLY) = -1 ENOENT (No such file or directory)', {("missing", "/p/a")}),
        ('openat(AT_FDCWD</p>, "a/b", O_RDONLY) = -1 ENOTDIR (Not a directory)', {("missing", "/p/a/b")}),
        ('openat(AT_FDCWD</p>, "a", O_RDONLY) = -1 EACCES (Permission denied)', {("there", "/p/a")}),
        ('openat(AT_FDCWD</p>, "a", O_WRONLY|O_CREAT|O_EXCL, 0666) = -1 EEXIST (File exists)', {("there", "/p/a")}),
        ('openat(AT_FDCWD</p>, "a", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</p/a>', {("written", "/p/a")}),
        ('openat(AT_FDCWD</p>, "a", O_RDWR|O_CREAT, 0666) = 3</p/a>', {("updated", "/p/a")}),
        ('openat(AT_FDCWD</p>, "a", O_RDONLY|O_PATH) = 3</p/a>', {("there", "/p/a")}),
        ('openat(AT_FDCWD</p>, ".", O_RDONLY|O_DIRECTORY) = 3</p>', set()),
        ("getdents64(3</p/a\\40b>, 0x5 /* 5 entries */, 32768) = 144", {("listed", "/p/a b")}),
        ('newfstatat(AT_FDCWD</p>, "a", {st_mode=S_IFREG|0644, st_size=6, ...}, 0) = 0', {("there", "/p/a")}),
        ('newfstatat(3</p/a>, "", {st_mode=S_IFREG|0644, ...}, AT_EMPTY_PATH) = 0', set()),
        ('access("a", R_OK) = -1 ENOENT (No such file or directory)', {("missing", "/p/a")}),
        ('readlink("a", "x"..., 4096) = 1', {("there", "/p/a"), ("link", "/p/a")}),
        ('readlink("a", 0x7ff, 4096) = -1 EINVAL (Invalid argument)', {("there", "/p/a")}),
        ('rename("a", "b") = 0', {("written", "/p/a"), ("written", "/p/b")}),
        ('renameat2(AT_FDCWD</p>, "a", 4</q>, "b", RENAME_NOREPLACE) = 0', {("written", "/p/a"), ("written", "/q/b")}),
        ('unlinkat(AT_FDCWD</p>, "a", 0) = 0', {("written", "/p/a")}),
        ('mkdir("a", 0777) = 0', {("made", "/p/a"), ("written", "/p/a")}),
        ('mkdir("a", 0777) = -1 EEXIST (File exists)', {("made", "/p/a")}),
        ('symlinkat("../x", AT_FDCWD</p>, "a/b") = 0', {("written", "/p/a/b"), ("led", "/p/a/b", "/p/x")}),
        (
            'linkat(AT_FDCWD</p>, "a", AT_FDCWD</p>, "b", 0) = 0',
            {("read", "/p/a"), ("touched", "/p/a"), ("written", "/p/b")},
        ),
        ('fchmodat(AT_FDCWD</p>, "a", 0644) = 0', {("touched", "/p/a")}),
        ('utimensat(AT_FDCWD</p>, "a", NULL, 0) = 0', {("dated", "/p/a")}),
        ('execve("/bin/x", ["x"], 0x7 /* 2 vars */) = -1 ENOENT (No such file or directory)', set()),
        ('execve("./run", ["run", "a"], 0x7 /* 2 vars */) = 0', {("read", "/p/run")}),
        ("exit_group(0) = ?", set()),
        ("+++ exited with 0 +++", set()),
        ("--- SIGCHLD {si_signo=SIGCHLD} ---", set()),
        ('openat(AT_FDCWD</p>, "cut o', set()),
    ],
)
@pytest.mark.parametrize("prefix", ["", "77 ", "77    "])
def test_one_call(prefix: str, line: str, expected: set[tuple[str, ...]]) -> None:
    assert seen(prefix + line) == expected


def test_calls_that_others_come_between() -> None:
    text = """\
        1 openat(AT_FDCWD</p>, "a", O_RDONLY <unfinished ...>
        2 openat(AT_FDCWD</p>, "b", O_RDONLY <unfinished ...>
        1 <... openat resumed>) = 3</p/a>
        2 <... openat resumed>) = -1 ENOENT (No such file or directory)
        3 <... openat resumed>) = 3</p/never-begun>
        """.replace("        ", "")
    assert seen(text) == {("read", "/p/a"), ("missing", "/p/b")}


def test_where_a_process_is() -> None:
    text = """\
        1 chdir("sub") = 0
        1 vfork( <unfinished ...>
        2 access("child", R_OK) = 0
        2 chdir("deep") = 0
        2 access("child", R_OK) = 0
        1 <... vfork resumed>) = 2
        1 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|SIGCHLD, child_tidptr=0x7) = 3
        3 access("other", R_OK) = 0
        1 fchdir(3</q>) = 0
        1 access("parent", R_OK) = 0
        """.replace("        ", "")
    assert seen(text) == {
        ("there", path)
        for path in ("/p/sub", "/p/sub/child", "/p/sub/deep", "/p/sub/deep/child", "/p/sub/other", "/q/parent")
    }


def test_a_python_that_reports_by_itself_is_left_out_with_what_it_forks() -> None:
    text = f"""\
        1 execve("/bin/sh", ["sh"], 0x7 /* 2 vars */) = 0
        1 vfork( <unfinished ...>
        2 execve("/bin/python3", ["python3"], 0x7 /* 2 vars */) = 0
        2 openat(AT_FDCWD</p>, "early", O_RDONLY) = 3</p/early>
        2 openat(AT_FDCWD</p>, "{LOG}", O_WRONLY|O_CREAT|O_APPEND, 0600) = 3<{LOG}>
        1 <... vfork resumed>) = 2
        2 clone(child_stack=NULL <unfinished ...>
        3 openat(AT_FDCWD</p>, "forked", O_RDONLY) = 3</p/forked>
        3 execve("/bin/cat", ["cat"], 0x7 /* 2 vars */) = 0
        3 openat(AT_FDCWD</p>, "by-cat", O_RDONLY) = 3</p/by-cat>
        2 <... clone resumed>) = 3
        1 openat(AT_FDCWD</p>, "by-sh", O_RDONLY) = 3</p/by-sh>
        """.replace("        ", "")
    found = {one for one in seen(text) if not one[1].startswith("/bin")}
    assert found == {("read", "/p/by-cat"), ("read", "/p/by-sh")}


@pytest.mark.parametrize(("program", "counts"), [("make", True), ("ninja", True), ("sh", False)])
def test_to_look_is_to_depend_on_content_for_tools_that_go_by_times(program: str, counts: bool) -> None:
    text = f'execve("/bin/{program}", ["x"], 0x7 /* 2 vars */) = 0\nstat("a", {{st_mode=S_IFREG|0644, ...}}) = 0\nstat("d", {{st_mode=S_IFDIR|0755, ...}}) = 0\n'
    assert (("read", "/p/a") in seen(text)) is counts
    assert ("read", "/p/d") not in seen(text)


def test_only_what_is_kept() -> None:
    text = f'1 openat(AT_FDCWD</p>, "/usr/a", O_RDONLY) = 3</usr/a>\n1 openat(AT_FDCWD</p>, "/p/b", O_RDONLY) = 3</p/b>\n1 openat(AT_FDCWD</usr>, "c", O_RDONLY) = 3</usr/c>\n1 stat("{LOG}", 0) = 0\n'
    found = Strace(LOG, "/p", lambda path: path == "/p/b").read(text.splitlines())
    assert found == [Seen("read", "/p/b")]


def test_lines_that_were_cut_off_anywhere() -> None:
    line = '1 renameat2(AT_FDCWD</p>, "a\\303", 4</q>, "b", RENAME_NOREPLACE) = -1 ENOENT (No such file or directory)'
    for end in range(len(line)):
        seen(line[:end])
        seen(line[end:])
    noise = random.Random(1)
    for _ in range(300):
        seen("".join(noise.sample(line, len(line))))


def test_depfiles() -> None:
    text = "a.o b.o: src/a.c \\\n inc/with\\ space.h \\\r\n $$x \\#y c\\:z\n# env-dep:ONE=1\n# env-dep:TWO\nx : y\n"
    assert [*depfile.dependencies(text)] == ["a.o", "src/a.c", "inc/with space.h", "$x", "#y", "c:z", "y"]
    assert depfile.variables(text) == ["ONE", "TWO"]


def test_what_build_scripts_say() -> None:
    text = "cargo:rerun-if-changed=a b\ncargo::rerun-if-env-changed=X\r\ncargo:rustc-link-lib=z\nx cargo:rerun-if-changed=no\n"
    assert rerun(text) == (["a b"], ["X"])


def test_variables_of_cmake() -> None:
    text = 'set(A "$ENV{ONE}/$ENV{TWO}")\n# $ENV{NO}\nif(NOT DEFINED ENV{THREE})\nset(ENV{FOUR} x)\n'
    assert [*cmake.variables(text)] == [("ONE", 1), ("TWO", 1), ("THREE", 3)]


def test_build_files_of_ninja() -> None:
    text = "build a b$ c | d: cc x $\n    y | z$:1 || order |@ valid\nbuild order: phony q\nbuild build.ninja: again CMakeLists.txt\nbuild n: cc never\n"
    log = "# ninja log v5\n1\t2\t3\ta\tcafe\n"
    known = ninja.known(text, log)
    assert known == [
        (["a", "b c", "d"], ["x", "y", "z:1", "order", "valid"]),
        (["build.ninja"], ["CMakeLists.txt"]),
    ]
    assert len(ninja.known(text, "")) == 3
    assert ninja.phonies(text) == {"order"}


def test_globs_of_cmake() -> None:
    text = 'file(GLOB NEW_GLOB LIST_DIRECTORIES true "/p/src/*.c")\nfile(GLOB_RECURSE NEW_GLOB FOLLOW_SYMLINKS LIST_DIRECTORIES false RELATIVE "/p" "/p/a*/x.c")\n'
    assert [*ninja.globs(text)] == [("/p/src", False), ("/p", True)]


def log_of(version: int) -> bytes:
    """Return a ``.ninja_deps``: of one output two records, the second of which counts, and of another one."""

    def records() -> Iterator[bytes]:
        for number, name in enumerate([b"a.o", b"a.c", b"old.h", b"new.h", b"b.o"]):
            padded = name + b"\0" * (-len(name) % 4)
            yield struct.pack("<I", len(padded) + 4) + padded + struct.pack("<I", ~number & 0xFFFFFFFF)
        for numbers in ([0, 1, 2], [0, 1, 3], [4, 1]):
            ids = [numbers[0], *([7] if version == 3 else [7, 7]), *numbers[1:]]
            yield struct.pack("<I", len(ids) * 4 | 1 << 31) + struct.pack(f"<{len(ids)}I", *ids)

    return b"# ninjadeps\n" + struct.pack("<I", version) + b"".join(records())


@pytest.mark.parametrize("version", [3, 4])
def test_logs_of_ninja(version: int) -> None:
    data = log_of(version)
    assert set(ninja.inputs_of_log(data)) == {"a.c", "new.h"}
    for end in range(len(data)):
        assert set(ninja.inputs_of_log(data[:end])) <= {"a.c", "old.h", "new.h"}
    assert [*ninja.inputs_of_log(log_of(5))] == []
