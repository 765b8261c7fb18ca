"""What a command line is taken for."""

from __future__ import annotations

import pytest

from dyncachekeys.trace.in_build import commands, git_queries, kinds


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("python setup.py", "python"),
        ("python3.13t -c x", "python"),
        ("pypy3 x", "python"),
        ("pythonic", "other"),
        ("git describe", "git"),
        ("git --version", "nothing"),
        ("gradle build", "server"),
        ("cc -c x.c", "compiler"),
        ("gcc-12 x.o", "compiler"),
        ("x86_64-linux-gnu-g++-12 x.o", "compiler"),
        ("c++ x.cc", "compiler"),
        ("clang++-15.0 x.cc", "compiler"),
        ("gcc --version", "nothing"),
        ("gcc-ar rcs a.a a.o", "named"),
        ("llvm-ar-15 rcs a.a a.o", "named"),
        ("ccache gcc -c x.c", "other"),
        ("ninja -C build", "ninja"),
        ("ninja-build", "ninja"),
        ("ninja --version", "nothing"),
        ("cmake -S . -B build", "cmake"),
        ("cmake --build build", "cmake-build"),
        ("cmake --install build", "other"),
        ("cmake -E capabilities", "nothing"),
        ("cmake -E copy a b", "other"),
        ("cmake -P x.cmake", "other"),
        ("cmake --version", "nothing"),
        ("cargo build", "cargo"),
        ("cargo metadata --offline", "nothing"),
        ("maturin pep517 build-wheel", "maturin"),
        ("rustc -vV", "nothing"),
        ("rustc x.rs", "other"),
        ("uname -a", "nothing"),
        ("make", "other"),
        ("sh --version", "other"),
        ("npm run build", "other"),
    ],
)
def test_kinds(line: str, kind: str) -> None:
    words = line.split()
    assert kinds.kind_of(words[0], words) == kind


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("describe --tags", True),
        ("-C sub -c a.b=c --no-pager log -1 --format=%H", True),
        ("--git-dir=.git --work-tree . status", True),
        ("rev-parse HEAD", True),
        ("tag", True),
        ("tag --points-at HEAD", True),
        ("tag v1", False),
        ("branch --show-current", True),
        ("branch x", False),
        ("config user.name", True),
        ("config --get user.name", True),
        ("config user.name x", False),
        ("config --unset user.name", False),
        ("symbolic-ref HEAD", True),
        ("symbolic-ref HEAD refs/heads/x", False),
        ("submodule status", True),
        ("submodule update --init", False),
        ("remote get-url origin", True),
        ("remote add x y", False),
        ("diff --output=x", False),
        ("clone x", False),
        ("fetch", False),
        ("", False),
    ],
)
def test_commands_of_git_that_change_nothing(line: str, expected: bool) -> None:
    assert git_queries.changes_nothing(line.split()) is expected


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("fsck --no-progress", True),
        ("-C sub submodule update --init", True),
        ("archive HEAD", True),
        ("fetch --tags", True),
        ("config --get user.name", True),
        ("describe", True),
        ("apply a.patch", False),
        ("init --quiet", False),
        ("config user.name x", False),
        ("submodule--helper update", False),
        ("", False),
    ],
)
def test_commands_of_git_that_depend_on_the_repository(line: str, expected: bool) -> None:
    assert git_queries.depends_on_repository(line.split()) is expected


def test_commands_for_shells() -> None:
    assert kinds.plain("sh", ["/bin/sh", "-c", "git describe --tags"]) == ["git", "describe", "--tags"]
    for text in ("a | b", "a; b", "a > b", "A=1 b", "a $B", "a *", "a 'b c'", "a\nb", "~/a"):
        assert kinds.plain("sh", ["sh", "-c", text]) == []
    assert kinds.plain("sh", ["sh", "-c", "exit 3"]) == ["exit", "3"]  # no program is found for it
    assert kinds.plain("sh", ["sh", "a.sh"]) == kinds.plain("cat", ["cat", "-c", "a"]) == []


def test_where_things_are() -> None:
    assert commands.build_folder("ninja", ["ninja", "-C", "b", "-j4"], "/p") == "/p/b"
    assert commands.build_folder("ninja", ["ninja", "-C/b"], "/p") == "/b"
    assert commands.build_folder("ninja", ["ninja"], "/p") == "/p"
    assert commands.build_folder("cmake-build", ["cmake", "--build", "../b", "-v"], "/p/q") == "/p/b"
    assert commands.build_folder("cmake", ["cmake", "-S.", "-B=b"], "/p") in {"/p/b", "/p/=b"}
    assert commands.profile_of("cargo", ["cargo", "build"]) == "debug"
    assert commands.profile_of("cargo", ["cargo", "build", "-r"]) == "release"
    assert commands.profile_of("cargo", ["cargo", "build", "--profile=dev"]) == "debug"
    assert commands.profile_of("maturin", ["maturin", "pep517"]) == ""


def test_files_of_a_compiler() -> None:
    line = "cc a.o -o out.so -Llib -lfoo -Iinc -DX=1 -Wl,-rpath,x,--version-script=m.map -T s.ld @args"
    named = set(commands.files_named(line.split()))
    assert {"a.o", "lib/libfoo.a", "lib/libfoo.so", "m.map", "s.ld", "args"} <= named
    assert not {"out.so", "inc", "1"} & named


@pytest.mark.parametrize(
    ("head", "is_python"),
    [
        (b"#!/usr/bin/python3\n", True),
        (b"#!/usr/bin/env python\n", True),
        (b"#!/usr/bin/env -S python3 -u\n", True),
        (b"#!/usr/bin/python3 -I\n", False),
        (b'#!/bin/sh\n\'\'\'exec\' "/a long/bin/python" "$0" "$@"\n', True),
        (b"#!/bin/sh\necho\n", False),
        (b"\x7fELF", False),
        (b"#!\n", False),
        (b"", False),
    ],
)
def test_scripts(head: bytes, is_python: bool) -> None:
    assert kinds.is_python_script(head) is is_python
