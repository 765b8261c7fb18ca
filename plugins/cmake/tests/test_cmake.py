"""The `cmake` resolver: how records are read, what counts, and a CMake-shaped example with its right answer beside it."""

from __future__ import annotations

import shutil
import struct
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest

import dyncachekeys
from dyncachekeys_cmake import makefile, ninja, records
from kit import Demo, DemoMaker, refused

SOURCE = Path(__file__).parents[1] / "src" / "dyncachekeys_cmake"
EXAMPLE, SAMPLES = Path(__file__).with_name("example"), Path(__file__).with_name("samples")
CONFIG = """
[tool.dyncachekeys]
defaults = false
plugin-path = ["plugins_src"]
[tool.dyncachekeys.keys.native]
resolver = "dyncachekeys_cmake:cmake"
"""
TOP = {"build/CMakeCache.txt": ""}
CMake = Callable[..., Demo]


def copied(folder: Path) -> None:
    """Put the package where the example's and the demos' plugin path finds it."""
    shutil.copytree(SOURCE, folder / "plugins_src" / SOURCE.name, ignore=shutil.ignore_patterns("__pycache__"))


@pytest.fixture
def cmake(demo_maker: DemoMaker) -> CMake:
    def make(files: Mapping[str, str | bytes], more: str = "") -> Demo:
        demo = demo_maker(CONFIG + more, files)
        copied(demo.root)
        (demo.root.parent / ".git").mkdir()  # the repository begins above the project
        return demo

    return make


def lines(root: Path) -> list[str]:
    (key,) = dyncachekeys.resolve(root, {}).keys
    assert not key.runs_each_time
    return [f"{one.subject} | {one.reason}" for one in key.inputs]


def found(demo: Demo) -> dict[str, str]:
    """Return the inputs with their reasons."""
    return dict(line.split(" | ") for line in lines(demo.root))


def said(demo: Demo) -> list[tuple[str, str]]:
    return [(one.code, one.message) for one in dyncachekeys.resolve(demo.root, demo.environ).notices]


def log(outputs: Mapping[str, Sequence[str]], version: int = 4) -> bytes:
    """Write a log as ninja does: each path when it is first needed, then the record of the output."""
    known: dict[str, int] = {}
    data = b"# ninjadeps\n" + struct.pack("<i", version)
    for output, inputs in outputs.items():
        for path in (output, *inputs):
            if path not in known:
                name = path.encode()
                name += b"\0" * (-len(name) % 4)
                data += struct.pack("<I", len(name) + 4) + name + struct.pack("<I", ~len(known) & 0xFFFFFFFF)
                known[path] = len(known)
        record = struct.pack("<I", known[output]) + b"\1" * (8 if version == 4 else 4)
        record += b"".join(struct.pack("<I", known[path]) for path in inputs)
        data += struct.pack("<I", len(record) | 1 << 31) + record
    return data


def example(folder: Path, kind: str = "") -> Path:
    """Return the example's project, with the records of a build of one kind."""
    shutil.copytree(EXAMPLE, folder, dirs_exist_ok=True)
    (folder / ".git").mkdir()
    copied(folder / "project")
    if kind:
        out = folder / "project" / "out" / "cp311-cp311-linux"
        shutil.move(folder / "records" / kind, out)
        for path in [path for path in out.rglob("*") if path.is_file()]:
            path.write_text(path.read_text(encoding="utf-8").replace("{ROOT}", str(folder)), encoding="utf-8")
        if kind == "ninja":
            (out / ".ninja_deps").write_bytes(log(listed((out / "ninja_deps.txt").read_text(encoding="utf-8"))))
    return folder / "project"


def listed(text: str) -> dict[str, list[str]]:
    """Read what ``ninja -t deps`` prints."""
    outputs: dict[str, list[str]] = {}
    for line in text.splitlines():
        if line.startswith(" "):
            outputs[[*outputs][-1]].append(line.strip())
        else:
            outputs[line.removesuffix(":")] = []
    return outputs


