"""Real CMake, ninja and make: what they know of a build counts, wherever the build was and whether or not it is there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from native import SCRIPT, left, needs, project, watched

pytestmark = [pytest.mark.skipif(sys.platform == "win32", reason="POSIX tools"), needs("cmake", "ninja", "cc")]

FILES = {
    "CMakeLists.txt": """\
        cmake_minimum_required(VERSION 3.20)
        project(demo C)
        file(GLOB SOURCES CONFIGURE_DEPENDS src/*.c)
        file(GLOB_RECURSE DATA CONFIGURE_DEPENDS data/*.txt)
        configure_file(a.h.in a.h)
        include(extra.cmake)
        add_library(m STATIC ${SOURCES})
        target_include_directories(m PRIVATE inc ${CMAKE_CURRENT_BINARY_DIR})
        add_library(never STATIC EXCLUDE_FROM_ALL other/never.c)
        add_custom_command(OUTPUT gen.txt COMMAND cat ${CMAKE_SOURCE_DIR}/gen.in > gen.txt DEPENDS gen.in)
        add_custom_target(gen ALL DEPENDS gen.txt)
        """,
    "extra.cmake": """\
        # $ENV{NOT_THIS}
        set(ENV{NOR_THIS} x)
        if(DEFINED ENV{DEMO_ONE})
          message("$ENV{DEMO_TWO}")
        endif()
        """,
    "a.h.in": "#define A 1\n",
    "inc/b.h": "#define B 2\n",
    "src/m.c": '#include "a.h"\n#include "b.h"\nint x(void) { return A + B; }\n',
    "other/never.c": "",
    "data/deep/x.txt": "",
    "gen.in": "",
}
SOURCES = {"CMakeLists.txt", "extra.cmake", "a.h.in", "inc/b.h", "src/m.c", "gen.in"}
BUILD = """
    import os, shutil, subprocess, tempfile
    folder = {folder}
    subprocess.run(["cmake", "-G", {generator!r}, "-S", ".", "-B", folder], check=True)
    subprocess.run({build}, check=True, cwd=None)
    {after}
    """


def script(
    folder: str = "tempfile.mkdtemp()",
    build: str = "['cmake', '--build', folder]",
    after: str = "shutil.rmtree(folder)",
    generator: str = "Ninja",
) -> str:
    return BUILD.format(folder=folder, build=build, after=after, generator=generator)


@pytest.mark.parametrize(
    ("build", "after"),
    [
        ("['cmake', '--build', folder]", "shutil.rmtree(folder)"),
        ("['ninja', '-C', folder]", "shutil.rmtree(folder)"),
        ("['ninja', '-C' + folder]", "os.rename(folder, folder + '-away'); shutil.rmtree(folder + '-away')"),
    ],
    ids=["cmake", "ninja", "moved"],
)
def test_a_build_in_a_temporary_folder(tmp_path: Path, build: str, after: str) -> None:
    found = watched(project(tmp_path, FILES), script(build=build, after=after), strace=False)
    assert found.paths("read") == SOURCES
    assert found.paths("listed") == {"src", "data", "data/deep"}
    assert found.paths("written", "missing", "there") == set()
    assert {fact.who for fact in found.left if fact.what == "read"} == {f"project:{SCRIPT}:5"}
    assert found.askers("unseen") == {"cmake": f"project:{SCRIPT}:4"}  # there was no strace


def test_a_folder_within_another_that_is_removed_by_a_child(tmp_path: Path) -> None:
    code = script(
        "os.path.join(tempfile.mkdtemp(), 'build')",
        after="import sys; subprocess.run([sys.executable, '-c', 'import shutil, sys; shutil.rmtree(sys.argv[1])', os.path.dirname(folder)], check=True)",
    )
    assert watched(project(tmp_path, FILES), code, strace=False).paths("read") == SOURCES


def test_a_build_that_stays(tmp_path: Path) -> None:
    root = project(tmp_path, FILES)
    code = script("'build'", after="")
    for _ in range(2):  # the second one does nothing
        found = watched(root, code, strace=False)
        assert found.paths("read") == SOURCES
        assert {"build/libm.a", "build/gen.txt"} <= found.paths("written")
        for path in [*root.parent.glob("log/*.who"), root.parent / "log/log"]:
            path.unlink()


def test_a_build_file_written_by_hand_among_the_sources(tmp_path: Path) -> None:
    files = {
        "build.ninja": "rule copy\n  command = cp $in $out\nbuild out: copy in$ put.txt | also.txt || first\nbuild first: phony\n",
        "in put.txt": "x",
        "also.txt": "x",
    }
    root = project(tmp_path, files)
    (root / "build.ninja").write_text(files["build.ninja"].replace("cp $in", "cp 'in put.txt'"))
    found = watched(root, "import subprocess\nsubprocess.run(['ninja'], check=True)\n", strace=False)
    assert found.paths("read") == {"in put.txt", "also.txt"}
    assert found.paths("written") == {"out"}


@needs("strace", "make", "git")
class TestBelowStrace:
    def test_what_configuring_reads(self, tmp_path: Path) -> None:
        more = """
            file(READ version.txt VERSION)
            file(STRINGS ${CMAKE_SOURCE_DIR}/names.txt NAMES)
            execute_process(COMMAND python3 ${CMAKE_SOURCE_DIR}/gen.py)
            execute_process(COMMAND git describe WORKING_DIRECTORY ${CMAKE_SOURCE_DIR} OUTPUT_QUIET ERROR_QUIET)
            if(EXISTS ${CMAKE_SOURCE_DIR}/optional)
            endif()
            """
        files = {**FILES, "version.txt": "1", "names.txt": "x", "by-python.txt": "x"}
        files["gen.py"] = "import os\nopen(os.path.join(os.path.dirname(__file__), 'by-python.txt')).read()\n"
        root = project(tmp_path, files)
        (root / "extra.cmake").write_text((root / "extra.cmake").read_text() + more)
        code = "import sys, os\nos.environ['PATH'] = os.path.dirname(sys.executable) + ':' + os.environ['PATH']\n"
        code += "\n".join(line[4:] for line in script().splitlines())
        found = watched(root, code)
        assert found.paths("read") == SOURCES | {"version.txt", "names.txt"}
        assert found.paths("listed") >= {"src", "data", "data/deep"}
        assert "optional" in found.paths("missing")
        assert found.paths("written") == set()
        by_python = {fact.subject for fact in found.log if fact.what == "read"}
        assert {str(root / "gen.py"), str(root / "by-python.txt")} <= by_python
        assert found.askers("git") == {f"{root}\x1fdescribe": f"project:{SCRIPT}:6"}
        assert found.askers("unseen") == {}
        variables = found.askers("variable")
        assert variables["DEMO_ONE"] == "project:extra.cmake:3"
        assert variables["DEMO_TWO"] == "project:extra.cmake:4"
        assert variables["CXXFLAGS"] == f"project:{SCRIPT}:6"
        assert not {"NOT_THIS", "NOR_THIS"} & variables.keys()

    def test_variables_that_the_build_sets_itself(self, tmp_path: Path) -> None:
        code = "import os\nos.environ['DEMO_ONE'] = os.environ['CFLAGS'] = '-O1'\n"
        code += "\n".join(line[4:] for line in script().splitlines())
        variables = watched(project(tmp_path, FILES), code).askers("variable")
        assert "DEMO_TWO" in variables
        assert not {"DEMO_ONE", "CFLAGS"} & variables.keys()

    def test_makefiles(self, tmp_path: Path) -> None:
        root = project(tmp_path, FILES)
        code = script("'build'", after="", generator="Unix Makefiles")
        for is_new in (True, False):  # the second one only looks
            found = watched(root, code)
            assert found.paths("read") == SOURCES
            assert found.askers("unseen") == {}
            assert ("build/libm.a" in found.paths("written")) is is_new
            for path in [*root.parent.glob("log/*.who"), root.parent / "log/log"]:
                path.unlink()


@pytest.mark.parametrize("size", [0, 1, 40, 400])
def test_what_is_cut_off_or_broken_is_no_error(tmp_path: Path, size: int) -> None:
    root = project(tmp_path, FILES)
    watched(root, script("'build'", after=""), strace=False)
    for path in [*root.parent.glob("log/ninja-*/*"), *root.parent.glob("log/ninja-*/.*")]:
        path.write_bytes(path.read_bytes()[:size] + b"\xff\x00\xfe")
    left(root)
    for path in root.parent.glob("log/*.who"):
        path.write_bytes(path.read_bytes()[:size])
    assert size > 39 or left(root) == []
