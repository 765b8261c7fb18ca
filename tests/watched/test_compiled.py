"""Extension modules of setuptools: C and C++, Cython, cffi."""

from __future__ import annotations

import shutil
import sys
import sysconfig
from pathlib import Path

import pytest

from watched.conftest import StrangerMaker
from watched.stranger import IGNORED, NEVER, ONCE, Stranger, needs

HAS_HEADER = Path(sysconfig.get_paths()["include"], "Python.h").is_file()
pytestmark = [needs("gcc"), pytest.mark.skipif(not HAS_HEADER, reason="Python's own header is not on this machine")]


def pyproject(*requires: str, dependencies: str = "") -> str:
    return f"""\
        [project]
        name = "demo"
        version = "0.1"
        requires-python = ">=3.{sys.version_info.minor}"
        dependencies = [{dependencies}]

        [build-system]
        requires = {list(requires)}
        build-backend = "setuptools.build_meta"
        """


MODULE = """\
#include <Python.h>
#include "sizes.h"

static const int TABLE[] = {
#include "table.inc"
};
#ifndef LEVEL
#define LEVEL 0
#endif

static PyObject *values(PyObject *self, PyObject *args) {
    return Py_BuildValue("iiii", 1, SIZE, TABLE[0], LEVEL);
}

static PyMethodDef methods[] = {{"values", values, METH_NOARGS, NULL}, {NULL, NULL, 0, NULL}};
static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_speed", NULL, -1, methods};

PyMODINIT_FUNC PyInit__speed(void) { return PyModule_Create(&module); }
"""
SETUP_PY = """\
from setuptools import Extension, setup

setup(
    packages=["demo"],
    ext_modules=[Extension("demo._speed", ["csrc/speed.c"], include_dirs=["include"])],
)
"""


SPEED = {
    "pyproject.toml": pyproject("setuptools"),
    "setup.py": SETUP_PY,
    "demo/__init__.py": "",
    "csrc/speed.c": MODULE,
    "csrc/table.inc": "3\n",
    "csrc/README.md": "The module.\n",
    "csrc/notes.txt": "None.\n",
    "include/sizes.h": '#include "deep/more.h"\n',
    "include/deep/more.h": "#define SIZE 2\n",
}


@pytest.fixture
def speed(stranger: StrangerMaker) -> Stranger:
    return stranger(SPEED)


def test_sources_and_what_they_include(speed: Stranger) -> None:
    speed.settle()
    assert speed.says("demo._speed.values") == "(1, 2, 3, 0)"
    assert speed.edit("csrc/speed.c", '"iiii", 1', '"iiii", 10') == ONCE
    assert speed.edit("include/deep/more.h", "2", "20") == ONCE
    assert speed.edit("csrc/table.inc", "3", "30") == ONCE
    assert speed.says("demo._speed.values") == "(10, 20, 30, 0)"
    assert speed.edit("csrc/notes.txt", "None.", "One.") == NEVER
    assert speed.edit("csrc/README.md", "The", "A") == NEVER
    assert speed.add("csrc/more.txt") == NEVER
    assert speed.add("demo/core.py") == NEVER
    speed.assert_right(
        "csrc/speed.c",
        "csrc/table.inc",
        "csrc/notes.txt",
        "csrc/README.md",
        "csrc/more.txt",
        "include/deep/more.h",
        "demo/core.py",
    )


@pytest.mark.thorough
def test_what_is_made_in_place_and_removed(speed: Stranger) -> None:
    speed.settle()
    assert speed.remove("demo/_speed*.so") == ONCE
    assert speed.says("demo._speed.values") == "(1, 2, 3, 0)"
    assert speed.edit("include/sizes.h", "deep/more.h", "deep/../deep/more.h") == ONCE
    speed.assert_right("include/sizes.h")


