"""Which file a name leads to, and which absent one would come before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dyncachekeys.pysource.closure import Closure

    Follow: TypeAlias = Callable[..., tuple[Closure, Any]]


@pytest.mark.parametrize(
    ("files", "found", "absent"),
    [
        (["a/h.py"], "a/h.py", ["a/h/__init__.py"]),
        (["a/h.py", "a/h/__init__.py"], "a/h/__init__.py", []),
        (["b/h.py"], "b/h.py", ["a/h.py", "a/h/__init__.py", "b/h/__init__.py"]),
        (["a/h.py", "b/h/__init__.py"], "a/h.py", ["a/h/__init__.py"]),
        (["a/h/x.txt", "b/h.py"], "b/h.py", ["a/h.py", "a/h/__init__.py", "b/h/__init__.py"]),
        (["a/h/x.txt"], None, ["a/h.py", "a/h/__init__.py", "b/h.py", "b/h/__init__.py"]),
        ([], None, ["a/h.py", "a/h/__init__.py", "b/h.py", "b/h/__init__.py"]),
    ],
)
def test_package_before_module_before_namespace(
    following: Follow, files: list[str], found: str | None, absent: list[str]
) -> None:
    closure, _ = following(dict.fromkeys(files, "") | {"main.py": "import h"}, "a", "b", main="main.py")
    assert sorted(closure.found) == sorted(filter(None, ["main.py", found]))
    assert sorted(closure.absent) == absent


def test_a_namespace_spread_over_search_directories(following: Follow) -> None:
    files = {"main.py": "import n.x, n.y.z", "a/n/x.py": "", "b/n/y/z.py": "", "b/n/x.py": "", "b/n/w.py": ""}
    closure, _ = following(files, "a", "b", main="main.py")
    assert sorted(closure.found) == ["a/n/x.py", "b/n/y/z.py", "main.py"]
    assert {"a/n/y.py", "b/n/y.py", "b/n/y/z/__init__.py"} <= set(closure.absent)


def test_an_external_name_has_candidates_for_its_first_component_only(following: Follow) -> None:
    closure, _ = following({"core.py": "import numpy.linalg\nfrom numpy import a, b\nimport os.path, sys"})
    shadow = "absent; would shadow numpy imported by core.py:1"
    assert closure.absent == {
        "core/__init__.py": "absent; would shadow core start",
        "numpy.py": shadow,
        "numpy/__init__.py": shadow,
    }


@pytest.mark.parametrize("directory", [{}, {"build/lib/x.txt": ""}])
def test_a_build_product_changes_no_candidate(following: Follow, directory: dict[str, str]) -> None:
    closure, _ = following(directory | {"setup.py": "from build.util import x"}, main="setup.py")
    assert sorted(closure.absent) == ["build.py", "build/__init__.py"]


@pytest.mark.parametrize(
    ("init", "counts"), [("name = 1", False), ("", True), ("from q import *", True), ("if x: name = 1", True)]
)
def test_a_missing_submodule_counts_unless_its_name_is_bound(
    following: Follow,
    init: str,
    counts: bool,
) -> None:
    closure, _ = following({"core.py": "from p import name", "p/__init__.py": init})
    expected = {"p/name.py", "p/name/__init__.py"} if counts else set()
    assert {path for path in closure.absent if path.startswith("p/")} == expected


def test_names_that_are_no_path_are_left_alone(following: Follow) -> None:
    closure, tree = following(
        {"core.py": "\n".join(f"__import__({name!r})" for name in ["a/b", "../x", "c:", "~", "a..b"])}
    )
    assert list(closure.absent) == ["core/__init__.py"]
    assert tree.doubts == []


def test_what_python_has_loaded_before_is_not_shadowed(following: Follow) -> None:
    closure, _ = following({"core.py": "from __future__ import annotations\nimport os", "os.py": ""})
    assert sorted(closure.found) == ["core.py"]
