"""What `trace --write` adds, by records made by hand: the keys that a person would write, and no more."""

from __future__ import annotations

from typing import Any

import pytest

from dyncachekeys.propose.additions import additions
from dyncachekeys.propose.audit import audit
from dyncachekeys.trace.model import Trace
from dyncachekeys.trace.record import BuildRecord, dump
from kit import DemoMaker
from traced import KEY

OWN = "build_tools/hook.py:7"
LISTED_BY_OWN = {"data": OWN}

CASES: dict[str, tuple[dict[str, Any], dict[str, tuple[str, ...]], dict[str, Any]]] = {
    "a folder that is read by ending": (
        {"read": {"data/a.csv": OWN, "data/b.csv": OWN}, "listed": LISTED_BY_OWN},
        {"data": (".csv",)},
        {"data": ["/data/*.csv"]},
    ),
    "one of which not all is read": (
        {"read": {"data/a.csv": OWN, "data/b.csv": OWN}, "listed": LISTED_BY_OWN, "there": {"data/c.csv": OWN}},
        {"data": (".csv",)},
        {"data": ["/data/a.csv", "/data/b.csv"]},
    ),
    "those that begin alike": (
        {"read": {"data/set-a.csv": OWN, "data/set-b.csv": OWN}, "listed": LISTED_BY_OWN, "there": {"data/c.csv": OWN}},
        {"data": (".csv",)},
        {"data": ["/data/set-*.csv"]},
    ),
    "a question to each folder": (
        {
            "read": {"mono/a/requirements.txt": OWN, "mono/b/requirements.txt": OWN, "common/base.txt": OWN},
            "listed": {"mono": OWN},
            "missing": {"mono/c/requirements.txt": OWN},
            "there": {"mono/c/x": OWN},
        },
        {"mono": ("/requirements.txt",)},
        {"requirements": ["/mono/*/requirements.txt", "/common/base.txt"]},
    ),
    "fixed names in folders of a listed one": (
        {"read": {"locale/de.po": OWN}, "listed": {".": OWN}, "there": {"other/x": OWN}},
        {".": ("/de.po",)},
        {"data": ["/locale/de.po"]},
    ),
    "a tree that is gone through": (
        {"read": {"data/a.json": OWN, "data/deep/b.json": OWN}, "listed": {"data": OWN, "data/deep": OWN}},
        {"data": (".json", "walked"), "data/deep": (".json",)},
        {"data": ["/data/**/*.json"]},
    ),
    "all of a folder": (
        {"read": {"data/a.toml": OWN, "data/b.ini": OWN}, "listed": LISTED_BY_OWN},
        {"data": (".ini", ".toml", "all")},
        {"data": ["/data/*"]},
    ),
    "what a requirement lists and reads": (
        {"read": {"README.md": "hatchling", "LICENSE": "hatchling", ".gitignore": "hatchling"}, "listed": {".": "hatchling"}},
        {".": (".md",)},
        {"metadata": ["/LICENSE", "/README.md"]},
    ),
    "a C extension": (
        {
            "read": {"csrc/one.c": "gcc", "csrc/two.c": "gcc", "csrc/one.h": "gcc"},
            "there": {"csrc/new.h": "gcc"},
            "processes": {"gcc": "setuptools"},
            "variables": {"CC": "setuptools", "DISTUTILS_DEBUG": "setuptools", "HOME": OWN, "LC_ALL": OWN, "MODE": OWN},
        },
        {},
        {"environment": ["MODE", "CC", "CFLAGS", "CXX", "CXXFLAGS", "LDFLAGS"], "sources": ["/csrc/**/*.[ch]"]},
    ),
    "a wheel of modules": (
        {"read": {f"src/demo/{one}.py": "hatchling" for one in ("__init__", "a", "deep/b", "deep/__init__")}},
        {},
        {"python": ["/src/demo/**/*.py"]},
    ),
    "too many modules to name": (
        {
            "read": {f"lib/m{number}.py": "hatchling" for number in range(25)},
            "there": {"lib/other.py": "hatchling"},
        },
        {},
        {"python": ["/lib/**/*.py"]},
    ),
    "what is only called like a licence": (
        {"read": {"LICENCE": "hatchling", "data/licence.bin": OWN}},
        {},
        {"metadata": ["/LICENCE"], "data": ["/data/licence.bin"]},
    ),
    "a folder that a requirement packs as it is": (
        {
            "read": {"src/demo/__init__.py": "hatchling", "src/demo/core.py": "hatchling", "assets/a.js": "hatchling"},
            "listed": {"src/demo": "hatchling", "assets": "hatchling", "docs": "hatchling"},
        },
        {"src/demo": (".py", "all", "walked"), "assets": (".js", "all"), "docs": (".md",)},
        {"python": ["/src/demo/"], "data": ["/assets/*"]},
    ),
    "scripts": (
        {"read": {"tools/gen.py": "cmake", "tools/words.py": "tools/gen.py:1", "tools/__init__.py": OWN}},
        {},
        {"python": ["/tools/__init__.py", "/tools/gen.py", "/tools/words.py"]},
    ),
    "packages": (
        {
            "listed": {".": "setuptools", "lib": "setuptools"},
            "there": dict.fromkeys(("one/__init__.py", "lib/two/__init__.py", "lib/data/x.txt"), "setuptools"),
            "missing": dict.fromkeys(("lib/__init__.py", "build_backend/__init__.py", "lib/data/__init__.py"), "setuptools"),
        },
        {".": (".py", "/__init__.py", "walked"), "lib": ("/__init__.py",)},
        {"packages": ["/*/__init__.py", "/lib/*/__init__.py"]},
    ),
    "what is made, ignored, elsewhere, or watched by default": (
        {
            "read": {
                **dict.fromkeys(("made.txt", "local.cfg", "../beyond.txt", "pyproject.toml"), OWN),
                "setup.py": "the build",
            },
            "written": ("made.txt",),
        },
        {},
        {},
    ),
    "git": ({"git": {".\x1fdescribe\x1f--tags": OWN}}, {}, {"git": None}),
}  # fmt: skip


@pytest.mark.parametrize(("trace", "rules", "right"), CASES.values(), ids=CASES)
def test_what_is_added(
    demo_maker: DemoMaker, trace: dict[str, Any], rules: dict[str, tuple[str, ...]], right: dict[str, Any]
) -> None:
    demo = demo_maker(KEY)
    paths = [
        path for asked in ("read", "there") for path in trace.get(asked, {}) if not path.startswith(("/", "pyproject"))
    ]
    demo.write(dict.fromkeys(paths, ""))
    demo.append(".gitignore", "local.cfg\n")
    demo.git("init", "--quiet")
    demo.sync()
    record = BuildRecord(id="1-1", step="build", kind="editable", trace=Trace(**trace), rules=rules, salt="00")
    (demo.root / ".dyncachekeys/builds/1-1.json").write_bytes(dump(record))
    found = {
        key.name: key.options.get("patterns", key.options.get("names"))
        for key in additions(audit(demo.root, demo.environ))
    }
    assert found == right