@pytest.mark.thorough
def test_flags_and_another_compiler(speed: Stranger) -> None:
    speed.settle()
    assert speed.export(CFLAGS="-DLEVEL=1") == ONCE
    assert speed.says("demo._speed.values") == "(1, 2, 3, 1)"
    compiler = speed.demo.beside / "bin/mycc"
    compiler.parent.mkdir()
    compiler.write_text(f'#!/bin/sh\nexec {shutil.which("gcc")} -DSIZE=5 "$@"\n', encoding="utf-8")
    compiler.chmod(0o755)
    assert speed.edit("include/deep/more.h", "#define SIZE 2", "#ifndef SIZE\n#define SIZE 2\n#endif") == ONCE
    assert speed.export(CC=str(compiler)) == ONCE
    assert speed.says("demo._speed.values") == "(1, 5, 3, 1)"
    speed.demo.tick()
    compiler.write_text(compiler.read_text(encoding="utf-8").replace("SIZE=5", "SIZE=77"), encoding="utf-8")
    assert [speed.through(), speed.through()] == ONCE, "it is another program now"
    assert speed.says("demo._speed.values") == "(1, 77, 3, 1)"
    assert speed.export(EDITOR="vi", DEMO_OTHER="1") == NEVER
    speed.assert_right("include/deep/more.h")


@pytest.mark.thorough
def test_the_first_header_of_another_kind(stranger: StrangerMaker) -> None:
    someone = stranger(
        {
            "pyproject.toml": pyproject("setuptools"),
            "setup.py": SETUP_PY.replace("speed.c", "speed.cpp"),
            "demo/__init__.py": "",
            "csrc/speed.cpp": MODULE.replace("sizes.h", "sizes.hpp"),
            "csrc/table.inc": "3\n",
            "include/sizes.hpp": "#pragma once\n#define SIZE 2\n",
        }
    )
    someone.settle()
    someone.demo.tick()
    someone.demo.write({"include/more.h": "#define LEVEL 1\n"})
    assert someone.edit("include/sizes.hpp", "#pragma once\n", '#pragma once\n#include "more.h"\n') == ONCE
    assert someone.says("demo._speed.values") == "(1, 2, 3, 1)"
    assert someone.edit("include/more.h", "1", "2") == ONCE
    assert someone.says("demo._speed.values") == "(1, 2, 3, 2)"
    someone.assert_right("include/sizes.hpp", "include/more.h")


FAST = {
    "pyproject.toml": pyproject("setuptools", "cython"),
    "setup.py": """\
        from Cython.Build import cythonize
        from setuptools import setup

        setup(packages=["demo"], ext_modules=cythonize(["demo/_fast.pyx"]))
        """,
    ".gitignore": f"{IGNORED}*.c\n",
    "demo/__init__.py": "",
    "demo/_fast.pyx": 'include "consts.pxi"\n\ndef size():\n    return SIZE\n',
    "demo/consts.pxi": "SIZE = 1\n",
    "demo/other.pxi": "SIZE = 1\n",
}


@pytest.fixture
def fast(stranger: StrangerMaker) -> Stranger:
    return stranger(FAST)


@pytest.mark.thorough
def test_cython_and_what_it_includes(fast: Stranger) -> None:
    fast.settle()
    assert fast.edit("demo/consts.pxi", "1", "2") == ONCE
    assert fast.says("demo._fast.size") == "2"
    assert fast.remove("demo/_fast*.so") == ONCE
    assert fast.says("demo._fast.size") == "2"
    assert fast.remove("demo/_fast.c") == ONCE
    assert fast.edit("demo/consts.pxi", "2", "30") == ONCE
    assert fast.says("demo._fast.size") == "30"
    assert fast.edit("demo/other.pxi", "1", "2") == NEVER
    assert fast.add("demo/core.py") == NEVER
    fast.assert_right("demo/consts.pxi", "demo/other.pxi", "demo/core.py")


@pytest.mark.thorough
def test_declarations_for_cython_that_come_to_be(fast: Stranger) -> None:
    fast.settle()
    assert fast.add("demo/_fast.pxd", "cpdef enum Level:\n    HIGH = 1\n") == ONCE
    assert fast.says("demo._fast.Level.HIGH") == "1"
    assert fast.edit("demo/_fast.pxd", "1", "2") == ONCE
    assert fast.says("demo._fast.Level.HIGH") == "2"
    assert fast.edit("demo/_fast.pyx", "return SIZE", "return SIZE + 1") == ONCE
    assert fast.says("demo._fast.size") == "2"
    fast.assert_right("demo/_fast.pxd", "demo/_fast.pyx")


