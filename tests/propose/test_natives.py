"""Which files `init` takes for what is compiled: by their endings, by what includes them, by manifests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tomli

from dyncachekeys.files.pattern import matches
from dyncachekeys.propose.propose import propose

CMAKE = '[build-system]\nrequires = ["scikit-build-core"]\nbuild-backend = "scikit_build_core.build"\n'
MATURIN = '[build-system]\nrequires = ["maturin"]\nbuild-backend = "maturin"\n'
SETUPTOOLS = '[build-system]\nrequires = ["setuptools", "cython"]\nbuild-backend = "setuptools.build_meta"\n'


def plant(root: Path, system: str, files: dict[str, str]) -> None:
    head = f'[project]\nname = "p"\nversion = "1"\n{system}'
    for path, content in {"pyproject.toml": head, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(content, encoding="utf-8")


def is_found(root: Path, path: str) -> bool:
    (one,) = propose([root], {})
    keys = tomli.loads(one.after.decode())["tool"]["dyncachekeys"]["keys"]
    return any(_finds(keys[name], path) for name in keys.keys() & {"sources", "includes"})


def _finds(key: dict[str, Any], path: str) -> bool:
    excluded = any(matches(one, path) for one in key.get("exclude", []))
    return any(matches(one, path) for one in key["patterns"]) and not excluded


BY_ENDING = [
    "c",
    "h",
    "cc",
    "hh",
    "cpp",
    "hpp",
    "cxx",
    "hxx",
    "c++",
    "h++",
    "C",
    "H",
    "tcc",
    "tpp",
    "ipp",
    "txx",
    "inl",
    "ixx",
    "cppm",
    "cu",
    "cuh",
    "mm",
    "f",
    "F",
    "f90",
    "F90",
    "f95",
    "f03",
    "f08",
    "f77",
    "for",
    "ftn",
    "fpp",
    "pyf",
    "pyx",
    "pxd",
    "pxi",
    "rs",
    "s",
    "S",
    "asm",
    "zig",
    "nim",
    "go",
]
BESIDE = ["c.in", "pyx.in", "inc", "def", "td", "jinja", "j2", "icc", "tmpl", "i", "y"]


@pytest.mark.parametrize("ending", BY_ENDING)
def test_a_source_by_its_ending(ending: str, tmp_path: Path) -> None:
    plant(tmp_path, CMAKE, {"CMakeLists.txt": "", f"native/a.{ending}": ""})
    assert is_found(tmp_path, f"native/a.{ending}")


@pytest.mark.parametrize("ending", BESIDE)
def test_what_lies_beside_sources(ending: str, tmp_path: Path) -> None:
    files = {
        "CMakeLists.txt": "",
        "native/a.c": "",
        f"native/b.{ending}": "",
        f"p/web/b.{ending}": "",
        "MANIFEST.in": "",
    }
    plant(tmp_path, CMAKE, {**files, "requirements.in": ""})
    assert is_found(tmp_path, f"native/b.{ending}")
    assert not any(is_found(tmp_path, path) for path in (f"p/web/b.{ending}", "MANIFEST.in", "requirements.in"))


def test_a_declaration_beside_a_cython_module_may_come_later(tmp_path: Path) -> None:
    plant(tmp_path, SETUPTOOLS, {"setup.py": "", "p/a.pyx": ""})
    assert is_found(tmp_path, "p/a.pxd")
    assert not is_found(tmp_path, "p/a.pyi")


INCLUDES = {
    "beside": ({"native/a.c": '#include "table.dat"\n', "native/table.dat": ""}, ["native/table.dat"]),
    "above": ({"native/deep/a.c": '# include "../table.dat"\n', "native/table.dat": ""}, ["native/table.dat"]),
    "below include": ({"native/a.c": '#include "p/table.dat"\n', "include/p/table.dat": ""}, ["include/p/table.dat"]),
    "one after the other": (
        {"native/a.c": '#include "one.dat"\n', "native/one.dat": '#include "two.dat"\n', "native/two.dat": ""},
        ["native/one.dat", "native/two.dat"],
    ),
    "from tests": (
        {"native/a.c": '#include "../tests/common.h"\n', "tests/common.h": "", "tests/t.c": ""},
        ["tests/common.h"],
    ),
    "in a submodule": (
        {
            "native/a.c": '#include "../vendor/x/table.dat"\n',
            "vendor/x/table.dat": "",
            ".gitmodules": '[submodule "x"]\n\tpath = vendor/x\n',
        },
        ["vendor/x/table.dat"],
    ),
    "rust": ({"native/lib.rs": 'const S: &str = include_str!("../schema.sql");\n', "schema.sql": ""}, ["schema.sql"]),
    "rust, bytes": (
        {"native/lib.rs": 'include_bytes!(\n    "logo.png"\n)', "native/logo.png": ""},
        ["native/logo.png"],
    ),
    "cython": ({"native/a.pyx": 'include "more.txt"\n', "native/more.txt": ""}, ["native/more.txt"]),
    "cython, extern": ({"native/a.pyx": 'cdef extern from "x.dat":\n    pass\n', "native/x.dat": ""}, ["native/x.dat"]),
    "fortran": ({"native/a.f90": "      INCLUDE 'params.txt'\n", "native/params.txt": ""}, ["native/params.txt"]),
    "assembler": ({"native/a.S": '.incbin "blob.bin"\n', "native/blob.bin": ""}, ["native/blob.bin"]),
}


@pytest.mark.parametrize("case", INCLUDES)
def test_what_a_source_includes(case: str, tmp_path: Path) -> None:
    files, found = INCLUDES[case]
    plant(tmp_path, CMAKE, {"CMakeLists.txt": "", "other/table.dat": "", ".git/HEAD": "", **files})
    assert [path for path in found if not is_found(tmp_path, path)] == []
    assert not any(is_found(tmp_path, path) for path in ("other/table.dat", "tests/t.c"))


def test_crates_outside(tmp_path: Path) -> None:
    root = tmp_path / "repo/python"
    (tmp_path / "repo/.git").mkdir(parents=True)
    crate = '[package]\nname = "{}"\n[dependencies]\n{}\n'
    around = {
        "../Cargo.toml": '[workspace]\nmembers = ["python", "core", "other"]\n',
        "../Cargo.lock": "",
        "../core/Cargo.toml": crate.format("core", 'far = { path = "../../far" }'),
        "../core/src/lib.rs": "",
        "../other/Cargo.toml": crate.format("other", ""),
        "../other/src/lib.rs": "",
        "../../far/Cargo.toml": crate.format("far", ""),
        "../../far/lib.rs": "",
    }
    plant(root, MATURIN, {"Cargo.toml": crate.format("p", 'core = { path = "../core" }'), "src/lib.rs": "", **around})
    found = {path for path in around if is_found(root, path)}
    assert found == {"../Cargo.toml", "../Cargo.lock", "../core/Cargo.toml", "../core/src/lib.rs"}


def test_a_manifest_elsewhere(tmp_path: Path) -> None:
    root = tmp_path / "repo/python"
    (tmp_path / "repo/.git").mkdir(parents=True)
    named = MATURIN + '[tool.maturin]\nmanifest-path = "../rust/Cargo.toml"\n'
    plant(root, named, {"../rust/Cargo.toml": '[package]\nname = "p"\n', "../rust/src/lib.rs": "", "p/__init__.py": ""})
    assert is_found(root, "../rust/Cargo.toml")
    assert is_found(root, "../rust/src/lib.rs")
