"""Each form of import, in a package `core` beside a module `other` that nobody imports (case 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dyncachekeys.pysource.closure import Closure

    Follow: TypeAlias = Callable[..., tuple[Closure, Any]]

HELPERS = {
    "helper.py": "",
    "pkg/__init__.py": "VALUE = helper = 1\ndef function(): ...\nclass Class: ...\n",
    "pkg/helper.py": "",
    "pkg/deep/__init__.py": "",
    "pkg/deep/leaf.py": "",
    "pkg/unused.py": "",
    "other.py": "",
    "core/sub/__init__.py": "",
    "core/sub/leaf.py": "",
    "core/near.py": "",
    "core/other.py": "",
    "loose/part.py": "",
}
PKG, DEEP, LEAF = "pkg/__init__.py", "pkg/deep/__init__.py", "pkg/deep/leaf.py"
SUB, SUB_LEAF = "core/sub/__init__.py", "core/sub/leaf.py"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("import helper", ["helper.py"]),
        ("import helper as h, pkg.deep", ["helper.py", PKG, DEEP]),
        ("import pkg", [PKG]),
        ("import pkg.deep.leaf", [PKG, DEEP, LEAF]),
        ("from pkg import VALUE, function, Class, helper", [PKG]),
        ("from pkg import deep", [PKG, DEEP]),
        ("from pkg.deep import leaf as l", [PKG, DEEP, LEAF]),
        ("from pkg import *", [PKG]),
        ("from loose import part", ["loose/part.py"]),
        ("import loose.part", ["loose/part.py"]),
        ("import loose", []),
        ("from . import near", ["core/near.py"]),
        ("from .near import thing", ["core/near.py"]),
        ("from .sub import leaf", [SUB, SUB_LEAF]),
        ("from .sub.leaf import *", [SUB, SUB_LEAF]),
        ("from .. import helper", []),
        ("from core import near", ["core/near.py"]),
        ("from importlib import import_module\nimport_module('pkg.deep')", [PKG, DEEP]),
        ("from importlib import import_module as im\nim('helper')", ["helper.py"]),
        ("import importlib as il\nil.import_module(name='helper')", ["helper.py"]),
        ("import importlib\nimportlib.import_module('.near', __package__)", ["core/near.py"]),
        ("import importlib\nimportlib.import_module('.near', package=__name__)", ["core/near.py"]),
        ("import importlib\nimportlib.import_module('.deep', 'pkg')", [PKG, DEEP]),
        ("import importlib\nimportlib.import_module('..deep', 'pkg.deep')", [PKG, DEEP]),
        ("import importlib\nimportlib.import_module(f'{__name__}.near')", ["core/near.py"]),
        ("import importlib\nimportlib.import_module(__package__ + '.near')", ["core/near.py"]),
        ("NAME = 'helper'\nimport importlib\nimportlib.import_module(NAME)", ["helper.py"]),
        ("__import__('pkg.deep')", [PKG, DEEP]),
        ("__import__('pkg', fromlist=['deep', 'VALUE'])", [PKG, DEEP]),
        ("import builtins\nbuiltins.__import__('helper')", ["helper.py"]),
        ("def build():\n    import helper", ["helper.py"]),
        ("async def build():\n    async with a as b:\n        from pkg import deep", [PKG, DEEP]),
        ("try:\n    import absent\nexcept ImportError:\n    import helper", ["helper.py"]),
        ("if x:\n    pass\nelif y:\n    import helper\nelse:\n    import pkg", ["helper.py", PKG]),
        ("match x:\n    case 1:\n        import helper", ["helper.py"]),
        ("f = lambda: __import__('helper')", ["helper.py"]),
        ("class C:\n    import helper", ["helper.py"]),
        ("import runpy\nrunpy.run_path('helper.py')", ["helper.py"]),
        (
            "import os.path as p, importlib.util as u; u.spec_from_file_location('x', p.join(p.dirname(__file__), '..', 'pkg/helper.py'))",
            ["pkg/helper.py"],
        ),
    ],
)
def test_a_form_of_import(following: Follow, line: str, found: list[str]) -> None:
    closure, tree = following(HELPERS | {"core/__init__.py": line})
    assert sorted(closure.found) == sorted(["core/__init__.py", *found])
    assert tree.doubts == []


@pytest.mark.parametrize(
    "line",
    [
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import helper",
        "import typing as t\nif t.TYPE_CHECKING:\n    import helper\nelse:\n    import pkg",
        "if not TYPE_CHECKING:\n    import pkg\nelse:\n    import helper",
        "if x and TYPE_CHECKING:\n    import helper",
        "if __name__ == '__main__':\n    import helper",
        "# import helper\n'import helper'",
        "import_module('helper')",
        "importlib = 1\nobject.import_module('helper')",
        "import absent.helper",
    ],
)
def test_what_is_no_import_at_build_time(following: Follow, line: str) -> None:
    closure, _ = following(HELPERS | {"core/__init__.py": line})
    assert "helper.py" not in closure.found
    assert ("pkg/__init__.py" in closure.found) == ("import pkg" in line)


def test_a_script_is_main(following: Follow) -> None:
    closure, _ = following(HELPERS | {"setup.py": "if __name__ == '__main__':\n    import helper"}, main="setup.py")
    assert sorted(closure.found) == ["helper.py", "setup.py"]


@pytest.mark.parametrize(
    ("init", "found"),
    [
        ("__all__ = ['a', 'value']\nvalue = 1", ["a"]),
        ("__all__: list[str] = ['a']\n__all__ += ('b',)", ["a", "b"]),
        ("", []),
    ],
)
def test_star_takes_what_is_exported(following: Follow, init: str, found: list[str]) -> None:
    closure, _ = following({"core.py": "from p import *", "p/__init__.py": init, "p/a.py": "", "p/b.py": ""})
    assert sorted(closure.found) == ["core.py", "p/__init__.py", *(f"p/{name}.py" for name in found)]


@pytest.mark.parametrize(
    "init",
    [
        "from .b import *",
        "def __getattr__(name): ...",
        "if x:\n    a = 1",
        "d[a] = 1",
        "a: int",
        "from . import a",
    ],
)
def test_a_name_that_is_not_bound_for_sure_may_be_a_submodule(following: Follow, init: str) -> None:
    closure, _ = following({"core.py": "from p import a", "p/__init__.py": init, "p/a.py": "", "p/b.py": ""})
    assert "p/a.py" in closure.found