CFFI = {
    "pyproject.toml": pyproject("setuptools", "cffi", dependencies='"cffi"'),
    "setup.py": """\
        from setuptools import setup

        setup(packages=["demo"], cffi_modules=["build_cext.py:ffi"])
        """,
    "build_cext.py": """\
        from cffi import FFI

        ffi = FFI()
        ffi.cdef("int size(void);")
        ffi.set_source("demo._cext", '#include "size.h"', sources=["csrc/size.c"], include_dirs=["csrc"])
        """,
    "demo/__init__.py": "",
    "csrc/size.c": '#include "size.h"\n\nint size(void) { return SIZE + 1; }\n',
    "csrc/size.h": "#define SIZE 1\nint size(void);\n",
    "csrc/notes.txt": "",
}


@pytest.mark.thorough
def test_cffi(stranger: StrangerMaker) -> None:
    someone = stranger(CFFI)
    someone.settle()
    assert someone.says("demo._cext.lib.size") == "2"
    assert someone.edit("csrc/size.h", "SIZE 1", "SIZE 2") == ONCE
    assert someone.edit("csrc/size.c", "SIZE + 1", "SIZE + 10") == ONCE
    assert someone.says("demo._cext.lib.size") == "12"
    assert someone.edit("build_cext.py", '"int size(void);"', '"int size(void);\\n#define SIZE ..."') == ONCE
    assert someone.says("demo._cext.lib.SIZE") == "2"
    assert someone.remove("demo/_cext*.so") == ONCE
    assert someone.says("demo._cext.lib.SIZE") == "2"
    assert someone.edit("csrc/notes.txt", "", "One.\n") == NEVER
    someone.assert_right("csrc/size.h", "csrc/size.c", "build_cext.py", "csrc/notes.txt")


OF_THE_LIST = {
    "pyproject.toml": pyproject("setuptools"),
    "setup.py": """\
        from pathlib import Path

        from setuptools import Extension, setup
        from setuptools.command.build_ext import build_ext
        from setuptools.modified import newer


        class Build(build_ext):
            def get_source_files(self):  # as PyYAML's, which has Cython make its sources for the list already
                if newer("csrc/size.tmpl", "csrc/size.c"):
                    Path("csrc/size.c").write_text(Path("csrc/size.tmpl").read_text())
                return super().get_source_files()


        setup(packages=["demo"], ext_modules=[Extension("demo._size", ["csrc/size.c"])], cmdclass={"build_ext": Build})
        """,
    ".gitignore": f"{IGNORED}/csrc/size.c\n",
    "MANIFEST.in": "include *.md\n",
    "README.md": "One.\n",
    "demo/__init__.py": "",
    "csrc/size.tmpl": """\
        #include <Python.h>

        static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "_size", NULL, -1, NULL};

        PyMODINIT_FUNC PyInit__size(void) {
            PyObject *made = PyModule_Create(&module);
            PyModule_AddIntConstant(made, "SIZE", 1);
            return made;
        }
        """,
}


@pytest.mark.thorough
def test_what_is_made_for_the_list_of_an_sdist(stranger: StrangerMaker) -> None:
    someone = stranger(OF_THE_LIST)
    someone.settle()
    assert someone.edit("csrc/size.tmpl", '"SIZE", 1', '"SIZE", 2') == ONCE
    assert someone.says("demo._size.SIZE") == "2"
    assert someone.remove("csrc/size.c") == ONCE
    assert someone.edit("csrc/size.tmpl", '"SIZE", 2', '"SIZE", 3') == ONCE
    assert someone.says("demo._size.SIZE") == "3"
    assert someone.edit("MANIFEST.in", "*.md", "*.rst") == NEVER
    assert someone.edit("README.md", "One.", "Two.") == NEVER
    someone.assert_right("csrc/size.tmpl", "MANIFEST.in", "README.md")
