"""scikit-build-core, meson-python and maturin, with cmake, ninja and cargo of this machine."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from kit import UV
from watched.conftest import StrangerMaker
from watched.stranger import NEVER, ONCE, Stranger, needs

HAS_HEADER = Path(sysconfig.get_paths()["include"], "Python.h").is_file()
has_header = pytest.mark.skipif(not HAS_HEADER, reason="Python's own header is not on this machine")
MODULE = """\
#include <Python.h>
#include "conf.h"

static PyObject *values(PyObject *self, PyObject *args) {
    return Py_BuildValue("sss", BANNER, GREETING, MODE);
}

static PyMethodDef methods[] = {{"values", values, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_core", NULL, -1, methods};

PyMODINIT_FUNC PyInit__core(void) { return PyModule_Create(&module); }
"""


def pyproject(backend: str, *requires: str, more: str = "", version: str = 'version = "0.1"') -> str:
    return f"""\
[project]
name = "demo"
{version}
requires-python = ">=3.10"

[build-system]
requires = {list(requires)}
build-backend = "{backend}"
{more}"""


# scikit-build-core

CMAKE = {
    "pyproject.toml": pyproject("scikit_build_core.build", "scikit-build-core"),
    "CMakeLists.txt": """\
        cmake_minimum_required(VERSION 3.18)
        project(demo LANGUAGES C)
        find_package(Python REQUIRED COMPONENTS Interpreter Development.Module)
        file(READ data/banner.txt BANNER)
        string(STRIP "${BANNER}" BANNER)
        execute_process(COMMAND python tools/gen.py WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}
                        OUTPUT_VARIABLE GREETING OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
        set(MODE "$ENV{DEMO_MODE}")
        configure_file(src/conf.h.in conf.h)
        file(GLOB SOURCES CONFIGURE_DEPENDS src/*.c)
        python_add_library(_core MODULE ${SOURCES} WITH_SOABI)
        target_include_directories(_core PRIVATE ${CMAKE_BINARY_DIR})
        install(TARGETS _core DESTINATION demo)
        """,
    "src/core.c": MODULE,
    "src/conf.h.in": '#define BANNER "@BANNER@"\n#define GREETING "@GREETING@"\n#define MODE "@MODE@"\n',
    "src/notes.txt": "None.\n",
    "data/banner.txt": "one\n",
    "data/other.txt": "other\n",
    "tools/gen.py": "import words\n\nprint(words.HELLO)\n",
    "tools/words.py": 'HELLO = "hello"\n',
    "tools/unused.py": "",
    "demo/__init__.py": "",
}
BUILD_FOLDER = '\n[tool.scikit-build]\nbuild-dir = "build/{wheel_tag}"\n'
WITH_BUILD_FOLDER = {**CMAKE, "pyproject.toml": CMAKE["pyproject.toml"] + BUILD_FOLDER}


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(CMAKE, id="a new folder each time"),
        pytest.param(WITH_BUILD_FOLDER, id="a build folder", marks=pytest.mark.thorough),
    ],
)
@needs("cmake", "ninja", "gcc")
@has_header
def test_what_cmake_reads(stranger: StrangerMaker, files: dict[str, str]) -> None:
    someone = stranger(files)
    someone.settle()
    assert someone.says("demo._core.values") == "('one', 'hello', '')"
    assert someone.edit("data/banner.txt", "one", "two") == ONCE
    assert someone.edit("tools/words.py", "hello", "bye") == ONCE
    assert someone.says("demo._core.values") == "('two', 'bye', '')"
    assert someone.edit("src/conf.h.in", '"@BANNER@"', '"@BANNER@!"') == ONCE
    assert someone.says("demo._core.values") == "('two!', 'bye', '')"
    assert someone.export(DEMO_MODE="fast") == ONCE
    assert someone.says("demo._core.values") == "('two!', 'bye', 'fast')"
    assert someone.edit("data/other.txt", "other", "more") == NEVER
    assert someone.edit("tools/unused.py", "", "# more\n") == NEVER
    assert someone.edit("src/notes.txt", "None.", "One.") == NEVER
    someone.assert_right(
        "data/banner.txt", "data/other.txt", "src/conf.h.in", "src/notes.txt", "tools/words.py", "tools/unused.py"
    )


@pytest.mark.thorough
@pytest.mark.parametrize(
    "files",
    [
        pytest.param(CMAKE, id="a new folder each time", marks=pytest.mark.thorough),
        pytest.param(WITH_BUILD_FOLDER, id="a build folder"),
    ],
)
@needs("cmake", "ninja", "gcc")
@has_header
def test_sources_that_cmake_globs(stranger: StrangerMaker, files: dict[str, str]) -> None:
    someone = stranger(files)
    someone.settle()
    assert someone.edit("src/core.c", "Py_BuildValue(", "Py_BuildValue(  ") == ONCE
    assert someone.add("src/more.c", "int more(void) { return 1; }\n") == ONCE
    assert someone.edit("src/more.c", "1", "2") == ONCE
    assert someone.remove("src/more.c") == ONCE
    assert someone.add("src/more.txt") == NEVER
    assert someone.edit("tools/gen.py", "words.HELLO", "words.HELLO * 2") == ONCE
    assert someone.says("demo._core.values") == "('one', 'hellohello', '')"
    someone.assert_right("src/core.c", "src/more.txt", "tools/gen.py")


@pytest.mark.thorough
@needs("cmake", "ninja", "gcc")
@has_header
def test_a_build_folder_from_before(stranger: StrangerMaker) -> None:
    """What nobody watched has made stays, and what CMake and ninja need not read again counts still."""
    someone = stranger(WITH_BUILD_FOLDER)
    someone.command(UV, "sync")
    someone.settle()
    assert someone.edit("src/core.c", '"sss"', '"sss" ') == ONCE
    assert someone.edit("data/banner.txt", "one", "two") == ONCE
    assert someone.says("demo._core.values") == "('two', 'hello', '')"
    assert someone.edit("data/other.txt", "other", "more") == NEVER
    someone.assert_right("src/core.c", "data/banner.txt", "data/other.txt")


# meson-python

MESON = {
    "pyproject.toml": pyproject("mesonpy", "meson-python", version='dynamic = ["version"]'),
    "meson.build": """\
        project('demo', 'c', version: run_command('cat', 'VERSION', check: true).stdout().strip())
        fs = import('fs')
        py = import('python').find_installation(pure: false)
        conf = configuration_data()
        conf.set_quoted('BANNER', fs.read('data/banner.txt').strip())
        conf.set_quoted('GREETING', 'hello')
        configure_file(input: 'src/conf.h.in', output: 'conf.h', configuration: conf)
        py.install_sources('demo/__init__.py', subdir: 'demo')
        subdir('src')
        """,
    "src/meson.build": """\
        py.extension_module('_core', 'core.c', include_directories: include_directories('..'),
                            install: true, subdir: 'demo')
        """,
    "src/core.c": MODULE,
    "src/conf.h.in": '#mesondefine BANNER\n#mesondefine GREETING\n#define MODE "slow"\n',
    "VERSION": "1.0\n",
    "data/banner.txt": "one\n",
    "data/other.txt": "other\n",
    "demo/__init__.py": "",
}


@pytest.fixture
def meson(stranger: StrangerMaker) -> Stranger:
    return stranger(MESON)


@needs("ninja", "gcc")
@has_header
@pytest.mark.thorough
def test_what_meson_reads(meson: Stranger) -> None:
    meson.settle()
    assert meson.says("demo._core.values") == "('one', 'hello', 'slow')"
    assert meson.edit("VERSION", "1.0", "2.0") == ONCE
    assert meson.metadata("Version") == ["2.0"]
    assert meson.edit("data/banner.txt", "one", "two") == ONCE
    assert meson.edit("src/conf.h.in", "slow", "fast") == ONCE
    assert meson.edit("src/core.c", '"sss"', '"sss" ') == ONCE
    assert meson.says("demo._core.values") == "('two', 'hello', 'fast')"
    assert meson.edit("src/meson.build", "'core.c', include", "'core.c',  include") == ONCE
    assert meson.edit("data/other.txt", "other", "more") == NEVER
    assert meson.add("data/more.txt") == NEVER
    meson.assert_right(
        "VERSION",
        "data/banner.txt",
        "data/other.txt",
        "data/more.txt",
        "src/conf.h.in",
        "src/core.c",
        "src/meson.build",
    )


@pytest.mark.thorough
@needs("ninja", "gcc")
@has_header
def test_a_build_folder_of_meson_that_is_removed(meson: Stranger) -> None:
    meson.settle()
    assert meson.remove("build") == ONCE
    assert meson.says("demo._core.values") == "('one', 'hello', 'slow')"
    assert meson.edit("data/banner.txt", "one", "two") == ONCE
    assert meson.says("demo._core.values") == "('two', 'hello', 'slow')"
    meson.assert_right("data/banner.txt")


# maturin

CARGO = {
    "pyproject.toml": pyproject("maturin", "maturin", more='\n[tool.maturin]\nbindings = "bin"\n'),
    "Cargo.toml": """\
        [package]
        name = "demo"
        version = "0.1.0"
        edition = "2021"

        [dependencies]
        inner = { path = "crates/inner" }
        """,
    "build.rs": """\
        use std::{env, fs, path::Path};

        fn main() {
            let path = Path::new("data").join(format!("{}.txt", "words"));
            println!("cargo:rerun-if-changed={}", path.display());
            println!("cargo:rerun-if-env-changed=DEMO_MODE");
            println!("cargo:rustc-env=WORDS={}", fs::read_to_string(path).unwrap().trim());
            println!("cargo:rustc-env=MODE={}", env::var("DEMO_MODE").unwrap_or_default());
        }
        """,
    "src/main.rs": """\
        fn main() {
            let banner = include_str!("../data/banner.txt").trim();
            println!("{} {} {} {}", banner, env!("WORDS"), inner::size(), env!("MODE"));
        }
        """,
    "crates/inner/Cargo.toml": '[package]\nname = "inner"\nversion = "0.1.0"\nedition = "2021"\n',
    "crates/inner/src/lib.rs": "pub fn size() -> u32 {\n    1\n}\n",
    "crates/inner/README.md": "Inner.\n",
    "data/banner.txt": "one\n",
    "data/words.txt": "hello\n",
    "data/other.txt": "other\n",
}


@pytest.fixture
def cargo(stranger: StrangerMaker) -> Stranger:
    made = stranger(CARGO)
    made.command("cargo", "generate-lockfile")
    made.commit()
    return made


def printed(someone: Stranger) -> str:
    return someone.demo.run(str(someone.root / ".venv/bin/demo")).stdout.strip()


@needs("cargo", "gcc")
def test_what_cargo_reads(cargo: Stranger) -> None:
    cargo.settle()
    assert printed(cargo) == "one hello 1"
    assert cargo.edit("data/banner.txt", "one", "two") == ONCE
    assert cargo.edit("crates/inner/src/lib.rs", "1", "2") == ONCE
    assert cargo.edit("data/words.txt", "hello", "bye") == ONCE
    assert printed(cargo) == "two bye 2"
    assert cargo.export(DEMO_MODE="fast") == ONCE
    assert printed(cargo) == "two bye 2 fast"
    assert cargo.edit("data/other.txt", "other", "more") == NEVER
    assert cargo.edit("crates/inner/README.md", "Inner.", "More.") == NEVER
    cargo.assert_right(
        "data/banner.txt", "data/words.txt", "data/other.txt", "crates/inner/src/lib.rs", "crates/inner/README.md"
    )


@needs("cargo", "gcc")
def test_a_lockfile_that_cargo_rewrites(cargo: Stranger) -> None:
    cargo.settle()
    assert cargo.edit("crates/inner/Cargo.toml", "0.1.0", "0.2.0") == ONCE
    assert "0.2.0" in (cargo.root / "Cargo.lock").read_text(encoding="utf-8")
    assert cargo.edit("src/main.rs", "{} {} {} {}", "{}-{}-{}-{}") == ONCE
    assert printed(cargo) == "one-hello-1-"
    cargo.assert_right("Cargo.lock", "crates/inner/Cargo.toml", "src/main.rs")