def expected(kind: str) -> list[str]:
    return (EXAMPLE / f"expected-{kind}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("kind", ["before", "ninja", "make"])
def test_the_example(tmp_path: Path, kind: str) -> None:
    root = example(tmp_path / "it", kind if kind != "before" else "")
    assert [line.replace("cp311-cp311-linux", kind) for line in lines(root)] == expected(kind)


@pytest.mark.parametrize(
    ("kind", "generator", "tool"), [("ninja", "Ninja", "ninja"), ("make", "Unix Makefiles", "make")]
)
def test_the_example_with_cmake_itself(tmp_path: Path, kind: str, generator: str, tool: str) -> None:
    if None in (shutil.which("cmake"), shutil.which(tool), shutil.which("cc")):
        pytest.skip("there is nothing to compare with")
    root = example(tmp_path / "it")

    def build() -> list[str]:
        for command in (["cmake", "-S", ".", "-B", f"out/{kind}", "-G", generator], [tool, "-C", f"out/{kind}"]):
            subprocess.run(command, cwd=root, check=True, capture_output=True)
        return [line.split(" | ")[0] for line in lines(root)]

    first = build()
    assert first == [line.split(" | ")[0] for line in expected(kind)]
    assert build() == first
    with (root / "native/three.c").open("a", encoding="utf-8") as stream:
        stream.write('#include "unused.h"\n#include <unused.h>\n')
    edited = [line.split(" | ")[0] for line in lines(root)]
    assert set(edited) - set(first) == {"native/unused.h", "../common/unused.h"}
    assert build() == edited


WORDS = {
    "a.o: b.c c.h\n": ["b.c", "c.h"],
    "a.o: b.c \\\n c.h \\\n  d.h\n": ["b.c", "c.h", "d.h"],
    "a.o: b.c \\\r\n c.h\r\n": ["b.c", "c.h"],
    "a.o : b.c\n": ["b.c"],
    "a.o: with\\ space.c\n": ["with space.c"],
    "a.o: x\\#y.c $$z.c\n": ["x#y.c", "$z.c"],
    "a.o: c\\:d.h\n": ["c:d.h"],
    "a.o: C:\\x\\y.h\n": ["C:\\x\\y.h"],
    "a.o: b.c h.h\nh.h:\n": ["b.c", "h.h"],
    "a.o: b.c\nc.o: d.c\n": ["b.c", "d.c"],
    "a.o b.o: c.c\n": ["a.o", "c.c"],
    "a.o:\n": [],
    "": [],
    "\0\1 nonsense": ["\0\1", "nonsense"],
}


@pytest.mark.parametrize("text", WORDS)
def test_depfile(text: str) -> None:
    assert list(makefile.dependencies(text)) == WORDS[text]


def test_rules_of_a_makefile() -> None:
    text = "# c: d\nSHELL = /bin/sh\nout: ../in\n\t@echo no: not\nout: two\n.PHONY : out\n"
    assert list(makefile.rules(text)) == ["../in", "two"]


def test_log_that_ninja_wrote() -> None:
    names = (SAMPLES / "ninja-1.11.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(ninja.inputs_of_log((SAMPLES / "ninja-1.11.deps").read_bytes())) == names


@pytest.mark.parametrize("version", [3, 4])
def test_log_of_ninja(version: int) -> None:
    data = log({"a.o": ["a.c", "abcd.h"], "b.o": ["abcd.h", "é.h"]}, version)
    assert list(ninja.inputs_of_log(data)) == ["a.c", "abcd.h", "é.h"]


def test_last_record_of_an_output_counts() -> None:
    first = log({"a.o": ["a.c", "old.h"]})
    both = first + struct.pack("<5I", 16 | 1 << 31, 0, 0, 0, 1)
    assert list(ninja.inputs_of_log(both)) == ["a.c"]


@pytest.mark.parametrize("cut", range(1, 24))
def test_log_without_its_end(cut: int) -> None:
    data = log({"a.o": ["a.c"], "b.o": ["b.c"]})
    assert list(ninja.inputs_of_log(data[:-cut])) == ["a.c"]


def test_log_with_a_wrong_checksum_ends_there() -> None:
    first, data = log({"a.o": ["a.c"]}), log({"a.o": ["a.c"], "b.o": ["b.c"]})
    damaged = bytearray(data)
    damaged[len(first) + 8] ^= 1
    assert list(ninja.inputs_of_log(bytes(damaged))) == ["a.c"]


@pytest.mark.parametrize("data", [b"", b"# ninjadeps\n", b"# ninjadeps\n\5\0\0\0", b"something else entirely"])
def test_no_log(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a log of dependencies"):
        list(ninja.inputs_of_log(data))


def test_edges_of_a_build_file() -> None:
    text = "build a$ b.o | more: CC_RULE ../x$:y.c $\n    z.c | i.h || order\n  FLAGS = -Iq\nbuild all: phony a.o\nbuild odd\n"
    assert list(ninja.edges(text)) == [(["a b.o", "more"], ["../x:y.c", "z.c", "i.h", "order"]), ([], ["a.o"])]


@pytest.mark.parametrize(
    ("name", "text", "folders"),
    [
        ("build.ninja", '  INCLUDES = -I/a -isystem /b -I"/c d"\n', ["/a", "/b", "/c d"]),
        ("flags.make", "C_INCLUDES = -I/a -I/b\n", ["/a", "/b"]),
        ("compile_commands.json", '[{"file": "x.c", "command": "cc -I/a -I\\\\\\"/b c\\\\\\" x.c"}]', ["/a", "/b c"]),
        ("compile_commands.json", '[{"file": "x.c", "arguments": ["cc", "-I/a", "-isystem", "/b"]}]', ["/a", "/b"]),
    ],
)
def test_where_headers_are_looked_for(name: str, text: str, folders: list[str]) -> None:
    assert records.read(name, text.encode()).folders == folders


def test_nothing_built_yet(cmake: CMake) -> None:
    files = ("CMakeLists.txt", "sub/CMakeLists.txt", "x.cmake", "src/a.cpp", "src/b/c.hpp", "include/d.h")
    demo = cmake(dict.fromkeys([*files, "other/e.c", "src/notes.md"], ""))
    assert set(found(demo)) == set(files)
    assert said(demo) == []


def test_what_counts_of_what_is_named(cmake: CMake) -> None:
    names = (
        "in.x",
        "../beside.x",
        "../../../far.x",
        ".venv/v.x",
        "lib/.git/HEAD",
        "build/made.x",
        "lib/site-packages/s.x",
    )
    files = {**dict.fromkeys(names, ""), **TOP}
    named = " ".join(f"../{name}" for name in (*names, "gone.x"))
    demo = cmake({**files, "build/a.o.d": f"a.o: {named} /usr/include/stdio.h\n"})
    assert set(found(demo)) == {"in.x", "../beside.x"}
    demo.append("pyproject.toml", "outside = true\n")
    assert {"in.x", "../beside.x", "../../../far.x"} <= set(found(demo))
    assert not {"build/made.x", "lib/.git/HEAD", ".venv/v.x"} & set(found(demo))


def test_products_in_the_source_folder(cmake: CMake) -> None:
    text = "build ../made.x: GENERATE ../in.x\nbuild b.o: CC ../made.x | ../in.x\nbuild ../in.x: phony\n"
    demo = cmake(
        {"made.x": "", "in.x": "", "build/build.ninja": text, "build/.ninja_deps": log({"b.o": ["../made.x"]})}
    )
    assert set(found(demo)) == {"in.x"}


def test_build_folders(cmake: CMake) -> None:
    files = {"one.x": "", "two.x": "", "one/build/CMakeCache.txt": "", "two/build/CMakeCache.txt": ""}
    demo = cmake({**files, "one/build/deep/a.d": "a: ../../one.x\n", "two/build/a.d": "a: ../../two.x\n"})
    assert found(demo) == {}
    demo.append("pyproject.toml", 'build-dir = ["*/build/"]\n')
    assert found(demo) == {"one.x": "named in one/build/deep/a.d", "two.x": "named in two/build/a.d"}


def test_includes_count_before_the_compiler_says_so(cmake: CMake) -> None:
    flags = {"build/flags.make": "C_INCLUDES = -I../search -I/usr/include\n", **TOP}
    source = '#include "near.h"\n  # include <far.h>\n#include <stdio.h>\n#include MACRO\n// #include "no.h"\n'
    headers = {"src/near.h": "", "search/far.h": '#include "farther.h"', "search/farther.h": "", "src/no.h": ""}
    demo = cmake({"src/one.c": source, **headers, **flags}, 'sources = ["src/one.c"]')
    assert found(demo) == {
        "src/one.c": "matches src/one.c",
        "src/near.h": "included by src/one.c",
        "search/far.h": "included by src/one.c",
        "search/farther.h": "included by search/far.h",
    }


def test_damaged_records_are_warnings(cmake: CMake) -> None:
    demo = cmake({"build/.ninja_deps": b"odd", "build/compile_commands.json": "[{", **TOP})
    assert [code for code, _ in said(demo)] == ["build-record-unreadable"] * 2
    assert said(demo)[0][1].startswith("build/.ninja_deps is left out: not a log of dependencies")


def test_sources_that_match_nothing_are_a_warning(cmake: CMake) -> None:
    assert said(cmake({}, 'sources = ["*.zig"]')) == [
        ("pattern-matches-nothing", "pattern `*.zig` matches nothing: fix it, or take it out")
    ]


def test_patterns_are_checked(cmake: CMake) -> None:
    (problem,) = refused(cmake({}, 'build-dir = ["~/build"]').root)
    assert (problem.code, problem.where) == ("invalid-option", "tool.dyncachekeys.keys.native.build-dir[0]")


MESON = """\
build src/_core.so.p/core.c.o: c_COMPILER ../../src/core.c
 DEPFILE = src/_core.so.p/core.c.o.d
build src/_core.so: c_LINKER src/_core.so.p/core.c.o
build all: phony src/_core.so
build build.ninja: REGENERATE_BUILD ../../meson.build /usr/bin/cat ../../VERSION ../../src/conf.h.in meson-private/coredata.dat
"""
"""What Meson 1.11 writes for meson-python, shortened."""


@pytest.mark.parametrize(
    ("folder", "more"),
    [("build/cp311", ""), ("out/it", '[tool.uv]\nconfig-settings = { builddir = "out/it" }\n')],
)
def test_a_folder_of_meson(cmake: CMake, folder: str, more: str) -> None:
    demo = cmake(
        {
            "meson.build": "",
            "VERSION": "1",
            "src/core.c": '#include "deep.h"\n',
            "src/deep.h": "",
            "src/conf.h.in": "",
            "src/unused.txt": "",
            f"{folder}/build.ninja": MESON,
            f"{folder}/.ninja_deps": log({"src/_core.so.p/core.c.o": ["../../src/core.c", "../../src/deep.h"]}),
            f"{folder}/meson-private/coredata.dat": "",
        },
        f"sources = []\n{more}",
    )
    assert found(demo).keys() == {"meson.build", "VERSION", "src/core.c", "src/deep.h", "src/conf.h.in"}


def test_what_follows_from_the_text_is_everybodys(cmake: CMake) -> None:
    """So that it enters the name of the transport `digest`; what the records of a build say does not."""
    demo = cmake(
        {
            "src/a.c": '#include "../lib/b.h"\n#include "made.h"\n',
            "lib/b.h": '#include "c.h"\n',
            "lib/c.h": "",
            "src/made.h": "",
            "include/tests/t.h": "",
            ".gitignore": "made.h\n",
            **TOP,
            "build/.ninja_deps": log({"a.o": ["../data/d.h"]}),
            "data/d.h": "",
        },
        'exclude = ["tests/"]\n',
    )
    (key,) = dyncachekeys.resolve(demo.root, {}).keys
    assert {one.subject: one.tree for one in key.inputs} == {
        "src/a.c": True,
        "lib/b.h": True,
        "lib/c.h": True,
        "src/made.h": False,
        "data/d.h": False,
    }
